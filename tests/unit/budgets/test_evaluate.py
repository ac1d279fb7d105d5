"""Limits of every scope against runs: findings, levels and notices."""

from __future__ import annotations

from decimal import Decimal

import pytest
from judged import RUN, TESTS, UNKNOWN, found, marked
from suites import A, B, C, Use, run, verdict

from pytest_llmcost.budgets.markers import budget_of_markers
from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import Api, Origin, Phase
from pytest_llmcost.model.verdict import Level, Verdict, verdict_of


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


def test_a_limit_that_is_reached_exactly_is_not_decided():
    """The known part keeps it to the last digit, and the rest may be anything."""
    report = run({A: [Use(), UNKNOWN]})
    assert found("  - {scope: test, max_cost: '0.0035'}\n", report) == [
        ("error", "pricing.unknown_model", "test", A)
    ]


def test_an_undecided_limit_says_why():
    """Two reasons that are mended in two ways: a price, or a recording."""
    report = run({A: [UNKNOWN, UNKNOWN, Use().but(incomplete="cut")]})
    messages = [one.message for one in verdict(report, "  - {scope: test, max_cost: '1'}\n").findings]
    undecided = "so that its limit of $1 cannot be decided"
    assert messages == [
        f"{A} has 2 calls of which no price is known, {undecided}",
        f"{A} has 1 call that did not state all of its usage, {undecided}",
    ]


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


@pytest.mark.parametrize(
    ("uses", "limit", "levels"),
    [
        ([Use(cached=900)], "70%", []),
        ([Use(cached=900), None], "70%", ["warning"]),
        ([Use(cached=100), None], "70%", ["warning"]),
        ([None], "70%", ["warning"]),
        ([Use(cached=900), None], "0%", []),
        ([Use(cached=900).but(incomplete="cut")], "70%", []),
        ([Use(cached=100).but(incomplete="cut")], "70%", ["error"]),
    ],
)
def test_a_cache_hit_rate_with_a_call_that_states_no_usage(uses, limit, levels):
    """Nobody knows how many prompt tokens it had: the rate may be anything. A stream that was cut states them."""
    unstated = Use().but(usage=None, incomplete="no usage")
    report = run({A: [unstated if use is None else use for use in uses]})
    rows = f"  - {{scope: test, min_cache_hit_rate: {limit}}}\n"
    assert [row[0] for row in found(rows, report)] == levels


def test_an_embedding_that_states_no_usage_leaves_the_rate_as_it_is():
    """It has no part in the rate."""
    embedding = Use().but(usage=None, incomplete="no usage", api=Api.OPENAI_EMBEDDINGS)
    rows = "  - {scope: test, min_cache_hit_rate: 70%}\n"
    assert found(rows, run({A: [Use(cached=900), embedding]})) == []


def test_a_rate_that_is_not_known_says_so():
    """What is known of it, and what it should be."""
    unstated = Use().but(usage=None, incomplete="no usage")
    rows = "  - {scope: test, min_cache_hit_rate: 70%}\n"
    (finding,) = verdict(run({A: [Use(cached=900), unstated]}), rows).findings
    assert finding.message == (
        f"{A} has a prompt-cache hit rate of 90.0% where usage was stated, and may miss the 70% that it needs"
    )
    (finding,) = verdict(run({A: [unstated]}), rows).findings
    assert finding.actual == "unknown"


def test_a_cache_hit_rate_without_prompts_is_nobodys_fault():
    """A test without a call has no rate."""
    assert found("  - {scope: test, min_cache_hit_rate: 99%}\n", run({A: []})) == []


def test_a_marker_alone_is_a_gate():
    """No YAML is needed, and it is about its own test only."""
    assert found("", marked=marked(max_cost="0.001")) == [("error", "max_cost", "test", A)]
    assert found("", marked=marked(max_cost="0.001", level="warning")) == [("warning", "max_cost", "test", A)]


def test_a_marker_is_no_limit_of_each_call():
    """Calls have the name of their test, and limits of their own."""
    judged = verdict(
        RUN, "  - {scope: call, max_cost: '9'}\n", marked=marked(B, max_calls=1, max_cost="0.016")
    )
    assert [(finding.rule, finding.scope) for finding in judged.findings] == [
        ("max_cost", "test"),
        ("max_calls", "test"),
    ]


def test_a_marker_that_every_call_breaks_is_broken_once():
    """By the test, and not by each of its calls once more."""
    rows = "  - {scope: call, max_cost: '9'}\n"
    assert found(rows, marked=marked(B, max_cost="0.001", max_calls=0)) == [
        ("error", "max_cost", "test", B),
        ("error", "max_calls", "test", B),
    ]


def test_an_unknown_price_beside_an_estimate_is_undecided_until_the_certain_part_is_past():
    """What is likely is not what is certain."""
    report = run({A: [UNKNOWN]})
    cost = Amount(Decimal("0.5"), Decimal(2), None)
    report = report._replace(calls=tuple(call._replace(cost=cost) for call in report.calls))
    rows = "  - {{scope: test, max_cost: '{}'}}\n"
    assert found(rows.format("1"), report) == [("error", "pricing.unknown_model", "test", A)]
    assert found(rows.format("0.4"), report) == [("error", "max_cost", "test", A)]


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


def test_a_limit_that_a_marker_makes_a_warning_is_told():
    """The figure alone would not show what was loosened."""
    marker = budget_of_markers([((), {"max_cost": "0.01", "level": "warning"})], B, "tests/test_a.py:7")
    judged = verdict(
        run({A: [Use()], B: [Use()]}), "  - {scope: test, max_cost: '0.01'}\n", marked={B: marker}
    )
    assert [notice.message for notice in judged.notices] == [
        f"{B} loosens max_cost from $0.01 (llmcost.yaml:2) to $0.01, which only warns (tests/test_a.py:7)"
    ]


def test_a_warning_that_stays_one_is_loosened_by_its_figure_only():
    """It only warned before."""
    judged = verdict(
        RUN,
        "  - {scope: test, max_cost: '0.01', level: warning}\n",
        marked=marked(B, max_cost="1", level="warning"),
    )
    assert [notice.message for notice in judged.notices] == [
        f"{B} loosens max_cost from $0.01 (llmcost.yaml:2) to $1 (tests/test_a.py:7)"
    ]


def test_a_match_without_a_match_is_told_with_the_nearest():
    """In a full run: in a part of a suite the name may be there, and was not asked for."""
    rows = "  - {scope: agent, match: suport, max_cost: '1'}\n"
    (notice,) = verdict(RUN, rows).notices
    assert notice.message == "llmcost.yaml:2: no agent of this run is 'suport'; the nearest is support"
    assert verdict(run(TESTS, full=False), rows).notices == ()
    (notice,) = verdict(RUN, rows.replace("suport", "zebra")).notices
    assert notice.message == "llmcost.yaml:2: no agent of this run is 'zebra'"


def test_a_match_of_one_is_a_match():
    """A rule for one of several agents is no mistake."""
    report = run({A: [Use(agent="support"), Use(agent="research")]})
    assert verdict(report, "  - {scope: agent, match: support, max_cost: '1'}\n").notices == ()


def test_an_incomplete_run_does_not_pass():
    """Calls may be missing, so that no limit can be relied on; without a limit there is no gate."""
    broken = run(TESTS, faults=("reading",))
    assert found("  - {scope: suite, max_cost: '9'}\n", broken) == [("error", "run.complete", "suite", "")]
    assert found("", broken, marked=marked(max_calls=9)) == [("error", "run.complete", "suite", "")]
    assert found("", broken) == []


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


def test_an_agent_that_only_a_marker_names_runs_once_a_test():
    """Nobody said where it begins; a fixture's calls are no part of any test's, nor of another fixture's."""
    fixtures = {f"fixture tests::{name}": [Use(agent="desk")] for name in ("index", "store")}
    report = run({A: [Use(agent="desk")], B: [Use(agent="desk")], **fixtures})
    rows = "  - {scope: agent_run, match: desk, max_calls: 1}\n"
    assert found(rows, report) == []
    messages = [one.message for one in verdict(report, rows.replace("1", "0")).findings]
    assert [message.partition(" makes")[0] for message in messages] == [
        f"desk (run 1, {A})",
        f"desk (run 2, {B})",
        "desk (run 3, outside any test)",
        "desk (run 4, outside any test)",
    ]


def test_a_call_outside_any_test_has_limits_too():
    """It is found under its number, and has no test's name."""
    report = run({"fixture tests::index": [Use()]})
    (finding,) = verdict(report, "  - {scope: call, max_cost: '0.001'}\n").findings
    assert (finding.match, finding.message) == (
        "",
        f"{report.calls[0].id} in no test costs $0.003500, and its limit is $0.001",
    )
