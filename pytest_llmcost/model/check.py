"""Whether a value has the types that its class declares: for files that somebody else has written."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from pytest_llmcost.model.budget import Budget
from pytest_llmcost.model.cache import CacheEvent, CacheRollup
from pytest_llmcost.model.diff import RunDiff
from pytest_llmcost.model.projection import Projection
from pytest_llmcost.model.report import RunReport

# Counts and places are far smaller; larger ones take long to write out.
_LARGEST = 2**63
# These stand behind TYPE_CHECKING where they are named.
_LATE = {kind.__name__: kind for kind in (RunDiff, Budget, Projection, CacheEvent, CacheRollup)}


def check_report(report: RunReport) -> None:
    """Check that a report that was read holds text where text is due, numbers where numbers are, and so on.

    Raises:
        ValueError: If it does not, with the place.
    """
    _check(report, RunReport, "report")


def _check(value: object, wanted: Any, place: str) -> None:
    origin = get_origin(wanted)
    if origin in {types.UnionType, typing.Union}:
        _check_union(value, get_args(wanted), place)
    elif origin is tuple:
        _check_tuple(value, get_args(wanted), place)
    elif origin is not None and issubclass(origin, Mapping):
        key_type, value_type = get_args(wanted)
        if not isinstance(value, Mapping):
            raise _wrong(value, place)
        for key, part in value.items():
            _check(key, key_type, f"{place} key")
            _check(part, value_type, f"{place}[...]")
    elif origin is not None and issubclass(origin, Sequence):
        _check_tuple(value, (*get_args(wanted), ...), place)
    elif wanted not in {Any, object}:
        _check_plain(value, wanted, place)


def _check_union(value: object, options: Sequence[Any], place: str) -> None:
    if value is None and type(None) in options:
        return
    others = [option for option in options if option is not type(None)]
    if len(others) == 1:
        _check(value, others[0], place)
        return
    for option in others:
        try:
            _check(value, option, place)
        except ValueError:
            continue
        return
    raise _wrong(value, place)


def _check_tuple(value: object, parts: Sequence[Any], place: str) -> None:
    if not isinstance(value, tuple | list):
        raise _wrong(value, place)
    if parts[1:] == (...,):
        for one in value:
            _check(one, parts[0], f"{place}[]")
        return
    if len(value) != len(parts):
        raise _wrong(value, place)
    for one, part in zip(value, parts, strict=True):
        _check(one, part, f"{place}[]")


def _check_plain(value: object, wanted: Any, place: str) -> None:
    if wanted is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    elif wanted is int:
        fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST
    elif wanted is Decimal:
        fits = isinstance(value, Decimal) and value.is_finite()
    else:
        fits = isinstance(value, wanted)
    if not fits:
        raise _wrong(value, place)
    if isinstance(value, Enum):
        return
    for name, hint in _hints(wanted).items():
        _check(getattr(value, name), hint, f"{place}.{name}")


@cache
def _hints(wanted: type) -> dict[str, Any]:
    """The attributes of a record and their types; nothing for any other class."""
    if dataclasses.is_dataclass(wanted) or hasattr(wanted, "_fields"):
        return {name: hint for name, hint in get_type_hints(wanted, localns=_LATE).items() if name[0] != "_"}
    return {}


def _wrong(value: object, place: str) -> ValueError:
    return ValueError(f"{place}: {type(value).__name__} is not what stands there")
