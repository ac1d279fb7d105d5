"""Limits of every scope against runs: findings, levels, notices, and what is counted."""

from __future__ import annotations

import pytest
from suites import A, B, C, Use, accepted, collected, difference, run, verdict

from pytest_llmcost.budgets.markers import budget_of_markers
from pytest_llmcost.model.call import Origin, Phase
from pytest_llmcost.model.verdict import Level, Verdict, verdict_of

UNKNOWN = Use(model="gpt-unheard")
TESTS = {A: [Use()], B: [Use(2000), Use(4000)], C: [Use(agent="support"), Use(cached=600, agent="support")]}
RUN = run(TESTS)


def found(budgets, report=RUN, diff=None, **gate):
    return [
        (finding.level.value, finding.rule, finding.scope, finding.match)
        for finding in verdict(report, budgets, diff, **gate).findings
    ]


def marked(nodeid=A, **keywords):
    return {nodeid: budget_of_markers([((), keywords)], nodeid, "tests/test_a.py:7")}


@pytest.mark.parametrize(
    ("budget", "findings"),
    [
        # All together: $0.02675 (A 0.0035, B 0.006 + 0.011, C 0.0035 + 0.00275), 5 calls, 9,000 in, 500 out.
        ("{scope: suite, max_cost: '0.02675'}", []),
        ("{scope: suite, max_cost: '0.026749999'}", [("error", "max_cost", "suite", "")]),
        ("{scope: suite, max_calls: 5}", []),
        ("{scope: suite, max_calls: 4}", [("error", "max_calls", "suite", "")]),
        ("{scope: suite, max_input_tokens: 9000}", []),
        ("{scope: suite, max_input_tokens: 8999}", [("error", "max_input_tokens", "suite", "")]),
        ("{scope: suite, max_output_tokens: 499}", [("error", "max_output_tokens", "suite", "")]),
        ("{scope: suite, max_total_tokens: 9500}", []),
        ("{scope: suite, max_total_tokens: 9499}", [("error", "max_total_tokens", "suite", "")]),
        ("{scope: suite, min_cache_hit_rate: 6%}", []),
        ("{scope: suite, min_cache_hit_rate: 7%}", [("error", "min_cache_hit_rate", "suite", "")]),
        ("{scope: test, max_cost: '0.01'}", [("error", "max_cost", "test", B)]),
        ("{scope: test, match: '*_one', max_cost: '0.0001'}", [("error", "max_cost", "test", A)]),
        ("{scope: test, max_calls: 1}", [("error", "max_calls", "test", B), ("error", "max_calls", "test", C)]),
        ("{scope: call, max_cost: '0.01'}", [("error", "max_cost", "call", B)]),
        ("{scope: call, max_cost: '0.01', level: warning}", [("warning", "max_cost", "call", B)]),
        ("{scope: agent, max_cost: '0.006'}", [("error", "max_cost", "agent", "support")]),
        ("{scope: agent, match: other, max_cost: '0'}", []),
        ("{scope: agent_run, max_calls: 1}", [("error", "max_calls", "agent_run", "support")]),
        ("{scope: model, match: 'openai/gpt-*', max_calls: 0}", [("error", "max_calls", "model", "openai/gpt-fixed")]),
        ("{scope: model, match: 'openai/gpt-5*', max_calls: 0}", []),
    ],
)  # fmt: skip
def test_every_scope_and_key(budget, findings):
    """To the last digit and token; each match is judged alone."""
    assert found(f"  - {budget}\n") == findings


def test_a_finding_says_what_and_where():
    """One sentence with the figure and the limit, and the line of the rule."""
    (finding,) = verdict(RUN, "  - {scope: test, match: '*_two', max_cost: '0.015'}\n").findings
    assert (finding.limit, finding.actual, finding.location) == ("$0.015", "$0.017000", "llmcost.yaml:2")
    assert finding.message == f"{B} costs $0.017000, and its limit is $0.015"


def test_the_worst_comes_first_and_makes_the_verdict():
    """Errors before warnings."""
    rows = "  - {scope: suite, max_calls: 1, level: warning}\n  - {scope: test, max_cost: '0.01'}\n"
    judged = verdict(RUN, rows)
    assert [finding.level for finding in judged.findings] == [Level.ERROR, Level.WARNING]
    assert verdict_of(judged.findings) is Verdict.FAIL
    assert verdict_of(judged.findings[1:]) is Verdict.WARN
    assert verdict_of(()) is Verdict.PASS


@pytest.mark.parametrize(
    ("use", "rule"),
    [
        (UNKNOWN, "pricing.unknown_model"),
        (Use().but(context={"service_tier": "odd"}), "pricing.unknown_model"),
        (Use().but(incomplete="cut"), "replay.incomplete"),
    ],
    ids=["unpriced", "partial", "incomplete"],
)
def test_a_limit_of_cost_with_a_call_of_unknown_cost(use, rule):
    """It cannot be decided, which is a finding of its own; a call that no cost budget covers is none."""
    report = run({A: [use], B: [Use()]})
    assert found("  - {scope: test, max_cost: '1'}\n", report) == [("error", rule, "test", A)]
    assert found("  - {scope: test, max_calls: 9}\n", report) == []
    assert found("  - {scope: test, match: '*_two', max_cost: '1'}\n", report) == []


def test_a_limit_that_is_broken_already_is_decided():
    """What is known is past it: the unknown part makes no difference."""
    report = run({A: [Use(), UNKNOWN]})
    assert found("  - {scope: test, max_cost: '0.001'}\n", report) == [("error", "max_cost", "test", A)]


def test_how_much_an_undecided_limit_weighs():
    """As the YAML says for unknown models and incomplete calls, and never more than the budget itself."""
    report = run({A: [UNKNOWN, Use().but(incomplete="cut")]})
    rows = "  - {scope: test, max_cost: '1'}\n"
    warns = {"unknown_model": Level.WARNING, "incomplete": Level.WARNING}
    assert [row[0] for row in found(rows, report)] == ["error", "error"]
    assert [row[0] for row in found(rows, report, **warns)] == ["warning", "warning"]
    rows = "  - {scope: test, max_cost: '1', level: warning}\n"
    assert [row[0] for row in found(rows, report)] == ["warning", "warning"]


def test_a_limit_of_tokens_with_an_incomplete_call():
    """More may have been used than was stated: a warning, unless the known part is past it."""
    report = run({A: [Use().but(incomplete="cut")]})
    assert found("  - {scope: test, max_input_tokens: 1000}\n", report) == [
        ("warning", "max_input_tokens", "test", A)
    ]
    assert found("  - {scope: test, max_input_tokens: 999}\n", report)[0][0] == "error"


def test_a_cache_hit_rate_without_prompts_is_nobodys_fault():
    """A test without a call has no rate."""
    assert found("  - {scope: test, min_cache_hit_rate: 99%}\n", run({A: []})) == []


def test_a_marker_alone_is_a_gate():
    """No YAML is needed, and it is about its own test only."""
    assert found("", marked=marked(max_cost="0.001")) == [("error", "max_cost", "test", A)]
    assert found("", marked=marked(max_cost="0.001", level="warning")) == [("warning", "max_cost", "test", A)]


def test_a_loosened_limit_is_told():
    """Who reviews the run sees that a test has an exception, and where."""
    judged = verdict(
        RUN,
        "  - {scope: test, max_cost: '0.01', max_calls: 2}\n",
        marked=marked(B, max_cost="0.05", max_calls=2),
    )
    assert judged.findings == ()
    assert [notice.message for notice in judged.notices] == [
        f"{B} loosens max_cost from $0.01 (llmcost.yaml:2) to $0.05 (tests/test_a.py:7)"
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


def test_a_match_without_a_match_is_told_with_the_nearest():
    """In a full run: in a part of a suite the name may be there, and was not asked for."""
    rows = "  - {scope: agent, match: suport, max_cost: '1'}\n"
    (notice,) = verdict(RUN, rows).notices
    assert notice.message == "llmcost.yaml:2: no agent of this run is 'suport'; the nearest is support"
    assert verdict(run(TESTS, full=False), rows).notices == ()


def test_an_incomplete_run_does_not_pass():
    """Calls may be missing, so that no limit can be relied on; without a limit there is no gate."""
    broken = run(TESTS, faults=("reading",))
    assert found("  - {scope: suite, max_cost: '9'}\n", broken) == [("error", "run.complete", "suite", "")]
    assert found("", broken, marked=marked(max_calls=9)) == [("error", "run.complete", "suite", "")]
    assert found("", broken) == []


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


def test_new_agents_like_new_tests_are_no_increase():
    """There is nothing that they could be compared with."""
    report = run({**TESTS, A: [Use(agent="new")]})
    rows = "  - {scope: agent, max_increase: 10%, max_cache_hit_drop: 0pp}\n"
    assert found(rows, report, difference(BASE, report)) == []


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
    assert found("", report, diff, update=True) == []


def test_what_could_not_be_judged_is_told_and_not_counted():
    """Increases need a baseline: limits that hold are those that were judged."""
    rows = "  - {scope: suite, max_cost: '9', max_increase: 10%}\n"
    judged = verdict(RUN, rows)
    assert judged.limits == 1
    assert [(notice.message, notice.paste) for notice in judged.notices] == [
        ("llmcost.yaml:2: there is no baseline, so that increases were not judged", "pytest --llm-cost --llm-cost-update")
    ]  # fmt: skip
    assert verdict(RUN, rows, difference(BASE, RUN)).limits == 2
    assert verdict(RUN, rows, difference(BASE, RUN), update=True).limits == 1
    new = run({A: [Use()]})
    assert verdict(new, RELATIVE, difference(accepted({}), new)).limits == 0


def test_a_part_of_the_suite_is_compared_with_the_same_part():
    """And the run says so."""
    report = run({A: TESTS[A], B: TESTS[B]}, full=False)
    diff = difference(BASE, report, collected(report, whole=False))
    judged = verdict(report, "  - {scope: suite, max_increase: 0%}\n", diff)
    assert judged.findings == ()
    assert [notice.message for notice in judged.notices] == [
        "not all tests of the baseline have run: increases were judged on those that did"
    ]


def test_runs_of_agents_include_their_sub_agents():
    """One entry into an agent, with the calls of the agents inside it; an agent in itself is one run."""

    def inside(path, runs):
        origin = Origin(
            nodeid=A, phase=Phase.CALL, agent=path[-1], agent_run=runs[-1], agent_path=path, agent_runs=runs
        )
        return Use().but(origin=origin)

    report = run(
        {
            A: [
                inside(("desk",), ("1",)),
                inside(("desk", "research"), ("1", "2")),
                inside(("desk", "desk"), ("1", "3")),
                inside(("desk",), ("4",)),
            ]
        }
    )
    assert found("  - {scope: agent_run, match: desk, max_calls: 2}\n", report) == [
        ("error", "max_calls", "agent_run", "desk")
    ]
    (finding,) = verdict(report, "  - {scope: agent_run, match: desk, max_calls: 2}\n").findings
    assert finding.message == f"desk (run 1, {A}) makes 3 calls, and its limit is 2 calls"
