"""What limits are about: models, features and users, and agent runs, of calls and of lookups in the app's caches."""

from __future__ import annotations

import pytest
from judged import found
from looked_up import lookups
from suites import A, B, Use, run, verdict

from pytest_llmcost.model.call import Origin, Phase


def labels(report, row):
    """Of what the findings are, in their order."""
    return [one.message.partition(" has ")[0] for one in verdict(report, f"  - {row}\n").findings]


@pytest.mark.parametrize("scope", ["feature", "user", "session", "org"])
def test_whom_a_call_was_for(scope):
    """Each value is judged alone, and calls without one are nobody's."""
    report = run(
        {
            A: [Use().but(attributes={scope: "one"}), Use(), Use()],
            B: [Use().but(attributes={scope: "two"}), Use().but(attributes={scope: "one"})],
        }
    )
    assert found(f"  - {{scope: {scope}, max_calls: 1}}\n", report) == [("error", "max_calls", scope, "one")]
    assert found(f"  - {{scope: {scope}, max_calls: 0}}\n", report) == [
        ("error", "max_calls", scope, "one"),
        ("error", "max_calls", scope, "two"),
    ]


@pytest.mark.parametrize("scope", ["feature", "user", "session", "org"])
def test_whom_a_lookup_was_for(scope):
    """It counts beside their calls, and where there is no call."""
    looked = (
        *lookups(A, "1...", attributes={scope: "one"}),
        *lookups(A, "11.", attributes={scope: "two"}),
        *lookups(A, "..."),
    )
    report = run({A: [Use().but(attributes={scope: "one"})]}, lookups=looked)
    assert labels(report, f"{{scope: {scope}, min_response_cache_hit_rate: 30%}}") == ["one"]
    assert labels(report, f"{{scope: {scope}, min_response_cache_hit_rate: 70%}}") == ["one", "two"]


def test_lookups_of_a_model():
    """Of the model that they were for, as far as that is known with its provider."""
    looked = (
        *lookups(A, "1...", model="gpt-fixed"),
        *lookups(A, "11.", model="acme/house-model"),
        *lookups(A, "...", model="mystery"),
        *lookups(A, "..."),
    )
    report = run({A: [Use()]}, lookups=looked)
    row = "{scope: model, min_response_cache_hit_rate: 70%}"
    assert labels(report, row) == ["openai/gpt-fixed", "acme/house-model"]
    assert labels(report, row.replace("70", "30")) == ["openai/gpt-fixed"]


def in_run(nodeid, number):
    """Of one entry into an agent."""
    return Origin(
        nodeid, Phase.CALL, agent="desk", agent_run=number, agent_path=("desk",), agent_runs=(number,)
    )


def looked_up(nodeid, number, outcomes):
    return [one._replace(origin=in_run(nodeid, number)) for one in lookups(nodeid, outcomes)]


def test_lookups_of_agent_runs():
    """Each run has its own rate, also one that a cache spared all calls."""
    report = run(
        {A: [Use().but(origin=in_run(A, "a"))], B: [Use().but(origin=in_run(B, "b"))]},
        lookups=(
            *looked_up(A, "a", "11.."),
            *looked_up(B, "b", "...."),
            *looked_up(B, "c", "1..."),
            *looked_up(B, "d", "1111"),
        ),
    )
    assert labels(report, "{scope: agent_run, match: desk, min_response_cache_hit_rate: 40%}") == [
        f"desk (run 2, {B})",
        f"desk (run 3, {B})",
    ]


def test_an_agent_run_that_several_tests_share_is_told_with_the_first():
    """Whether it makes calls there, or only looks up."""
    report = run(
        {A: [Use().but(origin=in_run(A, "a"))], B: [Use().but(origin=in_run(B, "a"))]},
        lookups=(*looked_up(A, "b", "."), *looked_up(B, "b", "."), *looked_up(B, "c", ".")),
    )
    (finding,) = verdict(report, "  - {scope: agent_run, match: desk, max_calls: 1}\n").findings
    assert finding.message == f"desk (run 1, {A}) makes 2 calls, and its limit is 1 call"
    assert labels(report, "{scope: agent_run, match: desk, min_response_cache_hit_rate: 1%}") == [
        f"desk (run 2, {A})",
        f"desk (run 3, {B})",
    ]
