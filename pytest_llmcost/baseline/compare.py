"""A run against what was accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pytest_llmcost.baseline.causes import describe, match, split
from pytest_llmcost.baseline.details import details_of
from pytest_llmcost.baseline.entries import calls_by_key, runs_by_key, tally
from pytest_llmcost.baseline.fixtures import as_often
from pytest_llmcost.baseline.lookups import Counts, added, lookups_by_key, of_agent
from pytest_llmcost.baseline.projection import RunsOfBoth, project
from pytest_llmcost.baseline.renames import renames
from pytest_llmcost.baseline.sides import Priced, Pricer, side_of, side_of_all
from pytest_llmcost.baseline.suite import Suite
from pytest_llmcost.model.amount import total
from pytest_llmcost.model.baseline import Baseline, Entry, Line, Mark
from pytest_llmcost.model.call import Call, Status
from pytest_llmcost.model.diff import Cause, CauseKind, Change, RunDiff, State
from pytest_llmcost.model.keys import fixture_of, is_test, test_key
from pytest_llmcost.model.money import ZERO, exact_money
from pytest_llmcost.model.projection import Volume
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.rollup import counted_calls
from pytest_llmcost.pricing.prices import Prices

PASSED = "passed"


@dataclass(frozen=True, slots=True)
class _Compared:
    """A test that is on both sides, with its calls.

    Attributes:
        change: What became of it.
        base: Its accepted calls.
        head: Its calls of the run.
        is_dated: Whether its calls have the prices of another day than today.
        base_lookups: Accepted lookups in the app's own caches, by agent.
        head_lookups: Those of the run.
    """

    change: Change
    base: list[Priced]
    head: list[Priced]
    is_dated: bool
    base_lookups: Counts
    head_lookups: Counts


def compare(
    baseline: Baseline,
    report: RunReport,
    prices: Prices,
    suite: Suite,
    folder: str,
    *,
    volumes: Sequence[Volume] = (),
) -> RunDiff:
    """Compare a run with its baseline.

    Args:
        baseline: What was accepted.
        report: The run.
        prices: Applied to the baseline's usage; the run has its prices from the same.
        suite: What was collected.
        folder: Of the baseline, relative to the root.
        volumes: Of agents in production.
    """
    pricer = Pricer(prices)
    calls = calls_by_key(counted_calls(report), folder)
    ended = {test_key(t.result.nodeid, folder): t.result.outcome == PASSED for t in report.tests}
    heads = {key: found for key, found in calls.items() if ended.get(key, not is_test(key))}
    old_names = renames(baseline, heads, suite)
    run = {key: pricer.of_calls(found) for key, found in heads.items()}  # before anything of the base
    lookups = lookups_by_key(report, folder)
    compared = {
        key: _compare_line(
            key,
            old_names.get(key),
            line,
            heads.get(key, []),
            run.get(key, []),
            pricer,
            report.observed.set_ups.get(fixture_of(key)),
            lookups.get(key, {}),
        )
        for key, line in _lines_on_both_sides(baseline, heads, ended, old_names)
    }
    taken = set(old_names.values())
    changes = [found.change for found in compared.values()]
    changes += [_new(key, run[key], lookups.get(key, {})) for key in heads if key not in compared]
    changes += [
        _absent(key, line, calls.get(key, []), suite, pricer)
        for key, line in baseline.lines.items()
        if key not in compared and key not in taken
    ]
    both = list(compared.values())
    runs = runs_by_key(report, folder) if volumes else {}
    return RunDiff(
        base=baseline.name,
        totals=_total(both),
        tests=tuple(sorted(changes, key=lambda change: change.key)),
        agents=tuple(_agents(both, pricer)),
        price_delta=_price_delta(baseline, old_names, compared),
        lost_prices=tuple(_lost_prices(baseline, heads, old_names, compared)),
        new_stale=tuple(_new_stale(run, compared)),
        partial=any(change.state is State.NOT_RUN and is_test(change.key) for change in changes),
        projection=project(
            volumes,
            [
                _runs(key, one, baseline.lines[old_names.get(key, key)], runs.get(key, {}), run.get(key, []))
                for key, one in compared.items()
            ],
        )
        if volumes
        else None,
    )


def _runs(
    key: str, one: _Compared, line: Line, runs: Mapping[str, int], priced: Sequence[Priced]
) -> RunsOfBoth:
    if not is_test(key) and line.runs is not None and _by_agent(one.base) == _by_agent(one.head):
        return RunsOfBoth(one.base, line.runs, one.base, line.runs)  # set up as often as before
    return RunsOfBoth(one.base, line.runs, priced, runs)


def _by_agent(calls: Sequence[Priced]) -> Counter[tuple[int, str | None, tuple[str, ...]]]:
    """What was used, and in which agents."""
    return Counter((call.kind, call.entry.agent, call.entry.within) for call in calls)


def _lines_on_both_sides(
    baseline: Baseline, heads: Mapping[str, Sequence[Call]], ended: Mapping[str, bool], old: Mapping[str, str]
) -> list[tuple[str, Line]]:
    found = []
    for key in {**heads, **{key: None for key, passed in ended.items() if passed}}:
        line = baseline.lines.get(old.get(key, key))
        if line is not None:
            found.append((key, line))
    return found


def _compare_line(  # noqa: PLR0917  # one line of the base, and what stands against it
    key: str,
    old: str | None,
    line: Line,
    calls: Sequence[Call],
    head: list[Priced],
    pricer: Pricer,
    set_ups: int | None,
    lookups: Counts,
) -> _Compared:
    base_lookups = added(line.response_cache.values())
    is_dated = any(
        ours.cost is not call.cost and ours.cost.value != call.cost.value
        for ours, call in zip(head, calls, strict=True)
    )
    is_same = line.entries == tally([call.entry for call in head])
    base = head if is_same else pricer.price_all(line.entries)
    if not is_test(key):
        head = as_often(base, head, line.set_ups, set_ups)
    matched = match(base, head)
    side = side_of(head, added(lookups.values()))
    if not matched.differs:
        # The same usage has the same figures.
        before = side._replace(response_cache=base_lookups)
        change = Change(key=key, state=State.UNCHANGED, base=before, head=side, renamed_from=old)
        return _Compared(change, base, head, is_dated, line.response_cache, lookups)
    change = Change(
        key=key,
        state=State.CHANGED,
        base=side_of(base, base_lookups),
        head=side,
        delta=matched.delta,
        causes=describe(split(matched, pricer), matched, base, head, details_of(line, calls, matched)),
    )
    return _Compared(change, base, head, is_dated, line.response_cache, lookups)


def _new(key: str, calls: Sequence[Priced], lookups: Counts) -> Change:
    return Change(key=key, state=State.NEW, head=side_of(calls, added(lookups.values())))


def _absent(key: str, line: Line, calls: Sequence[Call], suite: Suite, pricer: Pricer) -> Change:
    """A line of the base whose test did not run, or not to its end."""
    gone = not calls and suite.has_lost(key)
    return Change(
        key=key,
        state=State.GONE if gone else State.NOT_RUN,
        base=side_of(pricer.price_all(line.entries), added(line.response_cache.values())),
        head=side_of(pricer.of_calls(calls)) if calls else None,
    )


def _total(both: Sequence[_Compared]) -> Change:
    base = [call for one in both for call in one.base]
    head = [call for one in both for call in one.head]
    deltas: dict[CauseKind, Decimal] = {}
    biggest: dict[CauseKind, Cause] = {}
    with exact_money():
        for one in both:
            for cause in one.change.causes:
                deltas[cause.kind] = deltas.get(cause.kind, ZERO) + cause.delta
                if abs(cause.delta) >= abs(biggest.get(cause.kind, cause).delta):
                    biggest[cause.kind] = cause
    deltas = {kind: amount for kind, amount in deltas.items() if amount}
    causes = describe(deltas, match((), ()), base, head, {})
    return Change(
        key="",
        state=State.CHANGED if any(o.change.state is State.CHANGED for o in both) else State.UNCHANGED,
        base=side_of_all(
            [one.change.base for one in both],
            base,
            added(count for one in both for count in one.base_lookups.values()),
        ),
        head=side_of_all(
            [one.change.head for one in both],
            head,
            added(count for one in both for count in one.head_lookups.values()),
        ),
        delta=total([one.change.delta for one in both]),
        causes=tuple(
            cause._replace(before=biggest[cause.kind].before, after=biggest[cause.kind].after)
            if cause.kind in {CauseKind.MODEL, CauseKind.TIER}
            else cause
            for cause in causes
        ),
    )


def _agents(both: Sequence[_Compared], pricer: Pricer) -> list[Change]:
    groups: dict[str | None, tuple[list[Priced], list[Priced]]] = {}
    for one in both:
        for side, calls in enumerate((one.base, one.head)):
            for call in calls:
                agent = call.entry.agent
                if agent not in groups:
                    groups[agent] = ([], [])
                groups[agent][side].append(call)
        for agent in (*one.base_lookups, *one.head_lookups):
            groups.setdefault(agent or None, ([], []))
    return [
        _agent(name, *groups[name], pricer, both)
        for name in sorted(groups, key=lambda name: (name is None, name or ""))
    ]


def _agent(
    name: str | None, base: list[Priced], head: list[Priced], pricer: Pricer, both: Sequence[_Compared]
) -> Change:
    matched = match(base, head)
    return Change(
        key=name or "",
        state=State.CHANGED if matched.differs else State.UNCHANGED,
        base=side_of(base, of_agent((one.base_lookups for one in both), name)),
        head=side_of(head, of_agent((one.head_lookups for one in both), name)),
        delta=matched.delta,
        causes=describe(split(matched, pricer), matched, base, head, {}),
    )


def _price_delta(baseline: Baseline, old: Mapping[str, str], compared: Mapping[str, _Compared]) -> Decimal:
    found = ZERO
    with exact_money():
        for key, one in compared.items():
            accepted, side = baseline.lines[old.get(key, key)].cost, one.change.base
            if one.is_dated:
                continue  # what was accepted was not at the prices of a day, so that they cannot have moved
            if accepted is not None and side is not None and side.cost.high is not None:
                found += side.cost.value - accepted
    return found


def _new_stale(
    run: Mapping[str, Sequence[Priced]], compared: Mapping[str, _Compared]
) -> Iterable[tuple[str, int]]:
    """Tests with changed requests that the base does not know as such."""
    for key in sorted(run):
        found = [call.kind for call in run[key] if _is_stale(call.entry)]
        if not found:
            continue
        accepted = compared[key].base if key in compared else []
        known = Counter(call.kind for call in accepted if _is_stale(call.entry))
        if number := (Counter(found) - known).total():
            yield key, number


def _is_stale(entry: Entry) -> bool:
    """Whether its request had changed: of a call without a price the mark says that one."""
    return entry.mark is Mark.STALE or bool(entry.edit)


def _lost_prices(
    baseline: Baseline,
    heads: Mapping[str, Sequence[Call]],
    old: Mapping[str, str],
    compared: Mapping[str, _Compared],
) -> list[tuple[str, str]]:
    found = []
    for key in sorted(compared):
        now = [
            f"{call.measured.provider}/{call.measured.model.name}"
            for call in heads.get(key, [])
            if call.status is Status.UNPRICED
        ]
        if not now:
            continue
        before = _unpriced(baseline.lines[old.get(key, key)].entries)
        if len(now) > before.total():
            found += [(key, model) for model in dict.fromkeys(now) if model not in before]
    return found


def _unpriced(entries: Mapping[Entry, int]) -> Counter[str]:
    """The calls that were accepted without a price, by model."""
    found: Counter[str] = Counter()
    for entry, number in entries.items():
        if entry.mark is Mark.UNPRICED:
            found[f"{entry.provider}/{entry.model}"] += number
    return found
