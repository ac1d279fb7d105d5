"""``llmcost explain``: every cent of a test or a call."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from pytest_llmcost.commands.reading import DEFAULT_REPORT, load_report
from pytest_llmcost.model.call import Call
from pytest_llmcost.model.report import NoticeKind, RunReport
from pytest_llmcost.recovery import recover
from pytest_llmcost.reports.explain import explain_calls
from pytest_llmcost.reports.text import safe

OK, CANNOT_READ = 0, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what is typed behind the command."""
    parser.add_argument("target", metavar="NODEID|CALL", help="a test, or the id of a call such as c3")
    parser.add_argument("--report", metavar="PATH", default=DEFAULT_REPORT, help=f"default: {DEFAULT_REPORT}")


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO, width: int) -> int:
    """Explain what the command line names.

    Returns:
        0 if it was found, 2 if the report cannot be read or has nothing of that name.
    """
    if recover(Path(arguments.report)):
        err.write(
            f"llmcost explain: {safe(arguments.report)} was made from the journal of the last session\n"
        )
    report = load_report(arguments.report, "--report")
    for notice in report.notices:
        if notice.kind is NoticeKind.FAULT:
            err.write(f"llmcost explain: {safe(notice.message)}\n")
    calls = find_calls(report, arguments.target)
    if not calls:
        err.write(f"llmcost explain: {safe(_not_found(report, arguments.target))}\n")
        return CANNOT_READ
    out.write("\n".join(explain_calls(_title(calls, arguments.target), calls, report, width)) + "\n")
    return OK


def find_calls(report: RunReport, target: str) -> list[Call]:
    """The calls of an id, a nodeid, a fixture, or the end of exactly one nodeid."""
    by_id = [call for call in report.calls if call.id == target]
    if by_id:
        return by_id
    named = f"fixture {target.removeprefix('fixture ')}"
    exact = [
        call for call in report.calls if call.measured.origin.nodeid == target or _fixture(call) == named
    ]
    if exact:
        return exact
    ends = {nodeid for nodeid in _nodeids(report) if nodeid.endswith(target)}
    if len(ends) != 1:
        ends = {nodeid for nodeid in _nodeids(report) if nodeid.rpartition("::")[2] == target}
    return [call for call in report.calls if call.measured.origin.nodeid in ends] if len(ends) == 1 else []


def _fixture(call: Call) -> str | None:
    fixture = call.measured.origin.fixture
    return f"fixture {fixture}" if fixture else None


def _nodeids(report: RunReport) -> list[str]:
    return list(dict.fromkeys(call.measured.origin.nodeid or "" for call in report.calls))


def _title(calls: Sequence[Call], target: str) -> str:
    nodeids = {call.measured.origin.nodeid for call in calls}
    only = next(iter(nodeids))
    return only if len(nodeids) == 1 and only else target


def _not_found(report: RunReport, target: str) -> str:
    if any(test.result.nodeid == target for test in report.tests):
        return f"{target} made no LLM call"
    names = [name for name in _nodeids(report) if name]
    inside = [name for name in names if target in name]
    near = inside or difflib.get_close_matches(target, names, n=3, cutoff=0.3)
    hint = "; did you mean " + " or ".join(map(repr, near[:3])) + "?" if near else ""
    last = report.calls[-1].id if report.calls else None
    span = f" Calls are c1 to {last}." if last else " The report has no calls."
    return f"no test or call {target!r} in the report{hint or '.'}{span}"
