"""Findings about where answers come from: changed requests, and calls that were paid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pytest_llmcost.model.budget import BudgetScope
from pytest_llmcost.model.call import Source
from pytest_llmcost.model.diff import RunDiff
from pytest_llmcost.model.keys import key_of
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.rollup import counted_calls
from pytest_llmcost.model.shown import plural
from pytest_llmcost.model.verdict import Finding, Level

STALE_CALL = "replay.stale"
REQUIRE = "require"
_RECORD = "record its cassette and commit it"
_TRACED_ONLY = "only spans tell of them, and what leaves no HTTP call cannot be recorded"


def replay_findings(
    report: RunReport, diff: RunDiff | None, folder: str, level: Level | None
) -> Iterator[Finding]:
    """Requests that changed since they were recorded; those that the base knows are let through.

    Args:
        report: The run.
        diff: Against the baseline; None without one.
        folder: Of the baseline, relative to the root.
        level: Of such a finding; None for no findings.
    """
    if level is None:
        return
    for key, number in _stale(report, folder) if diff is None else diff.new_stale:
        parts = _changed_parts(report, key, folder)
        yield Finding(
            level=level,
            rule=STALE_CALL,
            scope=BudgetScope.TEST.value,
            match=key,
            limit="the recorded request",
            actual=plural(number, "stale call"),
            message=f"{key} replays {plural(number, 'answer')} to another request than it sends"
            f"{f' ({parts} changed)' if parts else ''}; record it again",
        )


def _stale(report: RunReport, folder: str) -> list[tuple[str, int]]:
    found = Counter(
        key_of(call.measured.origin, folder) for call in counted_calls(report) if call.measured.stale
    )
    return sorted(found.items())


def _changed_parts(report: RunReport, key: str, folder: str) -> str:
    parts = {
        change.part: None
        for call in report.calls
        if call.measured.drift is not None and key_of(call.measured.origin, folder) == key
        for change in call.measured.drift.changes
    }
    return ", ".join(parts)


def paid_calls(report: RunReport) -> Iterator[Finding]:
    """Calls that were made live, to be recorded, or past all that is captured, by test."""
    tests: dict[str, Counter[str]] = {}
    for call in report.calls:
        if call.measured.source.is_paid_now:
            name = key_of(call.measured.origin, "")
            tests.setdefault(name, Counter())[call.measured.source.value] += 1
    for name, sources in tests.items():
        said = ", ".join(f"{number} {source}" for source, number in sorted(sources.items()))
        yield Finding(
            level=Level.ERROR,
            rule=REQUIRE,
            scope=BudgetScope.TEST.value,
            match=name,
            limit="replayed",
            actual=said,
            message=f"{name} went to a provider ({said}), and all calls are required to be replayed:"
            f" {_TRACED_ONLY if set(sources) == {Source.TRACED.value} else _RECORD}",
        )
