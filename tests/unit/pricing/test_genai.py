"""The bundled price table, asked in private."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from exchanges import TODAY, measured
from genai_prices.data import providers

from pytest_llmcost.model.call import Status
from pytest_llmcost.pricing.genai import GenaiPrices, Match
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.pricing.rules import PricingRules


@pytest.fixture(scope="module")
def bundled():
    return GenaiPrices()


@pytest.mark.parametrize(
    ("provider", "model", "match"),
    [
        ("openai", "gpt-4o", Match("openai", "gpt-4o")),
        ("openai", "gpt-4o-2024-08-06", Match("openai", "gpt-4o")),
        ("openai", "ft:gpt-4o-2024-08-06:acme::b1", Match("openai", "ft:gpt-4o")),
        ("openai", "ft:gpt-4-0613:acme::b1", None),
        ("azure", "gpt-35-turbo-1106", Match("azure", "gpt-3.5-turbo-1106")),
        ("google", "models/gemini-2.5-pro", Match("google", "gemini-2.5-pro")),
        ("google", "gemini-2.5-pro", Match("google", "gemini-2.5-pro")),
        ("google", "google/gemini-2.5-pro", Match("google", "gemini-2.5-pro")),
        ("google", "publishers/google/models/gemini-2.5-pro", Match("google", "gemini-2.5-pro")),
        ("google", "claude-sonnet-4-5@20250929", Match("google", "claude-sonnet-4-5")),
        ("azure", "gpt-4o-2024-08-06", Match("azure", "gpt-4o")),
        ("aws", "us.amazon.nova-micro-v1:0", Match("aws", "amazon.nova-micro-v1:0")),
        (
            "aws",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            Match("aws", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ),
        (
            "aws",
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-3-7-sonnet-20250219-v1:0",
            Match("aws", "regional.anthropic.claude-3-7-sonnet-20250219-v1:0"),
        ),
        (
            "aws",
            "arn:aws:bedrock:us-east-1:1:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            Match("aws", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ),
        (
            "aws",
            "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/amazon.nova-micro-v1:0",
            Match("aws", "amazon.nova-micro-v1:0"),
        ),
        ("aws", "arn:aws:bedrock:us-east-1:1:application-inference-profile/mi1dadi0g15f", None),
        (
            "huggingface_together",
            "openai/gpt-oss-20b:together",
            Match("huggingface_together", "openai/gpt-oss-20b"),
        ),
        ("openai", "gpt-99", None),
        ("openai", "", None),
        ("my-openai-gateway", "gpt-4o", None),
        ("OpenAI", "gpt-4o", None),
        ("", "gpt-4o", None),
        ("localhost:11434", "gpt-4o", None),
    ],
)
def test_resolve(bundled, provider, model, match):
    """A provider is known by its exact id; a model as genai-prices matches it, without a resource path."""
    assert bundled.resolve(provider, model) == match


def test_provider_that_borrows_models(bundled):
    """Azure has OpenAI's prices for what it does not list itself."""
    azure = next(provider for provider in providers if provider.id == "azure")
    openai = next(provider for provider in providers if provider.id == "openai")
    borrowed = next(
        model.id
        for model in openai.models
        if not any(own.id == model.id for own in azure.models)
        and (found := azure.find_model(model.id, all_providers=providers))
        and found is model
    )
    assert (
        bundled.card("azure", borrowed, {}, TODAY).rates == bundled.card("openai", borrowed, {}, TODAY).rates
    )
    doubtful = bundled.card("azure", borrowed, {"service_tier": "priority"}, TODAY)
    assert "service_tier=priority" in doubtful.doubts[0]


def tiered():
    """A model with a price for a service tier, the context, and the unit that differs."""
    for model in next(provider for provider in providers if provider.id == "openai").models:
        for variant in model.price_variants or ():
            if variant.when == {"service_tier": "flex"} and variant.constraint is None:
                return model.id
    raise AssertionError("genai-prices has no model with a flex price")


def test_known_tier_is_priced(bundled):
    """Flex is cheaper, and there is no doubt about it."""
    standard = bundled.card("openai", tiered(), {}, TODAY)
    flex = bundled.card("openai", tiered(), {"service_tier": "flex"}, TODAY)
    assert flex.rates["input_tokens"].usd < standard.rates["input_tokens"].usd
    assert (standard.doubts, flex.doubts) == ((), ())


def test_unknown_tier_is_a_doubt_and_makes_the_call_partial(bundled):
    """The standard price would be a guess."""
    card = bundled.card("openai", tiered(), {"service_tier": "brand-new"}, TODAY)
    assert card.rates == bundled.card("openai", tiered(), {}, TODAY).rates
    assert card.doubts == (f"genai-prices {bundled.version} has no price for service_tier=brand-new",)
    table = PriceTable(PricingRules(), TODAY, bundled)
    call = price_call("c1", measured(billed=tiered(), context={"service_tier": "brand-new"}), table)
    assert (call.status, call.cost.high) == (Status.PARTIAL, None)
    assert "service_tier=brand-new" in call.status_detail


def test_dated_prices(bundled):
    """The row of the day holds; the card says since when."""
    model = next(
        model
        for provider in providers
        if provider.id == "openai"
        for model in provider.models
        if isinstance(model.prices, list)
        and any(getattr(row.constraint, "start_date", None) for row in model.prices)
    )
    start = max(
        row.constraint.start_date for row in model.prices if getattr(row.constraint, "start_date", None)
    )
    before, after = (bundled.card("openai", model.id, {}, day) for day in (date(2020, 1, 1), start))
    assert before.since is None
    assert after.since == start
    assert before.rates != after.rates
    assert after.as_of == start


def test_noon_decides_prices_by_the_hour(bundled):
    """A price that depends on the hour is that of 12:00 UTC, so that a day has one price."""
    cards = {str(bundled.card("deepseek", "deepseek-reasoner", {}, TODAY).rates) for _ in range(3)}
    assert len(cards) == 1


def test_snapshot_of_the_app_does_not_change_our_prices(bundled):
    """The app under test uses genai-prices too, and may have set a snapshot of its own for the process."""
    from genai_prices import data_snapshot

    expected = bundled.card("openai", "gpt-4o", {}, TODAY)
    data_snapshot.set_custom_snapshot(data_snapshot.DataSnapshot(providers=[], from_auto_update=False))
    try:
        assert GenaiPrices().card("openai", "gpt-4o", {}, TODAY) == expected
    finally:
        data_snapshot.set_custom_snapshot(None)


def test_card_names_its_source(bundled):
    """Version and key, for a person to look up."""
    card = bundled.card("openai", "gpt-4o-2024-08-06", {}, TODAY)
    assert card.origin == f"genai-prices {bundled.version}"
    assert card.matched == "openai/gpt-4o"
    assert card.rates["input_tokens"].usd == Decimal("2.5")
    assert bundled.card("openai", "gpt-99", {}, TODAY) is None


def test_two_contexts_that_no_row_is_about_together_are_a_doubt(bundled):
    """Each alone has a price; of the two genai-prices would take the first."""
    alone = [{"processing": "batch"}, {"speed": "fast"}]
    assert [bundled.card("anthropic", "claude-opus-5", context, TODAY).doubts for context in alone] == [
        (),
        (),
    ]
    both = bundled.card("anthropic", "claude-opus-5", {**alone[0], **alone[1]}, TODAY)
    assert both.doubts == (
        f"genai-prices {bundled.version} has no price for processing=batch and speed=fast together",
    )


def test_contexts_with_other_prices(bundled):
    """Each of them makes a card without a doubt; borrowed models have none."""
    contexts = bundled.contexts("openai", "gpt-5.6-sol")
    assert {"service_tier": "flex"} in contexts
    assert {"service_tier": "default"} not in contexts
    assert all(not bundled.card("openai", "gpt-5.6-sol", context, TODAY).doubts for context in contexts)
    assert bundled.contexts("openai", "gpt-99") == []


def test_owners_and_names(bundled):
    """Who lists an id, and everything that is listed."""
    assert "openai" in bundled.owners("gpt-4o")
    assert bundled.owners("gpt-99") == []
    assert "anthropic/claude-opus-5" in bundled.names()


def test_starts(bundled):
    """The days of a model's prices, in order; a model that never changed has none."""
    starts = bundled.starts("openai", "gpt-5.6-sol")
    assert date(2026, 8, 21) in starts
    assert starts == sorted(set(starts))
    assert bundled.starts("openai", "gpt-99") == []


def test_how_new_the_table_is(bundled):
    """The newest day up to a given one."""
    newest = bundled.newest_start(TODAY)
    assert newest <= TODAY
    assert bundled.has_start(newest - timedelta(days=1), newest)
    assert not bundled.has_start(newest, TODAY)
    assert bundled.newest_start(date(2000, 1, 1)) is None
