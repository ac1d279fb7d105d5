"""Reports of small runs, and the command line on files, in this process."""

from __future__ import annotations

from typing import NamedTuple

import sample

from pytest_llmcost.cli import main
from pytest_llmcost.model.report import Selection, TestResult
from pytest_llmcost.reports.json_report import render_json

GPT, CLAUDE = "openai/gpt-fixed", "anthropic/claude-fixed"


class Done(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str


def commands(capsys):
    """What runs ``llmcost`` with arguments and gives back what it said."""

    def llmcost(*arguments):
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Done(code, *capsys.readouterr())

    return llmcost


def made(model, prompt, answer, cached=0, **changes):
    """A call of a test: model, input, output and cached tokens."""
    return model, {"input_tokens": prompt, "cache_read_tokens": cached, "output_tokens": answer}, changes


def run(tests, *, full=True, failed=(), **facts):
    """The report of a run.

    Args:
        tests: By nodeid, the calls that it made.
        full: Whether the whole suite ran.
        failed: Tests that did.
        facts: Others, as ``assembly.Facts`` has them.
    """
    calls = []
    for nodeid, made_calls in tests.items():
        for name, usage, changes in made_calls:
            provider, _, model = name.partition("/")
            calls.append(sample.call(len(calls), nodeid, provider, model, usage, **changes))
    results = tuple(TestResult(nodeid, "failed" if nodeid in failed else "passed", 0.1) for nodeid in tests)
    selection = Selection(full=full, collected=len(tests), ran=len(tests))
    return sample.report(calls, **{"results": results, "selection": selection, **facts})


def save(path, report):
    """Write a report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_json(report), encoding="utf-8")
    return path
