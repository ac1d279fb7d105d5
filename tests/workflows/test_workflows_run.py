"""The workflow files, run by act: the project's own pair, and those of docs/ci.md as a user has them.

See ``acting`` for what is real in this and what is stood in for.
"""

from __future__ import annotations

COST, COMMENT = ".github/workflows/llm-cost.yml", ".github/workflows/llm-cost-comment.yml"
ONE_JOB = ".github/workflows/CI.yml"
PAIR = ".github/workflows/LLM cost.yml", ".github/workflows/LLM cost comment.yml"
LATER = "c" * 40
FORK = "someone/app"
FIRST = "### ℹ️ LLM cost: $0.000579 to run live, no baseline yet"
FAILED = "### ❌ LLM cost: $0.000579 to run live, no baseline yet, 1 limit exceeded"


def test_a_pull_request_of_our_own(own, github):
    """One comment, below those of others; the next push updates it, and the same figures are not written again."""
    repository = own()
    first = repository.pull_request(COST)
    assert first.ok, first.said
    assert github.log == []
    assert f"Summary - {FIRST}" in first.said
    assert "verdict=pass" in first.said
    second = repository.workflow_run(COMMENT, first)
    assert second.ok, second.said
    assert second.printed.endswith("comment on acme/app#7: created")
    assert [body.splitlines()[0] for body in github.ours] == [FIRST]
    assert "fork" not in github.ours[0]
    again = repository.workflow_run(COMMENT, first)
    assert again.printed.endswith("comment on acme/app#7: as it was, and not written")
    github.pull_request("acme/app", LATER)
    report = first.artifacts / "llm-cost" / "report.json"
    report.write_text(report.read_text().replace('"calls": 18', '"calls": 19', 1))
    later = repository.workflow_run(COMMENT, first, sha=LATER)
    assert later.printed.endswith("comment on acme/app#7: updated")
    assert len(github.ours) == 1
    assert [method for method, _ in github.writes] == ["POST", "PATCH"]


def test_a_pull_request_of_a_fork(own, github):
    """The run with its code asks GitHub nothing; the comment says whose figures these are."""
    github.pull_request(FORK)
    repository = own()
    first = repository.pull_request(COST, source=FORK)
    assert first.ok, first.said
    assert github.log == []
    second = repository.workflow_run(COMMENT, first, source=FORK)
    assert second.ok, second.said
    assert second.printed.endswith("comment on acme/app#7: created")
    assert "reported by the run of a fork" in github.ours[0]
    # A branch that has moved on.
    github.pull_request(FORK, LATER)
    stale = repository.workflow_run(COMMENT, first, source=FORK)
    assert stale.ok
    assert "no open pull request of someone:fix is at aaaa" in stale.said
    assert len(github.writes) == 1


def test_a_failing_gate(own, github):
    """The first workflow fails and leaves its report; the second says so on the pull request, and passes."""
    repository = own(limit=True)
    first = repository.pull_request(COST)
    assert not first.ok
    assert f"Summary - {FAILED}" in first.said
    assert "title=LLM cost::the suite costs $0.000579, and its limit is $0.0001" in first.said
    second = repository.workflow_run(COMMENT, first)
    assert second.ok, second.said
    assert github.ours[0].splitlines()[0] == FAILED


def test_a_push(own, github):
    """There is no pull request: summary and artifact, and the second workflow has no job."""
    repository = own()
    first = repository.push(COST)
    assert first.ok, first.said
    assert (first.artifacts / "llm-cost" / "report.json").exists()
    second = repository.workflow_run(COMMENT, first, event="push")
    assert second.ok, second.said
    assert not second.ran_a_job
    assert github.log == []


def test_one_job_for_branches_of_the_repository(users, github):
    """docs/ci.md, as a user copies it: the comment by the job itself, after a gate that has failed too."""
    done = users(limit=True).pull_request(ONE_JOB)
    assert not done.ok
    assert "comment on acme/app#7: created" in done.printed
    assert github.ours[0].splitlines()[0] == FAILED


def test_one_job_with_a_token_that_may_not_write(users, github):
    """As for a pull request from a fork: a notice, and no failure."""
    github.refuse_writes()
    done = users().pull_request(ONE_JOB, source=FORK)
    assert done.ok, done.said
    assert "title=LLM cost::" in done.said
    assert "the job needs permissions: {pull-requests: write}" in done.said
    assert github.ours == []
    assert f"Summary - {FIRST}" in done.said


def test_two_workflows_for_forks_too(users, github):
    """docs/ci.md, as a user copies it: nothing is checked out where the comment is written."""
    github.pull_request(FORK)
    repository = users()
    first = repository.pull_request(PAIR[0], source=FORK)
    assert first.ok, first.said
    second = repository.workflow_run(PAIR[1], first, source=FORK)
    assert second.ok, second.said
    assert "reported by the run of a fork" in github.ours[0]
    assert "actions/checkout" not in second.said
