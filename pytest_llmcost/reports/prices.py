"""What a model costs: its rate card, and a calculation on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pytest_llmcost.model.call import Call
from pytest_llmcost.model.codec import amount_to_json, card_to_json
from pytest_llmcost.model.money import money_text
from pytest_llmcost.model.price import PriceSource, Rate, RateCard
from pytest_llmcost.model.units import PER_MILLION
from pytest_llmcost.reports.explain import bill_table, origin_of_card
from pytest_llmcost.reports.table import Column, table
from pytest_llmcost.reports.text import UNKNOWN, safe

_INDENT = "  "
_LABEL = 12


@dataclass(frozen=True, slots=True)
class PriceAnswer:
    """What the tables say of a model.

    Attributes:
        call: A call of that model, priced; its usage is what was asked for, empty for the card alone.
        contexts: Contexts that have prices of their own, such as ``{"service_tier": "flex"}``.
        changes: The days after the one asked for on which other prices begin, and those prices.
    """

    call: Call
    contexts: Sequence[Mapping[str, str]]
    changes: Sequence[tuple[date, RateCard]]


def render_prices(answer: PriceAnswer, width: int) -> list[str]:
    """The card with its source, its other prices, and the calculation line by line.

    Args:
        answer: Of a model that has a price.
        width: Of the terminal.
    """
    call, lookup = answer.call, answer.call.lookup
    measured = call.measured
    lines = [safe(f"{measured.provider}/{measured.model.name}")]
    facts: list[tuple[str, str]] = []
    if lookup.card is None:
        free = "free, " if lookup.source is PriceSource.FREE else ""
        facts.append(("price", f"{free}{lookup.origin}"))
    else:
        facts.append(("price", origin_of_card(lookup.card)))
        facts += [("in doubt", doubt) for doubt in lookup.card.doubts]
    if measured.context:
        facts.append(("context", _context(measured.context)))
    lines += [f"{_INDENT}{name:<{_LABEL}} {safe(text)}" for name, text in facts]
    if lookup.card is not None:
        lines += ["", *_card(lookup.card, width)]
        lines += _beside(answer, lookup.card)
    if measured.usage and measured.usage.counts:
        lines += ["", *bill_table(call, width)]
    return lines


def _card(card: RateCard, width: int) -> list[str]:
    above = sorted({tier.above for rate in card.rates.values() for tier in rate.tiers})
    columns = (Column("price"), *(Column(f"above {size:,}") for size in above))
    rows = [
        (safe(_label(unit)), [_price(rate, rate.usd), *(_price(rate, rate.at(size + 1)) for size in above)])
        for unit, rate in card.rates.items()
    ]
    lines = [f"{_INDENT}{line}" for line in table("unit", columns, rows, width - len(_INDENT))]
    if above:
        lines.append(f"{_INDENT}(above that many input tokens, the price holds for the whole request)")
    return lines


def _beside(answer: PriceAnswer, card: RateCard) -> list[str]:
    """Where single rates are from, other contexts, and what changes when."""
    lines: list[str] = []
    origins = dict.fromkeys(card.corrected.values())
    for origin in origins:
        units = [_label(unit) for unit, found in card.corrected.items() if found == origin]
        lines.append(f"{', '.join(units)}: {origin}")
    if answer.contexts:
        lines.append(f"other prices for: {'; '.join(map(_context, answer.contexts))}")
    for start, later in answer.changes:
        lines.append(f"from {start}: {_difference(card, later)}")
    return ["", *(f"{_INDENT}{safe(line)}" for line in lines)] if lines else []


def _difference(now: RateCard, later: RateCard) -> str:
    changed = [
        f"{_label(unit)} {_price(rate, rate.usd)}"
        for unit, rate in later.rates.items()
        if rate != now.rates.get(unit)
    ]
    gone = [f"no price for {_label(unit)}" for unit in now.rates if unit not in later.rates]
    return ", ".join([*changed, *gone]) or "the same"


def _context(context: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in context.items())


def _price(rate: Rate, usd: Decimal) -> str:
    if rate.per == 1:
        return f"${money_text(usd)}"
    return f"${money_text(usd)}/{'M' if rate.per == PER_MILLION else f'{rate.per:,}'}"


def _label(unit: str) -> str:
    return unit.replace("_", " ").removesuffix(" tokens")


def render_prices_json(answer: PriceAnswer) -> str:
    """The same for a program; money as strings, in USD."""
    call = answer.call
    card = call.lookup.card
    found: dict[str, Any] = {
        "provider": call.measured.provider,
        "model": call.measured.model.name,
        "context": dict(call.measured.context),
        "source": call.lookup.source.value,
        "origin": call.lookup.origin,
        "trail": list(call.lookup.trail),
        "card": card and card_to_json(card),
        "contexts": [dict(context) for context in answer.contexts],
        "changes": [
            {"from": start.isoformat(), "card": card_to_json(later)} for start, later in answer.changes
        ],
        "calculation": None,
    }
    if call.measured.usage and call.measured.usage.counts:
        found["calculation"] = {
            "usage": dict(call.measured.usage.counts),
            "components": {unit: money_text(usd) for unit, usd in call.components.items()},
            "cost": amount_to_json(call.cost),
            "status": call.status.value,
            "status_detail": call.status_detail,
        }
    return json.dumps(found, indent=2) + "\n"


def render_unknown(name: str, near: Sequence[str], paste: str) -> list[str]:
    """A model that no table knows: names like it, and the YAML that gives it a price."""
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return [safe(f"the price of {name} is {UNKNOWN}{hint}"), "", *(safe(line) for line in paste.splitlines())]


def render_ambiguous(model: str, owners: Sequence[str]) -> list[str]:
    """A bare id that several providers list."""
    names = [f"{_INDENT}{owner}/{model}" for owner in owners]
    return [safe(f"{model} has a price at {len(owners)} providers; name one:"), *map(safe, names)]
