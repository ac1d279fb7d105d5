"""Accepting a run: which lines enter the baseline, which stay, and which go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from pytest_llmcost.baseline.compare import PASSED
from pytest_llmcost.baseline.entries import calls_by_key, entry_of, request_bytes, runs_by_key, tally
from pytest_llmcost.baseline.lookups import Counts, lookups_by_key
from pytest_llmcost.baseline.renames import renames
from pytest_llmcost.baseline.suite import Suite
from pytest_llmcost.model.amount import total
from pytest_llmcost.model.baseline import Baseline, Entry, Line
from pytest_llmcost.model.call import Call
from pytest_llmcost.model.keys import fixture_of, is_test, test_key
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.rollup import counted_calls


def accept(
    baseline: Baseline, report: RunReport, suite: Suite, folder: str, reason: str | None = None
) -> Baseline:
    """The baseline with what this run has proven.

    The last attempt of each test that passed enters. Tests that failed, were skipped or did not run keep
    their line; a line goes only when its test is known to be gone.

    Args:
        baseline: What was accepted before; empty for the first time.
        report: The run.
        suite: What was collected.
        folder: Of the baseline, relative to the root.
        reason: Goes into each line that changes.
    """
    calls = calls_by_key(counted_calls(report), folder)
    passed = {test_key(test.result.nodeid, folder) for test in report.tests if test.result.outcome == PASSED}
    heads = {key: found for key, found in calls.items() if key in passed or not is_test(key)}
    lookups = {
        key: found
        for key, found in lookups_by_key(report, folder).items()
        if key in passed or not is_test(key)
    }
    heads.update({key: [] for key in lookups if key not in heads})
    old_names = renames(baseline, heads, suite)
    # A test that failed or was skipped may be the one that needs a fixture.
    all_passed = all(test.result.outcome == PASSED for test in report.tests)
    runs = runs_by_key(report, folder)
    lines = {
        key: line
        for key, line in baseline.lines.items()
        if not _goes(key, heads, suite, all_ran=report.meta.selection.full and all_passed)
    }
    for key in {**heads, **{key: None for key in baseline.lines if key in passed}}:
        before = baseline.lines.get(old_names.get(key, key))
        set_ups = report.observed.set_ups.get(fixture_of(key))
        now = _line(heads.get(key, []), runs.get(key, {}), before, reason, set_ups, lookups.get(key, {}))
        lines[key] = now if is_test(key) or before is None else _of_fixture(before, now)
    return Baseline(baseline.name, {key: lines[key] for key in sorted(lines)})


def _goes(key: str, calls: dict[str, list[Call]], suite: Suite, *, all_ran: bool) -> bool:
    if is_test(key):
        return suite.has_lost(key)
    return all_ran and key not in calls


def _line(  # noqa: PLR0917  # in the order of the fields
    calls: Sequence[Call],
    runs: Mapping[str, int],
    before: Line | None,
    reason: str | None,
    set_ups: int | None,
    lookups: Counts,
) -> Line:
    entries = tally([entry_of(call) for call in calls])
    cost = total([call.cost for call in calls])
    amount: Decimal | None = cost.value if cost.high is not None else None
    if before is not None and _is_same(before, entries, lookups):
        reason = before.reason
    return Line(entries, amount, request_bytes(calls), reason, set_ups, runs, lookups)


def _is_same(before: Line, entries: Mapping[Entry, int], lookups: Counts) -> bool:
    """Whether a line has not changed: what an older one does not tell is no change of the test."""
    if before.response_cache not in ({}, lookups):
        return False
    if before.runs is None:
        entries = _without_agents_around(entries)
    return before.entries == entries


def _without_agents_around(entries: Mapping[Entry, int]) -> Mapping[Entry, int]:
    found: dict[Entry, int] = {}
    for entry, number in entries.items():
        older = entry._replace(within=())
        found[older] = found.get(older, 0) + number
    return found


def _of_fixture(before: Line, now: Line) -> Line:
    """The line as it was, where the fixture was only set up more often, by more workers."""
    times = _times(now.entries, before.entries)
    if times is None or before.runs is None:
        return now
    if before.set_ups is None:
        return replace(before, set_ups=now.set_ups) if times == 1 else before
    if now.set_ups is None:
        return before
    return before if times in {1, Fraction(now.set_ups, before.set_ups)} else now


def _times(entries: Mapping[Entry, int], before: Mapping[Entry, int]) -> Fraction | None:
    """How many times as often each entry is there; None where not all are alike in that."""
    if before.keys() != entries.keys() or not entries:
        return None
    times = {Fraction(entries[entry], before[entry]) for entry in entries}
    return times.pop() if len(times) == 1 else None
