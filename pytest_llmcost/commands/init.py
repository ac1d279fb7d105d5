"""``llmcost init``: a first llmcost.yaml from what the last run cost."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from shlex import quote
from typing import TextIO

from pytest_llmcost.budgets.subjects import Subject, subjects_of
from pytest_llmcost.commands.reading import DEFAULT_REPORT, check_complete, load_report
from pytest_llmcost.config.configuration import DEFAULT_NAME
from pytest_llmcost.errors import ComparisonError, ConfigError
from pytest_llmcost.model.budget import BudgetScope
from pytest_llmcost.model.money import ZERO
from pytest_llmcost.model.report import NoticeKind, RunReport
from pytest_llmcost.model.rollup import counted_calls
from pytest_llmcost.model.shown import plural
from pytest_llmcost.reports.starter import AgentFigures, Figures, render_starter
from pytest_llmcost.reports.terminal import notice_lines
from pytest_llmcost.reports.text import safe

OK, NOT_COMPARABLE = 0, 3
_DOUBTS = frozenset({NoticeKind.UNPRICED, NoticeKind.PARTIAL, NoticeKind.INCOMPLETE})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what is typed behind the command."""
    parser.add_argument("--report", metavar="PATH", default=DEFAULT_REPORT, help=f"default: {DEFAULT_REPORT}")
    parser.add_argument("--config", metavar="PATH", default=DEFAULT_NAME, help=f"default: {DEFAULT_NAME}")


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO, width: int) -> int:
    """Write the file.

    Returns:
        0 if it was written, 2 if it exists already (what it would say is printed), 3 if the run has calls of
        unknown cost, to which no limit can be set.
    """
    target = Path(arguments.config)
    report = load_report(arguments.report, "--report")
    check_complete(report, arguments.report)
    if not report.totals.calls:
        raise ComparisonError(
            f"{arguments.report}: no call that counts, so that there is nothing to limit; run the whole suite"
        )
    if report.totals.cost.high is None:
        doubtful = sum(call.cost.high is None for call in counted_calls(report))
        err.write(
            f"llmcost init: {plural(doubtful, 'call')} of unknown cost, to which no limit can be set;"
            f" mend them, run pytest --llm-cost again, then llmcost init:\n"
        )
        doubts = [notice for notice in report.notices if notice.kind in _DOUBTS]
        err.writelines(f"{line.text}\n" for line in notice_lines(doubts, width))
        return NOT_COMPARABLE
    text = render_starter(figures_of(report, arguments.report))
    out.write(text)
    if not report.meta.selection.full:
        err.write("llmcost init: not all of the suite has run: its limits are those of a part\n")
    try:
        with target.open("x", encoding="utf-8") as file:  # whatever came into being meanwhile stays
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(
            f"{arguments.config} exists and stays as it is; copy from the lines above what you want"
        ) from error
    except OSError as error:
        raise ConfigError(f"{arguments.config}: cannot be written: {error.strerror or error}") from error
    check, pytest = _next_commands(arguments.report, arguments.config)
    out.write(
        f"\n{safe(arguments.config)} is written; judge the run by it: {check}; accept its cost: {pytest}\n"
    )
    return OK


def _next_commands(report: str, config: str) -> tuple[str, str]:
    """What judges the run by the new file, and what accepts its cost."""
    named = "" if report == DEFAULT_REPORT else f" {quote(safe(report))}"
    limits, option = "", ""
    if config != DEFAULT_NAME:
        limits = f" --config {quote(safe(config))}"
        option = f" --llm-cost-config={quote(safe(config))}"
    return f"llmcost check{named}{limits}", f"pytest --llm-cost{option} --llm-cost-update"


def figures_of(report: RunReport, name: str) -> Figures:
    """What a starter is made of; every cost of the report is known.

    Args:
        report: The run.
        name: Its file, as the user names it.
    """
    tests = [subject for subject in subjects_of(report, BudgetScope.TEST, None, "") if subject.calls]
    runs = subjects_of(report, BudgetScope.AGENT_RUN, None, "")
    rates = {one.name: one for one in subjects_of(report, BudgetScope.AGENT, None, "")}
    return Figures(
        cost=_high(report.totals.cost.high),
        tests=len(tests),
        dearest_test=_dearest(tests),
        agents=[
            AgentFigures(agent, _dearest([one for one in runs if one.name == agent]), _rate(rates.get(agent)))
            for agent in sorted({run.name for run in runs})
        ],
        source=name,
        as_of=report.meta.pricing.as_of,
    )


def _dearest(subjects: Sequence[Subject]) -> Decimal:
    return max((_high(subject.cost.high) for subject in subjects), default=ZERO)


def _high(bound: Decimal | None) -> Decimal:
    return ZERO if bound is None else bound


def _rate(subject: Subject | None) -> Decimal | None:
    return subject.cache_hit_rate if subject and subject.usage.cache_read_tokens else None
