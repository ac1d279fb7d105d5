"""--llm-cost, PYTEST_LLM_COST and the ini key llm_cost."""

from __future__ import annotations

import json
import sys

import pytest

PASSING = "def test_it(): pass"
MOCKED_CALL = """
    import json
    import httpx

    ANSWER = {"model": "gpt-4o-mini-2024-07-18", "choices": [], "object": "chat.completion",
              "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}}

    def ask():
        client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, json=ANSWER)))
        return client.post("https://api.openai.com/v1/chat/completions", json={"model": "gpt-4o-mini"})
"""


@pytest.fixture(autouse=True)
def _clean_environment(pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_LLM_COST", raising=False)
    # pytest-asyncio warns in every project that does not set an ini key of its own.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:asyncio -p no:randomly")


def section_of(result):
    return "LLM cost" in result.stdout.str()


def test_off_by_default(pytester):
    """Without the flag nothing is shown and nothing is written."""
    pytester.makepyfile(PASSING)
    result = pytester.runpytest()
    assert not section_of(result)
    assert not (pytester.path / ".llmcost").exists()


def test_flag(pytester):
    """With the flag the section is shown and report.json is written, in a folder that git ignores."""
    pytester.makepyfile(PASSING)
    result = pytester.runpytest("--llm-cost")
    assert section_of(result)
    result.stdout.fnmatch_lines(["*no LLM call seen in 1 test*"])
    report = json.loads((pytester.path / ".llmcost" / "report.json").read_text())
    assert report["meta"]["format"] == 1
    assert [test["nodeid"] for test in report["tests"]] == ["test_flag.py::test_it"]
    assert (pytester.path / ".llmcost" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(("value", "shown"), [("1", True), ("true", True), ("0", False), ("", False)])
def test_environment(pytester, monkeypatch, value, shown):
    """PYTEST_LLM_COST=1 is --llm-cost."""
    monkeypatch.setenv("PYTEST_LLM_COST", value)
    pytester.makepyfile(PASSING)
    assert section_of(pytester.runpytest()) is shown


def test_environment_that_is_no_switch(pytester, monkeypatch):
    """A value that is neither on nor off is a mistake, and not off."""
    monkeypatch.setenv("PYTEST_LLM_COST", "banana")
    pytester.makepyfile(PASSING)
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "PYTEST_LLM_COST=banana: not a switch; write 1 or 0" in result.stderr.str()


def test_ini_key(pytester):
    """The ini key switches it on, and the environment comes before it."""
    pytester.makeini("[pytest]\nllm_cost = true")
    pytester.makepyfile(PASSING)
    assert section_of(pytester.runpytest())


def test_environment_comes_before_the_ini_file(pytester, monkeypatch):
    """PYTEST_LLM_COST=0 switches off what the ini-file switched on; the flag switches on again."""
    monkeypatch.setenv("PYTEST_LLM_COST", "0")
    pytester.makeini("[pytest]\nllm_cost = true")
    pytester.makepyfile(PASSING)
    assert not section_of(pytester.runpytest())
    assert section_of(pytester.runpytest("--llm-cost"))


def test_plugin_can_be_blocked(pytester):
    """-p no:llmcost removes the options."""
    pytester.makepyfile(PASSING)
    assert pytester.runpytest("-p", "no:llmcost").ret == 0
    assert pytester.runpytest("-p", "no:llmcost", "--llm-cost").ret == pytest.ExitCode.USAGE_ERROR


def test_strict_options_and_warnings_as_errors(pytester):
    """Markers and ini keys are registered, and no warning of ours exists to become an error."""
    pytester.makeini("[pytest]\nllm_cost_report = term-calls\nfilterwarnings = error")
    pytester.makepyfile("import pytest\n@pytest.mark.llm_agent('a')\ndef test_it(): pass")
    strict = ("--strict-markers", "--strict-config", "-W", "error")
    result = pytester.runpytest("--llm-cost", *strict)
    result.assert_outcomes(passed=1)
    assert result.ret == 0


def test_no_tests_collected_keeps_pytests_exit_status(pytester):
    """Exit status 5 stays 5."""
    assert pytester.runpytest("--llm-cost").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_collect_only_leaves_the_last_report_alone(pytester):
    """--collect-only runs nothing, shows nothing of ours, and keeps report.json."""
    pytester.makepyfile(PASSING)
    pytester.runpytest("--llm-cost")
    before = (pytester.path / ".llmcost" / "report.json").read_text()
    assert not section_of(pytester.runpytest("--llm-cost", "--collect-only"))
    assert (pytester.path / ".llmcost" / "report.json").read_text() == before


def test_failing_suite_keeps_pytests_exit_status(pytester):
    """Exit status 1 stays 1, and the report says what failed."""
    pytester.makepyfile("def test_it(): assert 0")
    assert pytester.runpytest("--llm-cost").ret == pytest.ExitCode.TESTS_FAILED
    report = json.loads((pytester.path / ".llmcost" / "report.json").read_text())
    assert report["tests"][0]["outcome"] == "failed"


def test_report_is_written_where_pytest_is_started(pytester, monkeypatch):
    """`llmcost explain` is typed in the same folder, wherever the rootdir is."""
    folder = pytester.mkdir("inner")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(PASSING)
    pytester.runpytest("--llm-cost", "inner")
    assert (pytester.path / ".llmcost" / "report.json").exists()
    assert not (folder / ".llmcost").exists()


def test_missing_terminal_plugin(pytester):
    """The report is written even where pytest has no terminal."""
    pytester.makepyfile(PASSING)
    done = pytester.run(sys.executable, "-m", "pytest", "-p", "no:terminal", "--llm-cost")
    assert done.ret == 0, done.stderr.str()
    assert (pytester.path / ".llmcost" / "report.json").exists()


def test_selection_is_stated(pytester):
    """A run with -k, a nodeid or -x is no full run."""
    pytester.makepyfile("def test_a(): pass\ndef test_b(): pass")

    def selection(*arguments):
        pytester.runpytest("--llm-cost", *arguments)
        return json.loads((pytester.path / ".llmcost" / "report.json").read_text())["meta"]["selection"]

    assert selection() == {"full": True, "collected": 2, "ran": 2}
    assert selection("-k", "test_a")["full"] is False
    assert selection("test_selection_is_stated.py::test_b") == {"full": False, "collected": 1, "ran": 1}


def test_commit_and_branch(pytester):
    """The report names the commit of the project under test."""
    for command in (
        ["git", "init", "-q", "-b", "trunk"],
        [
            "git",
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "x",
        ],
    ):
        pytester.run(*command)
    head = pytester.run("git", "rev-parse", "HEAD").stdout.str().strip()
    pytester.makepyfile(PASSING)
    pytester.runpytest("--llm-cost")
    meta = json.loads((pytester.path / ".llmcost" / "report.json").read_text())["meta"]
    assert (meta["commit"], meta["branch"]) == (head, "trunk")


def test_mocked_calls_count_only_on_request(pytester):
    """A fake transport's calls are listed and left out, unless the YAML includes them."""
    pytester.makepyfile(app=MOCKED_CALL, test_it="from app import ask\ndef test_it(): ask()")
    pytester.syspathinsert()

    def totals():
        result = pytester.runpytest("--llm-cost")
        found = json.loads((pytester.path / ".llmcost" / "report.json").read_text())
        return result, found["totals"]

    result, left_out = totals()
    assert (left_out["calls"], left_out["cost"]["value"], left_out["sources"]) == (0, "0", {"mocked": 1})
    result.stdout.fnmatch_lines(["no call that counts in 1 test | 1 mocked and left out*"])
    (pytester.path / "llmcost.yaml").write_text("include_mocked: true\n")
    _, counted = totals()
    # 1,000 input tokens at $0.15 and 100 output tokens at $0.60 per million.
    assert (counted["calls"], counted["cost"]["value"], counted["spent"]["value"]) == (1, "0.00021", "0")


def test_read_only_project(pytester):
    """Where the report cannot be written, the run goes on and says so."""
    pytester.makepyfile(PASSING)
    (pytester.path / ".llmcost").write_text("a file where the folder should be")
    result = pytester.runpytest("--llm-cost")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*cannot write*.llmcost/report.json*"])
