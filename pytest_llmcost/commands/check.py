"""``llmcost check``: a report judged again, by the limits of now."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TextIO

from pytest_llmcost.budgets.evaluate import judge
from pytest_llmcost.commands.diff import difference
from pytest_llmcost.commands.reading import (
    DEFAULT_REPORT,
    baseline_source,
    check_complete,
    load_base,
    load_report,
    load_yaml,
)
from pytest_llmcost.config.configuration import DEFAULT_NAME
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.gate import fails, limits_of
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.reports.terminal import Detail, notice_lines, section
from pytest_llmcost.settings import FailOn

OK, EXCEEDED = 0, 1


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
    if not configuration.budgets and not report.marked and base is None:
        raise ConfigError(
            f"nothing to judge by: no budgets in {arguments.config or DEFAULT_NAME};"
            " write some with: llmcost init"
        )
    diff = None if base is None else difference(report, base)
    judged = judge(report, diff, limits_of(configuration, report.marked, base.folder if base else ""))
    again = report._replace(diff=diff, findings=judged.findings, limits=judged.limits)
    lines = [*_section(again, width, arguments.report)]
    lines += [line.text for line in notice_lines(judged.notices, width)]
    out.write("\n".join(lines) + "\n")
    return EXCEEDED if fails(again.verdict, FailOn(arguments.fail_on)) else OK


def _section(report: RunReport, width: int, name: str) -> list[str]:
    return [line.text for line in section(report, detail=Detail.QUIET, width=width, report_path=name)]
