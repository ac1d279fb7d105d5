"""``llmcost merge``: the reports of CI shards, joined into one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TextIO

from pytest_llmcost.commands.reading import load_report
from pytest_llmcost.errors import ReportError
from pytest_llmcost.files import write_report
from pytest_llmcost.merging import Shard, merge
from pytest_llmcost.reports.json_report import render_json
from pytest_llmcost.reports.text import MoneyStyle, plural, safe

OK = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what is typed behind the command."""
    parser.add_argument("shards", nargs="+", metavar="SHARD", help="a report.json of a part of the suite")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="where to write the report")
    parser.add_argument(
        "--matrix",
        action="store_true",
        help="each report is of the same tests in other surroundings: all of them count,"
        " and tests are named after what differs in the paths of the reports",
    )


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO, width: int) -> int:  # noqa: ARG001
    """Join what the command line names.

    Returns:
        0 if the report was written.
    """
    names, target = arguments.shards, Path(arguments.output)
    if any(Path(name).resolve() == target.resolve() for name in names):
        raise ReportError(
            f"{arguments.output} is one of the shards, and would be overwritten; name another file"
        )
    labels = labels_of(names) if arguments.matrix else [""] * len(names)
    shards = [Shard(name, load_report(name), label) for name, label in zip(names, labels, strict=True)]
    report = merge(shards)
    try:
        write_report(target, render_json(report))
    except OSError as error:
        raise ReportError(f"{arguments.output}: cannot be written: {error.strerror or error}") from error
    totals = report.totals
    cost = MoneyStyle.of(totals.cost).amount(totals.cost)
    out.write(
        f"{safe(arguments.output)}: {cost} to run live, {plural(totals.calls, 'call')} in"
        f" {plural(len(report.tests), 'test')} of {plural(len(shards), 'report')}\n"
    )
    for shard in shards:
        if not shard.report.meta.complete:
            err.write(
                f"llmcost merge: {safe(shard.name)}: the run is not complete, calls may be missing; so is the"
                " merged report, and llmcost check will not pass it\n"
            )
    return OK


def labels_of(names: Sequence[str]) -> list[str]:
    """What differs in paths: ``py311`` of ``reports/py311/report.json``.

    Folders at the start and at the end that all paths share say nothing.
    """
    paths = [PurePath(name).with_suffix("").parts for name in names]
    start = end = 0
    shortest = min(map(len, paths))
    while start < shortest and len({path[start] for path in paths}) == 1:
        start += 1
    while end < shortest - start and len({path[len(path) - 1 - end] for path in paths}) == 1:
        end += 1
    inner = ["/".join(path[start : len(path) - end]) for path in paths]
    return inner if all(inner) else ["/".join(path) for path in paths]
