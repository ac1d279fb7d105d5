"""Why a cost changed: each cause by name, with its dollars, from small changes of one test."""

from __future__ import annotations

from decimal import Decimal

import pytest
from suites import A, B, C, Use, accepted, difference, run

from pytest_llmcost.model.call import Api, ModelIds, RequestSize
from pytest_llmcost.model.diff import CauseKind
from pytest_llmcost.model.drift import Drift
from pytest_llmcost.model.usage import Usage


def totals(base, head):
    diff = difference(accepted({A: base}), run({A: head}))
    assert sum((cause.delta for cause in diff.totals.causes), Decimal(0)) == diff.totals.delta.value
    return diff.totals.causes


def only(base, head):
    (cause,) = totals(base, head)
    return cause


def sized(use, system=400, **changes):
    return use.but(request=RequestSize("0" * 64, {"system": system, "messages": 1200}), **changes)


def test_a_longer_prompt():
    """Input per call, with the part of the request that grew."""
    diff = difference(accepted({A: [sized(Use())]}), run({A: [sized(Use(1200), 1200)]}))
    (cause,) = diff.tests[0].causes
    assert (cause.kind, cause.before, cause.after) == (CauseKind.INPUT, "1,000 tokens", "1,200 tokens")
    assert (cause.delta, cause.detail) == (Decimal("0.0005"), "system +800 bytes")


def test_a_longer_answer():
    """Output per call."""
    cause = only([Use(output=100)], [Use(output=150)])
    assert (cause.kind, cause.before, cause.after) == (CauseKind.OUTPUT, "100 tokens", "150 tokens")
    assert cause.delta == Decimal("0.0005")


def test_another_model():
    """The same usage at another price."""
    cause = only([Use()], [Use(model="house-model", provider="acme")])
    assert (cause.kind, cause.before, cause.after) == (
        CauseKind.MODEL,
        "openai/gpt-fixed",
        "acme/house-model",
    )
    assert cause.delta == Decimal("0.0019") - Decimal("0.0035")


def test_another_model_with_another_length():
    """Two causes: the base's usage at the new price, then the new usage."""
    found = totals([Use()], [Use(2000, model="house-model", provider="acme")])
    assert {cause.kind: cause.delta for cause in found} == {
        CauseKind.MODEL: Decimal("-0.0016"),
        CauseKind.INPUT: Decimal("0.001"),
    }


def test_more_calls():
    """A loop that runs once more, with the number that repeat others."""
    use = sized(Use())
    diff = difference(accepted({A: [use]}), run({A: [use] * 3}))
    (cause,) = diff.tests[0].causes
    assert (cause.kind, cause.before, cause.after) == (CauseKind.CALLS, "1", "3")
    assert (cause.delta, cause.detail) == (Decimal("0.007"), "2 repeat identical calls")


def test_retries_are_told_with_more_calls():
    """Attempts that failed before are not billed, and explain what is there again."""
    other = Use(7).but(request=RequestSize("1" * 64, {}), failed_attempts=(429, 503))
    diff = difference(accepted({A: [Use()]}), run({A: [Use(), other]}))
    assert diff.tests[0].causes[0].detail == "2 failed attempts before"


def test_fewer_calls():
    """A saving has its cause too."""
    cause = only([Use()] * 3, [Use()])
    assert (cause.kind, cause.delta) == (CauseKind.CALLS, Decimal("-0.007"))


def test_a_lost_cache_breakpoint():
    """The same prompt, less of it cached."""
    cause = only([Use(cached=900)], [Use(cached=0)])
    assert (cause.kind, cause.before, cause.after) == (CauseKind.CACHE, "90%", "0%")
    assert cause.delta == Decimal("0.001125")


def test_a_longer_prompt_that_is_cached_alike():
    """Its length is the cause, at the rate at which the prompt was cached."""
    cause = only([Use(1000, cached=500)], [Use(2000, cached=1000)])
    assert (cause.kind, cause.delta) == (CauseKind.INPUT, Decimal("0.001875"))


def test_a_prompt_past_a_price_tier():
    """Prices have cliffs: the difference is that of the whole call."""
    cause = only([Use(200_000)], [Use(200_001)])
    assert cause.kind is CauseKind.INPUT
    assert cause.delta == Decimal("0.500005")


def test_another_tier():
    """The same usage in another tier of the provider."""
    base, head = Use(), Use().but(context={"service_tier": "flex"})
    found = totals([base], [head])
    assert found == ()  # the fixed table has one price for all tiers
    diff = difference(accepted({A: [base]}), run({A: [head]}))
    assert diff.totals.delta.high is None  # and says that it is not sure


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (Use(2000).but(stated_cost=Decimal("0.3")), CauseKind.INPUT),
        (Use(output=900).but(stated_cost=Decimal("0.3")), CauseKind.OUTPUT),
        (Use(model="other").but(stated_cost=Decimal("0.3")), CauseKind.MODEL),
        (Use().but(stated_cost=Decimal("0.3")), CauseKind.STATED),
    ],
)
def test_stated_costs_have_their_main_difference_as_the_cause(head, kind):
    """A cost that the provider states cannot be split by a price."""
    cause = only([Use().but(stated_cost=Decimal("0.1"))], [head])
    assert (cause.kind, cause.delta) == (kind, Decimal("0.2"))


def test_a_change_without_a_known_dollar_has_its_cause_all_the_same():
    """What differs is told where its price is not known: nobody is left with a bare "unknown"."""
    base = accepted({A: [Use()]})
    flex = Use().but(context={"service_tier": "flex"})
    (change,) = difference(base, run({A: [flex]})).tests
    assert [(cause.kind, cause.before, cause.after, cause.delta) for cause in change.causes] == [
        (CauseKind.TIER, "standard", "service_tier=flex", 0)
    ]
    unheard = Use(model="gpt-unheard")
    (change,) = difference(accepted({A: [unheard]}), run({A: [unheard._replace(input=5)]})).tests
    assert [(cause.kind, cause.after, cause.delta) for cause in change.causes] == [
        (CauseKind.INPUT, "5 tokens", 0)
    ]


@pytest.mark.parametrize(
    ("cache", "kind"),
    [
        (None, CauseKind.INPUT),
        ("none", CauseKind.CACHE),
        ("5m", CauseKind.CACHE),
        ("1h", CauseKind.CACHE),
    ],
)
def test_an_edit_that_moves_no_token(cache, kind):
    """A breakpoint that went or came, of a prompt that nothing was read of; words in the place of others."""
    head = Use(cached=0).but(
        stale=True, drift=Drift((), cache=cache), recorded_usage=Usage({"input_tokens": 1000})
    )
    (change,) = difference(accepted({A: [Use(cached=0)]}), run({A: [head]})).tests
    assert [(cause.kind, cause.delta) for cause in change.causes] == [(kind, 0)]


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        (
            {"api": Api.OPENAI_RESPONSES},
            "openai/gpt-fixed (openai.chat)",
            "openai/gpt-fixed (openai.responses)",
        ),
        (
            {"model": ModelIds("gpt-latest", "gpt-fixed")},
            "openai/gpt-fixed (asked for gpt-fixed)",
            "openai/gpt-fixed (asked for gpt-latest)",
        ),
    ],
)
@pytest.mark.parametrize("model", ["gpt-fixed", "gpt-unheard"])
def test_the_same_model_asked_in_another_way(changes, before, after, model):
    """Another API or another name for the model, and the same usage: that is told, at $0, and no longer prompt."""
    named = {
        name: ModelIds(found.requested.replace("gpt-fixed", model), model) if name == "model" else found
        for name, found in changes.items()
    }
    (change,) = difference(accepted({A: [Use(model=model)]}), run({A: [Use(model=model).but(**named)]})).tests
    assert [(cause.kind, cause.before, cause.after, cause.delta) for cause in change.causes] == [
        (CauseKind.MODEL, before.replace("gpt-fixed", model), after.replace("gpt-fixed", model), 0)
    ]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ({"output_image_tokens": 1}, {"output_image_tokens": 9}, CauseKind.OUTPUT),
        ({"reasoning_tokens": 1}, {"reasoning_tokens": 9}, CauseKind.OUTPUT),
        ({"input_audio_tokens": 1}, {"input_audio_tokens": 9}, CauseKind.INPUT),
        ({"requests": 1}, {"requests": 2}, CauseKind.FEES),
        ({}, {"web_searches": 1}, CauseKind.FEES),
        ({"web_searches": 2}, {}, CauseKind.FEES),
        ({"requests": 1}, {"requests": 2, "cache_read_tokens": 0}, CauseKind.FEES),
        ({"images_of_a_plugin": 1}, {"images_of_a_plugin": 2}, CauseKind.FEES),
        ({"cache_write_1h_tokens": 1}, {"cache_write_1h_tokens": 9}, CauseKind.CACHE),
        ({"cache_read_tokens": 1, "requests": 1}, {"cache_read_tokens": 9, "requests": 2}, CauseKind.CACHE),
        ({"requests": 1, "cache_read_tokens": 0}, {"requests": 2}, CauseKind.FEES),
    ],
)
def test_other_units_where_no_price_is_known(before, after, kind):
    """Each has the name that its dollars would have: only what is cached is a matter of the cache."""
    base, head = (
        Use(model="gpt-unheard").but(usage={"input_tokens": 100, "output_tokens": 50, **units})
        for units in (before, after)
    )
    (change,) = difference(accepted({A: [base]}), run({A: [head]})).tests
    assert [(cause.kind, cause.delta) for cause in change.causes] == [(kind, 0)]


def test_a_stale_recording_that_was_made_anew():
    """The estimate gave way to a figure."""
    cause = only([Use(1100).but(stale=True)], [Use(1000)])
    assert (cause.kind, cause.delta) == (CauseKind.RE_RECORDED, Decimal("-0.00025"))


def test_a_stale_recording_whose_successor_states_no_usage():
    """It was made anew all the same: what fell is the estimate, and no prompt got shorter."""
    cause = only([Use(1100).but(stale=True)], [Use().but(usage=None, incomplete="no usage")])
    assert (cause.kind, cause.delta) == (CauseKind.RE_RECORDED, Decimal("-0.00375"))


def test_less_of_a_prompt_is_cached_where_no_price_is_known():
    """Prompt and answer are as long as before: the cache is what differs."""
    base, head = (Use(model="gpt-unheard", cached=cached) for cached in (900, 0))
    (change,) = difference(accepted({A: [base]}), run({A: [head]})).tests
    assert [(cause.kind, cause.before, cause.after, cause.delta) for cause in change.causes] == [
        (CauseKind.CACHE, "90%", "0%", 0)
    ]


def test_causes_are_in_the_order_of_their_dollars():
    """The biggest first, whichever its direction."""
    found = totals([Use(1000, 1000)], [Use(1100, 100)])
    assert [cause.kind for cause in found] == [CauseKind.OUTPUT, CauseKind.INPUT]


def test_pairs_are_of_the_same_kin():
    """A new call of another model takes no partner from those that are there still."""
    base = [Use(1000), Use(2000)]
    head = [Use(1100), Use(2000), Use(500, model="house-model", provider="acme", agent="x")]
    assert {cause.kind for cause in totals(base, head)} == {CauseKind.INPUT, CauseKind.CALLS}


@pytest.mark.parametrize("order", [(A, B, C), (C, B, A), (B, A, C)])
def test_the_whole_names_the_models_of_its_biggest_change(order):
    """Whichever test comes first, and whether it saves or costs; averages are of the whole."""
    dear, cheap = (
        {"model": "claude-fixed", "provider": "anthropic"},
        {"model": "house-model", "provider": "acme"},
    )
    small, big, other = order
    base = {small: [Use(1000)], big: [Use(90_000)], other: [Use(3000, **dear)]}
    head = {small: [Use(1000, **dear)], big: [Use(90_000, **cheap)], other: [Use(5000, **dear)]}
    totals = difference(accepted(base), run(head)).totals
    found = {cause.kind: (cause.before, cause.after) for cause in totals.causes}
    assert found == {
        CauseKind.MODEL: ("openai/gpt-fixed", "acme/house-model"),
        CauseKind.INPUT: ("31,333 tokens", "32,000 tokens"),
    }
    assert totals.key == ""


def test_another_tier_of_a_stated_cost():
    """The tier is named on both sides, for the test and for the whole."""
    base, head = (
        Use().but(stated_cost=Decimal("0.1")),
        Use().but(stated_cost=Decimal("0.3"), context={"service_tier": "flex", "region": "eu"}),
    )
    diff = difference(accepted({A: [base]}), run({A: [head]}))
    for change in (diff.totals, diff.tests[0]):
        (cause,) = change.causes
        assert (cause.kind, cause.delta) == (CauseKind.TIER, Decimal("0.2"))
        assert (cause.before, cause.after) == ("standard", "region=eu, service_tier=flex")


def test_what_one_test_saves_and_another_costs_is_no_cause_of_the_whole():
    """Each test has its cause; together there is none left to tell."""
    base, head = {A: [Use(1000)], B: [Use(3000)]}, {A: [Use(2000)], B: [Use(2000)]}
    diff = difference(accepted(base), run(head))
    assert [len(change.causes) for change in diff.tests] == [1, 1]
    assert diff.totals.causes == ()


@pytest.mark.parametrize(
    ("prompt", "answer", "kind"),
    [
        (50, 45, CauseKind.INPUT),
        (90, 25, CauseKind.OUTPUT),
        (150, 45, CauseKind.INPUT),
        (90, 75, CauseKind.OUTPUT),
    ],
)
def test_what_moved_most_where_no_price_is_known(prompt, answer, kind):
    """Of prompt and answer the one whose length moved by the greater part, whether it grew or shrank."""
    base, head = (
        Use(model="gpt-unheard").but(usage={"input_tokens": tokens, "output_tokens": out})
        for tokens, out in ((100, 50), (prompt, answer))
    )
    (change,) = difference(accepted({A: [base]}), run({A: [head]})).tests
    assert [(cause.kind, cause.delta) for cause in change.causes] == [(kind, 0)]
