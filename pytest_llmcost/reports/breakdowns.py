"""The terminal's tables of who and what the cost is for: by agent, by model, by feature and the like."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_llmcost.model.purposes import HASHED, PURPOSES, by_purpose
from pytest_llmcost.model.report import Rollup, RunReport
from pytest_llmcost.reports.table import Column, table
from pytest_llmcost.reports.text import MoneyStyle, percent, plural, safe

_NO_AGENT = "(no agent)"
_TOP = 10

USAGE_COLUMNS = (
    Column("calls"),
    Column("input", from_width=80),
    Column("cache hit", from_width=90),
    Column("output", from_width=80),
    Column("cost"),
)
_RESPONSE_CACHE = Column("response cache", from_width=80)


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
        *([_RESPONSE_CACHE] if cached else []),
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


def purpose_tables(report: RunReport, style: MoneyStyle, width: int, *, everything: bool) -> Iterator[str]:
    """A table for each attribute that calls or lookups state; its rows add up to the total.

    Args:
        report: The run.
        style: Of amounts.
        width: Of the terminal.
        everything: Whether all values are shown, and not only the dearest.
    """
    cached = report.totals.response_cache is not None
    columns = (*USAGE_COLUMNS, *([_RESPONSE_CACHE] if cached else []))
    for attribute in PURPOSES:
        rows = by_purpose(report, attribute)
        if not rows:
            continue
        named = [row for row in rows if row.value is not None]
        shown = named if everything else named[:_TOP]
        cells = [
            (
                safe(row.value) if row.value is not None else f"(no {attribute})",
                [*usage_cells(row.rollup, style), *([_rate(row.rollup)] if cached else [])],
            )
            for row in [*shown, *(row for row in rows if row.value is None)]
        ]
        yield ""
        yield from table(f"{attribute}, hashed" if attribute in HASHED else attribute, columns, cells, width)
        if len(shown) < len(named):
            yield f"{plural(len(named) - len(shown), 'more row')} (show all: -vv)"
