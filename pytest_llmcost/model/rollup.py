"""Adding calls up: by test, by agent, by model, and all together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

from pytest_llmcost.model.amount import NOTHING, total
from pytest_llmcost.model.call import Call, Origin, Source
from pytest_llmcost.model.report import AgentCost, ModelCost, Rollup, RunReport, TestCost, TestResult
from pytest_llmcost.model.usage import NO_USAGE, cache_hit_rate, total_usage

if TYPE_CHECKING:
    from pytest_llmcost.model.cache import CacheEvent

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")


def last_attempts(calls: Sequence[Call], results: Iterable[TestResult]) -> frozenset[str]:
    """The ids of the calls that belong to the last attempt of their test, or to no test.

    Args:
        calls: All calls of the run.
        results: They say how often a test ran: its last attempt may have made no call.
    """
    return frozenset([call.id for call in _of_last_attempts(calls, results)])


def _of_last_attempts(calls: Sequence[Call], results: Iterable[TestResult]) -> Iterable[Call]:
    latest = _latest([call.measured.origin for call in calls], results)
    if not latest:  # no test was run again
        return calls
    return (call for call in calls if _is_latest(call.measured.origin, latest))


def last_lookups(
    events: Sequence[CacheEvent], calls: Sequence[Call], results: Iterable[TestResult]
) -> list[CacheEvent]:
    """The lookups that belong to the last attempt of their test, or to no test.

    Args:
        events: All lookups of the run.
        calls: All calls of the run.
        results: As for ``last_attempts``.
    """
    if not events:
        return []
    origins = [event.lookup.origin for event in events]
    latest = _latest([*origins, *(call.measured.origin for call in calls)], results)
    return [event for event in events if _is_latest(event.lookup.origin, latest)]


def _latest(origins: Iterable[Origin], results: Iterable[TestResult]) -> dict[str, int]:
    latest = {result.nodeid: result.attempts for result in results if result.attempts > 1}
    for origin in origins:
        if origin.attempt > 1 and origin.nodeid is not None:
            latest[origin.nodeid] = max(latest.get(origin.nodeid, 1), origin.attempt)
    return latest


def _is_latest(origin: Origin, latest: Mapping[str, int]) -> bool:
    return origin.nodeid is None or origin.attempt == latest.get(origin.nodeid, 1)


def rollup(
    calls: Sequence[Call], *, last: frozenset[str], include_mocked: bool, events: Sequence[CacheEvent] = ()
) -> Rollup:
    """Add calls up.

    Args:
        calls: Which.
        last: Ids of the calls of last attempts: only they are in ``cost``, usage and counts.
        include_mocked: Whether mocked calls count; they are never spent.
        events: Lookups in the app's own caches beside them, of last attempts.
    """
    if events:
        from pytest_llmcost.model.cache import cache_rollup  # most runs have no lookup

        found = rollup(calls, last=last, include_mocked=include_mocked)
        return found._replace(response_cache=cache_rollup(events))
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


def counted_lookups(report: RunReport) -> list[CacheEvent]:
    """The lookups in the app's own caches that count: those of last attempts."""
    return last_lookups(report.cache_events, report.calls, [test.result for test in report.tests])


def rollup_of(calls: Sequence[Call]) -> Rollup:
    """Add up calls that all count."""
    return rollup(calls, last=frozenset(call.id for call in calls), include_mocked=True)


def rollup_in(report: RunReport, calls: Sequence[Call]) -> Rollup:
    """Add some calls of a report up, as the report counts them."""
    last = last_attempts(report.calls, [test.result for test in report.tests])
    return rollup(calls, last=last, include_mocked=report.meta.include_mocked)


def by_test(
    calls: Sequence[Call],
    results: Iterable[TestResult],
    *,
    last: frozenset[str],
    include_mocked: bool,
    events: Sequence[CacheEvent] = (),
) -> tuple[TestCost, ...]:
    """One row for each test that ran, in the order of the results, also for tests without calls."""
    groups = grouped(calls, lambda call: call.measured.origin.nodeid)
    lookups = grouped(events, lambda event: event.lookup.origin.nodeid)
    return tuple(
        TestCost(
            result,
            rollup(
                groups.get(result.nodeid, []),
                last=last,
                include_mocked=include_mocked,
                events=lookups.get(result.nodeid, ()),
            ),
        )
        for result in results
    )


def by_agent(
    calls: Sequence[Call],
    *,
    last: frozenset[str],
    include_mocked: bool,
    totals: Rollup | None = None,
    events: Sequence[CacheEvent] = (),
) -> tuple[AgentCost, ...]:
    """One row for each agent, by name, and one for the calls that no agent made: the rows sum.

    An agent that leaves all calls to its sub-agents has a row without calls.

    Args:
        calls: Of the run.
        last: As for ``rollup``.
        include_mocked: As for ``rollup``.
        totals: Of the calls, where they are added up already: one row for all of them has the same.
        events: Lookups in the app's own caches: an agent that a cache has spared all calls has a row.
    """
    groups = grouped(calls, lambda call: call.measured.origin.agent)
    lookups = grouped(events, lambda event: event.lookup.origin.agent)
    inside: dict[str | None, list[Call]] = {}
    runs: dict[str | None, set[Hashable]] = {}
    final = counted(calls, last, include_mocked)
    for call in final:
        origin = call.measured.origin
        for name in dict.fromkeys(origin.agent_path or (origin.agent,)):
            inside.setdefault(name, []).append(call)
    for origin in [call.measured.origin for call in final] + [event.lookup.origin for event in events]:
        for name, run in zip_longest(origin.agent_path or (origin.agent,), origin.agent_runs):
            runs.setdefault(name, set()).add(run or (origin.nodeid, origin.fixture))
    part = partial(_part, calls=calls, totals=totals, last=last, include_mocked=include_mocked)
    names = sorted(name for name in {*groups, *inside, *lookups} if name is not None)
    return tuple(
        AgentCost(
            name,
            len(runs.get(name, ())),
            part(groups.get(name, []), events=lookups.get(name, ())),
            total([call.cost for call in inside.get(name, ())]),
        )
        for name in [*names, *([None] if None in groups or None in lookups else [])]
    )


def by_model(
    calls: Sequence[Call],
    *,
    last: frozenset[str],
    include_mocked: bool,
    totals: Rollup | None = None,
    events: Sequence[CacheEvent] = (),
) -> tuple[ModelCost, ...]:
    """One row for each provider and model, by name; see ``by_agent``. Lookups of unknown models have none."""
    groups = grouped(calls, lambda call: (call.measured.provider, call.measured.model.name))
    lookups: dict[tuple[str, str], list[CacheEvent]] = {}
    for event in events:
        if event.provider is not None and event.model is not None:
            lookups.setdefault((event.provider, event.model), []).append(event)
    part = partial(_part, calls=calls, totals=totals, last=last, include_mocked=include_mocked)
    return tuple(
        ModelCost(*key, part(groups.get(key, []), events=lookups.get(key, ())))
        for key in sorted({*groups, *lookups})
    )


def _part(
    group: Sequence[Call],
    *,
    calls: Sequence[Call],
    totals: Rollup | None,
    last: frozenset[str],
    include_mocked: bool,
    events: Sequence[CacheEvent],
) -> Rollup:
    if totals is not None and len(group) == len(calls) and totals.response_cache is None:
        return totals
    return rollup(group, last=last, include_mocked=include_mocked, events=events)


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


def grouped(calls: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Calls (or lookups) by what they have in common, in the order of the first of each."""
    groups: dict[Key, list[Item]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return groups
