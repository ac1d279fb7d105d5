"""What budgets are about, from the suite to one agent run, with their figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pytest_llmcost.budgets.spread import Spread, spread_of, untold_changes
from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.baseline import CacheCount
from pytest_llmcost.model.budget import BudgetScope
from pytest_llmcost.model.cache import CacheEvent
from pytest_llmcost.model.call import Call, Origin, Status
from pytest_llmcost.model.diff import Change, RunDiff
from pytest_llmcost.model.keys import OUTSIDE, test_key
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.rollup import counted_calls, counted_lookups, grouped, rollup_of, runs_of
from pytest_llmcost.model.usage import Usage

_UNPRICED = frozenset({Status.UNPRICED, Status.PARTIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing that limits may hold for.

    Attributes:
        scope: What it is.
        name: A nodeid, an agent, ``provider/model``, the value of an attribute; empty for the suite.
        shown: The name for people, where it is another.
        cost: USD.
        calls: How many count.
        usage: Their units.
        cache_hit_rate: From 0 to 1; None without prompt tokens.
        unpriced: Calls whose price, or a part of it, nobody knows.
        incomplete: Calls whose usage is not final.
        unstated: Those of them that had a prompt and state nothing of it.
        response_cache: Lookups in the app's own caches.
        untold: Who made those whose request changed in a way that no estimate can price.
        spread: Between which figures of tokens they lie; None where none is estimated.
        change: Against the baseline; None without one.
    """

    scope: BudgetScope
    name: str
    shown: str
    cost: Amount
    calls: int
    usage: Usage
    cache_hit_rate: Decimal | None
    unpriced: int
    incomplete: int
    unstated: int
    response_cache: CacheCount
    untold: tuple[Origin, ...] = ()
    spread: Spread | None = None
    change: Change | None = None

    @property
    def label(self) -> str:
        """The name for people."""
        return self.shown or self.name or "the suite"


def subjects_of(report: RunReport, scope: BudgetScope, diff: RunDiff | None, folder: str) -> list[Subject]:
    """Everything of one scope that a run has.

    Args:
        report: The run.
        scope: Which kind.
        diff: Against the baseline; None without one.
        folder: Of the baseline, relative to the root.
    """
    counted, lookups = counted_calls(report), counted_lookups(report)
    if scope is BudgetScope.SUITE:
        return [_subject(scope, "", counted, diff.totals if diff else None, lookups=lookups)]
    if scope is BudgetScope.TEST:
        return _tests(report, counted, lookups, diff, folder)
    if scope is BudgetScope.CALL:
        return [
            _subject(scope, call.measured.origin.nodeid or "", [call], shown=_call_name(call))
            for call in counted
        ]
    if scope is BudgetScope.AGENT:
        changes = {change.key: change for change in diff.agents} if diff else {}
        groups = grouped(counted, lambda call: call.measured.origin.agent)
        looked_up = grouped(lookups, lambda event: event.lookup.origin.agent)
    elif scope is BudgetScope.AGENT_RUN:
        return _agent_runs(counted, lookups)
    else:
        changes = {}
        groups = grouped(counted, lambda call: _named(call, scope))
        looked_up = grouped(lookups, lambda event: _named_by_lookup(event, scope))
    return [
        _subject(scope, name, groups.get(name, []), changes.get(name), lookups=looked_up.get(name, ()))
        for name in dict.fromkeys([*groups, *looked_up])
        if name
    ]


def _named(call: Call, scope: BudgetScope) -> str | None:
    """The model of a call, or an attribute."""
    measured = call.measured
    if scope is BudgetScope.MODEL:
        return f"{measured.provider}/{measured.model.name}"
    return measured.attributes.get(scope.value)


def _named_by_lookup(event: CacheEvent, scope: BudgetScope) -> str | None:
    """The model that a lookup was for, or an attribute."""
    if scope is BudgetScope.MODEL:
        return f"{event.provider}/{event.model}" if event.provider and event.model else None
    return event.lookup.attributes.get(scope.value)


def _tests(
    report: RunReport,
    counted: Sequence[Call],
    lookups: Sequence[CacheEvent],
    diff: RunDiff | None,
    folder: str,
) -> list[Subject]:
    changes = {change.key: change for change in diff.tests} if diff else {}
    groups = grouped(counted, lambda call: call.measured.origin.nodeid)
    looked_up = grouped(lookups, lambda event: event.lookup.origin.nodeid)
    return [
        _subject(
            BudgetScope.TEST,
            nodeid,
            groups.get(nodeid, []),
            changes.get(test_key(nodeid, folder)),
            lookups=looked_up.get(nodeid, ()),
        )
        for nodeid in (test.result.nodeid for test in report.tests)
    ]


def _agent_runs(counted: Sequence[Call], lookups: Sequence[CacheEvent]) -> list[Subject]:
    """One for each entry into an agent, with the calls of its sub-agents."""
    groups: dict[tuple[str, object], list[Call]] = {}
    for call in counted:
        for name, run in runs_of(call.measured.origin).items():
            groups.setdefault((name, run), []).append(call)
    looked_up: dict[tuple[str, object], list[CacheEvent]] = {}
    for event in lookups:
        for name, run in runs_of(event.lookup.origin).items():
            looked_up.setdefault((name, run), []).append(event)
    numbers: dict[str, int] = {}
    found = []
    for key in dict.fromkeys([*groups, *looked_up]):
        name, calls, events = key[0], groups.get(key, []), looked_up.get(key, [])
        numbers[name] = numbers.get(name, 0) + 1
        origin = calls[0].measured.origin if calls else events[0].lookup.origin
        shown = f"{name} (run {numbers[name]}, {origin.nodeid or OUTSIDE})"
        found.append(_subject(BudgetScope.AGENT_RUN, name, calls, shown=shown, lookups=events))
    return found


def _call_name(call: Call) -> str:
    return f"{call.id} in {call.measured.origin.nodeid or 'no test'}"


def _subject(
    scope: BudgetScope,
    name: str,
    calls: Sequence[Call],
    change: Change | None = None,
    *,
    shown: str = "",
    lookups: Sequence[CacheEvent] = (),
) -> Subject:
    found, untold = rollup_of(calls), untold_changes(calls)
    return Subject(
        scope=scope,
        name=name,
        shown=shown,
        cost=found.cost,
        calls=found.calls,
        usage=found.usage,
        cache_hit_rate=found.cache_hit_rate,
        unpriced=sum(call.status in _UNPRICED for call in calls) - len(untold),
        incomplete=sum(call.status is Status.INCOMPLETE for call in calls),
        unstated=sum(call.measured.usage is None and call.measured.api.generates for call in calls),
        untold=untold,
        spread=spread_of(calls),
        change=change,
        response_cache=CacheCount(len(lookups), sum(event.lookup.hit for event in lookups)),
    )
