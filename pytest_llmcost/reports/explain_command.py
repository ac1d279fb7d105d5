"""The command that shows every cent of what a run is about."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING

from pytest_llmcost.model.call import Call
from pytest_llmcost.model.keys import fixture_of, is_of
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.reports.text import safe

if TYPE_CHECKING:
    from pytest_llmcost.model.verdict import Finding

_DEFAULT = ".llmcost/report.json"


def explain_command(report: RunReport, report_path: str) -> str:
    """The command for the call that a reader asks about first.

    That is the dearest call of the worst finding; without one, of the biggest increase; else of the run.

    Args:
        report: A run with calls.
        report_path: Its file, as the user would type it.
    """
    call = max(_first_asked(report), key=lambda call: call.cost.value)
    nodeid = call.measured.origin.nodeid
    # A name with characters that cannot be typed is reached by the id of its call.
    typeable = nodeid is not None and safe(nodeid) == nodeid
    target = quote(nodeid) if typeable and nodeid else call.id
    elsewhere = "" if report_path == _DEFAULT else f" --report {quote(report_path)}"
    return f"llmcost explain {target}{elsewhere}"


def _first_asked(report: RunReport) -> Sequence[Call]:
    for finding in report.findings:
        found = [call for call in report.calls if _is_about(finding, call)]
        if found:
            return found
    return _of_biggest_increase(report) or report.calls


def _is_about(finding: Finding, call: Call) -> bool:
    measured = call.measured
    name, origin = finding.match, measured.origin
    if finding.scope in {"test", "call"}:
        return _is_named(call, name)
    if finding.scope == "agent":
        return origin.agent == name
    if finding.scope == "agent_run":
        return name in origin.agent_path
    if finding.scope in {"feature", "user", "session", "org"}:
        return measured.attributes.get(finding.scope) == name
    return finding.scope == "model" and f"{measured.provider}/{measured.model.name}" == name


def _of_biggest_increase(report: RunReport) -> Sequence[Call]:
    if report.diff is None:
        return ()
    from pytest_llmcost.model.diff import State  # most runs have no gate

    changed = [change for change in report.diff.tests if change.state is State.CHANGED]
    biggest = max(changed, key=lambda change: change.delta.value, default=None)
    if biggest is None or biggest.delta.value <= 0:
        return ()
    return [call for call in report.calls if _is_named(call, biggest.key)]


def _is_named(call: Call, key: str) -> bool:
    origin = call.measured.origin
    if origin.nodeid is None:
        return origin.fixture is not None and fixture_of(key) == origin.fixture
    return is_of(key, origin.nodeid)
