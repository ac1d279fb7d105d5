"""A wrong llmcost.yaml ends the run with status 4 and one line that says where and what."""

from __future__ import annotations

import pytest

USAGE_ERROR = 4
QUIET = ("-p", "no:asyncio")  # it warns of an option that these projects do not set

WRONG = {
    "malformed": (
        "pricing: [",
        "llmcost.yaml:1:11: not valid YAML: expected the node content, but found '<stream end>'",
    ),
    "tab": ("pricing:\n\tas_of: today\n", "llmcost.yaml:2:1: not valid YAML: a tab; indent with spaces"),
    "unknown key at the top": (
        "princing: {}",
        "llmcost.yaml:1:1: unknown key 'princing' in the file; did you mean 'pricing'?",
    ),
    "unknown key in pricing": (
        "pricing:\n  alias: {}\n",
        "llmcost.yaml:2:3: unknown key 'alias' in pricing; did you mean 'aliases'?",
    ),
    "unknown key in a row": (
        "pricing:\n  models:\n    a/b: {inptu: 1}\n",
        "llmcost.yaml:3:11: unknown key 'inptu' in pricing.models.a/b; did you mean 'input'?",
    ),
    "unknown key in a tier": (
        "pricing:\n  models:\n    a/b: {input: {base: 1, tier: {}}}\n",
        "llmcost.yaml:3:28: unknown key 'tier' in pricing.models.a/b.input; allowed: above, base",
    ),
    "wrong type": (
        "include_mocked: maybe",
        "llmcost.yaml:1:17: include_mocked takes true or false; found 'maybe'",
    ),
    "negative price": (
        "pricing: {models: {a/b: {input: -1}}}",
        "llmcost.yaml:1:33: pricing.models.a/b.input is a price in USD per million tokens and cannot be negative; found '-1'",
    ),
    "duplicate key": (
        "hosts: {a: x}\nhosts: {b: y}\n",
        "llmcost.yaml:2:1: the file: the key 'hosts' stands twice (first in line 1)",
    ),
    "two documents": (
        "version: 1\n---\nversion: 1\n",
        "llmcost.yaml:2:1: not valid YAML: a second document begins here; the file holds one",
    ),
    "alias circle": (
        "pricing:\n  aliases:\n    a/b: a/c\n    a/c: a/b\n",
        "llmcost.yaml:4:10: pricing.aliases.a/c leads back to itself; an alias must end at a priced model",
    ),
    "bad as_of": (
        "pricing: {as_of: yesterday}",
        "llmcost.yaml:1:18: pricing.as_of takes a day, such as 2026-11-23; found 'yesterday'",
    ),
    "wildcard inside a key": (
        'pricing: {free: ["vllm/*-chat"]}',
        "llmcost.yaml:1:18: 'vllm/*-chat': * and ? are allowed at the end of a key only",
    ),
    "URL as host": (
        'hosts: {"http://localhost:8000/v1": openai}',
        "llmcost.yaml:1:9: 'http://localhost:8000/v1' is no host or host:port; write 'localhost:8000'",
    ),
    "format of the future": (
        "version: 2",
        "llmcost.yaml:1:10: version 2 is not known; this pytest-llmcost reads version 1",
    ),
    "huge nesting": ("pricing: " + "[" * 100_000, "llmcost.yaml: not valid YAML: nested too deeply"),
}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    monkeypatch.delenv("PYTEST_LLM_COST", raising=False)


@pytest.fixture
def run(pytester):
    """Runs pytest in a project with one test and an ini-file."""
    pytester.makeini("[pytest]\n")
    pytester.makepyfile("def test_it(): pass")
    return lambda *arguments: pytester.runpytest("--llm-cost", *QUIET, *arguments)


def lines_of(result):
    return [line for line in result.stderr.lines if line.strip()]


def assert_one_error(result, message):
    assert result.ret == USAGE_ERROR
    assert lines_of(result) == [f"ERROR: {message}"]
    assert "Traceback" not in result.stdout.str()
    result.stdout.no_fnmatch_line("*1 passed*")


@pytest.mark.parametrize("case", WRONG)
def test_wrong_file_ends_the_run(run, pytester, case):
    """Nothing runs, and the one line points at the mistake."""
    text, message = WRONG[case]
    pytester.path.joinpath("llmcost.yaml").write_text(text, encoding="utf-8")
    assert_one_error(run(), message)


def test_file_that_is_not_utf8(run, pytester):
    """The line is named, as far as lines can be told."""
    pytester.path.joinpath("llmcost.yaml").write_bytes(b"version: 1\n# caf\xe9\n")
    assert_one_error(run(), "llmcost.yaml:2: not valid UTF-8; save the file as UTF-8")


def test_file_that_was_asked_for_and_is_not_there(run):
    """A typing mistake in the option must not run with other prices."""
    assert_one_error(run("--llm-cost-config=prices.yaml"), "--llm-cost-config: no such file: prices.yaml")


def test_folder_in_place_of_a_file(run, pytester):
    """Named as it was typed."""
    pytester.mkdir("prices")
    result = run("--llm-cost-config=prices")
    assert result.ret == USAGE_ERROR
    assert len(lines_of(result)) == 1
    assert "prices" in lines_of(result)[0]


def test_file_of_another_name_is_named_in_the_error(run, pytester):
    """The path is the one that the user typed."""
    pytester.mkdir("ci").joinpath("prices.yaml").write_text("pricing: 1\n")
    assert_one_error(
        run("--llm-cost-config=ci/prices.yaml"), "ci/prices.yaml:1:10: pricing takes a mapping; found '1'"
    )


@pytest.mark.parametrize("text", ["", "pricing:\nhosts:\n", "pricing: {models: , aliases: , free: }\n"])
def test_empty_sections_are_fine(run, pytester, text):
    """A file that says nothing changes nothing."""
    pytester.path.joinpath("llmcost.yaml").write_text(text)
    result = run()
    result.assert_outcomes(passed=1)
    assert result.ret == 0


def test_wrong_file_does_not_disturb_a_run_without_costs(pytester):
    """Without --llm-cost nobody reads it."""
    pytester.makepyfile("def test_it(): pass")
    pytester.path.joinpath("llmcost.yaml").write_text("pricing: [")
    pytester.runpytest(*QUIET).assert_outcomes(passed=1)


def test_status_and_message_of_a_process(run, pytester):
    """What CI sees: exit status 4, the line on stderr, no traceback."""
    pytester.path.joinpath("llmcost.yaml").write_text("princing: {}\n")
    result = pytester.runpytest_subprocess("--llm-cost")
    assert_one_error(result, "llmcost.yaml:1:1: unknown key 'princing' in the file; did you mean 'pricing'?")
