"""HTTP calls by time, of which spans take the nearest: thousands may be alike, and few are seen twice."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pytest_llmcost.model.usage import Usage

Place = tuple[str | None, str | None]
Tokens = tuple[int | None, ...]


class HttpCall(NamedTuple):
    """An HTTP call, as far as spans may tell of it.

    Attributes:
        place: The test and the wider fixture.
        started: When it was sent, seconds of the clock of ``time.perf_counter``.
        inside: Identities of the spans around it, from the outermost.
        models: Requested and billed.
        usage: What it states; None while that is not known, or not all of it.
        told_by: Who tells of it already: names of instrumentation scopes.
    """

    place: Place
    started: float
    inside: tuple[int, ...]
    models: tuple[str | None, ...]
    usage: Usage | None
    told_by: set[str]


def tokens_of(usage: Usage | None) -> Tokens:
    """Input and output; empty where nothing is known."""
    return () if usage is None else (usage.input_tokens, usage.output_tokens)


class Nearest(NamedTuple):
    """A call that a span may take; what is less goes first.

    Attributes:
        distance: Seconds from the start of the span.
        is_before: Whether it was sent before the span began.
        order: Its number among all calls of the place.
        position: In its group.
        group: Where it is.
    """

    distance: float
    is_before: bool
    order: int
    position: int
    group: CallGroup


class CallGroup:
    """Calls of the same tokens and models, inside the same spans: what fits one of them fits all.

    Args:
        calls: Sorted by time, each with its number among all calls of the place.
    """

    def __init__(self, calls: Sequence[tuple[int, HttpCall]]) -> None:
        self.calls = [call for _, call in calls]
        self._orders = [order for order, _ in calls]
        self._starts = [call.started for call in self.calls]
        self._free: dict[str, _Free] = {}  # by who tells

    def parts(self, start: float, end: float) -> tuple[range, range]:
        """The positions of those that were sent before a span, and while it was open."""
        first, stop = bisect_left(self._starts, start), bisect_right(self._starts, end)
        return range(first), range(first, max(first, stop))

    def nearest(self, part: range, start: float, teller: str) -> Nearest | None:
        """The nearest that a library does not tell of yet; the first of those that were sent at once.

        Args:
            part: One of ``parts``.
            start: Of the span.
            teller: The library.
        """
        if not part:
            return None
        free = self._free_of(teller)
        if self._starts[part[0]] >= start:
            position = free.at_or_after(part[0])
        else:
            position = free.at_or_before(part[-1])
            if position >= 0:
                position = free.at_or_after(bisect_left(self._starts, self._starts[position]))
        if position not in part:
            return None
        sent = self._starts[position]
        return Nearest(abs(sent - start), sent < start, self._orders[position], position, self)

    def take(self, position: int, teller: str) -> None:
        """The library tells of a call."""
        self.calls[position].told_by.add(teller)
        self._free_of(teller).take(position)

    def is_free(self, position: int, teller: str) -> bool:
        """Whether the library does not tell of a call."""
        return teller not in self.calls[position].told_by

    def _free_of(self, teller: str) -> _Free:
        found = self._free.get(teller)
        if found is None:
            found = self._free[teller] = _Free(len(self.calls))
            for position, call in enumerate(self.calls):
                if teller in call.told_by:
                    found.take(position)
        return found


class CallGroups:
    """The HTTP calls of a place.

    Args:
        calls: In any order.
    """

    def __init__(self, calls: Iterable[HttpCall]) -> None:
        ordered = sorted(calls, key=_started)
        self._starts = [call.started for call in ordered]
        alike: dict[tuple[object, ...], list[tuple[int, HttpCall]]] = {}
        keys = []
        for number, call in enumerate(ordered):
            keys.append(key := (call.usage is None, tokens_of(call.usage), call.models, call.inside))
            alike.setdefault(key, []).append((number, call))
        groups = {key: CallGroup(found) for key, found in alike.items()}
        self._all = list(groups.values())
        self._at = [groups[key] for key in keys]
        self._by_tokens: dict[tuple[Tokens, int | None], list[CallGroup]] = {}
        for group in self._all:
            one = group.calls[0]
            if one.usage is not None:
                for identity in {None, *one.inside}:
                    self._by_tokens.setdefault((tokens_of(one.usage), identity), []).append(group)

    def of_tokens(self, usage: Usage | None, inside: int | None) -> Sequence[CallGroup]:
        """Those of the same tokens.

        Args:
            usage: Of a span; None has none.
            inside: The span that they must be inside; None for any.
        """
        return () if usage is None else self._by_tokens.get((tokens_of(usage), inside), ())

    def sent_within(self, start: float, end: float) -> Iterable[CallGroup]:
        """Those with a call that was sent then, and perhaps others."""
        first, stop = bisect_left(self._starts, start), bisect_right(self._starts, end)
        return self._all if stop - first > len(self._all) else dict.fromkeys(self._at[first:stop])


class _Free:
    """Positions of a list that are not taken: the next one is found without passing all that are."""

    def __init__(self, number: int) -> None:
        # By position, shifted by one: itself while it is free, else one that is nearer to the next free one.
        self._after = list(range(number + 2))
        self._before = list(range(number + 2))

    def take(self, position: int) -> None:
        self._after[position + 1] = position + 2
        self._before[position + 1] = position

    def at_or_after(self, position: int) -> int:
        """The length of the list if there is none."""
        return _followed(self._after, position + 1) - 1

    def at_or_before(self, position: int) -> int:
        """-1 if there is none."""
        return _followed(self._before, position + 1) - 1


def _followed(links: list[int], position: int) -> int:
    """Where the links lead, which are shortened on the way."""
    while links[position] != position:
        links[position] = position = links[links[position]]
    return position


def _started(call: HttpCall) -> float:
    return call.started
