"""``llmcost diff``: what changed between two runs, and why."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TextIO

from pytest_llmcost.baseline.compare import compare
from pytest_llmcost.baseline.from_report import suite_of
from pytest_llmcost.commands.reading import (
    Base,
    baseline_source,
    check_complete,
    load_base,
    load_report,
    load_yaml,
    prices_of_day,
)
from pytest_llmcost.errors import BaselineError
from pytest_llmcost.model.diff import RunDiff
from pytest_llmcost.model.diff_codec import diff_to_json
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.pricing.prices import Prices
from pytest_llmcost.pricing.report_prices import ReportPrices
from pytest_llmcost.reports.diff import render_diff
from pytest_llmcost.reports.json_calls import KnownCalls

OK = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what is typed behind the command."""
    parser.add_argument("base", metavar="BASE", help="a baseline, a report.json, or git:REF")
    parser.add_argument("head", metavar="HEAD", help="a report.json")
    parser.add_argument("--format", choices=("term", "json"), default="term", help="default: term")


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO, width: int) -> int:  # noqa: ARG001
    """Compare what the command line names.

    Returns:
        0 if both could be compared.
    """
    head, base = _read(arguments)
    diff = difference(head, base)
    if arguments.format == "json":
        out.write(json.dumps(diff_to_json(diff), indent=1) + "\n")
    else:
        out.write("\n".join(render_diff(diff, arguments.head, width)) + "\n")
    return OK


def _read(arguments: argparse.Namespace) -> tuple[RunReport, Base]:
    known = KnownCalls()
    head = load_report(arguments.head, known=known)
    check_complete(head, arguments.head)
    base = load_base(baseline_source(arguments.base, Path()), head, known)
    if base is None:
        raise BaselineError(f"{arguments.base}: no such file")
    return head, base


def difference(head: RunReport, base: Base) -> RunDiff:
    """A run against its base, both at the prices of the run.

    A baseline keeps usage only: what the run does not use any more is asked of the price table.
    """

    def table() -> Prices:
        return prices_of_day(head, load_yaml(None))

    runs = [head.calls] if base.report is None else [head.calls, base.report.calls]
    prices = ReportPrices(runs, table if base.report is None else None)
    suite = suite_of(head, base.baseline, base.folder)
    projected = head.diff.projection if head.diff is not None else None
    volumes = [month.volume for month in projected.agents] if projected is not None else []
    return compare(base.baseline, head, prices, suite, base.folder, volumes=volumes)
