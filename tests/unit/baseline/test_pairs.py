"""Which call stands in the place of which, and the cause that a pair of calls has."""

from __future__ import annotations

from decimal import Decimal

import pytest
from suites import A, Use, accepted, difference, run

from pytest_llmcost.baseline.causes import match
from pytest_llmcost.baseline.sides import Priced
from pytest_llmcost.model.amount import NOTHING
from pytest_llmcost.model.baseline import Entry
from pytest_llmcost.model.call import Api
from pytest_llmcost.model.diff import CauseKind
from pytest_llmcost.model.usage import Usage

FLEX = (("service_tier", "flex"),)
HEAD = {"agent": "a", "provider": "p", "model": "m", "context": FLEX, "api": Api.OPENAI_CHAT}
OTHER_MODEL = {"model": "n"}
OTHER_API = {"model": "n", "api": Api.ANTHROPIC_MESSAGES}


def priced(kind, size=100, output=1, **facts):
    usage = Usage({"input_tokens": size, "output_tokens": output})
    return Priced(
        Entry(**{**HEAD, **facts}, usage=usage), kind, NOTHING, {}, True, size, output, prompt=size, cached=0
    )


@pytest.mark.parametrize(
    ("near", "far"),
    [
        ({}, {"agent": "b"}),
        ({}, {"provider": "q"}),
        ({}, {"model": "n"}),
        ({}, {"context": ()}),
        ({"agent": "b"}, {"context": ()}),
        ({"agent": "b"}, {"agent": "c", "provider": "q"}),
        ({"agent": "b"}, {"agent": "c", "model": "n"}),
        ({"agent": "b"}, {"agent": "c", "context": ()}),
        (OTHER_MODEL, {**OTHER_MODEL, "agent": "b"}),
        ({**OTHER_MODEL, "agent": "b"}, OTHER_API),
        (OTHER_API, {**OTHER_API, "agent": "b"}),
        ({**OTHER_API, "agent": "b"}, {**OTHER_MODEL, "api": Api.OPENAI_EMBEDDINGS}),
    ],
)
def test_the_closest_kin_stands_in_the_place_of_a_call(near, far):
    """However much closer the other one is in size."""
    kin, stranger, head = priced(1, 900, **near), priced(2, 10, **far), priced(3)
    found = match([stranger, kin], [head])
    assert [(pair.base.kind, pair.head.kind) for pair in found.pairs] == [(1, 3)]
    assert [one.kind for one in found.removed] == [2]


def test_calls_of_one_kin_are_paired_by_size():
    """By the prompt, then by the answer."""
    base = [priced(1, 1000), priced(2, 100, 9), priced(3, 100, 5)]
    head = [priced(4, 101, 6), priced(5, 1100, 20), priced(6, 101, 10)]
    found = {(pair.base.kind, pair.head.kind) for pair in match(base, head).pairs}
    assert found == {(1, 5), (2, 6), (3, 4)}


def causes(base, head):
    (change,) = difference(accepted({A: base}), run({A: head})).tests
    return [(cause.kind, cause.delta) for cause in change.causes]


def stated(use, dollars):
    return use.but(stated_cost=Decimal(dollars))


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ((1000, 10), (1100, 20), CauseKind.OUTPUT),
        ((100, 10), (10, 25), CauseKind.OUTPUT),
        ((10, 0), (17, 1), CauseKind.OUTPUT),
        ((10, 100), (20, 150), CauseKind.INPUT),
    ],
)
def test_what_grew_most_is_the_main_difference(before, after, kind):
    """Measured by what it was."""
    assert causes([stated(Use(*before), "0.1")], [stated(Use(*after), "0.3")]) == [(kind, Decimal("0.2"))]


def test_another_provider_of_the_same_model_is_the_main_difference():
    """The provider is a part of what a model is."""
    base, head = stated(Use(), "0.1"), stated(Use(2000, provider="acme"), "0.3")
    assert causes([base], [head]) == [(CauseKind.MODEL, Decimal("0.2"))]


@pytest.mark.parametrize("one_side", ["base", "head"])
def test_a_cost_that_one_side_states_is_not_split(one_side):
    """What the provider says is not made of prices."""
    base, head = Use(), Use(2000, 101)
    if one_side == "base":
        base = stated(base, "0.1")
    else:
        head = stated(head, "0.1")
    assert [kind for kind, _ in causes([base], [head])] == [CauseKind.INPUT]


@pytest.mark.parametrize(
    ("before", "after", "split"),
    [
        # $2.50 a million uncached, $1.25 cached.
        (Use(1000), Use(2000, cached=1000), {"input per call": "0.0025", "cache hit rate": "-0.00125"}),
        (Use(2000, cached=1000), Use(1000), {"input per call": "-0.001875", "cache hit rate": "0.000625"}),
        (Use(0), Use(1000, cached=500), {"input per call": "0.001875"}),
        (Use(1000), Use(3000), {"input per call": "0.005"}),
    ],
)
def test_length_and_cache_are_told_apart(before, after, split):
    """What the longer prompt would have cost cached as before, and what the cache made of it."""
    assert dict(causes([before], [after])) == {CauseKind(kind): Decimal(usd) for kind, usd in split.items()}


def test_two_stale_recordings_have_the_cause_that_they_have():
    """Nothing was recorded anew."""
    base, head = Use().but(stale=True), Use(2000).but(stale=True)
    assert [kind for kind, _ in causes([base], [head])] == [CauseKind.INPUT]


@pytest.mark.parametrize("turned", [False, True])
def test_the_model_that_is_named_is_that_of_the_biggest_switch(turned):
    """Not of a bigger change within one model, nor of a smaller switch, whichever way it goes."""
    ours = [Use(100, agent="a"), Use(90_000, agent="b"), Use(100, agent="c")]
    others = [
        Use(100, agent="a", model="house-model", provider="acme"),
        Use(90_000, agent="b", model="claude-fixed", provider="anthropic"),
        Use(900_000, agent="c"),
    ]
    base, head = (others, ours) if turned else (ours, others)
    (change,) = difference(accepted({A: base}), run({A: head})).tests
    (model,) = [cause for cause in change.causes if cause.kind is CauseKind.MODEL]
    names = (model.after, model.before) if turned else (model.before, model.after)
    assert [name.partition("-2026")[0] for name in names] == ["openai/gpt-fixed", "anthropic/claude-fixed"]


def test_a_stated_cost_has_no_figures():
    """Its dollars say all."""
    (change,) = difference(accepted({A: [stated(Use(), "0.1")]}), run({A: [stated(Use(), "0.3")]})).tests
    assert [(cause.kind, cause.before, cause.after) for cause in change.causes] == [
        (CauseKind.STATED, "", "")
    ]
