"""A session on GitHub Actions writes its summary, outputs and annotations by itself."""

from __future__ import annotations

import json

import pytest

TESTS = """
    import httpx
    import pytest

    ANSWER = {"model": "gpt-4o-mini", "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}

    def ask():
        client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, json=ANSWER)))
        client.post("https://api.openai.com/v1/chat/completions", json={"model": "gpt-4o-mini"})

    @pytest.mark.parametrize("name", ["a|`b`", "::error::x"])
    def test_it(name):
        ask()

    def test_other():
        pass
"""
YAML = """
version: 1
include_mocked: true
budgets:
  - {scope: test, max_cost: "0.0001"}
  - {scope: suite, max_cost: "0.0003", level: warning}
"""


@pytest.fixture
def job(pytester, monkeypatch):
    """A project in a folder of a repository, in a job."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:asyncio -p no:randomly")
    root = pytester.mkdir("service")
    pytester.makepyfile(**{"service/test_it": TESTS})
    (root / "llmcost.yaml").write_text(YAML)
    (root / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.chdir(root)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(pytester.path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "summary.md"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(pytester.path / "output"))
    return pytester


def outputs_of(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    found = {}
    for start in range(0, len(lines), 3):
        name, _, delimiter = lines[start].partition("<<")
        assert lines[start + 2] == delimiter
        found[name] = lines[start + 1]
    return found


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_everything_once(job, workers):
    """Summary, outputs and annotations, by the controller only."""
    result = job.runpytest_subprocess("--llm-cost", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    summary = (job.path / "summary.md").read_text(encoding="utf-8")
    assert (
        summary.count("### ❌ LLM cost: $0.000420 to run live, no baseline yet, 2 limits exceeded, 1 warning")
        == 1
    )
    assert outputs_of(job.path / "output") == {
        "verdict": "fail",
        "cost_usd": "0.00042",
        "delta_usd": "",
        "delta_percent": "",
        "cache_hit_rate": "0",
        "report_path": ".llmcost/report.json",
    }
    commands = [line for line in result.errlines if line.startswith("::")]
    assert [line.partition("title")[0] for line in commands] == [
        "::error file=service/test_it.py,line=10,",
        "::error file=service/test_it.py,line=10,",
        "::warning file=service/llmcost.yaml,line=6,",
    ]


def test_against_a_baseline(job):
    """What changed is in the outputs."""
    job.runpytest("--llm-cost", "--llm-cost-update")
    (job.path / "output").unlink()
    source = job.path / "service" / "test_it.py"
    source.write_text(source.read_text().replace("1000", "2000"))
    job.runpytest("--llm-cost")
    found = outputs_of(job.path / "output")
    assert (found["delta_usd"], found["delta_percent"]) == ("0.0003", "71.43")


def test_two_runs_of_one_step(job):
    """Each adds its summary."""
    job.runpytest("--llm-cost")
    job.runpytest("--llm-cost")
    assert (job.path / "summary.md").read_text(encoding="utf-8").count("### ❌") == 2


def test_a_full_summary_is_left_as_it_is(job):
    """GitHub drops the whole of it beyond 1 MiB."""
    (job.path / "summary.md").write_text("x" * 920_000)
    result = job.runpytest("--llm-cost")
    result.stdout.fnmatch_lines(["no room is left in the step summary*"])
    assert (job.path / "summary.md").stat().st_size == 920_000


def test_what_cannot_be_written_is_said_and_fails_nothing(job, monkeypatch):
    """The exit status is that of the tests."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(job.path / "no" / "folder"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(job.path))
    (job.path / "service" / "llmcost.yaml").write_text("version: 1\n")
    result = job.runpytest("--llm-cost")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["cannot write the step summary: *", "cannot write the outputs of the step: *"]
    )


def test_without_costs_nothing_is_written(job):
    """A run without --llm-cost says nothing."""
    job.runpytest()
    assert not (job.path / "summary.md").exists()


def test_outside_github(job, monkeypatch):
    """The variables alone are not enough."""
    monkeypatch.delenv("GITHUB_ACTIONS")
    result = job.runpytest("--llm-cost")
    assert not (job.path / "summary.md").exists()
    assert "::error" not in result.stderr.str()


def test_no_term_still_tells_github(job):
    """The section is for people at a terminal."""
    result = job.runpytest("--llm-cost", "--llm-cost-report=no-term")
    assert "::error" in result.stderr.str()
    assert json.loads((job.path / "service" / ".llmcost" / "report.json").read_text())["verdict"] == "fail"


BROKEN = """
    from pytest_llmcost.integrations.github import outputs
    from pytest_llmcost.reports import markdown

    def broken(*_, **__):
        raise KeyError("x")

    outputs.render_summary = outputs.annotation_lines = markdown.render_comment = broken
"""


def test_a_fault_of_ours_ends_no_session(job):
    """It is said; the exit status and report.json are as they would be."""
    job.makepyfile(**{"service/conftest": BROKEN})
    (job.path / "service" / "llmcost.yaml").write_text("version: 1\n")
    result = job.runpytest_subprocess("--llm-cost", "--llm-cost-report=markdown")
    assert result.ret == pytest.ExitCode.OK
    fault = "a fault of pytest-llmcost: KeyError: 'x'"
    result.stdout.fnmatch_lines(
        [
            f".llmcost/report.md is not written: {fault}",
            f"GitHub is not told: {fault}",
            f"no annotations: {fault}",
        ]
    )
    assert (job.path / "service" / ".llmcost" / "report.json").exists()
