"""Corrections of the bundled table: how they hold, and when each of them may go."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from exchanges import NOON, TODAY, measured, table
from genai_prices.data import providers

from pytest_llmcost.assembly import Facts, assemble
from pytest_llmcost.config.configuration import Configuration
from pytest_llmcost.model.call import Status
from pytest_llmcost.model.codec import card_to_json
from pytest_llmcost.model.decode import card_from_json
from pytest_llmcost.model.money import money_text
from pytest_llmcost.model.price import PriceSource, Rate
from pytest_llmcost.model.units import PER_MILLION, UNITS
from pytest_llmcost.pricing.correction_rows import ROWS
from pytest_llmcost.pricing.corrections import (
    Added,
    Card,
    CorrectedPrices,
    Correction,
    Derived,
    Premium,
    SameAs,
)
from pytest_llmcost.pricing.genai import GenaiPrices
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.rules import key_matches
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.reports.explain import explain_call
from pytest_llmcost.reports.terminal import Detail, section
from pytest_llmcost.pricing.rules import PricingRules

BUNDLED = GenaiPrices()
CHECKED = date(2026, 11, 23)
BUNDLED_NAMES = BUNDLED.names()


def ids_of(key):
    """The ids that a key is about, as genai-prices lists them where it is a pattern."""
    return [name for name in BUNDLED_NAMES if key_matches(key, name)] if key.endswith("*") else [key]


ALONE = [
    (row, name)
    for row in ROWS
    if row.when is None and not isinstance(row.change, Derived)
    for key in row.keys
    for name in ids_of(key)
]


def per_million(**usd):
    return {unit: Rate(Decimal(price), PER_MILLION) for unit, price in usd.items()}


def row(key, change, **more):
    facts = {"source": "the vendor's page", "reason": "because", "checked": CHECKED, **more}
    return Correction(keys=(key,), change=change, **facts)


def card(rows, provider="openai", model="gpt-4o", context=None, day=TODAY):
    return CorrectedPrices(BUNDLED, rows).card(provider, model, context or {}, day)


def usd(card, unit="input_tokens"):
    return money_text(card.rates[unit].usd)


def go(row, said):
    """The message to whoever meets this after an update of genai-prices."""
    return (
        f"genai-prices {BUNDLED.version} now says {said} of {', '.join(row.keys)}, and not what the row was"
        f" written against: compare it with {row.source}, then take the row out of correction_rows or date"
        " it anew"
    )


@pytest.mark.parametrize(("row", "key"), ALONE, ids=[f"{key}-{row.since}" for row, key in ALONE])
def test_row_is_still_needed(row, key):
    """genai-prices says what it said when the row was written; otherwise the row can go."""
    provider, _, model = key.partition("/")
    found = BUNDLED.card(provider, model, {}, TODAY)
    said = found and {unit: money_text(rate.usd) for unit, rate in found.rates.items()}
    if isinstance(row.change, Card | SameAs):
        assert said == row.upstream, go(row, said)
    elif isinstance(row.change, Added):
        assert said is not None
        assert not set(row.change.rates) & set(said), go(row, said)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if isinstance(row.change, Derived)], ids=lambda row: row.source
)
def test_derived_rate_is_still_needed(row):
    """No model that the row is about has the rate, and some have the one that it is derived from."""
    about = [
        (provider.id, model.id)
        for provider in providers
        for model in provider.models
        if any(key_matches(key, f"{provider.id}/{model.id}") for key in row.keys)
    ]
    cards = [BUNDLED.card(provider, model, {}, TODAY) for provider, model in about]
    assert any(row.change.of in card.rates for card in cards)
    assert not [card.matched for card in cards if row.change.unit in card.rates], go(row, row.change.unit)


OURS = [key for row in ROWS if row.when is None and isinstance(row.change, Card | SameAs) for key in row.keys]
IN_CONTEXT = [(row, key) for row in ROWS if row.when for key in row.keys]


@pytest.mark.parametrize(("row", "key"), IN_CONTEXT, ids=[f"{key}-{row.when[0]}" for row, key in IN_CONTEXT])
def test_row_of_a_context_is_still_needed(row, key):
    """genai-prices has no price for the context, for any model that it knows."""
    provider, _, stem = key.rstrip("*").partition("/")
    owner = next(one for one in providers if one.id == provider)
    known = [model.id for model in owner.models if key_matches(key, f"{provider}/{model.id}")]
    name, value = row.when[0], row.when[1].replace("*", "us")
    is_ours = any(key_matches(key, model) for model in OURS)
    assert known or is_ours or stem in {"gpt-5-", "gpt-5"}, f"no model is called {key}"
    cards = [
        BUNDLED.card(provider, model.replace("regional.", "us."), {name: value}, TODAY) for model in known
    ]
    for card_in_context in cards:
        doubts = card_in_context.doubts
        assert any(f"{name}={value}" in doubt for doubt in doubts), go(row, f"a price for {name}")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.keys[0]}-{row.since}-{row.when}")
def test_row_says_where_it_is_from(row):
    """A source, a reason and a day, and units that exist."""
    assert row.source
    assert row.reason
    assert row.checked <= TODAY
    if isinstance(row.change, Card | Added):
        assert set(row.change.rates) <= set(UNITS)
        assert all(rate.usd >= 0 and rate.per == UNITS[unit].per for unit, rate in row.change.rates.items())
        assert all(rate.usd for rate in row.change.rates.values()) or " free" in row.source
    if isinstance(row.change, SameAs):
        provider, _, model = row.change.key.partition("/")
        assert BUNDLED.card(provider, model, {}, TODAY)
    assert row.origin == f"correction of {row.checked}: {row.source}"


def test_whole_card():
    """A model that genai-prices does not list; a tier that the row says nothing of is a doubt."""
    rows = [row("openai/gpt-99", Card(per_million(input_tokens="7", output_tokens="9")))]
    found = card(rows, model="gpt-99")
    assert (found.source, found.origin) == (
        PriceSource.CORRECTION,
        "correction of 2026-11-23: the vendor's page",
    )
    assert (found.matched, usd(found), found.doubts) == ("openai/gpt-99", "7", ())
    assert card(rows, model="gpt-99", context={"service_tier": "flex"}).doubts == (
        "no price for service_tier=flex",
    )
    assert CorrectedPrices(BUNDLED, rows).resolve("openai", "gpt-99").key == "openai/gpt-99"
    assert CorrectedPrices(BUNDLED, rows).resolve("openai", "gpt-98") is None
    assert card(rows, model="gpt-98") is None


def test_rows_with_a_start():
    """The latest that has started holds; before the first one it is genai-prices."""
    start = TODAY - timedelta(days=10)
    rows = [
        row("openai/gpt-4o", Card(per_million(input_tokens="8")), since=TODAY),
        row("openai/gpt-4o", Card(per_million(input_tokens="7")), since=start),
    ]
    days = (TODAY, TODAY - timedelta(days=1), start, start - timedelta(days=1))
    assert [usd(card(rows, day=day)) for day in days] == ["8", "7", "7", "2.5"]
    assert card(rows, day=TODAY).since == TODAY
    assert card(rows, day=start - timedelta(days=1)).source is PriceSource.GENAI_PRICES


def test_alias_that_genai_prices_takes_for_another_model():
    """The rates are those of the right model, and both tables are named."""
    found = card([row("openai/gpt-4o", SameAs("openai/gpt-4o-mini"))])
    assert (usd(found), found.matched, found.source) == ("0.15", "openai/gpt-4o", PriceSource.CORRECTION)
    assert found.origin == (
        "correction of 2026-11-23: the vendor's page;"
        f" it is openai/gpt-4o-mini of genai-prices {BUNDLED.version}"
    )


def test_added_rate_stands_beside_those_of_genai_prices():
    """By the id as asked, or as genai-prices resolves it; each rate knows where it is from."""
    rows = [row("openai/gpt-4o", Added(per_million(input_audio_tokens="40")))]
    found = card(rows, model="gpt-4o-2024-08-06")
    assert (usd(found), usd(found, "input_audio_tokens")) == ("2.5", "40")
    assert found.source is PriceSource.GENAI_PRICES
    assert found.corrected == {"input_audio_tokens": "correction of 2026-11-23: the vendor's page"}


def test_derived_rate_keeps_the_tiers():
    """Twice the price of a short write, above the cliff too; nothing where there is no such price."""
    rows = [row("openai/*", Derived("cache_write_12h_tokens", "cache_write_tokens", Decimal(2)))]
    rate = card(rows, model="gpt-5.6-sol").rates["cache_write_12h_tokens"]
    assert (rate.at(272_000), rate.at(272_001)) == (10, 20)
    assert "cache_write_12h_tokens" not in card(rows).rates


def test_premium_multiplies_tokens_and_no_fees():
    """In its context alone, with every tier; the rest of the context is priced as ever."""
    rows = [row("openai/*", Premium(Decimal("1.1")), when=("place", "us"))]
    plain = card(rows, model="gpt-5.6-sol")
    dear = card(rows, model="gpt-5.6-sol", context={"place": "us"})
    assert usd(dear) == "4.4"
    assert dear.rates["output_tokens"].at(272_001) == 33
    assert dear.rates["web_searches"] == plain.rates["web_searches"]
    assert dear.doubts == ()
    assert set(dear.corrected) == {unit for unit in plain.rates if unit.endswith("_tokens")}
    both = card(rows, model="gpt-5.6-sol", context={"place": "us", "service_tier": "flex"})
    assert (usd(both), both.doubts) == ("2.2", ())


def test_context_without_a_row_is_a_doubt():
    """Another place has a price that nobody knows."""
    rows = [row("openai/*", Premium(Decimal("1.1")), when=("place", "us"))]
    found = card(rows, context={"place": "eu"})
    assert (usd(found), found.doubts) == (
        "2.5",
        (f"genai-prices {BUNDLED.version} has no price for place=eu",),
    )


def test_premium_of_nothing_is_no_doubt_either():
    """A factor of 1 says that there is no premium."""
    rows = [row("openai/*", Premium(Decimal(1)), when=("place", "*"))]
    found = card(rows, context={"place": "eu"})
    assert (usd(found), found.doubts, found.corrected) == ("2.5", (), {})


def test_own_row_of_the_yaml_comes_first():
    """And a factor on a corrected card takes the correction with it."""
    claude = {"provider": "aws", "billed": "anthropic.claude-v2", "usage": {"input_tokens": 1_000_000}}
    for pricing, cost in {
        "": "8",
        '{models: {aws/anthropic.claude-v2: {input: "1"}}}': "1",
        '{models: {aws/anthropic.claude-v2: {multiply: "0.5"}}}': "4",
        "{models: {aws/anthropic.claude-v2: {same_as: aws/anthropic.claude-instant-v1}}}": "0.8",
        "{aliases: {aws/anthropic.claude-v2: aws/anthropic.claude-instant-v1}}": "0.8",
    }.items():
        call = price_call("c1", measured(**claude), table(pricing))
        assert (call.status, call.cost) == (Status.EXACT, Decimal(cost)), pricing


def test_lookup_says_that_it_is_a_correction():
    """The trail names the row's source and day, and the report's card too."""
    found = PriceTable(PricingRules(), TODAY).look_up(measured("aws", "anthropic.claude-v2"))
    assert found.source is PriceSource.CORRECTION
    assert found.origin.startswith("correction of 2026-11-23: Amazon Bedrock pricing page")
    assert found.trail == ("corrections: aws/anthropic.claude-v2 is aws/anthropic.claude-v2", found.origin)
    assert found.card.name == "aws/anthropic.claude-v2@standard"


def test_explain_says_which_rates_are_corrected():
    """Of those that the call used, with source and day."""
    usage = {"input_tokens": 100, "cache_write_tokens": 50, "cache_write_12h_tokens": 50}
    call = price_call("c1", measured("openai", "gpt-5.6-sol", usage), table())
    shown = "\n".join(explain_call(call, 100))
    assert "price         genai-prices" in shown
    assert "corrected     cache write 12h: correction of 2026-11-23: developers.openai.com" in shown
    plain = price_call("c1", measured("openai", "gpt-5.6-sol"), table())
    assert "correct" not in "\n".join(explain_call(plain, 100))
    whole = price_call("c1", measured("aws", "anthropic.claude-v2"), table())
    assert "price         correction of 2026-11-23: Amazon Bedrock" in "\n".join(explain_call(whole, 100))


def test_explain_says_why_code_that_ran_costs_nothing():
    """The fee stands in the bill as a line of $0, with the quota that it is taken from."""
    usage = {"input_tokens": 1_000, "code_executions": 2}
    call = price_call("c1", measured("anthropic", "claude-sonnet-5", usage), table())
    shown = "\n".join(explain_call(call, 100))
    assert "corrected     code executions: correction of 2026-11-23: platform.claude.com" in shown
    assert "1,550 hours" in shown
    (line,) = [line for line in shown.splitlines() if line.strip().startswith("code executions  ")]
    assert line.split()[2:] == ["2", "$0/1,000", "$0"]
    assert call.status is Status.EXACT


def test_report_keeps_what_was_corrected():
    """As rate_cards of report.json has it; a card without corrections has no such key."""
    for model, context in [("gpt-5.6-sol", {"data_residency": "eu"}), ("gpt-4o", {})]:
        found = CorrectedPrices(BUNDLED).card("openai", model, context, TODAY)
        written = card_to_json(found)
        assert ("corrected" in written) is bool(found.corrected)
        assert card_from_json("", written) == found


def test_headline_of_a_run_names_corrections():
    """Beside the other tables that were used, and not for a card that stands beside a stated cost."""
    calls = [measured("aws", "anthropic.claude-v2"), measured("openai", "gpt-4o")]
    stated = measured("openrouter", "openai/gpt-4o", stated_cost=Decimal(1))
    for made, tables in [(calls, f"corrections, genai-prices {BUNDLED.version}"), (calls[:1], "corrections")]:
        assert f"prices: {tables}, as of 2026-11-23" in headline(*made)
    assert "prices:" not in headline(stated)


def headline(*calls):
    facts = Facts(version="1", created_at=NOON, rootdir=".")
    report = assemble(calls, facts, Configuration(), table())
    return "\n".join(
        line.text for line in section(report, detail=Detail.NORMAL, width=160, report_path="r.json")
    )
