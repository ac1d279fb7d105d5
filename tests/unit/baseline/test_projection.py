"""What a month costs: volumes at the mean cost of what the tests run, base against head."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sample
from hypothesis import given
from hypothesis import strategies as st
from suites import A, B, C, Use, accepted, collected, run, table

from pytest_llmcost.baseline.compare import compare
from pytest_llmcost.baseline.file import parse_baseline, render_baseline
from pytest_llmcost.baseline.projection import projection_notices
from pytest_llmcost.baseline.suite import Suite
from pytest_llmcost.baseline.update import accept
from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.cache import CacheLookup
from pytest_llmcost.model.call import Origin, Phase
from pytest_llmcost.model.diff import State
from pytest_llmcost.model.diff_codec import diff_from_json, diff_to_json
from pytest_llmcost.model.projection import Per, Volume
from pytest_llmcost.model.rollup import runs_of

SUPPORT = Volume("support", Per.RUN, 1000)
# One call of 1,000 and 100 tokens costs $0.0035.
CALL = Decimal("0.0035")
UNPRICED = {"model": "gpt-unheard"}
FIXTURE = "fixture tests::answer"


def used(nodeid, *path, entry, tokens=1000, **facts):
    """A call inside agents; each is entered once for each ``entry``."""
    test, fixture = (nodeid, None) if "::" in nodeid and not nodeid.startswith("fixture") else (None, "x")
    if fixture:
        fixture = nodeid.removeprefix("fixture ")
    origin = Origin(
        nodeid=test,
        phase=Phase.CALL if test else Phase.SETUP,
        fixture=fixture,
        agent=path[-1],
        agent_run=f"{path[-1]}{entry}",
        agent_path=path,
        agent_runs=tuple(f"{name}{entry}" for name in path),
    )
    return Use(tokens, agent=path[-1], **facts).but(origin=origin)


def runs(nodeid, number, *path, calls=1, tokens=1000, **facts):
    """So many runs of so many calls each."""
    path = path or ("support",)
    return [
        used(nodeid, *path, entry=f"-{nodeid}-{'-'.join(path)}-{n}", tokens=tokens, **facts)
        for n in range(number)
        for _ in range(calls)
    ]


def diff_of(base, head, *volumes):
    found = run(head)
    base = accepted(base) if isinstance(base, dict) else base
    diff = compare(base, found, table(), collected(found), "", volumes=volumes or (SUPPORT,))
    assert diff_from_json(diff_to_json(diff)) == diff
    return diff


def only(diff):
    (month,) = diff.projection.agents
    return month


def looked_up(nodeid, number, *path, **facts):
    """Runs that a cache of the app has spared all calls."""
    uses = runs(nodeid, number, *path)
    return tuple(
        CacheLookup(dict(use.changes)["origin"], "L1", hit=True, at=sample.NOON, **facts) for use in uses
    )


def test_a_run_that_a_cache_answers_is_a_run():
    """Three of four are answered by a cache; without it each makes its call, and the month costs four times as much."""
    base = accepted({A: runs(A, 4)[:1]}, lookups=looked_up(A, 4))
    month = only(diff_of(base, {A: runs(A, 4)}))
    assert (month.base_number, month.head_number) == (4, 4)
    assert month.change.base.cost == Amount.exactly(CALL * 1000 / 4)
    assert month.change.head.cost == Amount.exactly(CALL * 1000)


def test_mean_of_the_runs_times_the_volume():
    """Two runs of one call before, two of two calls now: $3.50 a month becomes $7.00."""
    month = only(diff_of({A: runs(A, 2)}, {A: runs(A, 2, calls=2)}))
    assert (month.base_number, month.head_number) == (2, 2)
    assert month.change.base.cost == Amount.exactly(CALL * 1000)
    assert month.change.head.cost == Amount.exactly(CALL * 2000)
    assert month.change.delta == Amount.exactly(CALL * 1000)
    assert month.change.state is State.CHANGED


def test_more_runs_of_the_same_kind_are_no_increase():
    """A mean does not grow with the number of tests."""
    diff = diff_of({A: runs(A, 1)}, {A: runs(A, 3)})
    assert (only(diff).base_number, only(diff).head_number) == (1, 3)
    assert (only(diff).change.state, diff.projection.totals.delta.value) == (State.UNCHANGED, 0)
    assert diff.totals.delta.value == 2 * CALL


def test_calls_are_a_volume_too():
    """Of the agent's own calls, in however many runs."""
    month = only(diff_of({A: runs(A, 2)}, {A: runs(A, 1, calls=3)}, Volume("support", Per.CALL, 10)))
    assert (month.base_number, month.head_number) == (2, 3)
    assert (month.change.base.cost.value, month.change.head.cost.value) == (10 * CALL, 10 * CALL)


def test_only_tests_on_both_sides_count():
    """A new test is no increase, and one that is gone no saving."""
    diff = diff_of({A: runs(A, 1), B: runs(B, 1, tokens=9)}, {A: runs(A, 1), C: runs(C, 1, tokens=10**6)})
    assert (only(diff).change.state, only(diff).head_number) == (State.UNCHANGED, 1)


def test_a_run_includes_its_sub_agents():
    """Also one whose sub-agents make all of its calls; calls outside it are not its own."""
    head = [*runs(A, 2, "support", "search"), *runs(A, 5, "other")]
    month = only(diff_of({A: head}, {A: head}))
    assert month.head_number == 2
    assert month.change.head.cost.value == 1000 * CALL


def test_a_sub_agent_with_a_volume_is_in_its_own_row_only():
    """So that the rows add up to the bill."""
    uses = {A: [*runs(A, 2), *runs(A, 2, "support", "search"), *runs(A, 1, "search")]}
    diff = diff_of(uses, uses, SUPPORT, Volume("search", Per.RUN, 100))
    months = {month.volume.agent: month for month in diff.projection.agents}
    assert (months["support"].head_number, months["search"].head_number) == (4, 3)
    assert months["support"].change.head.cost.value == 500 * CALL
    assert months["search"].change.head.cost.value == 100 * CALL
    assert diff.projection.totals.head.cost.value == 600 * CALL


def test_an_agent_that_calls_itself_is_one_run():
    """The outermost entry counts."""
    uses = {A: [used(A, "support", entry=1), used(A, "support", "support", entry=1)]}
    assert only(diff_of(uses, uses)).head_number == 1


def test_a_marked_test_is_one_run():
    """Where only a marker names the agent."""
    uses = {A: [Use(agent="support")] * 3, B: [Use(agent="support")]}
    month = only(diff_of(uses, uses))
    assert month.head_number == 2
    assert month.change.head.cost.value == CALL * 4 / 2 * 1000


def test_no_volumes_no_projection():
    """Nothing is guessed."""
    found = run({A: runs(A, 1)})
    assert compare(accepted({A: runs(A, 1)}), found, table(), collected(found), "").projection is None
    assert diff_of({A: runs(A, 1)}, {A: runs(A, 1)}, Volume("nobody", Per.RUN, 5)).projection is None


def test_an_unknown_part_leaves_no_upper_bound():
    """Of the month, and of the change where the new calls lack a price."""
    base, unpriced = {A: runs(A, 1)}, used(A, "support", entry=f"-{A}-support-0", **UNPRICED)
    change = only(diff_of(base, {A: [*runs(A, 1), unpriced]})).change
    assert change.head.cost == Amount.at_least(1000 * CALL)
    assert change.delta == Amount.at_least(Decimal(0))
    change = only(diff_of({A: [*runs(A, 1), unpriced]}, {A: [*runs(A, 1, tokens=2000), unpriced]})).change
    assert change.delta == Amount.exactly(Decimal("2.5"))  # what both sides have alike is no doubt


def test_an_unknown_base_makes_another_number_of_runs_uncertain():
    """Nobody can say that it is an increase."""
    unpriced = used(A, "support", entry=f"-{A}-support-0", **UNPRICED)
    change = only(diff_of({A: [*runs(A, 1), unpriced]}, {A: runs(A, 2, tokens=9000)})).change
    assert (change.delta.low, change.delta.high) == (0, None)
    assert change.state is State.CHANGED


def test_a_mean_without_an_end():
    """A third of a call is rounded far below a cent, and read back the same."""
    month = only(diff_of({A: runs(A, 3)}, {A: [*runs(A, 3), *runs(A, 1, calls=1)]}, SUPPORT))
    assert month.change.head.cost.value == (CALL * 4 / 3 * 1000).quantize(Decimal("0.000000000001"))


def test_an_agent_on_one_side_only():
    """It has no month to compare with, and there is no sum."""
    diff = diff_of(
        {A: [Use()], B: runs(B, 1)},
        {A: runs(A, 1, "late"), B: runs(B, 1)},
        SUPPORT,
        Volume("late", Per.RUN, 5),
    )
    states = {month.volume.agent: month.change.state for month in diff.projection.agents}
    assert states == {"support": State.UNCHANGED, "late": State.NEW}
    assert diff.projection.totals is None


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_fixture_that_each_worker_sets_up(times):
    """Its runs weigh as they did before."""
    base = {FIXTURE: runs(FIXTURE, 1, tokens=9000), A: runs(A, 1)}
    found = diff_of(base, {FIXTURE: runs(FIXTURE, times, tokens=9000), A: runs(A, 1)})
    assert (only(found).change.state, only(found).head_number) == (State.UNCHANGED, 2)


def test_a_fixture_that_costs_more():
    """It is in the month as a test is: half of the runs cost more."""
    base = {FIXTURE: runs(FIXTURE, 1), A: runs(A, 1)}
    month = only(diff_of(base, {FIXTURE: runs(FIXTURE, 1, tokens=2000), A: runs(A, 1)}))
    assert month.change.delta == Amount.exactly(Decimal("0.0025") / 2 * 1000)


@pytest.mark.parametrize("inside", [(), ("search",)], ids=["itself", "through another"])
def test_a_fixture_that_another_agent_sets_up(inside):
    """Its usage is what it was, and its month is another's."""
    base, head = ({FIXTURE: runs(FIXTURE, 1, name, *inside)} for name in ("old", "support"))
    diff = diff_of(base, head, SUPPORT, Volume("old", Per.RUN, 1))
    assert {month.volume.agent: month.change.state for month in diff.projection.agents} == {
        "old": State.GONE,
        "support": State.NEW,
    }


def test_the_same_calls_in_fewer_runs():
    """Nothing costs more in the test; a run does."""
    diff = diff_of({A: runs(A, 4)}, {A: runs(A, 2, calls=2)})
    assert diff.totals.state is State.UNCHANGED
    assert (only(diff).base_number, only(diff).head_number) == (4, 2)
    assert only(diff).change.delta == Amount.exactly(CALL * 1000)


def older(baseline):
    """The file as it was written before runs were kept."""
    found = parse_baseline(render_baseline(baseline), baseline.name)
    text = render_baseline(found).replace('"runs"', '"was"').replace('"within"', '"were"')
    return parse_baseline(text, baseline.name)


def test_runs_are_in_the_file():
    """With the agents around a call; lines without agents are as they were."""
    base = accepted({A: runs(A, 2, "support", "search"), B: [Use()]})
    text = render_baseline(base)
    assert '"runs": {"search": 2, "support": 2}' in text
    assert '"within": ["support"]' in text
    assert text.count('"runs"') == 1
    assert parse_baseline(text, base.name) == base


def test_an_older_baseline_has_no_month():
    """It reads, the tests compare as ever, and a notice says what to type."""
    base = older(accepted({A: runs(A, 2, "support", "search"), B: [Use()]}))
    diff = diff_of(base, {A: runs(A, 2, "support", "search"), B: [Use()]})
    assert diff.totals.state is State.UNCHANGED
    assert only(diff).base_is_older
    assert (only(diff).change.base, only(diff).change.head.cost.value) == (None, 1000 * CALL)
    (notice,) = projection_notices(diff, [SUPPORT], ["support"], full=True)
    assert "llmcost-baseline.json is older than the count of agent runs" in notice.message
    assert notice.paste == "pytest --llm-cost --llm-cost-update"


@pytest.mark.parametrize("inside", [(), ("search",)], ids=["itself", "through another"])
def test_an_older_baseline_with_a_fixture(inside):
    """The month of the run is known all the same: the fixture's runs are in it with their calls."""
    uses = {FIXTURE: runs(FIXTURE, 1, "support", *inside, tokens=9000), A: runs(A, 1)}
    month = only(diff_of(older(accepted(uses)), uses))
    assert (month.base_is_older, month.change.base) == (True, None)
    assert (month.head_number, month.change.head.cost.value) == (2, (CALL + Decimal("0.0235")) / 2 * 1000)


def test_accepting_again_completes_an_older_line():
    """Which keeps its reason: the test has not changed."""
    uses = {A: runs(A, 2, "support", "search"), FIXTURE: runs(FIXTURE, 1)}
    base = older(accept(accepted({}), run(uses), Suite(), "", "why it was"))
    again = accept(base, run(uses), Suite(), "", "another")
    assert {key: (line.reason, line.runs) for key, line in again.lines.items()} == {
        A: ("why it was", {"search": 2, "support": 2}),
        FIXTURE: ("why it was", {"support": 1}),
    }
    assert only(diff_of(again, uses)).change.state is State.UNCHANGED


@pytest.mark.parametrize(
    "bad", ['{"support": 0}', '{"support": "2"}', '{"support": true}', '["support"]', "5"]
)
def test_a_damaged_count(bad):
    """The line is named."""
    from pytest_llmcost.errors import BaselineError

    text = render_baseline(accepted({A: runs(A, 2)}))
    with pytest.raises(BaselineError, match=f"the line of {A} is damaged"):
        parse_baseline(text.replace('"runs": {"support": 2}', f'"runs": {bad}'), "b.json")


def test_notices_of_volumes_that_nobody_runs():
    """The nearest name; and nothing where only a part of the suite ran."""
    diff = diff_of({A: runs(A, 1)}, {A: runs(A, 1), B: runs(B, 1, "fresh")}, SUPPORT)
    volumes = [SUPPORT, Volume("suport", Per.RUN, 1), Volume("fresh", Per.RUN, 1), Volume("zzz", Per.CALL, 1)]
    agents = ["support", "fresh", None]
    assert [notice.message for notice in projection_notices(diff, volumes, agents, full=True)] == [
        "no month for 'suport': no test runs it; the nearest is 'support'",
        "no month for 'fresh': none of its tests is in the baseline",
        "no month for 'zzz': no test runs it",
    ]
    assert projection_notices(diff, volumes, agents, full=False) == []
    assert projection_notices(None, volumes, agents, full=True) == []


NAMES = ("support", "search", "other")


@given(
    st.lists(
        st.tuples(
            st.sampled_from([A, B, C]),
            st.lists(st.sampled_from(NAMES), min_size=1, max_size=3),
            st.integers(1, 9000),
            st.integers(0, 3),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_months_add_up_to_the_bill(calls):
    """As many runs a month as the tests have made cost what the tests cost, however agents are nested."""
    tests = {A: [], B: [], C: []}
    for nodeid, path, tokens, entry in calls:
        tests[nodeid].append(used(nodeid, *path, entry=f"-{nodeid}-{entry}", tokens=tokens))
    found = run(tests)
    numbers = {}
    for call in found.calls:
        for name, run_of in runs_of(call.measured.origin).items():
            numbers.setdefault(name, set()).add(run_of)
    volumes = [Volume(name, Per.RUN, len(ids)) for name, ids in numbers.items()]
    months = diff_of(tests, tests, *volumes).projection
    rounding = Decimal("1e-11")
    assert abs(months.totals.head.cost.value - found.totals.cost.value) < rounding
    assert sum(month.change.head.calls for month in months.agents) == len(calls)
    assert all(month.change.state is State.UNCHANGED for month in months.agents)
