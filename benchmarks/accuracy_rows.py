"""What tests and providers state of recorded calls, and how a reading compares with it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pytest_llmcost.model.call import Call
from pytest_llmcost.model.units import (
    CACHE_READ,
    CACHE_WRITE,
    CACHE_WRITE_1H,
    INPUT,
    OUTPUT,
    REASONING,
)
from pytest_llmcost.usage.body import json_object, plain_bytes
from pytest_llmcost.usage.exchange import Exchange

Key = tuple[str, int]
# A cost that a test states is often rounded.
_TOLERANCE = 1000
# Rows that say less than an input and an output, or say it by another convention, are no truth.
_TRUSTED = frozenset({"A", "B"})
_TRUTH = {
    "expected_input": INPUT,
    "expected_output": OUTPUT,
    "expected_cache_read": CACHE_READ,
    "expected_cache_write": CACHE_WRITE,
    "expected_reasoning": REASONING,
}
_SECOND_READING = {
    "input_total": INPUT,
    "output_total": OUTPUT,
    "cache_read": CACHE_READ,
    "cache_write": CACHE_WRITE,
    "cache_write_1h": CACHE_WRITE_1H,
    "reasoning": REASONING,
}


@dataclass(frozen=True, slots=True)
class Row:
    """What is stated of a call, or of the sum of several.

    Attributes:
        places: File and interaction of each call.
        provider: As the table names it.
        shape: The wire format, as the table names it.
        counts: Unit to its count; a unit that is not stated is absent.
        cost: USD; None if none is stated.
        cost_from: Where the cost is stated.
    """

    places: tuple[Key, ...]
    provider: str
    shape: str
    counts: Mapping[str, int]
    cost: Decimal | None = None
    cost_from: str = ""


def truth(path: Path) -> list[Row]:
    """The rows of a truth table that can be trusted."""
    return [
        Row(
            _places(row),
            row["provider"] or "(several)",
            row["shape"] or "(sum)",
            _counts(row, _TRUTH),
            Decimal(row["expected_cost_usd"]) if row["expected_cost_usd"] else None,
            row["cost_from"],
        )
        for row in _rows(path)
        if row["confidence"] in _TRUSTED
    ]


def second_reading(path: Path) -> list[Row]:
    """The calls whose response states a usage, as a plain reader reads it; token counts are no calls."""
    return [
        Row(_places(row), row["provider"], row["shape"], _counts(row, _SECOND_READING))
        for row in _rows(path)
        if row["usage_json"] and row["status"].startswith("2") and not row["shape"].endswith("count_tokens")
    ]


def reasons(path: Path) -> list[Key]:
    """The calls of a table that gives a reason for each."""
    return [(row["path"], int(row["interaction"])) for row in _rows(path) if row["reason"]]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t")


def _places(row: Mapping[str, str]) -> tuple[Key, ...]:
    path = f"{row['repo'].replace('/', '+')}/{row['path']}"
    number = row["interaction"]
    if number.startswith("sum:"):
        return tuple((path, index) for index in range(int(number.removeprefix("sum:"))))
    return ((path, int(number)),)


def _counts(row: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, int]:
    return {unit: int(float(row[column])) for column, unit in columns.items() if row.get(column, "") != ""}


def same_counts(row: Row, usages: Iterable[Mapping[str, int]]) -> bool:
    """Whether every count that is stated is the one that was read; what was not read is 0."""
    found = list(usages)
    return all(count == sum(usage.get(unit, 0) for usage in found) for unit, count in row.counts.items())


def same_cost(stated: Decimal, ours: Decimal) -> bool:
    """Whether two costs are the same to a thousandth."""
    return abs(ours - stated) <= stated / _TOLERANCE


def read_by_genai_prices(provider: str, exchange: Exchange) -> list[dict[str, int]]:
    """The usages that genai-prices extracts from a body: one for each flavour of its provider that accepts it.

    It reads JSON that came in one piece.
    """
    from genai_prices.data import providers

    owner = next((candidate for candidate in providers if candidate.id == provider), None)
    body = json_object(plain_bytes(exchange.body, exchange.headers.get("content-encoding", "")))
    if owner is None or body is None:
        return []
    found = []
    for extractor in owner.extractors or ():
        try:
            _, usage = owner.extract_usage(body, api_flavor=extractor.api_flavor)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
        found.append(_plain(usage))
    return found


def _plain(usage: Any) -> dict[str, int]:
    counts = {
        unit: getattr(usage, unit, None) for unit in (INPUT, OUTPUT, CACHE_READ, CACHE_WRITE, CACHE_WRITE_1H)
    }
    counts[REASONING] = getattr(usage, "output_reasoning_tokens", None)
    return {unit: count for unit, count in counts.items() if count is not None}


def hourly_prices(call: Call) -> list[Decimal]:
    """What genai-prices computes for each hour of the day of the answer, its own first.

    Some prices depend on the time of day, and a test that states one may have run at another hour.
    """
    moment = call.measured.answered_at
    if moment is None:
        return []
    found = [
        _price_at(call, moment + timedelta(hours=hours)) for hours in range(-moment.hour, 24 - moment.hour)
    ]
    return [price for price in (_price_at(call, moment), *found) if price is not None]


def _price_at(call: Call, moment: datetime) -> Decimal | None:
    from genai_prices.data import providers
    from genai_prices.types import Usage

    measured = call.measured
    owner = next((candidate for candidate in providers if candidate.id == measured.provider), None)
    model = owner.find_model(measured.model.name, all_providers=providers) if owner else None
    if owner is None or model is None or measured.usage is None:
        return None
    names = {REASONING: "output_reasoning_tokens"}
    try:
        usage = Usage(**{names.get(unit, unit): count for unit, count in measured.usage})
        return model.calc_price(usage, owner, genai_request_timestamp=moment).total_price
    except (LookupError, TypeError, ValueError):
        return None
