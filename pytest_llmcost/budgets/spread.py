"""Between which figures of tokens some calls lie, where those of changed requests are estimates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from pytest_llmcost.model.call import Call, Origin, Status
from pytest_llmcost.model.usage import Usage, hit_ratio, total_usage


class Spread(NamedTuple):
    """The ends of an estimate.

    Attributes:
        low: The least that is used.
        high: The most.
        low_rate: The lowest prompt-cache hit rate; None without prompt tokens.
        high_rate: The highest.
    """

    low: Usage
    high: Usage
    low_rate: Decimal | None
    high_rate: Decimal | None


def spread_of(calls: Sequence[Call]) -> Spread | None:
    """The ends of all calls together; None where nothing is estimated."""
    if not any(call.measured.bounds for call in calls):
        return None
    low = [_end(call, 0) for call in calls]
    high = [_end(call, 1) for call in calls]
    writing = [call.measured.api.generates for call in calls]
    # At the high end of costs most of a prompt is new.
    rates = (
        _rate(end for end, is_counted in zip(ends, writing, strict=True) if is_counted)
        for ends in (high, low)
    )
    return Spread(total_usage(low), total_usage(high), *rates)


def _end(call: Call, end: int) -> Usage:
    bounds = call.measured.bounds
    if bounds is None:
        return call.usage
    return total_usage([bounds[end], *(sub_call.usage for sub_call in call.sub_calls)])


def _rate(ends: Iterable[Usage]) -> Decimal | None:
    usage = total_usage(ends)
    return hit_ratio(usage.cache_read_tokens, usage.input_tokens)


def untold_changes(calls: Iterable[Call]) -> tuple[Origin, ...]:
    """Who sent requests that changed in a way whose cost no estimate can tell; their price may be known."""
    return tuple(call.measured.origin for call in calls if _is_untold(call))


def _is_untold(call: Call) -> bool:
    return call.status is Status.PARTIAL and call.measured.stale and bool(call.measured.doubts)
