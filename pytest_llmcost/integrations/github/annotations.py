"""Findings as annotations: workflow commands that GitHub shows at the line of a test or of llmcost.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from pytest_llmcost.model.keys import is_of
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.verdict import Finding, Level
from pytest_llmcost.reports.gate_section import why
from pytest_llmcost.reports.text import MoneyStyle, plural, spelled

# GitHub shows so many of a level for each step, and drops the others without a word.
MOST = 10
_LINE = re.compile(r"(.+):(\d{1,9})")
_LONGEST = 1_000


class Place(NamedTuple):
    """A line of a file.

    Attributes:
        path: From the root of the repository; None outside it.
        line: Counted from 1.
    """

    path: str | None
    line: int


def annotation_lines(report: RunReport, tests: Mapping[str, Place], folder: str | None) -> list[str]:
    """Workflow commands, errors first.

    Args:
        report: The run.
        tests: By nodeid, where each test stands.
        folder: In which paths of llmcost.yaml begin, from the root of the repository; None outside it.

    Returns:
        At most ten lines; the last says how many findings have none.
    """
    findings = sorted(report.findings, key=lambda finding: finding.level is not Level.ERROR)
    if len(findings) <= MOST:
        return [_annotation(report, finding, tests, folder) for finding in findings]
    lines = [_annotation(report, finding, tests, folder) for finding in findings[: MOST - 1]]
    more = plural(len(findings) - len(lines), "more finding")
    level = findings[MOST - 1].level.value
    return [*lines, f"::{level} title=LLM cost::{more}: see the summary of the job"]


def _annotation(report: RunReport, finding: Finding, tests: Mapping[str, Place], folder: str | None) -> str:
    place = _place(finding, tests, folder)
    where = "" if place is None else f"file={escape_property(place.path or '')},line={place.line},"
    location = f" ({finding.location})" if finding.location else ""
    text = f"{finding.message}{location}{_why(report, finding)}"
    return f"::{finding.level.value} {where}title=LLM cost::{escape_data(text[:_LONGEST])}"


def _place(finding: Finding, tests: Mapping[str, Place], folder: str | None) -> Place | None:
    for name in (finding.match if finding.scope == "test" else None, finding.location):
        place = tests.get(name or "")
        if place is not None:
            return place if place.path is not None else None
    found = _LINE.fullmatch(finding.location or "")
    if found is None or folder is None:
        return None
    return Place(f"{folder}/{found[1]}" if folder else found[1], int(found[2]))


def _why(report: RunReport, finding: Finding) -> str:
    if report.diff is None:
        return ""
    if finding.scope == "suite":
        changes = [report.diff.totals]
    else:
        changes = [change for change in report.diff.tests if is_of(change.key, finding.match)]
    change = next((change for change in changes if change.causes), None)
    return f". Why: {why(change, MoneyStyle.of(report.totals.cost))}" if change is not None else ""


def escape_data(text: str) -> str:
    """Text behind the two colons of a workflow command ("Workflow commands for GitHub Actions")."""
    return spelled(text).replace("%", "%25")


def escape_property(text: str) -> str:
    """The value of a property of a workflow command."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")
