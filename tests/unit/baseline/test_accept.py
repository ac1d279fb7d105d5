"""What a run puts into a baseline, what stays in it, and what goes."""

from __future__ import annotations

from decimal import localcontext

import pytest
from suites import NAME, A, B, C, Use, accepted, collected, run

from pytest_llmcost.baseline.file import parse_baseline, render_baseline
from pytest_llmcost.baseline.suite import Suite
from pytest_llmcost.baseline.update import accept
from pytest_llmcost.model.baseline import Baseline, Mark
from pytest_llmcost.model.call import Origin, Phase, Source
from pytest_llmcost.model.report import Observed, TestResult

BASE = accepted({A: [Use()], B: [Use(2000)], C: [Use(3000)]})


def update(report, suite=None, base=BASE, reason=None):
    return accept(base, report, collected(report) if suite is None else suite, "", reason)


def calls_of(baseline, key):
    return sum(baseline.lines[key].entries.values())


@pytest.mark.parametrize("source", [Source.LIVE, Source.RECORDED, Source.REPLAYED])
def test_calls_of_every_real_source_enter(source):
    """Live, recorded and replayed calls are what a suite costs."""
    assert calls_of(accepted({A: [Use(source=source)]}), A) == 1


def test_mocked_calls_do_not_enter():
    """What a fake transport answered is no cost, and its test needs no line."""
    found = accepted({A: [Use(source=Source.MOCKED)], B: [Use(), Use(source=Source.MOCKED)]})
    assert list(found.lines) == [B]
    assert calls_of(found, B) == 1


def test_only_the_last_attempt_enters():
    """A test that ran again costs what its last attempt cost."""
    again = [
        Use().but(origin=Origin(nodeid=A, phase=Phase.CALL, attempt=attempt)) for attempt in (1, 2, 2, 3)
    ]
    results = (TestResult(A, "passed", 0.1, attempts=3),)
    assert calls_of(accepted({A: again}, results=results), A) == 1


def test_a_last_attempt_without_a_call_enters_as_such():
    """The earlier attempts do not stand in for it."""
    first = Use().but(origin=Origin(nodeid=A, phase=Phase.CALL, attempt=1))
    found = update(run({A: [first]}, results=(TestResult(A, "passed", 0.1, attempts=2),)), Suite())
    assert calls_of(found, A) == 0


@pytest.mark.parametrize("outcome", ["failed", "skipped", "rerun", "interrupted"])
def test_a_test_that_did_not_pass_keeps_its_line(outcome):
    """What it would cost is not known: it may have ended early."""
    found = update(run({A: [Use(9)], B: [Use(8)]}, outcomes={A: outcome}))
    assert found.lines[A] == BASE.lines[A]
    assert found.lines[B] != BASE.lines[B]


@pytest.mark.parametrize("outcome", ["failed", "skipped"])
def test_a_new_test_that_did_not_pass_gets_no_line(outcome):
    """There is nothing to accept yet."""
    new = "tests/test_a.py::test_new"
    assert new not in update(run({A: [Use()], new: [Use()]}, outcomes={new: outcome})).lines


def test_a_test_that_was_not_selected_keeps_its_line():
    """A part of the suite never shrinks the baseline."""
    found = update(run({A: [Use(9)]}, full=False), collected(run({A: []}), whole=False))
    assert set(found.lines) == {A, B, C}
    assert (found.lines[B], found.lines[C]) == (BASE.lines[B], BASE.lines[C])


def test_a_line_goes_with_its_file():
    """A file that does not exist any more has no tests."""
    suite = Suite(frozenset({A, B}), frozenset(), gone_files=frozenset({"tests/test_b.py"}))
    assert set(update(run({A: [Use()], B: [Use(2000)]}, full=False), suite).lines) == {A, B}


def test_a_line_goes_when_its_file_was_collected_without_it():
    """The test was deleted: its file is known as a whole."""
    found = update(run({A: [Use()], C: [Use(3000)]}))
    assert set(found.lines) == {A, C}


def test_a_line_stays_where_its_file_was_not_collected_as_a_whole():
    """Whether the test still exists is not known."""
    report = run({A: [Use()], C: [Use(3000)]})
    assert set(update(report, collected(report, whole=False)).lines) == {A, B, C}


def test_a_test_that_makes_no_call_any_more_keeps_an_empty_line():
    """It passed, and costs nothing now."""
    found = update(run({A: [], B: [Use(2000)], C: [Use(3000)]}))
    assert calls_of(found, A) == 0


def test_a_test_that_never_made_a_call_needs_no_line():
    """A baseline lists what costs."""
    assert list(accepted({A: [], B: [Use()]}).lines) == [B]


@pytest.mark.parametrize(
    ("use", "mark"),
    [
        (Use().but(stale=True), Mark.STALE),
        (Use().but(incomplete="cut"), Mark.INCOMPLETE),
        (Use(model="gpt-unheard"), Mark.UNPRICED),
        (Use(), Mark.NONE),
    ],
)
def test_doubtful_calls_enter_with_a_mark(use, mark):
    """Reviewers see which accepted figures are estimates, and which have a part that nobody knows."""
    found = accepted({A: [use]})
    assert [entry.mark for entry in found.lines[A].entries] == [mark]
    assert (found.lines[A].cost is None) is (mark in {Mark.INCOMPLETE, Mark.UNPRICED})


def test_calls_that_are_alike_are_counted():
    """One entry for each distinct agent, model, tier and usage."""
    found = accepted({A: [Use(), Use(), Use(agent="support"), Use(1001)]})
    assert sorted(found.lines[A].entries.values()) == [1, 1, 2]


def test_the_reason_is_kept_in_changed_lines_only():
    """It says why this cost was accepted, and not what else was accepted with it."""
    first = accept(Baseline(NAME), run({A: [Use()], B: [Use(2000)]}), Suite(), "", "first")
    second = update(run({A: [Use()], B: [Use(2500)]}), base=first, reason="longer prompt")
    assert (second.lines[A].reason, second.lines[B].reason) == ("first", "longer prompt")
    third = update(run({A: [Use()], B: [Use(2600)]}), base=second)
    assert (third.lines[A].reason, third.lines[B].reason) == ("first", None)


def test_a_renamed_test_keeps_its_reason():
    """It is the same line under another key."""
    first = accept(Baseline(NAME), run({A: [Use()]}), Suite(), "", "because")
    new = "tests/test_a.py::test_uno"
    second = update(run({new: [Use()]}), base=first, reason="renamed")
    assert {key: line.reason for key, line in second.lines.items()} == {new: "because"}


def test_one_test_is_one_line_of_the_file():
    """A change of one test is a change of one line, and lines are sorted."""
    before = render_baseline(BASE).splitlines()
    after = render_baseline(update(run({A: [Use()], B: [Use(2001)], C: [Use(3000)]}))).splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1
    assert B in changed[0]
    keys = [line.split('"')[1] for line in before if "::" in line]
    assert keys == sorted(keys)


def test_accepting_the_same_run_again_changes_nothing():
    """Also not in another order of its calls."""
    uses = [Use(), Use(7, agent="x"), Use(5, 5, 5)]
    one, other = accepted({A: uses, B: uses}), accepted({B: uses[::-1], A: uses[1:] + uses[:1]})
    assert render_baseline(one) == render_baseline(other)


FIXTURE = "fixture tests::index"


def test_a_fixture_that_more_workers_set_up_keeps_its_line():
    """How often it was set up says nothing about the code."""
    base = accepted({FIXTURE: [Use(), Use(5)], A: [Use()]})
    found = update(run({FIXTURE: [Use(), Use(5)] * 3, A: [Use()]}), base=base)
    assert render_baseline(found) == render_baseline(base)


def test_a_fixture_that_fewer_workers_set_up_keeps_its_line():
    """Nor does a run on one worker after one on three."""
    base = accepted({FIXTURE: [Use(), Use(5)] * 3, A: [Use()]})
    found = update(run({FIXTURE: [Use(), Use(5)], A: [Use()]}), base=base)
    assert render_baseline(found) == render_baseline(base)


@pytest.mark.parametrize("more", [[Use(), Use(), Use(5)], [Use(), Use(5), Use(6)], [Use()], [Use(), Use(6)]])
def test_a_fixture_whose_calls_changed_gets_a_new_line(more):
    """One call more of a kind is no set-up more."""
    base = accepted({FIXTURE: [Use(), Use(5)], A: [Use()]})
    found = update(run({FIXTURE: more, A: [Use()]}), base=base)
    assert calls_of(found, FIXTURE) == len(more)
    assert found.lines[FIXTURE] != base.lines[FIXTURE]


@pytest.mark.parametrize(
    ("before", "base", "now", "head", "kept"),
    [
        (1, 1, 3, 3, "1 of 1"),
        (3, 3, 1, 1, "3 of 3"),
        (1, 1, 1, 2, "2 of 1"),
        (1, 1, 3, 6, "6 of 3"),
        (1, 1, 3, 1, "1 of 1"),
        (None, 1, 3, 1, "1 of 3"),
        (None, 1, 3, 3, "1 of None"),
        (2, 2, None, 4, "2 of 2"),
    ],
)
def test_a_fixture_that_calls_more_often_gets_a_new_line(before, base, now, head, kept):
    """And one that was only set up more often keeps its own; a line learns of its set-ups."""

    def facts(number):
        known = {} if number is None else {FIXTURE.removeprefix("fixture "): number}
        return {"observed": Observed(set_ups=known)}

    line = accepted({FIXTURE: [Use()] * base, A: [Use()]}, **facts(before))
    line = parse_baseline(render_baseline(line), "x")
    found = update(run({FIXTURE: [Use()] * head, A: [Use()]}, **facts(now)), base=line)
    assert f"{calls_of(found, FIXTURE)} of {found.lines[FIXTURE].set_ups}" == kept


def test_set_ups_are_counted_exactly():
    """Whatever precision the app under test has set in this thread."""
    base = accepted({FIXTURE: [Use()] * 10 + [Use(5)] * 10, A: [Use()]})
    with localcontext() as coarse:
        coarse.prec = 1
        found = update(run({FIXTURE: [Use()] * 11 + [Use(5)] * 10, A: [Use()]}), base=base)
    assert calls_of(found, FIXTURE) == 21


def test_a_test_that_calls_twice_as_often_gets_a_new_line():
    """Only fixtures are set up by more workers."""
    assert calls_of(update(run({A: [Use()] * 2})), A) == 2


def test_lines_are_sorted_by_key():
    """In whatever order tests ran, and those that did not run stand among them."""
    found = update(run({C: [Use()], "tests/test_a.py::test_a": [Use()]}, full=False), Suite())
    assert list(found.lines) == sorted([A, B, C, "tests/test_a.py::test_a"])


def test_a_fixture_goes_after_a_full_run_without_it():
    """Nothing set it up, and everything ran."""
    base = accepted({FIXTURE: [Use()], A: [Use()]})
    assert set(update(run({A: [Use()]}), base=base).lines) == {A}
    assert set(update(run({A: [Use()]}, full=False), base=base).lines) == {A, FIXTURE}


@pytest.mark.parametrize("outcome", ["failed", "skipped"])
def test_a_fixture_stays_where_a_test_did_not_pass(outcome):
    """That test may be the one that needs it."""
    base = accepted({FIXTURE: [Use()], A: [Use()], B: [Use()]})
    found = update(run({A: [Use()], B: []}, outcomes={B: outcome}), base=base)
    assert FIXTURE in found.lines
