"""How the dollars of a pair of calls are split: model, tier, usage and fees; and estimates, whose cost has bounds."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import sample
from suites import PRICES, A, B, Use, accepted, configured, difference, run, table

from pytest_llmcost.model.amount import NOTHING, Amount
from pytest_llmcost.model.call import Api, Bounds, ModelIds
from pytest_llmcost.model.diff import CauseKind
from pytest_llmcost.model.drift import Drift, PartChange
from pytest_llmcost.model.price import Lookup, PriceSource, Rate
from pytest_llmcost.model.units import PER_MILLION
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.pricing.table import PriceTable

FLEX = {"service_tier": "flex"}
UNHEARD = {"model": "gpt-unheard"}


class Tiers(sample.FixedPrices):
    """Flex costs half; one model is sold in that tier only, and one in the standard tier only."""

    def card(self, provider, model, context, day):
        if (model, bool(context)) in {("claude-fixed", False), ("gpt-fixed-standard", True)}:
            return None
        known = super().card(provider, model.removesuffix("-standard"), {}, day)
        half = {unit: rate._replace(usd=rate.usd / 2) for unit, rate in known.rates.items()}
        return replace(known, rates=half) if context else known

    def resolve(self, provider, model):
        return super().resolve(provider, model.removesuffix("-standard"))


TIERS = PriceTable(configured(sample.YAML, "llmcost.yaml").pricing, sample.NOON.date(), Tiers())


def causes(base, head, prices=PRICES):
    """Of one test: its causes with their dollars."""
    base, head = accepted({A: base}, prices=prices), run({A: head}, prices=prices)
    (change,) = difference(base, head, prices=prices).tests
    return {cause.kind: cause.delta for cause in change.causes}


def dollars(**found):
    return {CauseKind[name]: Decimal(usd) for name, usd in found.items()}


def test_a_tier_and_a_longer_answer():
    """First the base's usage in the new tier, then the new usage in it."""
    assert causes([Use(1000, 100)], [Use(1000, 300).but(context=FLEX)], TIERS) == dollars(
        TIER="-0.00175", OUTPUT="0.001"
    )


@pytest.mark.parametrize(
    ("base", "head", "total"),
    [
        # Its base's tier does not exist: nobody knows what the old usage would have cost there.
        (Use(1000), Use(2000, model="claude-fixed", provider="anthropic").but(context=FLEX), "0.00025"),
        # Its new tier does not exist, so that its cost is not known either.
        (Use(1000), Use(2000, model="gpt-fixed-standard").but(context=FLEX), "-0.0035"),
        (Use(1000, **UNHEARD), Use(2000), "0.006"),
        (Use(1000), Use(2000, **UNHEARD), "-0.0035"),
    ],
    ids=["model only in the new tier", "model only in the old tier", "price found", "price lost"],
)
def test_what_cannot_be_priced_half_way_is_not_split(base, head, total):
    """Model, tier and usage have changed, and one of the steps between has no price: the model is the cause."""
    assert causes([base], [head], TIERS) == dollars(MODEL=total)


def test_a_model_that_is_priced_by_the_name_that_was_asked_for():
    """The base's usage is priced as that call was: by what it had asked for."""
    ids = ModelIds("gpt-fixed", "fine-tuned-7")
    base = Use(1000, 100, model="claude-fixed", provider="anthropic")
    assert causes([base], [Use(2000, 100).but(model=ids)]) == dollars(MODEL="-0.001", INPUT="0.0025")


class OwnFormats:
    """Knows each provider in its own wire format only."""

    def look_up(self, call):
        own = Api.ANTHROPIC_MESSAGES if call.provider == "anthropic" else Api.OPENAI_CHAT
        return PRICES.look_up(call) if call.api is own else Lookup(PriceSource.NONE)

    def look_up_model(self, call, model):
        return PRICES.look_up_model(call, model)


def test_a_model_that_is_priced_in_its_own_wire_format():
    """The base's usage is priced in the format of the new call."""
    base, head = Use(1000, 100), Use(1000, 300, model="claude-fixed", provider="anthropic")
    (change,) = difference(accepted({A: [base]}), run({A: [head]}), prices=OwnFormats()).tests
    found = {cause.kind: cause.delta for cause in change.causes}
    assert found == dollars(MODEL="0.001", OUTPUT="0.003")


def test_fees():
    """What is billed beside tokens."""

    def searching(number):
        usage = {"input_tokens": 1000, "output_tokens": 100, "web_searches": number}
        return Use(model="claude-fixed", provider="anthropic").but(usage=usage)

    assert causes([searching(1)], [searching(3)]) == dollars(FEES="0.02")


def test_a_prompt_that_was_written_to_the_cache():
    """Its length is told apart from the dearer writing."""

    def writing(prompt, written):
        usage = {"input_tokens": prompt, "output_tokens": 100, "cache_write_tokens": written}
        return Use(model="claude-fixed", provider="anthropic").but(usage=usage)

    found = causes([writing(1000, 1000)], [writing(2000, 0)])
    assert found == dollars(INPUT="0.00375", CACHE="-0.0015")


class Voices(sample.FixedPrices):
    """Heard tokens cost four times as much as read ones."""

    def card(self, provider, model, context, day):
        known = super().card(provider, model, context, day)
        return known and replace(
            known, rates={**known.rates, "input_audio_tokens": Rate(Decimal(10), PER_MILLION)}
        )


def test_a_prompt_of_the_same_length_that_costs_more():
    """More of it is heard: that is the prompt, and no cache, where there is none."""
    prices = PriceTable(configured(sample.YAML, "llmcost.yaml").pricing, sample.NOON.date(), Voices())

    def heard(number):
        return Use().but(usage={"input_tokens": 1000, "output_tokens": 1, "input_audio_tokens": number})

    assert causes([heard(0)], [heard(400)], prices) == dollars(INPUT="0.003")


def test_causes_of_equal_dollars_have_an_order():
    """Calls before what they used."""
    base, head = [Use(1000, 100)], [Use(1000, 450), Use(200, 300, agent="other")]
    assert list(causes(base, head).items()) == [
        (CauseKind.CALLS, Decimal("0.0035")),
        (CauseKind.OUTPUT, Decimal("0.0035")),
    ]


def test_the_tier_that_is_named_is_that_of_a_call_that_changed_it():
    """Not of a bigger change within one tier."""
    base = accepted({A: [Use(1000), Use(9000, agent="other")]}, prices=TIERS)
    head = run({A: [Use(1000).but(context=FLEX), Use(90_000, agent="other")]}, prices=TIERS)
    found = {cause.kind: cause for cause in difference(base, head, prices=TIERS).tests[0].causes}
    tier = found[CauseKind.TIER]
    assert (tier.before, tier.after, tier.delta) == ("standard", "service_tier=flex", Decimal("-0.00175"))


def test_a_model_that_was_asked_for_by_another_name():
    """The answer names the same model, and the price is by the name: both names are shown."""
    yaml = sample.YAML.replace("  free:", '    openai/gpt-dear: {input: "5", output: "20"}\n  free:')
    base, head = (Use().but(model=ModelIds(name, "fine-tuned-7")) for name in ("gpt-fixed", "gpt-dear"))
    diff = difference(accepted({A: [base]}, yaml=yaml), run({A: [head]}, yaml=yaml), prices=table(yaml))
    (cause,) = diff.tests[0].causes
    assert (cause.kind, cause.before, cause.after) == (
        CauseKind.MODEL,
        "openai/fine-tuned-7 (asked for gpt-fixed)",
        "openai/fine-tuned-7 (asked for gpt-dear)",
    )
    assert cause.delta == Decimal("0.0035")


def test_of_several_pairs_without_a_dollar_the_first_one_is_told():
    """Its own two calls are compared, not those of different pairs."""
    base = [Use(10, 1, **UNHEARD), Use(1000, 50, **UNHEARD)]
    head = [Use(10, 5, **UNHEARD), Use(1500, 50, **UNHEARD)]
    assert causes(base, head) == dollars(OUTPUT="0")


def estimate(prompt, low, high, recorded=1000):
    """A changed request with what it may cost, and the recording that it was estimated from."""
    return Use(prompt).but(
        stale=True,
        recorded_usage=Usage({"input_tokens": recorded, "output_tokens": 100}),
        drift=Drift((PartChange("system", 10, 20),), added=prompt - recorded),
        bounds=Bounds(*(Usage({"input_tokens": end, "output_tokens": 100}) for end in (low, high))),
    )


def change_of(base, head, key=A):
    diff = difference(accepted(base), run(head))
    return next(change for change in diff.tests if change.key == key)


def amount(low, value, high):
    return Amount(Decimal(low), Decimal(value), Decimal(high))


def test_the_bounds_of_an_estimate_are_those_of_the_change():
    """Against the figure of the base; the cause has the best figure."""
    change = change_of({A: [Use(1000)]}, {A: [estimate(1200, 1100, 1400)]})
    assert change.delta == amount("0.00025", "0.0005", "0.001")
    assert [(cause.kind, cause.delta) for cause in change.causes] == [(CauseKind.INPUT, Decimal("0.0005"))]


def test_the_bounds_of_a_new_call():
    """Its best figure is what one call more costs."""
    change = change_of({A: [Use(7)]}, {A: [Use(7), estimate(1200, 1100, 1400)]})
    assert change.delta == amount("0.00375", "0.004", "0.0045")
    assert [(cause.kind, cause.delta) for cause in change.causes] == [(CauseKind.CALLS, Decimal("0.004"))]


def test_an_estimate_in_the_place_of_a_stated_cost():
    """Its best figure against the statement."""
    base = Use(1000).but(stated_cost=Decimal("0.001"))
    change = change_of({A: [base]}, {A: [estimate(1200, 1100, 1400)]})
    assert [(cause.kind, cause.delta) for cause in change.causes] == [(CauseKind.INPUT, Decimal("0.003"))]


@pytest.mark.parametrize(
    ("head", "kind", "delta"),
    [
        ([Use(3000)], CauseKind.RE_RECORDED, "0.0045"),
        ([Use(3200).but(stale=True)], CauseKind.INPUT, "0.005"),
        ([], CauseKind.CALLS, "-0.004"),
    ],
    ids=["recorded anew", "estimated anew", "made no more"],
)
def test_a_base_has_one_figure(head, kind, delta):
    """Although the same estimate has bounds in another test of the run."""
    guess = estimate(1200, 1100, 1400)
    change = change_of({A: [guess], B: [guess]}, {A: head, B: [guess]})
    assert [(cause.kind, cause.delta) for cause in change.causes] == [(kind, Decimal(delta))]
    assert change.delta == Amount.exactly(Decimal(delta))


def test_an_edit_that_was_taken_back():
    """The recording of before fits again: nothing was recorded, the prompt is shorter."""
    change = change_of({A: [estimate(1200, 1100, 1400)]}, {A: [Use(1000)]})
    assert [(cause.kind, cause.delta) for cause in change.causes] == [(CauseKind.INPUT, Decimal("-0.0005"))]


@pytest.mark.parametrize(
    "head",
    [
        Use().but(usage=None, incomplete="no usage"),
        Use(1000),
        Use(1000, cached=800),
    ],
    ids=["no usage", "nothing cached", "less cached"],
)
def test_a_recording_with_another_usage_is_a_new_one(head):
    """What it does not state is not what was recorded: no edit was taken back."""
    recorded = Usage({"input_tokens": 1000, "output_tokens": 100, "cache_read_tokens": 900})
    base = Use(1200, cached=900).but(
        stale=True, recorded_usage=recorded, drift=Drift((PartChange("system", 10, 20),), added=200)
    )
    assert [cause.kind for cause in change_of({A: [base]}, {A: [head]}).causes] == [CauseKind.RE_RECORDED]


def test_an_edit_that_was_taken_back_of_a_recording_that_states_zeros():
    """A unit that was not used is the same whether it is stated or not."""
    recorded = Usage({"input_tokens": 1000, "output_tokens": 100, "cache_read_tokens": 0})
    base = Use(1200, cached=0).but(
        stale=True, recorded_usage=recorded, drift=Drift((PartChange("system", 10, 20),), added=200)
    )
    for head in (Use(1000), Use(1000, cached=0)):
        assert [cause.kind for cause in change_of({A: [base]}, {A: [head]}).causes] == [CauseKind.INPUT]


def test_prices_that_moved_of_two_equal_estimates():
    """The second has the figures of the first: neither is at the price of another day."""
    yaml = sample.YAML.replace("models:\n", 'models:\n    openai/gpt-fixed: {input: "5", output: "20"}\n')
    uses = {A: [estimate(1200, 1100, 1400)] * 2}
    diff = difference(accepted(uses), run(uses, yaml=yaml), prices=table(yaml))
    assert (diff.totals.delta, diff.price_delta) == (NOTHING, Decimal("0.008"))
