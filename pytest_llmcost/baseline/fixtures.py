"""Fixtures of a wider scope: how often they were set up says nothing about the code.

Each worker of xdist sets a session's fixture up again. Where both sides know how often, that decides. Where
one does not, or not each set-up makes calls: of the numbers that are possible, the one holds that leaves the
fewest calls that differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import gcd

from pytest_llmcost.baseline.sides import Priced, used
from pytest_llmcost.model.baseline import Entry

_Kind = tuple[str | None, Entry]


def as_often(
    base: Sequence[Priced], head: Sequence[Priced], before: int | None = None, now: int | None = None
) -> list[Priced]:
    """The calls of the head, as if the fixture had been set up as often as in the base.

    Args:
        base: What was accepted of the fixture.
        head: What its set-ups in this run used.
        before: How often it was set up then; None if nobody knows.
        now: How often in this run.
    """
    if before and now:
        counted = _counted(base, head, before, now)
        if counted is not None:
            return counted
    return min(_readings(base, head), key=lambda calls: _differing(base, calls))


def _counted(base: Sequence[Priced], head: Sequence[Priced], before: int, now: int) -> list[Priced] | None:
    """The head by its number of set-ups; None where that explains nothing."""
    if before == now or _tally(base) == _tally(head):
        return list(head)
    common = gcd(before, now)
    times_before, times_now = before // common, now // common
    alike = _tally(head)
    if _tally(base).keys() - alike.keys() or any(number % times_now for number in alike.values()):
        return None  # one of its parameters did not run, or not each set-up makes the calls
    return [call for call in _part(head, times_now) for _ in range(times_before)]


def _readings(base: Sequence[Priced], head: Sequence[Priced]) -> Iterator[list[Priced]]:
    """The head as it is, then as one of several set-ups, or as more of them; of equals the first is taken."""
    yield list(head)
    if not base or not head:
        return
    before, now = _tally(base), _tally(head)
    times_before, times_now = gcd(*before.values()), gcd(*now.values())
    common = gcd(times_before, times_now)
    for times in sorted({times_now, times_now // common} - {1}):
        yield _part(head, times)
    for times in sorted({times_before, times_before // common} - {1}):
        yield [call for call in _part(head, times_now) for _ in range(times)]
    times, left = divmod(len(head), len(base))
    if times > 1 and not left:
        yield sorted(head, key=_order)[times // 2 :: times]  # live answers differ a little


def _part(calls: Sequence[Priced], times: int) -> list[Priced]:
    """One in so many of the calls that are alike."""
    seen: Counter[_Kind] = Counter()
    kept = []
    for call in calls:
        kind = _kind(call)
        if seen[kind] % times == 0:
            kept.append(call)
        seen[kind] += 1
    return kept


def _differing(base: Sequence[Priced], head: Sequence[Priced]) -> int:
    before, now = _tally(base), _tally(head)
    return max((before - now).total(), (now - before).total())


def _tally(calls: Sequence[Priced]) -> Counter[_Kind]:
    return Counter(map(_kind, calls))


def _kind(call: Priced) -> _Kind:
    return call.entry.agent, used(call.entry)


def _order(call: Priced) -> tuple[str, str, str, int, int]:
    entry = call.entry
    return entry.provider, entry.model, entry.agent or "", entry.usage.input_tokens, entry.usage.output_tokens
