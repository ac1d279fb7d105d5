"""What two requests have in common, as one and the same object.

An edit leaves most of a request as it was: whatever compares, counts or writes down the two looks at what
they share once, or not at all.
"""

from __future__ import annotations

import marshal
from typing import Any

# The last one that writes equal values alike whoever else refers to them.
_VERSION = 2
# Longer lists are compared as a whole first.
_FEW = 8
_TEXTS = frozenset({str})


def with_shared(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The first request, with the second one's object wherever both have the same to the letter.

    Args:
        one: A JSON object; not touched.
        other: Another one; not touched.

    Returns:
        An object that is equal to the first one, whose keys are in the same order.
    """
    return {key: _shared(value, other.get(key)) for key, value in one.items()}


def _shared(one: Any, other: Any) -> Any:
    if isinstance(one, list) and isinstance(other, list):
        if len(one) > _FEW and _are_alike(one, other):
            return other
        start, end = _common(one, other)
        if start == len(one) == len(other):
            return other
        return [*other[:start], *one[start : len(one) - end], *other[len(other) - end :]]
    if isinstance(one, dict) and isinstance(other, dict):
        return other if _are_alike(one, other) else one
    # 0.0 is -0.0, which is written otherwise.
    return other if type(one) is type(other) and one == other and (one or type(one) is not float) else one


def _common(one: list[Any], other: list[Any]) -> tuple[int, int]:
    """How many items two lists have in common at their start and at their end: most edits lie between."""
    both = min(len(one), len(other))
    start = 0
    while start < both and _are_alike(one[start], other[start]):
        start += 1
    end = 0
    while end < both - start and _are_alike(one[-1 - end], other[-1 - end]):
        end += 1
    return start, end


def _are_alike(one: Any, other: Any) -> bool:
    """Whether two values are the same to the letter, in the same order: for Python, 1 is 1.0 and true."""
    if one != other:
        return False
    if isinstance(one, dict) and _TEXTS.issuperset(map(type, one.values())):
        return list(one) == list(other)
    try:
        return marshal.dumps(one, _VERSION) == marshal.dumps(other, _VERSION)
    except ValueError:  # nested too deep
        return False
