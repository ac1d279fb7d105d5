"""A run against its baseline: what is equal, new, gone, renamed, and what changed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sample
from suites import A, B, C, Use, accepted, collected, difference, run, table

from pytest_llmcost.baseline.suite import Suite
from pytest_llmcost.model.amount import NOTHING, Amount
from pytest_llmcost.model.diff import CauseKind, State
from pytest_llmcost.model.report import Observed

TESTS = {A: [Use()], B: [Use(2000), Use(5, 5)], C: [Use(3000)]}
BASE = accepted(TESTS)
FIXTURE = "fixture tests::index"
RENAMED, MOVED = "tests/test_a.py::test_uno", "tests/unit/test_new.py::TestMoved::test_one"


def states(diff):
    return {change.key: change.state.value for change in diff.tests}


def change_of(diff, key):
    return next(change for change in diff.tests if change.key == key)


def causes(change):
    return {cause.kind: str(cause.delta) for cause in change.causes}


def test_equal_usage_is_a_change_of_exactly_nothing():
    """In whatever order the tests and their calls came."""
    diff = difference(BASE, run({key: uses[::-1] for key, uses in reversed(TESTS.items())}))
    assert set(states(diff).values()) == {"unchanged"}
    assert {change.delta for change in [*diff.tests, *diff.agents, diff.totals]} == {NOTHING}
    assert diff.totals.state is State.UNCHANGED
    assert not diff.partial


@pytest.mark.parametrize(
    "use",
    [
        Use().but(stale=True),
        Use().but(incomplete="cut"),
        Use(model="gpt-unheard"),
        Use(provider="nobody", model="x"),
        Use().but(context={"service_tier": "priority"}),
        Use().but(stated_cost=Decimal("0.5")),
    ],
    ids=["stale", "incomplete", "unpriced", "unknown host", "doubtful tier", "stated"],
)
def test_equal_usage_is_nothing_however_little_is_known_of_its_cost(use):
    """Doubt on both sides is no doubt about the difference."""
    diff = difference(accepted({A: [use, Use(7)]}), run({A: [Use(7), use]}))
    assert (change_of(diff, A).state, diff.totals.delta) == (State.UNCHANGED, NOTHING)
    assert not diff.lost_prices


def test_calls_that_differ_are_uncertain_and_no_others():
    """The head's interval against the base's value, over the calls that differ."""
    unknown, extra = Use(model="gpt-unheard"), Use(2000)
    diff = difference(accepted({A: [unknown, Use()]}), run({A: [unknown, extra]}))
    assert diff.totals.delta == Amount.exactly(Decimal("0.0025"))
    diff = difference(accepted({A: [Use()]}), run({A: [Use(), unknown]}))
    assert diff.totals.delta == Amount.at_least(Decimal(0))


def test_new_tests_are_listed_and_not_counted():
    """Their cost is no increase."""
    new = "tests/test_b.py::test_new"
    diff = difference(BASE, run({**TESTS, new: [Use(10**6)]}))
    assert states(diff)[new] == "new"
    assert change_of(diff, new).head.cost.value == Decimal("5.001")
    assert diff.totals.delta == NOTHING


def test_deleted_tests_are_gone_and_no_saving():
    """A line goes with its test, and what it cost does not pay for another."""
    report = run({A: [Use(2000)], B: TESTS[B]})
    diff = difference(BASE, report, collected(report, C))
    assert states(diff) == {A: "changed", B: "unchanged", C: "gone"}
    assert diff.totals.delta.value == Decimal("0.0025")
    assert not diff.partial


def test_tests_that_did_not_run_are_no_saving():
    """A part of the suite is compared with the same part."""
    report = run({A: [Use()]}, full=False)
    diff = difference(BASE, report, collected(report, whole=False))
    assert states(diff) == {A: "unchanged", B: "not_run", C: "not_run"}
    assert (diff.totals.delta, diff.partial) == (NOTHING, True)
    assert change_of(diff, B).head is None


@pytest.mark.parametrize("outcome", ["failed", "skipped", "interrupted"])
def test_tests_that_did_not_pass_are_not_compared(outcome):
    """They may have ended before their last call."""
    diff = difference(BASE, run({**TESTS, B: []}, outcomes={B: outcome}))
    assert states(diff)[B] == "not_run"
    assert (diff.totals.delta, diff.partial) == (NOTHING, True)


def test_a_test_that_makes_no_call_any_more_is_a_saving():
    """It passed: its cost is known to be 0."""
    diff = difference(BASE, run({**TESTS, C: []}))
    assert change_of(diff, C).delta.value == Decimal("-0.0085")
    assert causes(change_of(diff, C)) == {CauseKind.CALLS: "-0.0085"}


def test_what_a_failed_test_spent_is_shown_and_not_compared():
    """Also where it made more calls than before it failed."""
    diff = difference(BASE, run({**TESTS, B: [Use(9000)] * 3}, outcomes={B: "failed"}))
    change = change_of(diff, B)
    assert (change.state, change.delta, change.base.calls, change.head.calls) == (
        State.NOT_RUN,
        NOTHING,
        2,
        3,
    )
    assert diff.totals.delta == NOTHING


def test_a_test_that_a_killed_run_had_begun_is_not_gone():
    """It has calls and no end: whoever was told what the run had finished does not know it."""
    report = run({**TESTS, B: [Use(9000)]})
    report = report._replace(tests=tuple(test for test in report.tests if test.result.nodeid != B))
    assert states(difference(BASE, report)) == {A: "unchanged", B: "not_run", C: "unchanged"}


def test_the_whole_has_the_figures_of_each_side():
    """Over the tests that are on both."""
    diff = difference(BASE, run({**TESTS, A: [Use(2000)], B: [Use(2000)]}))
    assert [(side.cost.value, side.calls) for side in (diff.totals.base, diff.totals.head)] == [
        (Decimal("0.0035") + Decimal("0.0060625") + Decimal("0.0085"), 4),
        (Decimal("0.006") + Decimal("0.006") + Decimal("0.0085"), 3),
    ]


def test_a_fixture_that_nothing_needed_is_no_missing_test():
    """Partial is said of tests."""
    base = accepted({**TESTS, FIXTURE: [Use()]})
    assert not difference(base, run(TESTS)).partial
    assert difference(base, run({FIXTURE: [Use()], A: TESTS[A]})).partial


def test_both_sides_of_an_unchanged_test_have_its_figures():
    """By key, and with the calls of both sides."""
    diff = difference(BASE, run(TESTS))
    assert [change.key for change in diff.tests] == [A, B, C]
    assert {(one.base.calls, one.head.calls) for one in diff.tests} == {(1, 1), (2, 2)}
    reverse = difference(accepted({C: TESTS[C]}), run({B: TESTS[B], A: TESTS[A], C: TESTS[C]}))
    assert [change.key for change in reverse.tests] == [A, B, C]


def test_an_agent_has_its_causes_and_its_state():
    """By its own calls: what another agent does is no change of it."""
    before = {A: [Use(agent="support"), Use(2000, agent="billing")]}
    after = {A: [Use(agent="support"), Use(2000, 400, agent="billing")]}
    billing, support = difference(accepted(before), run(after)).agents
    assert (support.key, support.state, support.causes) == ("support", State.UNCHANGED, ())
    (cause,) = billing.causes
    assert (billing.key, billing.state, cause.kind) == ("billing", State.CHANGED, CauseKind.OUTPUT)
    assert (cause.before, cause.after, cause.delta) == ("100 tokens", "400 tokens", Decimal("0.003"))


def test_agents_are_in_the_order_of_their_names():
    """Calls that no agent made come last."""
    tests = {A: [Use(), Use(agent="support"), Use(agent="billing"), Use(agent="research")]}
    diff = difference(accepted(tests), run(tests))
    assert [change.key for change in diff.agents] == ["billing", "research", "support", ""]


@pytest.mark.parametrize("new", [RENAMED, MOVED], ids=["another function", "another file"])
def test_a_renamed_test_is_the_same_test(new):
    """The old line is gone, one fits one, the usage is the same, and the file or the function kept its name."""
    report = run({new: TESTS[A], B: TESTS[B], C: TESTS[C]})
    diff = difference(BASE, report, collected(report, A))
    assert states(diff) == {new: "unchanged", B: "unchanged", C: "unchanged"}
    assert change_of(diff, new).renamed_from == A
    assert not diff.partial


def test_no_rename_while_the_old_test_may_be_there():
    """First condition: the old line is gone."""
    report = run({RENAMED: TESTS[A], B: TESTS[B], C: TESTS[C]}, full=False)
    assert states(difference(BASE, report, collected(report, whole=False)))[RENAMED] == "new"
    report = run({RENAMED: TESTS[A], **TESTS})
    assert states(difference(BASE, report))[RENAMED] == "new"


def test_no_rename_where_two_fit():
    """Second condition: one fits one only."""
    base = accepted({A: [Use()], B: [Use()], C: []})
    report = run({RENAMED: [Use()], C: []})
    assert states(difference(base, report, collected(report, A))) == {A: "gone", B: "gone", RENAMED: "new"}
    report = run({RENAMED: [Use()], "tests/test_a.py::test_due": [Use()]})
    found = states(difference(accepted({A: [Use()]}), report))
    assert sorted(found.values()) == ["gone", "new", "new"]


def test_no_rename_with_another_usage():
    """Third condition: exactly the same usage, so that no test has both another name and another cost."""
    report = run({RENAMED: [Use(1001)], B: TESTS[B], C: TESTS[C]})
    diff = difference(BASE, report)
    assert states(diff)[RENAMED] == "new"
    assert {change.renamed_from for change in diff.tests} == {None}


def test_no_rename_where_nothing_kept_its_name():
    """Fourth condition: the same file or the same function."""
    report = run({"tests/test_c.py::test_four": TESTS[A], B: TESTS[B], C: TESTS[C]})
    assert states(difference(BASE, report))["tests/test_c.py::test_four"] == "new"


def test_no_rename_of_a_test_without_calls():
    """Nothing proves that it is the same."""
    base = accepted({A: [Use()]})
    from pytest_llmcost.baseline.update import accept

    empty = accept(base, run({A: []}), Suite(), "")
    assert states(difference(empty, run({RENAMED: [Use()]}))) == {A: "gone", RENAMED: "new"}


def test_a_renamed_test_whose_price_got_known_is_still_the_same():
    """Whether a price was known then is no part of its usage."""
    base = accepted({A: [Use(model="gpt-fixed-new")]})
    yaml = sample.YAML.replace("models:\n", 'models:\n    openai/gpt-fixed-new: {input: "1", output: "2"}\n')
    report = run({RENAMED: [Use(model="gpt-fixed-new")]}, yaml=yaml)
    diff = difference(base, report, prices=table(yaml))
    assert states(diff) == {RENAMED: "unchanged"}


def test_a_call_that_loses_its_price():
    """The model is unknown now, and what the test called before had a price."""
    diff = difference(BASE, run({**TESTS, A: [Use(model="gpt-unheard")]}))
    assert diff.lost_prices == ((A, "openai/gpt-unheard"),)
    unpriced = accepted({A: [Use(model="gpt-unheard")]})
    assert difference(unpriced, run({A: [Use(model="gpt-unheard", output=5)]})).lost_prices == ()


@pytest.mark.parametrize(
    ("before", "now", "lost"),
    [
        ("known unheard", "unknown unheard", ["unknown"]),
        ("known unheard", "unheard unheard", []),
        ("unheard", "unknown", []),
        ("unheard unheard", "unknown", []),
        ("known unheard", "known unheard unknown", ["unknown"]),
    ],
)
def test_one_call_without_a_price_hides_no_other_that_loses_its_own(before, now, lost):
    """What was accepted without a price is no loss, and neither is another model in its place."""

    def uses(names):
        return [Use() if name == "known" else Use(model=f"gpt-{name}") for name in names.split()]

    diff = difference(accepted({A: uses(before)}), run({A: uses(now)}))
    assert diff.lost_prices == tuple((A, f"openai/gpt-{name}") for name in lost)


def test_lost_prices_are_in_the_order_of_tests():
    """In whatever order they ran."""
    unheard = [Use(model="gpt-unheard")]
    diff = difference(accepted({A: [Use()], C: [Use()]}), run({C: unheard, A: unheard}))
    assert [key for key, _ in diff.lost_prices] == [A, C]


@pytest.mark.parametrize("order", [(A, B, C), (C, B, A), (B, C, A)])
@pytest.mark.parametrize("turned", [False, True])
def test_the_model_of_the_whole_is_that_of_its_biggest_switch(order, turned):
    """Whichever way it goes, and wherever among the tests it is."""
    ours = {A: [Use(100)], B: [Use(90_000)], C: [Use(200)]}
    house = {"model": "house-model", "provider": "acme"}
    others = {
        A: [Use(100, **house)],
        B: [Use(90_000, model="claude-fixed", provider="anthropic")],
        C: [Use(200, **house)],
    }
    base, head = (others, ours) if turned else (ours, others)
    diff = difference(accepted(base), run({key: head[key] for key in order}))
    (model,) = [cause for cause in diff.totals.causes if cause.kind is CauseKind.MODEL]
    assert (model.before if turned else model.after).startswith("anthropic/claude-fixed")


def test_prices_that_moved_are_no_change():
    """The base is priced with the same table: what is left is told beside."""
    yaml = sample.YAML.replace("models:\n", 'models:\n    openai/gpt-fixed: {input: "5", output: "20"}\n')
    diff = difference(BASE, run(TESTS, yaml=yaml), prices=table(yaml))
    assert set(states(diff).values()) == {"unchanged"}
    assert diff.totals.delta == NOTHING
    accepted_cost = sum(line.cost for line in BASE.lines.values())
    assert diff.price_delta == accepted_cost > 0


def test_a_price_that_is_not_known_any_more_is_no_fall_of_prices():
    """What the accepted calls would cost today is unknown, and no 0."""
    yaml = sample.YAML.replace("models:\n", 'models:\n    openai/gpt-unheard: {input: "1", output: "2"}\n')
    tests = {A: [Use(model="gpt-unheard")], B: [Use()]}
    diff = difference(accepted(tests, yaml=yaml), run(tests))
    assert diff.price_delta == 0
    known = difference(accepted(tests), run(tests, yaml=yaml), prices=table(yaml))
    assert known.price_delta == 0


@pytest.mark.parametrize("times", [1, 2, 5])
def test_fixtures_that_more_workers_set_up_are_no_change(times):
    """Each worker of xdist sets a session's fixture up again."""
    once = [Use(), Use(), Use(5)]
    diff = difference(accepted({FIXTURE: once, A: [Use()]}), run({FIXTURE: once * times, A: [Use()]}))
    assert (states(diff)[FIXTURE], diff.totals.delta) == ("unchanged", NOTHING)
    diff = difference(accepted({FIXTURE: once * times, A: [Use()]}), run({FIXTURE: once, A: [Use()]}))
    assert (states(diff)[FIXTURE], diff.totals.delta) == ("unchanged", NOTHING)


def set_ups(number):
    return Observed(set_ups={FIXTURE.removeprefix("fixture "): number})


@pytest.mark.parametrize(
    ("before", "base", "now", "head", "delta"),
    [
        (1, "a", 1, "aa", "0.0035"),
        (1, "ab", 1, "aabb", "0.0045125"),
        (1, "a", 3, "aaaaaa", "0.0035"),
        (1, "a", 3, "aaaaaabbbbbb", "0.005525"),
        (3, "aaaaaa", 1, "a", "-0.0105"),
        (2, "aa", 4, "aaaa", "0"),
        (2, "aa", 3, "aaaaaa", "0.007"),
        (1, "a", 3, "a", "0"),
        (3, "a", 1, "a", "0"),
        (3, "a", 2, "a", "0"),
        (2, "ab", 4, "aabb", "0"),
    ],
)
def test_set_ups_that_are_known_decide(before, base, now, head, delta):
    """A fixture that calls twice as often costs twice as much, on any number of workers."""
    uses = {"a": Use(), "b": Use(5)}
    accepted_line = accepted({FIXTURE: [uses[one] for one in base], A: [Use()]}, observed=set_ups(before))
    diff = difference(
        accepted_line, run({FIXTURE: [uses[one] for one in head], A: [Use()]}, observed=set_ups(now))
    )
    assert diff.totals.delta == Amount.exactly(Decimal(delta))


def test_repeats_of_other_workers_are_no_cause():
    """Each set-up asks the same again."""
    base = accepted({FIXTURE: [Use()], A: [Use()]}, observed=set_ups(1))
    for workers, detail in ((1, "1 repeats an identical call"), (3, None)):
        found = run({FIXTURE: [Use()] * 2 * workers, A: [Use()]}, observed=set_ups(workers))
        (change,) = [change for change in difference(base, found).tests if change.key == FIXTURE]
        assert [cause.detail for cause in change.causes] == [detail]


def test_a_parameter_of_a_fixture_that_did_not_run_makes_the_others_no_dearer():
    """Its set-ups are fewer, and its calls not those of each."""
    base = accepted({FIXTURE: [Use(), Use(5)], A: [Use()]}, observed=set_ups(2))
    diff = difference(base, run({FIXTURE: [Use()], A: [Use()]}, observed=set_ups(1)))
    assert diff.totals.delta.value < 0


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_change_of_a_fixture_costs_once_however_many_workers_set_it_up(times):
    """100 tokens more are 100 tokens more."""
    base, head = [Use(), Use(5)], [Use(1100), Use(5)]
    diff = difference(accepted({FIXTURE: base}), run({FIXTURE: head * times}))
    assert diff.totals.delta.value == Decimal("0.00025")
    diff = difference(accepted({FIXTURE: base * times}), run({FIXTURE: head}))
    assert diff.totals.delta.value == Decimal("0.00025") * times


@pytest.mark.parametrize("times", [3, 4])
def test_live_set_ups_that_differ_a_little_are_not_added_up(times):
    """Answers of a live model have another length on each worker."""
    head = [Use(1000, 100 + number) for number in range(times)]
    diff = difference(accepted({FIXTURE: [Use()]}), run({FIXTURE: head}))
    assert abs(diff.totals.delta.value) <= Decimal("0.00004")


def test_a_call_that_names_its_agent_now_is_no_change_of_cost():
    """The rows by agent differ, and add up to nothing."""
    diff = difference(BASE, run({**TESTS, A: [Use(agent="support")]}))
    assert states(diff)[A] == "unchanged"
    assert [change.delta.value for change in diff.agents] == [Decimal("0.0035"), Decimal("-0.0035")]
    assert diff.totals.delta == NOTHING


def test_a_unit_that_is_stated_as_zero_is_no_change():
    """Some servers state cached tokens only when there are any."""
    diff = difference(accepted({A: [Use()]}), run({A: [Use(cached=0)]}))
    assert diff.totals.delta == NOTHING
    assert diff.totals.state is State.UNCHANGED


def test_prices_of_the_day_of_each_recording_are_not_compared_with_those_of_today():
    """With as_of: recorded a baseline has lost the days: both sides are compared at the same prices."""
    yaml = sample.YAML.replace("as_of: 2026-11-23", "as_of: recorded").replace(
        "models:\n",
        'models:\n    acme/dated: [{input: "1", output: "10"}, {from: 2026-06-01, input: "5", output: "50"}]\n',
    )
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    before, now = (
        Use(1000, output, model="dated", provider="acme").but(answered_at=long_ago) for output in (100, 101)
    )
    report = run({A: [now], B: [before]}, yaml=yaml)
    assert report.totals.cost.value == Decimal("0.00401")
    diff = difference(accepted({A: [before], B: [before]}, yaml=yaml), report, prices=table(yaml))
    assert states(diff) == {A: "changed", B: "unchanged"}
    assert causes(change_of(diff, A)) == {CauseKind.OUTPUT: "0.00005"}
    assert diff.totals.delta.value == Decimal("0.00005")
    assert diff.price_delta == 0


def test_one_call_at_a_price_of_another_day_leaves_the_line_out_of_moved_prices():
    """What was accepted of it was a sum of two days, and cannot be compared with one."""
    yaml = sample.YAML.replace("as_of: 2026-11-23", "as_of: recorded").replace(
        "models:\n",
        'models:\n    acme/dated: [{input: "1", output: "10"}, {from: 2026-06-01, input: "5", output: "50"}]\n',
    )
    old = Use(model="dated", provider="acme").but(answered_at=datetime(2026, 1, 1, tzinfo=UTC))
    new = Use(7, model="dated", provider="acme").but(answered_at=datetime(2026, 9, 1, tzinfo=UTC))
    for uses in ([old, new], [new, old], [old]):
        diff = difference(accepted({A: uses}, yaml=yaml), run({A: uses}, yaml=yaml), prices=table(yaml))
        assert diff.price_delta == 0
