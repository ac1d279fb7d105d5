"""The terminal's tables of who and what the cost is for: by agent, by model."""

from __future__ import annotations

from pytest_llmcost.model.report import Rollup, RunReport
from pytest_llmcost.reports.table import Column, table
from pytest_llmcost.reports.text import MoneyStyle, percent, safe

_NO_AGENT = "(no agent)"

USAGE_COLUMNS = (
    Column("calls"),
    Column("input", from_width=80),
    Column("cache hit", from_width=90),
    Column("output", from_width=80),
    Column("cost"),
)


def usage_cells(found: Rollup, style: MoneyStyle) -> list[str]:
    """What stands in ``USAGE_COLUMNS``."""
    return [
        f"{found.calls:,}",
        f"{found.usage.input_tokens:,}",
        percent(found.cache_hit_rate),
        f"{found.usage.output_tokens:,}",
        style.amount(found.cost),
    ]


def agents_table(report: RunReport, style: MoneyStyle, width: int) -> list[str]:
    """One row for each agent that has made a call or a lookup that counts."""
    shown = [agent for agent in report.agents if agent.runs]
    nested = any(agent.with_sub_agents != agent.rollup.cost for agent in shown)
    cached = report.totals.response_cache is not None
    columns = (
        Column("runs"),
        *USAGE_COLUMNS,
        *([Column("response cache", from_width=80)] if cached else []),
        *([Column("with sub-agents", from_width=80)] if nested else []),
    )
    rows = [
        (
            safe(agent.name) if agent.name is not None else _NO_AGENT,
            [
                f"{agent.runs:,}" if agent.name is not None else "-",
                *usage_cells(agent.rollup, style),
                *([_rate(agent.rollup)] if cached else []),
                *([style.amount(agent.with_sub_agents) if agent.name is not None else "-"] if nested else []),
            ],
        )
        for agent in shown
    ]
    return table("agent", columns, rows, width)


def _rate(found: Rollup) -> str:
    return percent(None if found.response_cache is None else found.response_cache.rate)


def models_table(report: RunReport, style: MoneyStyle, width: int) -> list[str]:
    """One row for each model whose calls count."""
    rows = [
        (safe(f"{row.provider}/{row.model}"), usage_cells(row.rollup, style))
        for row in report.models
        if row.rollup.calls
    ]
    return table("model", USAGE_COLUMNS, rows, width)
