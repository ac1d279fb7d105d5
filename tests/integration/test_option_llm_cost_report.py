"""--llm-cost-report=TYPE[:PATH] and its ini key."""

from __future__ import annotations

import json

import pytest

CALLING = """
    import httpx

    ANSWER = {"model": "gpt-4o-mini", "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}

    def test_it():
        client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, json=ANSWER)))
        client.post("https://api.openai.com/v1/chat/completions", json={"model": "gpt-4o-mini"})
"""


@pytest.fixture
def project(pytester, monkeypatch):
    # pytest-asyncio warns in every project that does not set an ini key of its own.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:asyncio -p no:randomly")
    pytester.makepyfile(test_it=CALLING)
    (pytester.path / "llmcost.yaml").write_text("include_mocked: true\n")
    return pytester


def test_json_with_a_path(project):
    """One more report.json, and folders are made for it."""
    project.runpytest("--llm-cost", "--llm-cost-report=json:out/cost.json")
    more = json.loads((project.path / "out" / "cost.json").read_text())
    assert more == json.loads((project.path / ".llmcost" / "report.json").read_text())


def test_markdown(project):
    """The comment of a pull request, beside report.json or at the path that is given."""
    project.runpytest("--llm-cost", "--llm-cost-report=markdown", "--llm-cost-report=markdown:out/cost.md")
    text = (project.path / ".llmcost" / "report.md").read_text(encoding="utf-8")
    assert text == (project.path / "out" / "cost.md").read_text(encoding="utf-8")
    assert text.startswith("### ℹ️ LLM cost: $0.000210 to run live, no baseline yet\n")


def test_without_the_flag(project):
    """A report without --llm-cost is a mistake, and not silence."""
    result = project.runpytest("--llm-cost-report=json:a.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "needs --llm-cost: add it" in result.stderr.str()


def test_no_term(project):
    """No section; the report is written."""
    result = project.runpytest("--llm-cost", "--llm-cost-report=no-term")
    result.stdout.no_fnmatch_line("*LLM cost*")
    assert (project.path / ".llmcost" / "report.json").exists()


def test_term_calls(project):
    """Every call, without -vv."""
    result = project.runpytest("--llm-cost", "--llm-cost-report=term-calls")
    result.stdout.fnmatch_lines(["call *", "*c1 test_it.py::test_it*"])


def test_repeatable_and_in_the_ini_file(project):
    """The ini key takes one report a line; the command line comes before it."""
    project.makeini("[pytest]\nllm_cost = true\nllm_cost_report =\n    no-term\n    json:a.json")
    assert "LLM cost" not in project.runpytest().stdout.str()
    assert (project.path / "a.json").exists()
    result = project.runpytest("--llm-cost-report=term-calls", "--llm-cost-report=json:b.json")
    assert "LLM cost" in result.stdout.str()
    assert (project.path / "b.json").exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("xml", "unknown type 'xml'; allowed: json, junit, markdown, term-calls, no-term"),
        ("no-term:x.txt", "no-term writes no file; leave out the path"),
        ("", "unknown type ''"),
        ("json", "say where, such as json:cost.json"),
        ("json:", "say where, such as json:cost.json"),
    ],
)
def test_wrong_type(project, typed, said):
    """Exit status 4, one line, what is allowed."""
    result = project.runpytest("--llm-cost", f"--llm-cost-report={typed}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str()
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


@pytest.mark.parametrize(("flag", "shows_tests"), [("-q", False), ("-v", True), ("-vv", True)])
def test_verbosity(project, flag, shows_tests):
    """pytest's own -q and -v say how much is shown."""
    lines = project.runpytest("--llm-cost", flag).stdout.str()
    assert "$0.000210 to run live" in lines
    assert ("total" in lines) is shows_tests
    assert ("openai.chat" in lines or "mocked" in lines) is shows_tests
