"""Adding calls up: by test, by agent, by model, and all together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import zip_longest
from typing import TypeVar

from pytest_llmcost.model.amount import NOTHING, total
from pytest_llmcost.model.call import Call, Origin, Source
from pytest_llmcost.model.report import AgentCost, ModelCost, Rollup, RunReport, TestCost, TestResult
from pytest_llmcost.model.usage import NO_USAGE, cache_hit_rate, total_usage

Key = TypeVar("Key", bound=Hashable)


def last_attempts(calls: Sequence[Call], results: Iterable[TestResult]) -> frozenset[str]:
    """The ids of the calls that belong to the last attempt of their test, or to no test.

    Args:
        calls: All calls of the run.
        results: They say how often a test ran: its last attempt may have made no call.
    """
    return frozenset([call.id for call in _of_last_attempts(calls, results)])


def _of_last_attempts(calls: Sequence[Call], results: Iterable[TestResult]) -> Iterable[Call]:
    latest = {result.nodeid: result.attempts for result in results if result.attempts > 1}
    for call in calls:
        origin = call.measured.origin
        if origin.attempt > 1 and origin.nodeid is not None:
            latest[origin.nodeid] = max(latest.get(origin.nodeid, 1), origin.attempt)
    if not latest:  # no test was run again
        return calls
    return (
        call
        for call in calls
        if call.measured.origin.nodeid is None
        or call.measured.origin.attempt == latest.get(call.measured.origin.nodeid, 1)
    )


def rollup(calls: Sequence[Call], *, last: frozenset[str], include_mocked: bool) -> Rollup:
    """Add calls up.

    Args:
        calls: Which.
        last: Ids of the calls of last attempts: only they are in ``cost``, usage and counts.
        include_mocked: Whether mocked calls count; they are never spent.
    """
    if not calls:
        return Rollup(0, NOTHING, NOTHING, NO_USAGE, None, {}, {})
    final = counted(calls, last, include_mocked)
    generating = [call for call in final if call.measured.api.generates]
    usage = total_usage([call.usage for call in final])
    prompts = usage if len(generating) == len(final) else total_usage([call.usage for call in generating])
    return Rollup(
        calls=len(final),
        cost=total([call.cost for call in final]),
        spent=total([call.cost for call in calls if call.measured.source.is_paid_now]),
        usage=usage,
        cache_hit_rate=cache_hit_rate(prompts),
        sources=_numbers([call.measured.source for call in calls]),
        statuses=_numbers([call.status for call in final]),
    )


def counted_calls(report: RunReport) -> list[Call]:
    """The calls whose cost counts: those of last attempts, mocked ones only where the YAML includes them."""
    last = _of_last_attempts(report.calls, [test.result for test in report.tests])
    mocked = report.meta.include_mocked
    return [call for call in last if mocked or call.measured.source is not Source.MOCKED]


def rollup_of(calls: Sequence[Call]) -> Rollup:
    """Add up calls that all count."""
    return rollup(calls, last=frozenset(call.id for call in calls), include_mocked=True)


def rollup_in(report: RunReport, calls: Sequence[Call]) -> Rollup:
    """Add some calls of a report up, as the report counts them."""
    last = last_attempts(report.calls, [test.result for test in report.tests])
    return rollup(calls, last=last, include_mocked=report.meta.include_mocked)


def by_test(
    calls: Sequence[Call], results: Iterable[TestResult], *, last: frozenset[str], include_mocked: bool
) -> tuple[TestCost, ...]:
    """One row for each test that ran, in the order of the results, also for tests without calls."""
    groups = grouped(calls, lambda call: call.measured.origin.nodeid)
    return tuple(
        TestCost(result, rollup(groups.get(result.nodeid, []), last=last, include_mocked=include_mocked))
        for result in results
    )


def by_agent(
    calls: Sequence[Call], *, last: frozenset[str], include_mocked: bool, totals: Rollup | None = None
) -> tuple[AgentCost, ...]:
    """One row for each agent, by name, and one for the calls that no agent made: the rows sum.

    An agent that leaves all calls to its sub-agents has a row without calls.

    Args:
        calls: Of the run.
        last: As for ``rollup``.
        include_mocked: As for ``rollup``.
        totals: Of the calls, where they are added up already: one row for all of them has the same.
    """
    groups = grouped(calls, lambda call: call.measured.origin.agent)
    inside: dict[str | None, list[Call]] = {}
    runs: dict[str | None, set[Hashable]] = {}
    for call in counted(calls, last, include_mocked):
        origin = call.measured.origin
        path = origin.agent_path or (origin.agent,)
        for name, run in zip_longest(path, origin.agent_runs):
            runs.setdefault(name, set()).add(run or (origin.nodeid, origin.fixture))
        for name in dict.fromkeys(path):
            inside.setdefault(name, []).append(call)
    names = sorted(name for name in {*groups, *inside} if name is not None)
    return tuple(
        AgentCost(
            name,
            len(runs.get(name, ())),
            _part(groups.get(name, []), calls, totals, last=last, include_mocked=include_mocked),
            total([call.cost for call in inside.get(name, ())]),
        )
        for name in [*names, *([None] if None in groups else [])]
    )


def by_model(
    calls: Sequence[Call], *, last: frozenset[str], include_mocked: bool, totals: Rollup | None = None
) -> tuple[ModelCost, ...]:
    """One row for each provider and model, by name; see ``by_agent``."""
    groups = grouped(calls, lambda call: (call.measured.provider, call.measured.model.name))
    return tuple(
        ModelCost(*key, _part(groups[key], calls, totals, last=last, include_mocked=include_mocked))
        for key in sorted(groups)
    )


def _part(
    group: Sequence[Call],
    calls: Sequence[Call],
    totals: Rollup | None,
    *,
    last: frozenset[str],
    include_mocked: bool,
) -> Rollup:
    if totals is not None and len(group) == len(calls):
        return totals
    return rollup(group, last=last, include_mocked=include_mocked)


def counted(calls: Iterable[Call], last: frozenset[str], include_mocked: bool) -> list[Call]:
    """The calls of last attempts, mocked ones only where they count."""
    return [
        call
        for call in calls
        if call.id in last and (include_mocked or call.measured.source is not Source.MOCKED)
    ]


def _numbers(kinds: Iterable[Key]) -> dict[Key, int]:
    """How many there are of each."""
    numbers: dict[Key, int] = {}
    for kind in kinds:
        numbers[kind] = numbers.get(kind, 0) + 1
    return numbers


def runs_of(origin: Origin) -> dict[str, Hashable]:
    """The agent runs that a call is part of: by agent, from the outermost, what tells the run from others.

    Where only a rule, a hook or a marker names the agent, one test (or fixture) is one run.
    """
    found: dict[str, Hashable] = {}
    for name, run in zip_longest(origin.agent_path, origin.agent_runs):
        found.setdefault(
            name, run or (origin.nodeid, origin.fixture)
        )  # an agent that calls itself is one run
    return found


def grouped(calls: Iterable[Call], key: Callable[[Call], Key]) -> dict[Key, list[Call]]:
    """The calls by what they have in common, in the order of the first of each."""
    groups: dict[Key, list[Call]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return groups
