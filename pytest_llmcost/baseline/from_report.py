"""A report of an earlier run in the place of a baseline."""

from __future__ import annotations

from dataclasses import replace

from pytest_llmcost.baseline.suite import Suite, file_of
from pytest_llmcost.baseline.update import accept
from pytest_llmcost.model.baseline import Baseline
from pytest_llmcost.model.keys import test_key
from pytest_llmcost.model.report import RunReport


def baseline_of(report: RunReport, name: str) -> Baseline:
    """The lines that a run would put into an empty baseline.

    Args:
        report: The earlier run.
        name: Its file, as users name it.
    """
    return replace(accept(Baseline(name), report, Suite(), ""), is_report=True)


def suite_of(report: RunReport, base: Baseline, folder: str) -> Suite:
    """What a run has collected, as far as its report tells.

    A full run has collected everything: what the base knows beside is gone.

    Args:
        report: The run.
        base: What it is compared with.
        folder: Of the baseline, relative to the root.
    """
    keys = frozenset(test_key(test.result.nodeid, folder) for test in report.tests)
    files = frozenset(file_of(key) for key in [*keys, *base.lines])
    return Suite(keys=keys, whole_files=files if report.meta.selection.full else frozenset())
