"""The prices of reports, in the place of a price table."""

from __future__ import annotations

from changed import replace
from decimal import Decimal

import pytest
import sample

from pytest_llmcost.baseline.entries import as_measured, entry_of
from pytest_llmcost.model.call import Api, ModelIds, Source, Status
from pytest_llmcost.model.price import Lookup, PriceSource
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.report_prices import ReportPrices

USAGE = {"input_tokens": 1000, "output_tokens": 100}


def priced(*calls):
    return sample.report(list(calls)).calls


def gpt(provider="openai", **changes):
    return sample.call(0, "t::t", provider, "gpt-fixed", USAGE, **changes)


class Fallback:
    """Notes what it is asked."""

    def __init__(self):
        self.asked = []

    def look_up(self, call):
        self.asked.append(call.model.name)
        return Lookup(PriceSource.FREE, matched="x", origin="fallback")

    def look_up_model(self, call, model):
        self.asked.append(model)
        return Lookup(PriceSource.FREE, matched="x", origin="fallback")


@pytest.mark.parametrize("call", sample.report().calls, ids=lambda call: call.id)
def test_a_call_costs_what_its_report_says(call):
    """As a whole, and as far as a baseline keeps it: the same cost, status and card."""
    prices = ReportPrices([sample.report().calls])
    for measured in (call.measured, as_measured(entry_of(call))):
        again = price_call(call.id, measured, prices)
        assert (again.cost, again.status) == (call.cost, call.status)
        assert again.lookup.card == call.lookup.card


def test_the_first_report_holds():
    """Where two reports have other prices for a model, those of the first."""
    old = priced(gpt())
    card = old[0].lookup.card
    dearer = replace(card, rates={name: rate._replace(usd=rate.usd * 2) for name, rate in card.rates.items()})
    new = [replace(old[0], lookup=replace(old[0].lookup, card=dearer))]
    assert ReportPrices([new, old]).look_up(gpt()).card is dearer
    assert ReportPrices([old, new]).look_up(gpt()).card is card


def test_the_latest_day_holds_where_a_report_has_many():
    """With ``as_of: recorded`` a model has a card for each day."""
    (call,) = priced(gpt())
    card = call.lookup.card
    later = replace(card, as_of=card.as_of.replace(month=12), name="later")
    calls = [replace(call, lookup=replace(call.lookup, card=one)) for one in (card, later, card)]
    assert ReportPrices([calls]).look_up(gpt()).card is later


def test_a_model_has_its_price_whoever_asked_for_it():
    """Another requested id and another wire format do not matter where the billed model is known."""
    prices = ReportPrices([priced(gpt())])
    other = gpt(model=ModelIds("an-alias", "gpt-fixed-20260801"), api=Api.OPENAI_RESPONSES)
    assert prices.look_up(other).matched == "openai/gpt-fixed"


@pytest.mark.parametrize("changes", [{"context": {"service_tier": "flex"}}, {"provider": "azure"}])
def test_another_tier_or_provider_is_another_price(changes):
    """What no report knows is unknown, and not guessed."""
    assert ReportPrices([priced(gpt())]).look_up(gpt(**changes)).source is PriceSource.NONE


def test_a_server_of_ones_own_is_free_in_its_own_format_only():
    """Ollama's price follows from the wire format: it says nothing of the same model in another one."""

    def ollama(api):
        return gpt(provider="ollama", api=api, model=ModelIds("llama", "llama"))

    calls = priced(ollama(Api.OLLAMA_CHAT))
    assert calls[0].status is Status.FREE
    prices = ReportPrices([calls])
    assert prices.look_up(ollama(Api.OLLAMA_CHAT)).source is PriceSource.FREE
    assert prices.look_up(ollama(Api.OPENAI_CHAT)).source is PriceSource.NONE


class TestStatedCosts:
    STATED = gpt(provider="openrouter", stated_cost=Decimal("0.0123"))

    def test_each_call_has_its_own(self):
        """A statement is about one call: another one has another."""
        prices = ReportPrices([priced(self.STATED)])
        other = replace(self.STATED, stated_cost=Decimal("0.5"))
        assert price_call("c1", other, prices).cost == Decimal("0.5")

    def test_none_without_a_statement(self):
        """A call of the same model that states nothing is unpriced."""
        prices = ReportPrices([priced(self.STATED)])
        call = price_call("c1", replace(self.STATED, stated_cost=None), prices)
        assert (call.status, call.cost.high) == (Status.UNPRICED, None)

    def test_it_holds_without_any_report(self):
        """A baseline keeps the statements that were relied on."""
        assert price_call("c1", self.STATED, ReportPrices([])).status is Status.REPORTED

    def test_prices_of_ones_own_come_first(self):
        """As in the run: a row of llmcost.yaml, then the statement."""
        own = gpt(provider="acme", model=ModelIds("house-model", "house-model"))
        prices = ReportPrices([priced(own)])
        assert prices.look_up(replace(own, stated_cost=Decimal(1))).source is PriceSource.YAML


class TestFallback:
    def test_for_what_no_report_knows(self):
        """It is made when it is first needed, and once."""
        made = []
        prices = ReportPrices([priced(gpt())], lambda: made.append(Fallback()) or made[-1])
        prices.look_up(gpt())
        assert made == []
        prices.look_up(gpt(provider="azure"))
        prices.look_up_model(gpt(), "gpt-other")
        assert [one.asked for one in made] == [["gpt-fixed-20260801", "gpt-other"]]

    def test_not_for_what_is_known_to_have_no_price(self):
        """The run has asked already."""
        unheard = gpt(model=ModelIds("gpt-7", "gpt-7"), source=Source.LIVE)
        fallback = Fallback()
        assert ReportPrices([priced(unheard)], lambda: fallback).look_up(unheard).source is PriceSource.NONE
        assert fallback.asked == []


def test_models_inside_a_call():
    """A model that another call was billed for has its price as a sub-call too."""
    prices = ReportPrices([priced(gpt())])
    assert prices.look_up_model(gpt(), "gpt-fixed-20260801").matched == "openai/gpt-fixed"
    assert prices.look_up_model(gpt(), "gpt-7").source is PriceSource.NONE
