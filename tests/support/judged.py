"""One small run, judged by budgets as they are written in llmcost.yaml and on markers."""

from __future__ import annotations

from typing import Any

from suites import A, B, C, Use, run, verdict

from pytest_llmcost.budgets.markers import budget_of_markers
from pytest_llmcost.model.budget import Budget
from pytest_llmcost.model.diff import RunDiff
from pytest_llmcost.model.report import RunReport

UNKNOWN = Use(model="gpt-unheard")
TESTS = {A: [Use()], B: [Use(2000), Use(4000)], C: [Use(agent="support"), Use(cached=600, agent="support")]}
RUN = run(TESTS)


def found(
    budgets: str, report: RunReport = RUN, diff: RunDiff | None = None, **gate: Any
) -> list[tuple[str, ...]]:
    """The findings of a run: level, rule, scope and match of each."""
    return [
        (finding.level.value, finding.rule, finding.scope, finding.match)
        for finding in verdict(report, budgets, diff, **gate).findings
    ]


def marked(nodeid: str = A, **keywords: Any) -> dict[str, Budget]:
    """A test with a marker ``llm_budget``."""
    return {nodeid: budget_of_markers([((), keywords)], nodeid, "tests/test_a.py:7")}
