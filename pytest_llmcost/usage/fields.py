"""Reading counts out of JSON that anybody may have written."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pytest_llmcost.model.money import exact_money, parse_money
from pytest_llmcost.model.units import CACHE_READ, CACHE_WRITE, INPUT, OUTPUT
from pytest_llmcost.model.usage import Usage

# A million times what any model takes: more is no count but a mistake, or made to overflow.
_MOST = 10**15
_MOST_DIGITS = 17
_TICKS_PER_USD = 10**10


def child(value: Any, key: str) -> Mapping[str, Any]:
    """The object under a key; empty if there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def count(value: Any, key: str) -> int | None:
    """The count under a key; None if it is absent or no count.

    Whole floats are taken (some gateways write ``12.0``), and digits as text (``"12"``, as the JSON form of
    protocol buffers writes large integers); negative numbers and booleans are not.
    """
    found = value.get(key) if isinstance(value, dict) else None
    if type(found) is not int:  # as a bool is, for isinstance()
        found = _whole(found)
    return found if found is not None and 0 <= found <= _MOST else None


def first_count(value: Any, *keys: str) -> int | None:
    """The count under the first of some keys that has one: the same counter goes by several names."""
    return next((number for key in keys if (number := count(value, key)) is not None), None)


def _whole(found: object) -> int | None:
    if isinstance(found, float):
        return int(found) if found.is_integer() else None
    is_digits = isinstance(found, str) and len(found) < _MOST_DIGITS and found.isascii() and found.isdigit()
    return int(str(found)) if is_digits else None


def text(value: Any, key: str) -> str | None:
    """The text under a key; None if it is absent, empty or no text."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None


def usd(value: Any, key: str) -> Decimal | None:
    """The amount under a key; None if it is absent, negative or no number."""
    found = value.get(key) if isinstance(value, dict) else None
    if found is None or isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        amount = parse_money(str(found))
    except ValueError:
        return None
    return amount if amount >= 0 else None


def stated_cost(usage: Mapping[str, Any]) -> Decimal | None:
    """The cost that a usage states, in USD; None if there is none.

    Source: openrouter.ai, usage accounting (``cost``, in credits of 1 USD); docs.x.ai, cost tracking
    (``cost_in_usd_ticks``, the final bill with server-side tools, in 1e-10 USD); docs.perplexity.ai, Sonar
    (``cost.total_cost``, with the fee of the request). With a key of the user's own
    at the provider behind a gateway ("BYOK"), the statement leaves that provider's bill out, and is none.
    """
    if usage.get("is_byok"):
        return None
    if "cost" in usage:
        for stated_in_usd in (usd(usage, "cost"), usd(child(usage, "cost"), "total_cost")):
            if stated_in_usd is not None:
                return stated_in_usd
    ticks = count(usage, "cost_in_usd_ticks")
    if ticks is None:
        return None
    with exact_money():
        return Decimal(ticks) / _TICKS_PER_USD


def stated(**counts: int | None) -> dict[str, int]:
    """The counts that were stated, by unit."""
    return {unit: number for unit, number in counts.items() if number is not None}


def prompt_in_three_parts(
    fresh: int | None, read: int | None, written: int | None, output: int | None, **more: int | None
) -> Usage:
    """A usage from counters of the prompt that exclude each other."""
    parts = [part for part in (fresh, read, written) if part is not None]
    return Usage(
        stated(
            **{
                INPUT: sum(parts) if parts else None,
                OUTPUT: output,
                CACHE_READ: read,
                CACHE_WRITE: written,
                **more,
            }
        )
    )
