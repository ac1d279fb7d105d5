"""``llmcost prices`` as text and as JSON, from fixed prices."""

from __future__ import annotations

import json
from changed import replace
from datetime import date
from decimal import Decimal

import sample
from exchanges import TODAY, measured, table
from golden import check

from pytest_llmcost.model.price import Rate
from pytest_llmcost.model.units import PER_MILLION
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.reports.prices import (
    PriceAnswer,
    render_ambiguous,
    render_prices,
    render_prices_json,
    render_unknown,
)
from pytest_llmcost.reports.text import columns

USAGE = {"input_tokens": 250_000, "cache_read_tokens": 100_000, "output_tokens": 1_000, "web_searches": 1}


def answer(usage=USAGE, provider="openai", model="gpt-fixed", **facts):
    prices = table(facts.pop("pricing", ""), TODAY, sample.FixedPrices())
    call = price_call("c1", measured(provider, model, usage, **facts), prices)
    card = call.lookup.card
    if card is None:
        return PriceAnswer(call, [], [])
    corrected = replace(card, corrected={"output_tokens": "correction of 2026-11-23: the vendor's page"})
    call = call._replace(lookup=call.lookup._replace(card=corrected))
    later = replace(card, rates={**card.rates, "output_tokens": Rate(Decimal(20), PER_MILLION)})
    contexts = [{"service_tier": "flex"}, {"processing": "batch"}]
    return PriceAnswer(call, contexts, [(date(2026, 12, 1), later)])


def text(answer, width=100):
    return "\n".join(render_prices(answer, width)) + "\n"


def test_card_and_calculation():
    """Source, tiers, other contexts, announced prices, and every line of the calculation."""
    check("prices.txt", text(answer(context={"service_tier": "priority"})))


def test_json():
    """The same for a program."""
    check("prices.json", render_prices_json(answer()))


def test_card_alone():
    """Without a usage there is nothing to calculate, not a total of $0."""
    shown = text(answer(usage={}))
    assert "total" not in shown
    assert "$2.5/M" in shown
    assert json.loads(render_prices_json(answer(usage={})))["calculation"] is None


def test_free_model():
    """There is no card, and the line says who declared it."""
    shown = text(answer(pricing='{free: ["openai/*"]}'))
    assert "free, llmcost.yaml:1" in shown
    assert "$0" in shown


def test_tables_fit_the_width():
    """Numbers are never cut."""
    lines = render_prices(answer(), 70)
    assert all(columns(line) <= 70 for line in lines if line.startswith("  input") or "----" in line)


def test_unknown_and_ambiguous():
    """Names like it, what to paste, and whose it may be; names of anybody's making cannot move the cursor."""
    assert render_unknown("a/\x1bb", ["a/c", "a/d"], "pricing:\n  x") == [
        "the price of a/\\x1bb is unknown; did you mean a/c or a/d?",
        "",
        "pricing:",
        "  x",
    ]
    assert render_ambiguous("m", ["a", "b"]) == ["m has a price at 2 providers; name one:", "  a/m", "  b/m"]
