"""How the dollars of a pair of calls are split: model, tier, usage and fees; and estimates, whose cost has bounds."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import sample
from suites import PRICES, A, B, Use, accepted, configured, difference, run

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import Api, Bounds, ModelIds
from pytest_llmcost.model.diff import CauseKind
from pytest_llmcost.model.drift import Drift, PartChange
from pytest_llmcost.model.price import Lookup, PriceSource
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
    [([Use(3000)], CauseKind.RE_RECORDED, "0.0045"), ([], CauseKind.CALLS, "-0.004")],
    ids=["recorded anew", "made no more"],
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
