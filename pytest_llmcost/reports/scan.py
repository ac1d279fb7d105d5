"""The terminal output of ``llmcost scan``."""

from __future__ import annotations

from pytest_llmcost.model.call import Status
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.reports.breakdowns import models_table
from pytest_llmcost.reports.calls import calls_table
from pytest_llmcost.reports.terminal import notice_lines
from pytest_llmcost.reports.text import MoneyStyle, plural


def render_scan(report: RunReport, *, files: int, width: int) -> list[str]:
    """Every call, then the sums by model.

    Args:
        report: The calls of the files.
        files: How many files were read.
        width: Of the terminal.
    """
    if not report.calls:
        return [f"no LLM call in {plural(files, 'cassette')}"]
    totals = report.totals
    style = MoneyStyle.of(totals.cost)
    lines = [*calls_table(report.calls, style, width), ""]
    lines += [*models_table(report, style, width), ""]
    notices = [line.text for line in notice_lines(report.notices, width)]
    lines += [*notices, ""] if notices else []
    doubtful = ", ".join(
        f"{totals.statuses[status]} {status.value}"
        for status in Status
        if status is not Status.EXACT and totals.statuses.get(status)
    )
    seen = f"{plural(totals.calls, 'call')} in {plural(files, 'cassette')}"
    summary = f"{style.amount(totals.cost)} to run live, {seen}"
    return [*lines, f"{summary} ({doubtful})" if doubtful else summary]
