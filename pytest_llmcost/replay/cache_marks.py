"""What a request asks its provider to cache: Anthropic's ``cache_control``, Bedrock's ``cachePoint``.

Sources: Anthropic, "Prompt caching"; Amazon Bedrock, "Prompt caching for faster model inference".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pytest_llmcost.replay.form import Form

# The keys of such marks.
MARKS = frozenset({"cache_control", "cachePoint"})
_NONE, _USUAL, _LONG = "none", "5m", "1h"


def cache_marks(form: Form) -> Counter[str]:
    """How many marks there are of each time to live, wherever they stand."""
    return Counter(_marks((form.tools, form.system, form.messages, form.parameters)))


def cache_asked_for(form: Form) -> str:
    """The longest time to live that is asked for: ``none``, ``5m`` or ``1h``."""
    found = cache_marks(form)
    return _LONG if _LONG in found else _USUAL if found else _NONE


def _marks(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key in MARKS and isinstance(part, dict):
                yield _LONG if part.get("ttl") == _LONG else _USUAL
            else:
                yield from _marks(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _marks(part)
