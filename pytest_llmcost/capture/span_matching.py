"""Which spans tell of which HTTP calls, where neither is inside the other; and which tell of the same."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from pytest_llmcost.attribution.started import StartedSpan
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.span_generation import Generation

Place = tuple[str | None, str | None]
# What is written behind the name of a model: a date, a version, "latest".
_VERSION = re.compile(r"(?:[-@]\d{4}-?\d{2}-?\d{2}|[-@]\d{3,4}|-latest|-v\d+(?::\d+)?)$")
_SAME_USAGE, _SAME_MODEL, _MAY_BE = 3, 2, 1


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


class _Calls:
    """The HTTP calls of a place, so that not each span is compared with each of them.

    Args:
        calls: In any order.
    """

    def __init__(self, calls: Iterable[HttpCall]) -> None:
        self._calls = sorted(calls, key=_started)
        self._by_tokens: dict[tuple[int | None, ...], list[HttpCall]] = {}
        for call in self._calls:
            if call.usage is not None:
                self._by_tokens.setdefault(_tokens(call.usage), []).append(call)

    def near(self, traced: Traced, least: int) -> Iterator[HttpCall]:
        """Those that a span may tell of: sent while it was open, or of the same tokens.

        Args:
            traced: The span.
            least: How well they have to fit; best do those that were sent while it was open.
        """
        first = bisect_left(self._calls, traced.start, key=_started)
        while_open = self._calls[first : bisect_right(self._calls, traced.end, key=_started)]
        yield from while_open
        if least == _SAME_USAGE:
            return
        usage = traced.generation.usage
        for call in self._by_tokens.get(_tokens(usage), ()) if usage is not None else ():
            if not traced.start <= call.started <= traced.end:
                yield call


def _started(call: HttpCall) -> float:
    return call.started


def matched(found: Sequence[Traced], calls: Mapping[Place, Sequence[HttpCall]]) -> set[int]:
    """The spans that tell of an HTTP call beside them; each scope tells of a call once.

    Args:
        found: Generations without an HTTP call inside.
        calls: By test.

    Returns:
        Their identities.
    """
    places = {place: _Calls(calls.get(place, ())) for place in {traced.place for traced in found}}
    described: set[int] = set()
    # What fits best is taken first, and most spans need no second look.
    for least in (_SAME_USAGE, _MAY_BE):
        pairs = [
            (-fit, abs(call.started - traced.start), number, traced, call)
            for number, traced in enumerate(found)
            if traced.identity not in described
            for call in places[traced.place].near(traced, least)
            if traced.teller not in call.told_by and (fit := _fit(traced, call)) >= least
        ]
        for _, _, _, traced, call in sorted(pairs, key=lambda pair: pair[:3]):
            if traced.identity not in described and traced.teller not in call.told_by:
                described.add(traced.identity)
                call.told_by.add(traced.teller)
    return described


def _fit(traced: Traced, call: HttpCall) -> int:
    """How well a span fits a call; 0 where it is of something else."""
    usage = traced.generation.usage
    is_known = usage is not None and call.usage is not None
    is_same_usage = is_known and _tokens(usage) == _tokens(call.usage)
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
    return traced.place, _tokens(traced.generation.usage)


def _is_inside(inner: Traced, outer: Traced) -> bool:
    """Whether the inner one, of the same place and tokens, is what the outer one tells of.

    It is not inside by its parents.
    """
    is_beside = not outer.around or outer.around[-1] in inner.around
    return inner.teller != outer.teller and is_beside and outer.start < inner.start and inner.end <= outer.end


def _tokens(usage: Usage | None) -> tuple[int | None, ...]:
    return () if usage is None else (usage.input_tokens, usage.output_tokens)


@lru_cache(maxsize=256)
def _is_same_model(one: str, other: str) -> bool:
    one, other = _plain(one), _plain(other)
    return one.startswith(other) or other.startswith(one)


def _plain(model: str) -> str:
    return _VERSION.sub("", model.rpartition("/")[2].lower())
