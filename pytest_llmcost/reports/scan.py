"""The terminal output of ``llmcost scan``."""

from __future__ import annotations

from pytest_llmcost.model.call import Status
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.reports.table import Column, table
from pytest_llmcost.reports.terminal import calls_table, notice_lines
from pytest_llmcost.reports.text import MoneyStyle, percent, plural, safe

_MODEL_COLUMNS = (
    Column("calls"),
    Column("input", from_width=80),
    Column("cache hit", from_width=90),
    Column("output", from_width=80),
    Column("cost"),
)


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
    rows = [
        (
            safe(f"{row.provider}/{row.model}"),
            [
                f"{row.rollup.calls:,}",
                f"{row.rollup.usage.input_tokens:,}",
                percent(row.rollup.cache_hit_rate),
                f"{row.rollup.usage.output_tokens:,}",
                style.amount(row.rollup.cost),
            ],
        )
        for row in report.models
    ]
    lines += [*table("model", _MODEL_COLUMNS, rows, width), ""]
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
