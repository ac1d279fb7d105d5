"""The JSON paths of ``replay: {ignore: [...]}``: which parts of a request do not matter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

_STEP = re.compile(
    r"""\.(?P<deep>\.)?(?P<name>[A-Za-z_][\w-]*|\*)|\[(?:(?P<index>\d+|\*)|'(?P<quoted>[^']+)'|"(?P<double>[^"]+)")\]"""
)


class Step(NamedTuple):
    """One step down.

    Attributes:
        name: A key, a position as text, or ``*`` for all.
        deep: Whether it may be at any depth below.
    """

    name: str
    deep: bool = False


JsonPath = tuple[Step, ...]


def parse_path(text: str) -> JsonPath:
    """Read a path such as ``$.user``, ``$.metadata.*``, ``$.messages[*].name`` or ``$..cache_control``.

    Raises:
        ValueError: If it is none; the message says what is allowed.
    """
    if not text.startswith("$"):
        raise ValueError('a path begins with "$", such as $.user or $.metadata.*')
    steps: list[Step] = []
    position = 1
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None:
            raise ValueError(
                f"cannot read {text[position:]!r}; steps are .name, .*, ..name, [0], [*] and ['name']"
            )
        name = found["name"] or found["index"] or found["quoted"] or found["double"]
        steps.append(Step(name, deep=found["deep"] is not None))
        position = found.end()
    if not steps:
        raise ValueError('"$" alone would ignore the whole request; name a part of it, such as $.user')
    return tuple(steps)


def without(value: Any, paths: Sequence[JsonPath]) -> Any:
    """A JSON value without the parts at some paths; the value itself is not touched."""
    for path in paths:
        value = _without(value, path)
    return value


def _without(value: Any, path: JsonPath) -> Any:
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        kept: Any = {}
        for key, part in value.items():
            if step.name in {"*", key}:
                if rest:
                    kept[key] = _without(part, rest)
                continue
            kept[key] = _without(part, path) if step.deep else part
        return kept
    if isinstance(value, list):
        kept = []
        for index, part in enumerate(value):
            if step.name in {"*", str(index)} and not step.deep:
                if rest:
                    kept.append(_without(part, rest))
                continue
            kept.append(_without(part, path) if step.deep else part)
        return kept
    return value
