"""``llmcost check``: a report judged again, by the limits of now."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TextIO

from pytest_llmcost.budgets.evaluate import judge
from pytest_llmcost.commands.diff import difference
from pytest_llmcost.commands.reading import (
    DEFAULT_REPORT,
    Base,
    baseline_source,
    check_complete,
    load_base,
    load_report,
    load_yaml,
)
from pytest_llmcost.config.configuration import DEFAULT_NAME
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.gate import fails, limits_of
from pytest_llmcost.model.report import NoticeKind, RunReport
from pytest_llmcost.model.typed import Typed
from pytest_llmcost.reports.terminal import ALARMING, Detail, section
from pytest_llmcost.settings import GIT, FailOn

OK, EXCEEDED = 0, 1
# What mends a limit that cannot be decided, and what the limits themselves lack.
_OF_LIMITS = frozenset({NoticeKind.BUDGET, NoticeKind.UNPRICED, NoticeKind.PARTIAL, NoticeKind.INCOMPLETE})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what is typed behind the command."""
    parser.add_argument(
        "report", nargs="?", metavar="REPORT", default=DEFAULT_REPORT, help=f"default: {DEFAULT_REPORT}"
    )
    parser.add_argument("--config", metavar="PATH", help=f"the limits (default: {DEFAULT_NAME})")
    parser.add_argument(
        "--baseline",
        metavar="PATH",
        help="a baseline, a report.json, or git:REF (default: the one beside the limits, if there is one)",
    )
    parser.add_argument(
        "--fail-on",
        choices=[level.value for level in FailOn],
        default=FailOn.ERROR.value,
        help="default: error",
    )


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO, width: int) -> int:  # noqa: ARG001
    """Judge what the command line names.

    Returns:
        0 if all limits are kept, 1 if a finding of the level to fail on stands.
    """
    report = load_report(arguments.report)
    check_complete(report, arguments.report)
    configuration = load_yaml(arguments.config)
    folder = Path(arguments.config or DEFAULT_NAME).parent
    base = load_base(baseline_source(arguments.baseline, folder), report)
    report = report._replace(meta=report.meta._replace(typed=_typed(arguments, base)))
    if not configuration.budgets and not report.marked and base is None:
        raise ConfigError(f"nothing to judge by: {_missing(arguments.config)}")
    diff = None if base is None else difference(report, base)
    judged = judge(report, diff, limits_of(configuration, report.marked, base.folder if base else ""))
    again = report._replace(
        diff=diff,
        findings=judged.findings,
        limits=judged.limits,
        notices=(*(one for one in report.notices if one.kind is not NoticeKind.BUDGET), *judged.notices),
    )
    out.write("\n".join(_section(again, width, arguments.report)) + "\n")
    return EXCEEDED if fails(again.verdict, FailOn(arguments.fail_on)) else OK


def _typed(arguments: argparse.Namespace, base: Base | None) -> Typed:
    """What a run has to be told to be accepted by the same limits."""
    typed: str | None = arguments.baseline
    is_file = typed and not typed.startswith(GIT) and base is not None and base.report is None
    return Typed(arguments.config, typed if is_file else None)


def _missing(asked: str | None) -> str:
    if asked is None and not Path(DEFAULT_NAME).is_file():
        return f"no {DEFAULT_NAME} here; name it with --config, or write one with: llmcost init"
    return f"no budgets in {asked or DEFAULT_NAME}; see what llmcost init would write"


def _section(report: RunReport, width: int, name: str) -> list[str]:
    lines = section(report, detail=Detail.QUIET, width=width, report_path=name, told=ALARMING | _OF_LIMITS)
    return [line.text for line in lines]
