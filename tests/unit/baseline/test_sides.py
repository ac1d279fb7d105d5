"""One side of a comparison: which calls are alike, their tokens, and at the prices of which day they are compared."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sample
from suites import A, B, Use, accepted, collected, difference, run, table

from pytest_llmcost.model.amount import NOTHING
from pytest_llmcost.model.call import Api, Bounds, ModelIds, Origin, Phase, SubCall
from pytest_llmcost.model.diff import CauseKind
from pytest_llmcost.model.drift import Drift, PartChange
from pytest_llmcost.model.usage import Usage

UNHEARD = {"model": "gpt-unheard"}
RENAMED = "tests/test_a.py::test_uno"
CACHED_INSIDE = SubCall("compaction", None, Usage({"input_tokens": 2000, "cache_read_tokens": 250}))


def state(base, head):
    """Of one test."""
    (change,) = difference(accepted({A: [base]}), run({A: [head]})).tests
    return change.state.value


@pytest.mark.parametrize(
    ("base", "head"),
    [
        (Use(**UNHEARD), Use(**UNHEARD, provider="acme")),
        (Use(), Use(**UNHEARD)),
        (Use(), Use().but(model=ModelIds("gpt-alias", "gpt-fixed"))),
        (Use(), Use().but(api=Api.OPENAI_RESPONSES)),
        (Use(), Use().but(context={"region": "eu"})),
        (Use(), Use(1001)),
        (Use(), Use().but(stated_cost=Decimal("0.0035"))),
        (Use(), Use().but(sub_calls=(CACHED_INSIDE,))),
        (Use(), Use().but(incomplete="cut")),
        (Use(), Use().but(stale=True)),
        (Use().but(incomplete="cut"), Use().but(stale=True)),
    ],
    ids="provider model requested api context usage stated sub-call incomplete stale doubt".split(),
)
def test_calls_that_are_not_alike(base, head):
    """Whatever a price may depend on, and whether the usage is in doubt."""
    assert (state(base, head), state(head, base)) == ("changed", "changed")
    assert (state(base, base), state(head, head)) == ("unchanged", "unchanged")


def estimated(tokens, removed=100):
    """A changed request, estimated from one recording."""
    ends = (Usage({"input_tokens": end, "output_tokens": 100}) for end in (tokens - 50, tokens + 50))
    return Use(tokens, agent="desk").but(
        stale=True,
        recorded_usage=Usage({"input_tokens": 1000, "output_tokens": 100}),
        drift=Drift((PartChange("system", 10, 20),), removed=removed),
        bounds=Bounds(*ends),
    )


def test_an_estimate_is_the_edit_that_it_is_made_of():
    """It may move a little with what else is in a run; another edit is a change, though its estimate is the same."""
    assert state(estimated(1100), estimated(1200)) == "unchanged"
    assert state(estimated(1100), estimated(1100, removed=101)) == "changed"


def test_estimates_of_one_edit_cost_the_same_on_both_sides():
    """What the first of the run costs: a figure that moved is no difference of an agent's sides."""
    diff = difference(
        accepted({A: [estimated(1100)], B: [estimated(1150)]}),
        run({A: [estimated(1200)], B: [estimated(1300)]}),
    )
    for change in (*diff.agents, diff.totals):
        assert (change.delta, change.base.cost, change.head.cost.value) == (
            NOTHING,
            change.head.cost,
            2 * Decimal("0.004"),
        )


@pytest.mark.parametrize(
    ("base", "head", "found"),
    [
        (Use(cached=0), Use(), "unchanged"),
        (Use(), Use(cached=0), "unchanged"),
        (Use(cached=0), Use(cached=0), "unchanged"),
        (Use(agent="desk"), Use(agent="support"), "unchanged"),
        (Use().but(origin=Origin(A, Phase.CALL, agent_path=("desk", "x"), agent="x")), Use(), "unchanged"),
        (Use(**UNHEARD), Use(**UNHEARD), "unchanged"),
        (Use(1000, cached=0), Use(2000, cached=0), "new"),
        (Use(), Use().but(incomplete="cut"), "new"),
        (Use().but(stale=True), Use(), "new"),
    ],
)
def test_a_renamed_test_used_the_same(base, head, found):
    """Who made a call and what is stated as 0 are no part of it; doubt about the usage is."""
    report = run({RENAMED: [head]})
    diff = difference(accepted({A: [base]}), report, collected(report, A))
    assert {change.key: change.state.value for change in diff.tests}[RENAMED] == found


@pytest.mark.parametrize(
    ("uses", "rate"),
    [
        ([Use(cached=500)], "0.5"),
        ([Use(cached=500), Use(1000)], "0.25"),
        ([Use(cached=500), Use(1000, 0).but(api=Api.OPENAI_EMBEDDINGS)], "0.5"),
        ([Use(cached=500).but(sub_calls=(CACHED_INSIDE, CACHED_INSIDE))], "0.2"),
        ([Use(1000, 0).but(api=Api.OPENAI_EMBEDDINGS)], None),
        ([Use().but(usage={"output_tokens": 5})], None),
    ],
)
def test_the_hit_rate_of_the_prompt_cache(uses, rate):
    """Of generation calls, with those inside them: the same as the report of the run has."""
    report = run({A: uses})
    side = difference(accepted({A: uses}), report).totals.head
    assert side.cache_hit_rate == report.totals.cache_hit_rate == (None if rate is None else Decimal(rate))


@pytest.mark.parametrize(
    ("base", "head", "figures"),
    [
        (
            Use(1000, 100).but(sub_calls=(CACHED_INSIDE,)),
            Use(1500, 150).but(sub_calls=(CACHED_INSIDE,)),
            {"INPUT": "1,000 1,500", "OUTPUT": "100 150"},
        ),
        (
            Use(1000, 100).but(api=Api.OPENAI_EMBEDDINGS),
            Use(1500, 150).but(api=Api.OPENAI_EMBEDDINGS),
            {"INPUT": "1,000 1,500", "OUTPUT": "100 150"},
        ),
        (
            Use().but(usage={"input_tokens": 1000}),
            Use().but(usage={"input_tokens": 1000, "output_tokens": 7}),
            {"OUTPUT": "0 7"},
        ),
        (
            Use().but(usage={"output_tokens": 100}),
            Use().but(usage={"input_tokens": 7, "output_tokens": 100}),
            {"INPUT": "0 7"},
        ),
    ],
    ids=["sub-call", "embedding", "no answer", "no prompt"],
)
def test_tokens_of_a_call_are_its_own(base, head, figures):
    """What is inside it is no part of them, and what is not stated is 0."""
    (change,) = difference(accepted({A: [base]}), run({A: [head]})).tests
    found = {cause.kind: f"{cause.before} {cause.after}".replace(" tokens", "") for cause in change.causes}
    assert found == {CauseKind[name]: text for name, text in figures.items()}


DATED = sample.YAML.replace("as_of: 2026-11-23", "as_of: recorded").replace(
    "models:\n",
    'models:\n    acme/dated: [{input: "1", output: "10"}, {from: 2026-06-01, input: "5", output: "50"}]\n',
)


def long_ago(use, **facts):
    """A call to a model that has become dearer since it was recorded."""
    return use._replace(model="dated", provider="acme").but(
        **dict(use.changes), answered_at=datetime(2026, 1, 1, tzinfo=UTC), **facts
    )


def dated_change(base, head):
    diff = difference(accepted({A: [base]}, yaml=DATED), run({A: [head]}, yaml=DATED), prices=table(DATED))
    return diff.tests[0]


def test_an_incomplete_call_of_another_day():
    """What is known of it is compared at the prices of today on both sides."""
    change = dated_change(
        long_ago(Use(output=100), incomplete="cut"), long_ago(Use(output=101), incomplete="cut")
    )
    assert (change.base.cost.value, change.delta.value) == (Decimal("0.01"), Decimal("0.00005"))
    assert change.delta.high is None


def test_an_estimate_of_another_day():
    """Its bounds are those of today's prices too."""
    change = dated_change(long_ago(Use(1000)), long_ago(estimated(1200)))
    assert [change.delta.low, change.delta.value, change.delta.high] == [
        Decimal("0.00075"),
        Decimal("0.001"),
        Decimal("0.00125"),
    ]
