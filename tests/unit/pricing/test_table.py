"""Which price a call gets: every rung of the ladder, and what stands on it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, localcontext

import pytest
from exchanges import TODAY, measured, table

from pytest_llmcost.model.call import Api, Status
from pytest_llmcost.model.price import PriceSource, Rate
from pytest_llmcost.pricing.price_call import price_call

HOUSE = '{input: "1", output: "4"}'


def look_up(pricing="", provider="openai", billed="gpt-4o-2024-08-06", requested="gpt-4o", **facts):
    return table(pricing).look_up(measured(provider, billed, requested=requested, **facts))


def rate(lookup, unit="input_tokens"):
    return str(lookup.card.rates[unit].usd)


def test_every_rung_in_its_order():
    """The ladder from the top: each rung holds until the one above it is there."""
    rungs = [  # from the last to the first, each with the price that its row makes
        ("models", '"*": {input: "16", output: "0"}', "16"),
        ("models", '"openai/gpt-4o*": {input: "15", output: "0"}', "15"),
        ("models", 'openai/gpt-4o: {input: "14", output: "0"}', "15"),  # the id as answered matches a pattern
        ("models", 'openai/gpt-4o-2024*: {input: "13", output: "0"}', "13"),
        ("aliases", '"openai/gpt-4o-2024-08-06": acme/x', "12"),
        ("models", 'openai/gpt-4o-2024-08-06: {input: "11", output: "0"}', "11"),
    ]
    models, aliases = ['acme/x: {input: "12", output: "0"}'], []
    assert look_up().source is PriceSource.GENAI_PRICES
    for section, row, expected in rungs:
        (models if section == "models" else aliases).append(row)
        pricing = f"{{models: {{{', '.join(models)}}}, aliases: {{{', '.join(aliases)}}}}}"
        lookup = look_up(pricing)
        assert (lookup.source, rate(lookup)) == (PriceSource.YAML, expected), row
    free = pricing[:-1] + ', free: ["openai/*"]}'
    assert look_up(free).source is PriceSource.FREE


@pytest.mark.parametrize(
    ("pricing", "matched"),
    [
        ("", "openai/gpt-4o"),
        (
            f"{{models: {{openai/gpt-4o-2024-08-06: {HOUSE}, openai/gpt-4o: {HOUSE}}}}}",
            "openai/gpt-4o-2024-08-06",
        ),
        (f"{{models: {{openai/gpt-4o: {HOUSE}}}}}", "openai/gpt-4o"),
    ],
    ids=["no row", "a row for the id as answered", "a row for the id that genai-prices makes of it"],
)
def test_answered_id_then_resolved_id(pricing, matched):
    """A row for the family also prices its dated snapshots, unless one of them has its own."""
    lookup = look_up(pricing)
    assert lookup.matched == matched
    assert lookup.source is (PriceSource.YAML if pricing else PriceSource.GENAI_PRICES)


def test_requested_id_only_if_nobody_knows_the_answered_one():
    """The model that answered is billed; the one asked for is a last resort."""
    assert look_up(billed="gpt-99", requested="gpt-4o").matched == "openai/gpt-4o"
    assert look_up(billed="gpt-4o-mini", requested="gpt-4o").matched == "openai/gpt-4o-mini"
    row = f"{{models: {{openai/gpt-4o: {HOUSE}}}}}"
    assert look_up(row, billed="gpt-4o-mini", requested="gpt-4o").source is PriceSource.GENAI_PRICES
    assert look_up(row, billed="gpt-99", requested="gpt-4o").source is PriceSource.YAML


def test_nobody_knows_the_model():
    """The trail says what was asked."""
    lookup = look_up(billed="gpt-99", requested="gpt-98")
    assert (lookup.source, lookup.card, lookup.matched) == (PriceSource.NONE, None, None)
    assert lookup.trail == (
        "genai-prices: no openai/gpt-99",
        "neither table knows 'gpt-99': trying the requested id",
        "genai-prices: no openai/gpt-98",
    )


def test_call_without_a_model():
    """It is unpriced, unless the YAML speaks of all that the host serves."""
    facts = {"provider": "vllm", "billed": None, "requested": None}
    assert look_up(**facts).source is PriceSource.NONE
    assert look_up('{free: ["vllm/*"]}', **facts).source is PriceSource.FREE
    assert rate(look_up(f'{{models: {{"vllm/*": {HOUSE}}}}}', **facts)) == "1"


OLLAMA = {"provider": "ollama", "billed": "llama3", "api": Api.OLLAMA_CHAT}


def test_ollamas_own_api_is_free_by_default():
    """A server that anybody may run; and the call says why it is free."""
    assert look_up(**OLLAMA).source is PriceSource.FREE
    call = price_call("c1", measured(**OLLAMA), table())
    assert (call.status, call.cost.high) == (Status.FREE, 0)
    assert call.status_detail == "Ollama's native API is free unless pricing: prices it"
    assert call.lookup.trail[-1] == call.status_detail


@pytest.mark.parametrize(
    ("facts", "source"),
    [
        ({"provider": "our-gpu"}, PriceSource.NONE),
        ({"provider": "localhost:11434"}, PriceSource.NONE),
        ({"api": Api.OPENAI_CHAT}, PriceSource.NONE),
        ({"billed": None, "requested": None}, PriceSource.FREE),
    ],
    ids=["named otherwise", "not named", "OpenAI's format", "no model"],
)
def test_what_else_is_not_free_by_default(facts, source):
    """Only what the native format proves to be such a server."""
    assert look_up(**{**OLLAMA, **facts}).source is source


@pytest.mark.parametrize("api", [Api.OLLAMA_CHAT, Api.OPENAI_CHAT])
def test_ollamas_cloud_is_a_subscription(api):
    """It has a flat price a month (ollama.com, pricing): no call is billed, and the call says so."""
    call = price_call("c1", measured(provider="ollama-cloud", billed="gpt-oss:20b", api=api), table())
    assert (call.status, call.cost.high) == (Status.FREE, 0)
    assert "a subscription that bills no call" in call.status_detail
    assert (
        rate(look_up(f'{{models: {{"ollama-cloud/*": {HOUSE}}}}}', provider="ollama-cloud", api=api)) == "1"
    )


def test_a_row_for_ollama_comes_first():
    """Who counts electricity, prices it; a row that leads nowhere is not passed over."""
    assert rate(look_up(f'{{models: {{"ollama/*": {HOUSE}}}}}', **OLLAMA)) == "1"
    assert look_up("{free: [ollama/llama3]}", **OLLAMA).matched == "ollama/llama3"
    broken = look_up("{aliases: {ollama/llama3: acme/unknown}}", **OLLAMA)
    assert (broken.source, broken.matched) == (PriceSource.NONE, "ollama/llama3")


def test_formats_of_one_provider_are_looked_up_apart():
    """The answer for one format is not remembered for another."""
    prices = table()
    found = [
        prices.look_up(measured(**{**OLLAMA, "api": api})).source
        for api in (Api.OPENAI_CHAT, Api.OLLAMA_CHAT)
    ]
    assert found == [PriceSource.NONE, PriceSource.FREE]


@pytest.mark.parametrize(
    ("aliases", "matched"),
    [
        ('"azure/prod-chat": openai/gpt-4o', "openai/gpt-4o"),
        ('"azure/prod-*": openai/gpt-4o', "openai/gpt-4o"),
        ('"azure/*": openai/gpt-4o-mini, "azure/prod-*": openai/gpt-4o', "openai/gpt-4o"),
        ('"azure/*": openai/gpt-4o-mini, "azure/prod-chat": openai/gpt-4o', "openai/gpt-4o"),
        ('"azure/prod-chat": azure/b, "azure/b": azure/c, "azure/c": openai/gpt-4o', "openai/gpt-4o"),
        ('"azure/*": azure/x, "azure/x": openai/gpt-4o', "openai/gpt-4o"),
    ],
    ids=["exact", "pattern", "longest pattern", "exact before pattern", "chain", "chain through a pattern"],
)
def test_aliases(aliases, matched):
    """A name of one's own stands for a priced model, over several steps if need be."""
    lookup = look_up(f"{{aliases: {{{aliases}}}}}", provider="azure", billed=None, requested="prod-chat")
    assert (lookup.source, lookup.matched) == (PriceSource.GENAI_PRICES, matched)
    assert sum("stands for" in step for step in lookup.trail) <= 3


def test_alias_to_a_row_of_the_yaml():
    """The target is asked of the YAML first: it may be free, or have a row."""
    pricing = f'{{aliases: {{"azure/prod-chat": acme/x}}, models: {{acme/x: {HOUSE}}}}}'
    assert rate(look_up(pricing, provider="azure", billed="prod-chat")) == "1"
    free = '{aliases: {"azure/prod-chat": acme/x}, free: [acme/x]}'
    assert look_up(free, provider="azure", billed="prod-chat").source is PriceSource.FREE


def test_pattern_that_matches_its_own_target():
    """``openai/*: openai/gpt-4o`` is no circle: everything else stands for gpt-4o, which has its own price."""
    lookup = look_up('{aliases: {"openai/*": openai/gpt-4o}}', billed="gpt-99", requested="gpt-99")
    assert lookup.matched == "openai/gpt-4o"
    assert len(lookup.trail) == 2


@pytest.mark.parametrize(
    ("pricing", "reason"),
    [
        ('{aliases: {"openai/gpt-4o": acme/typo}}', "openai/gpt-4o stands for acme/typo, which has no price"),
        (
            '{models: {"openai/gpt-4o": {same_as: acme/typo}}}',
            "openai/gpt-4o builds on acme/typo, which has no price",
        ),
        (
            '{models: {"openai/gpt-4*": {same_as: acme/typo}}}',
            "openai/gpt-4* builds on acme/typo, which has no price",
        ),
    ],
)
def test_override_that_leads_nowhere_is_not_passed_over(pricing, reason):
    """A typing mistake must not bring back the price that the user meant to replace."""
    lookup = look_up(pricing, billed="gpt-4o", requested="gpt-4o")
    assert lookup.source is PriceSource.NONE
    assert lookup.trail[-1] == lookup.origin == f"llmcost.yaml:1: {reason}"
    call = price_call("c1", measured(billed="gpt-4o"), table(pricing))
    assert (call.status, call.status_detail, call.cost.high) == ("unpriced", lookup.origin, None)


def test_multiply_without_a_base_price_is_unpriced():
    """A discount on nothing is nothing, and not zero."""
    lookup = look_up('{models: {acme/x: {multiply: "0.5"}}}', provider="acme", billed="x", requested="x")
    assert (lookup.source, lookup.card) == (PriceSource.NONE, None)


@pytest.mark.parametrize(
    ("day", "price"), [("2026-06-30", "1"), ("2026-07-01", "2"), ("2026-12-31", "2"), ("2027-01-01", "3")]
)
def test_dated_rows(day, price):
    """The latest row that has begun holds, in whatever order they are written."""
    rows = (
        '[{from: 2027-01-01, input: "3", output: "0"}, {input: "1", output: "0"},'
        ' {from: 2026-07-01, input: "2", output: "0"}]'
    )
    lookup = look_up(f"{{as_of: {day}, models: {{acme/x: {rows}}}}}", "acme", "x", "x")
    assert rate(lookup) == price
    assert lookup.card.since == {"1": None, "2": date(2026, 7, 1), "3": date(2027, 1, 1)}[price]


def test_row_that_has_not_begun_leaves_the_call_to_the_next_table():
    """A contract of next year says nothing of today."""
    lookup = look_up('{models: {openai/gpt-4o: {from: 2027-01-01, input: "1", output: "4"}}}')
    assert lookup.source is PriceSource.GENAI_PRICES
    assert "llmcost.yaml:1: openai/gpt-4o has no price yet on 2026-11-23" in lookup.trail


def test_same_as():
    """The card of another model, of the YAML or of genai-prices, with changes."""
    models = (
        f'acme/base: {HOUSE}, acme/x: {{same_as: acme/base, output: "5"}}, acme/y: {{same_as: openai/gpt-4o}}'
    )
    pricing = f"{{models: {{{models}}}}}"
    found = look_up(pricing, "acme", "x", "x")
    assert (rate(found), rate(found, "output_tokens"), found.matched) == ("1", "5", "acme/x")
    assert rate(look_up(pricing, "acme", "y", "y"), "output_tokens") == "10"


def test_same_as_in_a_circle_ends_at_genai_prices():
    """Two rows that build on each other do not hang."""
    pricing = "{models: {openai/gpt-4o: {same_as: acme/x}, acme/x: {same_as: openai/gpt-4o}}}"
    assert rate(look_up(pricing)) == "2.5"


def test_multiply():
    """A discount on the card of the model itself, exact in any decimal context; rates beside it are final."""
    with localcontext() as coarse:
        coarse.prec = 2
        lookup = look_up('{models: {"openai/*": {multiply: "0.8515", output: "1"}}}')
    assert rate(lookup) == "2.12875"
    assert rate(lookup, "output_tokens") == "1"
    tiers = '{models: {acme/b: {input: {base: "1", above: {1000: "2"}}, output: "1"}, acme/x: {same_as: acme/b, multiply: "0.5"}}}'
    assert look_up(tiers, "acme", "x", "x").card.rates["input_tokens"].at(1001) == 1


def test_pattern_with_a_factor_makes_a_card_for_each_model():
    """Cards are kept by name: two models must not share one."""
    prices = table('{models: {"openai/*": {multiply: "0.5"}}}')
    lookups = [prices.look_up(measured(billed=name)) for name in ("gpt-4o", "gpt-4o-mini")]
    assert {lookup.matched for lookup in lookups} == {"openai/*"}
    assert [lookup.card.name for lookup in lookups] == [
        "openai/gpt-4o@standard",
        "openai/gpt-4o-mini@standard",
    ]
    assert rate(lookups[0]) != rate(lookups[1])


def test_per_request_fees_and_tiers():
    """Everything that a row can say, as rates."""
    row = (
        '{input: {base: "1.25", above: {200_000: "2.5", 100: "2"}}, output: "4", cache_write_1h: "2",'
        ' per_request: "0.005", fees: {web_searches: "10"}, source: contract 17}'
    )
    rates = look_up(f"{{models: {{acme/x: {row}}}}}", "acme", "x", "x").card.rates
    assert [rates["input_tokens"].at(size) for size in (100, 101, 200_000, 200_001)] == [
        Decimal("1.25"), 2, 2, Decimal("2.5")
    ]  # fmt: skip
    assert rates["requests"] == Rate(Decimal("0.005"), 1)
    assert rates["web_searches"] == Rate(Decimal(10), 1_000)
    assert rates["cache_write_1h_tokens"].usd == 2


@pytest.mark.parametrize(
    ("setting", "day", "as_of"),
    [
        ("", TODAY, "2026-11-23"),
        ("{as_of: today}", TODAY, "2026-11-23"),
        ("{as_of: 2026-01-02}", date(2026, 1, 2), "2026-01-02"),
        ("{as_of: recorded}", date(2025, 4, 22), "recorded"),
    ],
)
def test_as_of(setting, day, as_of):
    """Today by default, one fixed day, or the day of the answer."""
    call = measured(answered_at=datetime(2025, 4, 22, 14, tzinfo=UTC))
    prices = table(setting)
    assert (prices.day_of(call), prices.as_of) == (day, as_of)
    assert prices.look_up(call).card.as_of == day


def test_recorded_day_that_nobody_knows_is_today():
    """A cassette without a date must not be priced as of 1970."""
    call = measured(started_at=datetime(1970, 1, 1, tzinfo=UTC))
    assert table("{as_of: recorded}").day_of(call) == TODAY


def test_recorded_days_have_cards_of_their_own():
    """A card has one day; two days of one model must not share a name."""
    prices = table("{as_of: recorded}")
    days = [datetime(2025, month, 1, tzinfo=UTC) for month in (4, 5)]
    names = {prices.look_up(measured(answered_at=day)).card.name for day in days}
    assert names == {"openai/gpt-4o@as_of=2025-04-01", "openai/gpt-4o@as_of=2025-05-01"}


STATED = {"provider": "openrouter", "billed": "openai/gpt-4o", "requested": "openai/gpt-4o"}


@pytest.mark.parametrize(
    ("pricing", "source"),
    [
        ("", PriceSource.STATED),
        ("{provider_reported: prefer}", PriceSource.STATED),
        ("{provider_reported: compare}", PriceSource.GENAI_PRICES),
        ("{provider_reported: ignore}", PriceSource.GENAI_PRICES),
        (f"{{models: {{openrouter/openai/gpt-4o: {HOUSE}}}}}", PriceSource.YAML),
        ('{free: ["openrouter/*"]}', PriceSource.FREE),
    ],
)
def test_stated_cost_stands_between_the_yaml_and_genai_prices(pricing, source):
    """What the provider says it charged, unless the user has a row for the model."""
    assert look_up(pricing, stated_cost=Decimal("0.01"), **STATED).source is source


def test_stated_cost_prices_a_model_that_nobody_knows():
    """Also where an override leads nowhere."""
    facts = {
        "provider": "openrouter",
        "billed": "new/model",
        "requested": None,
        "stated_cost": Decimal("1E-7"),
    }
    assert look_up(**facts).source is PriceSource.STATED
    assert look_up('{aliases: {"openrouter/*": acme/typo}}', **facts).source is PriceSource.STATED
    compared = look_up("{provider_reported: compare}", **facts)
    assert compared.source is PriceSource.NONE
    assert compared.trail[0] == "the provider states $0.0000001 (provider_reported: compare)"


def test_model_inside_a_call():
    """An advisor's model is asked at the same provider; the statement for the whole call is not its price."""
    prices = table()
    call = measured("openrouter", "openai/gpt-4o", stated_cost=Decimal(1))
    assert prices.look_up_model(call, "openai/gpt-4o-mini").source is PriceSource.GENAI_PRICES
    assert prices.look_up_model(call, "new/model").source is PriceSource.NONE


def test_doubts_do_not_depend_on_the_order_of_the_context():
    """A card is kept for all calls of its tier, whichever came first."""
    prices, context = table(), {"service_tier": "new", "processing": "new"}
    backwards = dict(reversed(context.items()))
    doubts = [prices.look_up(measured(context=found)).card.doubts for found in (context, backwards)]
    assert doubts[0] == doubts[1] == table().look_up(measured(context=backwards)).card.doubts


def test_tier_is_part_of_the_cards_name():
    """Two tiers of one model have two cards."""
    prices = table(f"{{models: {{acme/x: {HOUSE}}}}}")
    names = [
        prices.look_up(measured("acme", "x", context=context)).card.name
        for context in ({}, {"service_tier": "flex"}, {"speed": "fast", "processing": "batch"})
    ]
    assert names == ["acme/x@standard", "acme/x@service_tier=flex", "acme/x@processing=batch,speed=fast"]
