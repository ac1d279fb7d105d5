"""Usage times rate card."""

from __future__ import annotations

import random
from datetime import date, datetime
from decimal import Decimal, localcontext

import pytest
from exchanges import TODAY
from genai_prices.data import providers
from genai_prices.types import Usage as GenaiUsage

from pytest_llmcost.model.price import PriceSource, Rate, RateCard, Tier
from pytest_llmcost.model.units import PER_MILLION, PER_THOUSAND, REASONING, REQUESTS
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.pricing.genai import NOON, GenaiPrices
from pytest_llmcost.pricing.kernel import invoice


def card(**rates):
    """A card with USD per million tokens, or with rates as they are."""
    made = {
        name: rate if isinstance(rate, Rate) else Rate(Decimal(rate), PER_MILLION)
        for name, rate in rates.items()
    }
    return RateCard("x@standard", PriceSource.YAML, "llmcost.yaml:1", "a/b", date(2026, 11, 23), None, made)


def lines(usage, rates):
    bill = invoice(Usage(usage), rates)
    return {line.unit: (line.quantity, str(line.amount.normalize())) for line in bill.lines}, bill.problems


PLAIN = card(input_tokens="2.5", output_tokens="10")


def test_parts_are_billed_once():
    """Cache reads and writes are taken out of the input, by the rates that the card has."""
    rates = card(
        input_tokens="3",
        cache_read_tokens="0.3",
        cache_write_tokens="3.75",
        cache_write_1h_tokens="6",
        output_tokens="15",
    )
    usage = {
        "input_tokens": 1_000,
        "cache_read_tokens": 600,
        "cache_write_tokens": 300,
        "cache_write_5m_tokens": 100,
        "cache_write_1h_tokens": 200,
        "output_tokens": 10,
    }
    assert lines(usage, rates) == (
        {
            "input_tokens": (100, "0.0003"),
            "cache_read_tokens": (600, "0.00018"),
            "cache_write_tokens": (100, "0.000375"),
            "cache_write_1h_tokens": (200, "0.0012"),
            "output_tokens": (10, "0.00015"),
        },
        (),
    )


def test_part_without_a_rate_is_billed_as_what_contains_it():
    """Reasoning is output, and cached tokens are input where nothing is off."""
    usage = {"input_tokens": 1_000_000, "cache_read_tokens": 500, "output_tokens": 100_000, REASONING: 90_000}
    assert lines(usage, PLAIN) == ({"input_tokens": (1_000_000, "2.5"), "output_tokens": (100_000, "1")}, ())


@pytest.mark.parametrize(("prompt", "rate"), [(200_000, "1.25"), (200_001, "2.5"), (500_001, "5")])
def test_tiers_are_cliffs(prompt, rate):
    """A request above the size pays the higher rate for all of its tokens, the answer's too."""
    tiers = (Tier(200_000, Decimal("2.5")), Tier(500_000, Decimal(5)))
    rates = card(
        input_tokens=Rate(Decimal("1.25"), PER_MILLION, tiers),
        output_tokens=Rate(Decimal("1.25"), PER_MILLION, tiers),
    )
    bill = invoice(Usage({"input_tokens": prompt, "output_tokens": 10}), rates)
    assert [str(line.usd) for line in bill.lines] == [rate, rate]
    assert bill.amount == Decimal(rate) * (prompt + 10) / PER_MILLION


@pytest.mark.parametrize(
    ("usage", "problem"),
    [
        ({"web_searches": 2}, "no price for web_searches (2)"),
        ({"input_audio_tokens": 1_500}, "no price of its own for input_audio_tokens (1,500)"),
        ({"output_audio_tokens": 5}, "no price of its own for output_audio_tokens (5)"),
        ({"brand_new_tokens": 5}, "no price for brand_new_tokens (5)"),
        (
            {"cache_write_tokens": 9, "cache_write_12h_tokens": 9},
            "no price of its own for cache_write_12h_tokens (9)",
        ),
    ],
)
def test_unit_without_a_price_is_a_problem(usage, problem):
    """Where the containing unit's price would be wrong, or there is none."""
    found = lines({"input_tokens": 2_000, "output_tokens": 10, **usage}, PLAIN)
    assert found[1] == (problem,)
    assert found[0]["input_tokens"] == (2_000, "0.005")


def test_units_of_zero_need_no_price():
    """Many answers state a 0 for what they do not use."""
    assert lines({"input_tokens": 2, "web_searches": 0, "input_audio_tokens": 0}, PLAIN)[1] == ()


def test_card_without_output_price():
    """Embeddings have none; an answer with output at such a price is not exact."""
    rates = card(input_tokens="0.02")
    assert lines({"input_tokens": 100}, rates)[1] == ()
    assert lines({"input_tokens": 100, "output_tokens": 7}, rates)[1] == ("no price for output_tokens (7)",)


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": 100, "cache_read_tokens": 101},
        {"input_tokens": 100, "cache_read_tokens": 60, "cache_write_tokens": 60},
        {"input_tokens": 100, "cache_write_tokens": 10, "cache_write_1h_tokens": 11},
    ],
    ids=["more read than sent", "read and written", "lifetimes"],
)
def test_impossible_usage_is_a_lower_bound(usage):
    """Parts that exceed the whole: the least is the whole prompt at its lowest rate."""
    rates = card(
        input_tokens="3",
        cache_read_tokens="0.3",
        cache_write_tokens="3.75",
        cache_write_1h_tokens="6",
        output_tokens="15",
    )
    found, problems = lines({**usage, "output_tokens": 10}, rates)
    assert len(problems) >= 1
    assert "impossible usage" in problems[0] or "add up to more than" in problems[0]
    assert found == {"input_tokens": (100, "0.00003"), "output_tokens": (10, "0.00015")}


def test_overlap_that_is_not_stated_is_a_problem():
    """Cached and audio input may be the same tokens; how many, only a third counter says."""
    rates = card(
        input_tokens="3",
        cache_read_tokens="0.3",
        input_audio_tokens="10",
        cache_audio_read_tokens="1",
        output_tokens="15",
    )
    usage = {"input_tokens": 100, "cache_read_tokens": 40, "input_audio_tokens": 30, "output_tokens": 0}
    assert lines(usage, rates)[1] == ("not stated how much of cache_read_tokens is also input_audio_tokens",)
    found, problems = lines({**usage, "cache_audio_read_tokens": 20}, rates)
    assert problems == ()
    assert {unit: quantity for unit, (quantity, _) in found.items()} == {
        "input_tokens": 50,
        "cache_read_tokens": 20,
        "input_audio_tokens": 10,
        "cache_audio_read_tokens": 20,
    }


def test_fees():
    """Per request, and per thousand searches."""
    rates = card(
        input_tokens="1",
        web_searches=Rate(Decimal(10), PER_THOUSAND),
        **{REQUESTS: Rate(Decimal("0.0005"), 1)},
    )
    found, problems = lines({"input_tokens": 1, "web_searches": 3}, rates)
    assert problems == ()
    assert found == {"input_tokens": (1, "0.000001"), "web_searches": (3, "0.03"), REQUESTS: (1, "0.0005")}


def test_nothing_used_costs_nothing():
    """No lines, no problems."""
    assert invoice(Usage(), PLAIN).amount == 0
    assert invoice(Usage(), PLAIN).lines == ()


def test_coarse_decimal_context_changes_nothing():
    """The app under test may have set three digits of precision in this thread."""
    usage = Usage({"input_tokens": 1_234_567, "output_tokens": 7_654_321})
    exact = invoice(usage, PLAIN).amount
    with localcontext() as coarse:
        coarse.prec = 3
        assert invoice(usage, PLAIN).amount == exact


MODELS = [(provider, model) for provider in providers for model in provider.models]
# One of everything that the readers can state, in usages that add up.
USAGES = [
    {"input_tokens": 1_000, "output_tokens": 200},
    {"input_tokens": 300_000, "output_tokens": 200, "cache_read_tokens": 250_000},
    {"input_tokens": 5_000, "output_tokens": 200, "cache_read_tokens": 3_000, "cache_write_tokens": 1_000},
    {
        "input_tokens": 5_000,
        "output_tokens": 200,
        "cache_read_tokens": 3_000,
        "cache_write_tokens": 1_500,
        "cache_write_5m_tokens": 1_000,
        "cache_write_1h_tokens": 500,
        REASONING: 150,
    },
    {"input_tokens": 90_001, "output_tokens": 9, "input_audio_tokens": 70, "output_audio_tokens": 5},
    {"input_tokens": 0, "output_tokens": 0},
    {"input_tokens": 17, "output_tokens": 3, "web_searches": 3},
]


@pytest.mark.parametrize(
    "usage", USAGES, ids=lambda usage: " ".join(name.removesuffix("_tokens") for name in usage)
)
def test_same_result_as_genai_prices(usage):
    """For every model of the table: our arithmetic on their rates is their price."""
    bundled, compared = GenaiPrices(), 0
    theirs = GenaiUsage(
        **{"output_reasoning_tokens" if name == REASONING else name: n for name, n in usage.items()}
    )
    for provider, model in random.Random(7).sample(MODELS, 700):
        if provider.find_model(model.id, all_providers=providers) is not model:
            continue  # its own id names another model
        try:
            price = model.calc_price(theirs, provider, genai_request_timestamp=datetime.combine(TODAY, NOON))
        except ValueError:
            continue  # theirs refuses what is ambiguous; ours prices a lower bound
        bill = invoice(Usage(usage), bundled.card(provider.id, model.id, {}, TODAY))
        if any("not stated how much" in problem for problem in bill.problems):
            continue
        assert bill.amount == price.total_price, (provider.id, model.id)
        compared += 1
    assert compared > 500
