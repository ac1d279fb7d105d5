"""A measured call and a table make a priced call."""

from __future__ import annotations

from decimal import Decimal

import pytest
from exchanges import measured, table

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import Status, SubCall
from pytest_llmcost.model.price import PriceSource
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.pricing.price_call import price_call, price_calls

HOUSE = '{models: {acme/x: {input: "1", output: "4"}, acme/big: {input: "10", output: "40"}}}'
MILLION = {"input_tokens": 1_000_000, "output_tokens": 1_000_000}
STATED = Decimal("0.25")


def priced(pricing=HOUSE, provider="acme", billed="x", **facts):
    return price_call("c1", measured(provider, billed, **facts), table(pricing))


# Each row holds although all rows below it hold too, as far as they can at the same time.
LADDER = {
    "free": (
        Status.FREE,
        {
            "pricing": '{free: ["acme/*"]}',
            "incomplete": "cut",
            "stale": True,
            "stated_cost": STATED,
            "doubts": ("?",),
        },
        Amount.exactly(Decimal(0)),
    ),
    "incomplete": (
        Status.INCOMPLETE,
        {"pricing": "", "billed": "unknown", "incomplete": "cut", "stale": True, "doubts": ("?",)},
        Amount.at_least(Decimal(0)),
    ),
    "incomplete with a running statement": (
        Status.INCOMPLETE,
        {"incomplete": "cut", "stated_cost": STATED, "provider": "openrouter", "billed": "openai/gpt-4o"},
        Amount.at_least(STATED),
    ),
    "incomplete, with a part that is known": (
        Status.INCOMPLETE,
        {"incomplete": "cut", "usage": {"input_tokens": 1_000_000}},
        Amount.at_least(Decimal(1)),
    ),
    "unpriced": (
        Status.UNPRICED,
        {"pricing": "", "billed": "unknown", "stale": True, "doubts": ("?",)},
        Amount.at_least(Decimal(0)),
    ),
    "partial: a unit": (
        Status.PARTIAL,
        {"usage": {**MILLION, "web_searches": 2}, "stale": True},
        Amount.at_least(Decimal(5)),
    ),
    "partial: a doubt": (Status.PARTIAL, {"doubts": ("?",), "stale": True}, Amount.at_least(Decimal(5))),
    "estimated": (Status.ESTIMATED, {"stale": True}, Amount.exactly(Decimal(5))),
    "reported": (
        Status.REPORTED,
        {"provider": "openrouter", "billed": "openai/gpt-4o", "stated_cost": STATED, "doubts": ("?",)},
        Amount.exactly(STATED),
    ),
    "exact": (Status.EXACT, {}, Amount.exactly(Decimal(5))),
}


@pytest.mark.parametrize("case", LADDER)
def test_status_is_the_first_that_holds(case):
    """And what is not known leaves the cost open above: it is never simply zero."""
    status, facts, cost = LADDER[case]
    call = priced(**facts)
    assert (call.status, call.cost) == (status, cost)


def test_status_says_why():
    """One sentence for each status, none for an exact one."""
    details = {case: priced(**facts).status_detail for case, (_, facts, _) in LADDER.items()}
    assert details["free"] == "declared free by acme/*"
    assert details["incomplete"] == "cut"
    assert details["unpriced"] == "no price for acme/unknown"
    assert details["partial: a unit"] == "no price for web_searches (2)"
    assert details["partial: a doubt"] == "?"
    assert details["estimated"] == "the request changed since it was recorded"
    assert details["reported"] == "stated by openrouter"
    assert details["exact"] is None


def test_call_without_usage_is_not_free():
    """Nothing was stated, so nothing is known."""
    call = price_call("c1", measured("acme", "x", usage={}, incomplete="cut"), table(HOUSE))
    assert call.cost == Amount.at_least(Decimal(0))
    assert not call.cost <= 1_000_000


def test_unknown_model_never_costs_zero():
    """The lower bound is 0, an upper one there is not."""
    call = priced(billed="unknown")
    assert (call.cost.low, call.cost.high) == (0, None)
    assert call.cost != 0
    assert call.components == {}


def test_components_sum_to_the_cost():
    """The cost by unit."""
    call = priced()
    assert call.components == {"input_tokens": Decimal(1), "output_tokens": Decimal(4)}


ADVISOR = SubCall("advisor_message", "big", Usage({"input_tokens": 100_000, "output_tokens": 0}))
COMPACTION = SubCall("compaction", None, Usage({"input_tokens": 500_000, "output_tokens": 0}))


def test_sub_calls_are_billed_at_their_own_model():
    """An advisor at its own price, a compaction without a model at that of the call; the row includes both."""
    call = priced(sub_calls=(ADVISOR, COMPACTION))
    assert [str(sub.cost.value.normalize()) for sub in call.sub_calls] == ["1", "0.5"]
    assert call.cost == Amount.exactly(Decimal("6.5"))
    assert call.usage.input_tokens == 1_600_000
    assert sum(call.components.values()) == 5


def test_sub_call_of_an_unknown_model_makes_the_call_partial():
    """The rest is a lower bound."""
    unknown = SubCall("advisor_message", "unheard-of", Usage({"input_tokens": 1}))
    call = priced(sub_calls=(unknown,))
    assert (call.status, call.cost) == (Status.PARTIAL, Amount.at_least(Decimal(5)))
    assert call.status_detail == "no price for acme/unheard-of (advisor_message)"
    assert call.sub_calls[0].lookup.source is PriceSource.NONE


def test_sub_call_with_a_unit_that_has_no_price():
    """Its problems are the call's."""
    searching = SubCall("advisor_message", "big", Usage({"web_searches": 1}))
    call = priced(sub_calls=(searching,))
    assert (call.status, call.status_detail) == (Status.PARTIAL, "no price for web_searches (1)")


def test_sub_calls_of_an_unpriced_call_are_known_costs():
    """What is known stays in the lower bound."""
    call = priced(billed="unknown", sub_calls=(ADVISOR,))
    assert (call.status, call.cost) == (Status.UNPRICED, Amount.at_least(Decimal(1)))


@pytest.mark.parametrize(
    "facts",
    [
        {"pricing": '{free: ["acme/*"]}'},
        {"provider": "openrouter", "billed": "openai/gpt-4o", "stated_cost": STATED},
    ],
    ids=["free", "stated"],
)
def test_free_and_stated_cover_the_whole_call(facts):
    """Nothing is added for what happened inside."""
    call = priced(sub_calls=(ADVISOR,), **facts)
    assert call.sub_calls[0].cost == 0
    assert call.cost == (STATED if "stated_cost" in facts else 0)


def test_byok_is_priced_by_the_table():
    """The reader drops the gateway's statement; what the provider charges is computed."""
    call = priced("", "openrouter", "openai/gpt-4o-mini", usage={"input_tokens": 14, "output_tokens": 7})
    assert (call.status, call.cost) == (Status.EXACT, Amount.exactly(Decimal("0.0000063")))


def test_ids_count_from_one():
    """In the order of the calls."""
    calls = price_calls([measured("acme", "x"), measured("acme", "big")], table(HOUSE))
    assert [(call.id, call.measured.model.billed) for call in calls] == [("c1", "x"), ("c2", "big")]
