"""The patterns of llmcost.yaml, wherever it names tests, agents, models or files."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=256)
def _pattern(match: str) -> re.Pattern[str]:
    parts = ("[\\s\\S]*" if char == "*" else "[\\s\\S]" if char == "?" else re.escape(char) for char in match)
    return re.compile("".join(parts))


def matches(match: str, name: str) -> bool:
    """Whether a pattern names something.

    Args:
        match: ``*`` stands for any text, ``?`` for one character; all else is literal, brackets too.
        name: Compared as it is: case matters.
    """
    return match == "*" or _pattern(match).fullmatch(name) is not None
