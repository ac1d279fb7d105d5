"""Limits against what was accepted: increases, drops of the cache hit rate, and what cannot be judged."""

from __future__ import annotations

from decimal import Decimal, localcontext

from judged import RUN, TESTS, UNKNOWN, found, marked
from suites import A, B, C, Use, accepted, collected, difference, run, verdict

from pytest_llmcost.baseline.suite import Suite
from pytest_llmcost.baseline.update import accept
from pytest_llmcost.model.amount import Amount

BASE = accepted(TESTS)
RELATIVE = "  - {scope: test, max_increase: 10%, max_cache_hit_drop: 5pp}\n"


def test_an_increase():
    """Against what was accepted of the same test."""
    report = run({**TESTS, A: [Use(1150)]})
    assert found(RELATIVE, report, difference(BASE, report)) == [("error", "max_increase", "test", A)]
    report = run({**TESTS, A: [Use(1140)]})
    assert found(RELATIVE, report, difference(BASE, report)) == []


def test_a_small_increase_can_be_ignored():
    """A limit of dollars beside that of percent: the higher one holds."""
    report = run({**TESTS, A: [Use(2000)]})
    rows = "  - {{scope: test, max_increase: 10%, ignore_increase_below: '{}'}}\n"
    assert found(rows.format("0.0025"), report, difference(BASE, report)) == []
    assert len(found(rows.format("0.0024"), report, difference(BASE, report))) == 1


def test_a_drop_of_the_cache_hit_rate():
    """In percentage points."""
    report = run({**TESTS, C: [Use(agent="support"), Use(cached=490, agent="support")]})
    diff = difference(BASE, report)
    rows = "  - {scope: agent, match: support, max_cache_hit_drop: 5pp}\n"
    assert found(rows, report, diff) == [("error", "max_cache_hit_drop", "agent", "support")]
    assert found(rows.replace("5pp", "5.5pp"), report, diff) == []


def test_a_drop_in_a_thread_with_coarse_decimals():
    """The app under test may have set one digit of precision: a verdict does not depend on it."""
    report = run({**TESTS, C: [Use(agent="support"), Use(cached=490, agent="support")]})
    rows = "  - {scope: agent, match: support, max_cache_hit_drop: 5.4pp}\n"
    with localcontext() as coarse:
        coarse.prec = 1
        diff = difference(BASE, report)
        assert found(rows, report, diff) == [("error", "max_cache_hit_drop", "agent", "support")]
        assert found(rows.replace("5.4pp", "5.5pp"), report, diff) == []


def test_a_rate_on_one_side_only_is_no_drop():
    """A test that made no call, or makes none any more, has no rate that could have fallen."""
    rows = "  - {scope: test, max_cache_hit_drop: 0pp}\n"
    cached, none = run({A: [Use(cached=900)]}), run({A: []})
    emptied = accept(accepted({A: [Use()]}), none, Suite(), "")
    assert found(rows, none, difference(accepted({A: [Use(cached=900)]}), none)) == []
    assert found(rows, cached, difference(emptied, cached)) == []
    assert found(rows, none, difference(emptied, none)) == []


def test_a_test_that_did_not_pass_is_not_judged_against_the_baseline():
    """Its rate and cost are those of a part of it; what is not judged is not counted."""
    report = run({**TESTS, C: [Use(agent="support")]}, outcomes={C: "failed"})
    judged = verdict(report, RELATIVE, difference(BASE, report))
    assert judged.findings == ()
    assert judged.limits == 4


def test_calls_of_a_test_that_was_accepted_without_any_are_an_increase():
    """It is no new test: that it costs nothing is what was accepted."""
    emptied = accept(accepted({A: [Use()]}), run({A: []}), Suite(), "")
    report = run({A: [Use()]})
    assert found("  - {scope: test, max_increase: 300%}\n", report, difference(emptied, report)) == [
        ("error", "max_increase", "test", A)
    ]


def test_new_agents_like_new_tests_are_no_increase():
    """There is nothing that they could be compared with."""
    report = run({**TESTS, A: [Use(agent="new")]})
    rows = "  - {scope: agent, max_increase: 10%, max_cache_hit_drop: 0pp}\n"
    assert found(rows, report, difference(BASE, report)) == []


def test_an_increase_is_measured_by_what_the_base_most_likely_cost():
    """Where it was estimated: neither by its lower bound nor by its upper."""
    report = run({A: [Use(), Use(5)]})
    diff = difference(accepted({A: [Use()]}), report)
    estimate = Amount(Decimal("0.001"), Decimal("0.01"), Decimal("0.02"))
    totals = diff.totals._replace(base=diff.totals.base._replace(cost=estimate))
    rows = "  - {{scope: suite, max_increase: {}%}}\n"  # $0.0010125 of $0.01
    assert found(rows.format("10.125"), report, diff._replace(totals=totals)) == []
    assert len(found(rows.format("10.124"), report, diff._replace(totals=totals))) == 1


def test_an_increase_that_is_possible_warns():
    """Calls of unknown cost came where others of unknown cost were."""
    base = accepted({A: [UNKNOWN]})
    report = run({A: [UNKNOWN._replace(output=500)]})
    diff = difference(base, report)
    assert found("  - {scope: test, max_increase: 10%}\n", report, diff) == [
        ("warning", "max_increase", "test", A)
    ]


def test_an_update_judges_absolute_limits_and_no_relative_ones():
    """What is being accepted is not held against itself; a limit in dollars stands."""
    report = run({**TESTS, A: [Use(9000)]})
    rows = RELATIVE + "  - {scope: test, match: '*_one', max_cost: '0.01'}\n"
    diff = difference(BASE, report)
    assert [row[1] for row in found(rows, report, diff)] == ["max_increase", "max_cost"]
    assert [row[1] for row in found(rows, report, diff, update=True)] == ["max_cost"]


def test_a_lost_price_is_a_finding_also_without_a_budget():
    """In an update it is accepted."""
    report = run({**TESTS, A: [UNKNOWN]})
    diff = difference(BASE, report)
    assert found("", report, diff) == [("error", "lost_price", "test", A)]
    (finding,) = verdict(report, "", diff).findings
    assert (finding.limit, finding.actual) == ("a known price", "no price")
    assert found("", report, diff, update=True) == []


def test_what_could_not_be_judged_is_told_and_not_counted():
    """Increases need a baseline: limits that hold are those that were judged."""
    rows = "  - {scope: suite, max_cost: '9', max_increase: 10%}\n"
    judged = verdict(RUN, rows)
    assert judged.limits == 1
    assert [(notice.message, notice.paste) for notice in judged.notices] == [
        ("llmcost.yaml:2: there is no baseline, so that increases were not judged", "pytest --llm-cost --llm-cost-update")
    ]  # fmt: skip
    more = rows + "  - {scope: test, max_increase: 5%}\n"
    assert verdict(RUN, more).notices == judged.notices  # once, with the first of them
    assert verdict(RUN, more, update=True).notices == ()  # the baseline is being made
    assert verdict(RUN, rows, difference(BASE, RUN)).limits == 2
    assert verdict(RUN, rows, difference(BASE, RUN), update=True).limits == 1
    new = run({A: [Use()]})
    assert verdict(new, RELATIVE, difference(accepted({}), new)).limits == 0


def test_a_suite_of_new_tests_has_nothing_to_be_judged_against():
    """A limit is not kept where no call is on either side of it."""
    rows = "  - {scope: suite, max_increase: 10%, max_cache_hit_drop: 5pp}\n"
    new = run({A: [Use()]})
    assert verdict(new, rows, difference(accepted({B: [Use(7)]}), new)).limits == 0
    silent = accept(accepted({A: [Use()]}), run({A: []}), Suite(), "")
    assert verdict(new, rows, difference(silent, new)).limits == 2
    assert verdict(run({A: []}), rows, difference(accepted({A: [Use()]}), run({A: []}))).limits == 2


def test_a_part_of_the_suite_is_compared_with_the_same_part():
    """And the run says so."""
    report = run({A: TESTS[A], B: TESTS[B]}, full=False)
    diff = difference(BASE, report, collected(report, whole=False))
    judged = verdict(report, "  - {scope: suite, max_increase: 0%}\n", diff)
    assert judged.findings == ()
    assert [notice.message for notice in judged.notices] == [
        "not all tests of the baseline have run: increases were judged on those that did"
    ]


def test_a_loosened_limit_of_increase_says_what_is_ignored():
    """The percentage alone would look like the same limit."""
    judged = verdict(
        RUN,
        "  - {scope: test, max_increase: 10%}\n",
        difference(BASE, RUN),
        marked=marked(max_increase="10%", ignore_increase_below="0.5"),
    )
    (notice,) = judged.notices
    assert notice.message == (
        f"{A} loosens max_increase from +10% (llmcost.yaml:2)"
        " to +10%, and increases below $0.5 are ignored (tests/test_a.py:7)"
    )
