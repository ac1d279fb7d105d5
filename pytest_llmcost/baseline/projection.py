"""What a month costs: volumes of production at the mean cost of an agent's runs, base against head.

A run is everything that happens inside it, sub-agents too. A sub-agent with a volume of its own is left out
there, so that the rows add up to the bill and nothing is in it twice.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from pytest_llmcost.baseline.causes import match
from pytest_llmcost.baseline.sides import Priced, side_of
from pytest_llmcost.model.amount import Amount, total
from pytest_llmcost.model.baseline import Entry
from pytest_llmcost.model.diff import Change, RunDiff, Side, State
from pytest_llmcost.model.money import ZERO, exact_money
from pytest_llmcost.model.projection import AgentMonth, Per, Projection, Volume
from pytest_llmcost.model.report import Notice, NoticeKind
from pytest_llmcost.model.typed import UNTYPED, Typed

_PLACES = Decimal("0.000000000001")  # a mean may have no end


class RunsOfBoth(NamedTuple):
    """A test that is on both sides, with its agent runs.

    Attributes:
        base: Its accepted calls.
        base_runs: How often each agent ran; None where nobody kept that.
        head: Its calls of the run.
        head_runs: How often each agent ran.
    """

    base: Sequence[Priced]
    base_runs: Mapping[str, int] | None
    head: Sequence[Priced]
    head_runs: Mapping[str, int]


class _Seen(NamedTuple):
    """What one side has of an agent."""

    calls: list[Priced]
    number: int

    def side(self, volume: Volume) -> Side | None:
        """USD a month; None where nothing was seen that a mean could be of."""
        if not self.number:
            return None
        found = side_of(self.calls)
        return found._replace(cost=_times(found.cost, volume.per_month, self.number))


def project(volumes: Sequence[Volume], tests: Sequence[RunsOfBoth]) -> Projection | None:
    """Project the agents that tests on both sides run.

    Args:
        volumes: By agent.
        tests: Those that are on both sides.

    Returns:
        None if none of the agents ran.
    """
    owners = {volume.agent: volume for volume in volumes}
    months = [month for volume in volumes for month in _month(volume, tests, owners)]
    if not months:
        return None
    whole = all(month.change.base is not None and month.change.head is not None for month in months)
    return Projection(tuple(months), _sum([month.change for month in months]) if whole else None)


def _month(volume: Volume, tests: Sequence[RunsOfBoth], owners: Mapping[str, Volume]) -> Iterator[AgentMonth]:
    calls_of_base = [call for one in tests for call in one.base if _owner(call.entry, owners) is volume]
    calls_of_head = [call for one in tests for call in one.head if _owner(call.entry, owners) is volume]
    head = _Seen(calls_of_head, len(calls_of_head))
    base = _Seen(calls_of_base, len(calls_of_base))
    is_older = False
    if volume.per is Per.RUN:
        is_older = any(one.base_runs is None and _has(one, volume.agent) for one in tests)
        base = base._replace(
            number=0 if is_older else sum((one.base_runs or {}).get(volume.agent, 0) for one in tests)
        )
        head = head._replace(number=sum(one.head_runs.get(volume.agent, 0) for one in tests))
    if base.number or head.number:
        yield AgentMonth(volume, base.number, head.number, _change(volume, base, head), is_older)


def _has(one: RunsOfBoth, agent: str) -> bool:
    """Whether an agent ran in a test: an older base names only the innermost one of each call."""
    return agent in one.head_runs or any(call.entry.agent == agent for call in one.base)


def _owner(entry: Entry, owners: Mapping[str, Volume]) -> Volume | None:
    """In whose volume a call is: that of its agent, else of the innermost around it that counts runs."""
    own = owners.get(entry.agent or "")
    if own is not None:
        return own
    around = (owners.get(name) for name in reversed(entry.within))
    return next((volume for volume in around if volume is not None and volume.per is Per.RUN), None)


def _change(volume: Volume, base: _Seen, head: _Seen) -> Change:
    before, now = base.side(volume), head.side(volume)
    if before is None or now is None:
        state = State.NEW if before is None else State.GONE
        return Change(key=volume.agent, state=state, base=before, head=now)
    if base.number == head.number:
        # What both sides have alike is no doubt about the difference.
        delta = _times(match(base.calls, head.calls).delta, volume.per_month, head.number)
    else:
        delta = _difference(before.cost, now.cost)
    same = delta.is_exact and not delta.value
    return Change(
        key=volume.agent,
        state=State.UNCHANGED if same else State.CHANGED,
        base=before,
        head=now,
        delta=delta,
    )


def _difference(base: Amount, head: Amount) -> Amount:
    """The head's interval against the base's value; where the base may be more, nothing is certain."""
    with exact_money():
        moved = head.value - base.value
        if base.high is None:
            return Amount.at_least(min(moved, ZERO))
        return Amount(head.low - base.value, moved, None if head.high is None else head.high - base.value)


def _sum(changes: Sequence[Change]) -> Change:
    sides = [
        Side(cost=total(side.cost for side in both if side), calls=sum(side.calls for side in both if side))
        for both in ([change.base for change in changes], [change.head for change in changes])
    ]
    changed = any(change.state is State.CHANGED for change in changes)
    return Change(
        key="",
        state=State.CHANGED if changed else State.UNCHANGED,
        base=sides[0],
        head=sides[1],
        delta=total(change.delta for change in changes),
    )


def _times(amount: Amount, volume: int, number: int) -> Amount:
    with exact_money():
        low, value, high = (
            None if part is None else (part * volume / number).quantize(_PLACES)
            for part in (amount.low, amount.value, amount.high)
        )
    return Amount(low or ZERO, value or ZERO, high)


def projection_notices(
    diff: RunDiff | None,
    volumes: Sequence[Volume],
    agents: Sequence[str | None],
    *,
    full: bool,
    typed: Typed = UNTYPED,
) -> list[Notice]:
    """What keeps a volume from being projected.

    Args:
        diff: Against the baseline.
        volumes: By agent.
        agents: Names of those that ran.
        full: Whether the whole suite ran: what a part of it lacks may well exist.
        typed: The files of the gate, which what accepts the run has to name.
    """
    if diff is None:
        return []
    months = diff.projection.agents if diff.projection is not None else ()
    found = [
        Notice(
            NoticeKind.PROJECTION,
            f"{month.volume.agent} has no month before: {diff.base} is older than the count of agent runs;"
            " accept it again",
            typed.accepting(),
        )
        for month in months
        if month.base_is_older
    ]
    named = sorted(name for name in agents if name is not None)
    projected = {month.volume.agent for month in months}
    for volume in volumes if full else ():
        if volume.agent not in projected:
            near = difflib.get_close_matches(volume.agent, named, n=1, cutoff=0.5)
            why = (
                "none of its tests is in the baseline"
                if volume.agent in named
                else f"no test runs it{f'; the nearest is {near[0]!r}' if near else ''}"
            )
            found.append(Notice(NoticeKind.PROJECTION, f"no month for {volume.agent!r}: {why}"))
    return found
