"""Which spans tell of which HTTP calls, where neither is inside the other; and which tell of the same."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from typing import NamedTuple

from pytest_llmcost.attribution.started import StartedSpan
from pytest_llmcost.capture.nearest_calls import CallGroup, CallGroups, HttpCall, Nearest, Place, tokens_of
from pytest_llmcost.usage.span_generation import Generation

# What is written behind the name of a model: a date, a version, "latest".
_VERSION = re.compile(r"(?:[-@]\d{4}-?\d{2}-?\d{2}|[-@]\d{3,4}|-latest|-v\d+(?::\d+)?)$")
_SAME_USAGE, _SAME_MODEL, _MAY_BE = 3, 2, 1


class Traced(NamedTuple):
    """A generation of a span that has ended.

    Attributes:
        started: The span.
        generation: What it states.
        identity: Of the span.
        around: Identities of the spans around it, from the outermost.
        teller: The instrumentation scope that writes it.
        start: When it began, by the clock of HTTP calls.
        end: When it ended.
    """

    started: StartedSpan
    generation: Generation
    identity: int
    around: tuple[int, ...]
    teller: str
    start: float
    end: float

    @property
    def place(self) -> Place:
        """The test and the wider fixture."""
        return self.started.scope.nodeid, self.started.scope.fixture

    @property
    def states_usage(self) -> bool:
        """Whether it says what was used, be it not all of it."""
        return self.generation.usage is not None or self.generation.incomplete is not None


def matched(found: Sequence[Traced], calls: Mapping[Place, Sequence[HttpCall]]) -> set[int]:
    """The spans that tell of an HTTP call beside them; each scope tells of a call once.

    Args:
        found: Generations without an HTTP call inside.
        calls: By test.

    Returns:
        Their identities.
    """
    places = {place: CallGroups(calls.get(place, ())) for place in {traced.place for traced in found}}
    described: set[int] = set()
    # What fits best is taken first, and of that what is nearest in time; most spans need no second look.
    for least in (_SAME_USAGE, _SAME_MODEL, _MAY_BE):
        parts: dict[int, list[tuple[CallGroup, range]]] = {}
        heap: list[tuple[float, int, Nearest]] = []
        for number, traced in enumerate(found):
            if traced.identity not in described:
                parts[number] = _fitting(traced, places[traced.place], least)
                _push(heap, number, traced, parts[number])
        while heap:
            _, number, call = heappop(heap)
            traced = found[number]
            if traced.identity in described:
                continue
            if call.group.is_free(call.position, traced.teller):
                described.add(traced.identity)
                call.group.take(call.position, traced.teller)
            else:  # it was nearer to another one
                _push(heap, number, traced, parts[number])
    return described


def _fitting(traced: Traced, calls: CallGroups, least: int) -> list[tuple[CallGroup, range]]:
    """The calls that a span may tell of: sent while it was open, or of the same tokens.

    Args:
        traced: The span.
        calls: Of its place.
        least: How well they have to fit; only what may be it need not be inside the same span.
    """
    usage, outer = traced.generation.usage, traced.around[-1] if traced.around else None
    groups = dict.fromkeys(calls.of_tokens(usage, None if least == _MAY_BE else outer))
    if least != _SAME_USAGE:
        groups |= dict.fromkeys(calls.sent_within(traced.start, traced.end))
    return [
        (group, part)
        for group in groups
        for part in group.parts(traced.start, traced.end)
        if part and _fit(traced, group.calls[part[0]]) >= least
    ]


def _push(
    heap: list[tuple[float, int, Nearest]],
    number: int,
    traced: Traced,
    parts: Sequence[tuple[CallGroup, range]],
) -> None:
    """Add the nearest call that a span may still tell of."""
    nearest = (group.nearest(part, traced.start, traced.teller) for group, part in parts)
    best = min((one for one in nearest if one is not None), default=None)
    if best is not None:
        heappush(heap, (best.distance, number, best))


def _fit(traced: Traced, call: HttpCall) -> int:
    """How well a span fits a call; 0 where it is of something else."""
    usage = traced.generation.usage
    is_known = usage is not None and call.usage is not None
    is_same_usage = is_known and tokens_of(usage) == tokens_of(call.usage)
    names = {name for name in traced.generation.model if name}
    is_same_model = not call.models or any(
        _is_same_model(one, other) for one in names for other in call.models if other
    )
    if traced.around and traced.around[-1] not in call.inside:
        # Listeners write spans in threads of their own, where no call is sent.
        return _MAY_BE if is_same_usage and names and is_same_model and call.started <= traced.end else 0
    if traced.start <= call.started <= traced.end:
        if is_same_usage:
            return _SAME_USAGE
        return _SAME_MODEL if is_same_model else 0 if is_known else _MAY_BE
    # It may be written when the call is over.
    before = call.started < traced.start
    return _SAME_MODEL if before and is_same_usage and (is_same_model or not names) else 0


def without_twins(found: Sequence[Traced]) -> list[Traced]:
    """One span for each generation: two libraries may tell of the same, the outer one first."""
    alike: dict[tuple[Place, tuple[int | None, ...]], list[Traced]] = {}
    for traced in sorted(found, key=_start):
        alike.setdefault(_kind(traced), []).append(traced)
    several = {kind: group for kind, group in alike.items() if len({one.teller for one in group}) > 1}
    return [
        traced
        for traced in found
        if not any(_is_inside(other, traced) for other in _within(traced, several.get(_kind(traced), ())))
    ]


def _within(outer: Traced, group: Sequence[Traced]) -> Sequence[Traced]:
    """Those of a sorted group that begin while another span is open."""
    return group[bisect_right(group, outer.start, key=_start) : bisect_right(group, outer.end, key=_start)]


def _start(traced: Traced) -> float:
    return traced.start


def _kind(traced: Traced) -> tuple[Place, tuple[int | None, ...]]:
    return traced.place, tokens_of(traced.generation.usage)


def _is_inside(inner: Traced, outer: Traced) -> bool:
    """Whether the inner one, of the same place and tokens, is what the outer one tells of.

    It is not inside by its parents.
    """
    is_beside = not outer.around or outer.around[-1] in inner.around
    return inner.teller != outer.teller and is_beside and outer.start < inner.start and inner.end <= outer.end


@lru_cache(maxsize=256)
def _is_same_model(one: str, other: str) -> bool:
    one, other = _plain(one), _plain(other)
    return one.startswith(other) or other.startswith(one)


def _plain(model: str) -> str:
    return _VERSION.sub("", model.rpartition("/")[2].lower())
