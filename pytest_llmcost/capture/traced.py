"""Generations that only spans tell of: over gRPC or a WebSocket, or from a stand-in for the provider.

A span counts where nothing else does: no HTTP call and no other generation inside it, and no HTTP call beside
it that it describes. Wrappers of SDKs start spans that are not current while their call is sent, and apps
write spans after their call: these are told by place, time, model and usage.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pytest_llmcost.attribution.notices import empty_agents_notice
from pytest_llmcost.attribution.origins import Origins
from pytest_llmcost.attribution.span_agents import agents_of_spans
from pytest_llmcost.attribution.spans import Step
from pytest_llmcost.attribution.started import StartedSpan
from pytest_llmcost.capture.ended_spans import EndedSpans
from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.nearest_calls import HttpCall
from pytest_llmcost.capture.open_lookups import OpenLookup
from pytest_llmcost.capture.span_matching import Traced, matched, without_twins
from pytest_llmcost.model.call import MeasuredCall, RequestSize, Source
from pytest_llmcost.model.report import Notice, NoticeKind
from pytest_llmcost.model.shown import first_of, plural
from pytest_llmcost.usage.span_generation import Generation, generation_of

_NO_REQUEST = RequestSize("", {})
_MOST_NAMED = 3
_A_DAY = 86_400
_NANO = 1e-9
_YEAR_3000 = 32_503_680_000


class TracedCalls:
    """Makes calls of the generations that no HTTP call was seen for.

    Args:
        log: The exchanges and spans of this process.
        hosts: The YAML's ``hosts:``.
        origins: Decides whose a call is.
    """

    def __init__(self, log: ExchangeLog, hosts: Mapping[str, str], origins: Origins) -> None:
        self._log = log
        self._hosts = hosts
        self._origins = origins
        self._spans = EndedSpans(log.spans)
        self._calls: dict[Any, list[HttpCall]] = {}
        # Identities of spans that have an HTTP call or a generation inside.
        self._with_call: set[int] = set()
        self._with_generation: set[int] = set()
        # Of spans inside which the app told of lookups: whether the last one was a hit.
        self._answered: dict[int, bool] = {}
        self._unstated: dict[str, int] = {}
        self._agent: str | None = None  # the first that a span has named

    def note(self, seen: OpenExchange, call: MeasuredCall) -> None:
        """An HTTP call was measured: spans around it and beside it tell of nothing else."""
        found = self._http_call(seen, call)
        self._calls.setdefault(found.place, []).append(found)
        self._with_call.update(found.inside)

    def _note_hit(self, hit: OpenLookup) -> None:
        """A library's cache had the answer: spans tell of that as they would of a call, which it is not."""
        place = (hit.scope.nodeid, hit.scope.fixture)
        found = HttpCall(place, hit.at - self._log.clocks_apart, hit.inside, (), None, set())
        self._calls.setdefault(place, []).append(found)
        self._with_call.update(found.inside)

    def settle(self, *, everything: bool = False) -> list[MeasuredCall]:
        """The calls of the spans that have ended since the last time.

        Args:
            everything: Take the open ones too, at the end of the session.
        """
        if self._log.lookups is not None:
            for hit in self._log.lookups.take_hits():
                self._note_hit(hit)
            self._answered |= self._log.lookups.inside
            self._log.lookups.inside.clear()
        ended = self._spans.take(everything=everything)
        if self._agent is None:
            self._agent = next(filter(None, map(self._named, ended)), None)
        found = self._counting(self._generations(ended)) if ended else []
        calls = []
        for traced in found:
            try:
                calls.append(self._measured(traced))
            except Exception as error:  # noqa: BLE001  # whatever an app puts into spans
                self._log.fault("reading a generation of a span", error)
        self._forget()
        return calls

    def notices(self) -> list[Notice]:
        """What is to say of generations that state nothing, and of agents in case that they have no call."""
        agents = [] if self._agent is None else [empty_agents_notice(self._agent)]
        return [*agents, *(self._of_unstated() if self._unstated else ())]

    def _of_unstated(self) -> list[Notice]:
        number, places = sum(self._unstated.values()), list(self._unstated)
        spans = plural(number, "span")
        return [
            Notice(
                NoticeKind.TRACED,
                f"no usage in {spans} of a generation inside which no HTTP call was seen"
                f" ({first_of(places, _MOST_NAMED)}): if a model was asked there, its cost is not in these"
                " figures; have the span state its tokens",
            )
        ]

    def _generations(self, ended: Iterable[StartedSpan]) -> list[Traced]:
        """Those among the spans that have ended; one whose inner generation is still open has to wait."""
        busy = {
            identity for one in self._spans.open if self._generation(one) for identity in self._around(one)
        }
        found, held = [], []
        for one in ended:
            generation = self._generation(one)
            if generation is None:
                continue
            if _identity(one) in busy:
                held.append(one)
                continue
            start, end = self._interval(one)
            scope = getattr(one.span, "instrumentation_scope", None)
            found.append(
                Traced(
                    one,
                    generation,
                    _identity(one),
                    self._around(one),
                    str(getattr(scope, "name", "")),
                    start,
                    end,
                )
            )
        self._spans.hold(held)
        return found

    def _named(self, one: StartedSpan) -> str | None:
        """The agent that a span is."""
        try:
            found = agents_of_spans([Step(one.span, one.context)], one.context)
        except Exception as error:  # noqa: BLE001  # as above
            self._log.fault("reading a span", error)
            return None
        return found[-1].name if found else None

    def _generation(self, one: StartedSpan) -> Generation | None:
        try:
            found = generation_of(one.span.attributes or {}, self._hosts)
        except Exception as error:  # noqa: BLE001  # as above
            self._log.fault("reading a span", error)
            return None
        return found._replace(failed=True) if found is not None and not one.span.status.is_ok else found

    def _counting(self, found: Sequence[Traced]) -> list[Traced]:
        """Those that are calls of their own."""
        for traced in found:
            if traced.states_usage or traced.generation.from_cache:
                self._with_generation.update(traced.around)
        calls = {place: list(calls) for place, calls in self._calls.items()}
        inside = set(self._with_call)
        for seen in self._log.open_exchanges():
            call = self._http_call(seen, None)
            calls.setdefault(call.place, []).append(call)
            inside.update(call.inside)
        alone = []
        for traced in found:
            from_cache = traced.generation.from_cache or self._answered.get(traced.identity)
            if traced.identity in self._with_generation or from_cache:
                continue
            if traced.identity not in inside:
                alone.append(traced)
                continue
            for call in calls.get(traced.place, ()):
                if traced.identity in call.inside:
                    call.told_by.add(traced.teller)
        described = matched(alone, calls)
        rest = without_twins([traced for traced in alone if traced.identity not in described])
        for traced in rest:
            generation = traced.generation
            silent = not (traced.states_usage or generation.failed or generation.stands_in)
            if silent and any(generation.model):
                where = traced.started.scope.nodeid or "outside any test"
                self._unstated[where] = self._unstated.get(where, 0) + 1
        return [traced for traced in rest if traced.states_usage]

    def _measured(self, traced: Traced) -> MeasuredCall:
        one, generation = traced.started, traced.generation
        span = one.span
        context = sys.modules["opentelemetry.trace"].set_span_in_context(span, one.context)
        sent = one._replace(context=context)
        begun, taken = _seconds(span.start_time), _taken(span)
        host = (span.attributes or {}).get("server.address")
        lookups = self._log.lookups
        return MeasuredCall(
            origin=self._origins.of(sent),
            provider=generation.provider,
            host=host if isinstance(host, str) else "",
            api=generation.api,
            model=generation.model,
            stream=generation.stream,
            source=Source.MOCKED if generation.stands_in else Source.TRACED,
            usage=generation.usage,
            incomplete=generation.incomplete,
            context=generation.context,
            request=_NO_REQUEST,
            http_status=0,
            started_at=datetime.fromtimestamp(
                one.since + self._log.clocks_apart if begun is None else begun, UTC
            ),
            latency=None if taken is None else round(taken, 6),
            call_site=one.call_site,
            attributes=self._origins.attributes(sent),
            role=self._origins.role(sent),
            lookups=lookups.keys_of_span(one.missed, sent.around) if lookups is not None else (),
        )

    def _http_call(self, seen: OpenExchange, call: MeasuredCall | None) -> HttpCall:
        context = seen.around.context if seen.around is not None else None
        names = (call.model.requested, call.model.billed) if call is not None else ()
        usage = None if call is None or call.incomplete else call.usage
        return HttpCall(
            (seen.scope.nodeid, seen.scope.fixture),
            seen.started,
            self._identities(context),
            names,
            usage,
            set(),
        )

    def _around(self, one: StartedSpan) -> tuple[int, ...]:
        return self._identities(one.context)

    def _identities(self, context: Mapping[str, Any] | None) -> tuple[int, ...]:
        """The spans around, from the outermost."""
        if not context:
            return ()
        path = self._log.spans.path(context, sys.modules["opentelemetry.trace"].get_current_span)
        return tuple(step.span.get_span_context().span_id for step in path)

    def _interval(self, one: StartedSpan) -> tuple[float, float]:
        """When it began and ended, by the clock of exchanges: tools may freeze that of spans."""
        start, begun, taken = one.since, _seconds(one.span.start_time), _taken(one.span)
        if begun is not None:
            earlier = start + self._log.clocks_apart - begun  # it may be told of what has been
            if 0 < earlier < _A_DAY:
                start -= earlier
        return start, start + taken if taken else float("inf")

    def _forget(self) -> None:
        """Drop what no span can tell of any more: calls of tests that are over, from before any open span."""
        since = self._spans.open_since
        now = (self._log.scope.now.nodeid, self._log.scope.now.fixture)
        if since is None:
            self._calls = {now: self._calls[now]} if now in self._calls else {}
            self._with_generation.clear()
            self._answered.clear()
            self._with_call = {
                identity for calls in self._calls.values() for call in calls for identity in call.inside
            }
            return
        kept = {
            place: calls if place == now else [call for call in calls if call.started >= since]
            for place, calls in self._calls.items()
        }
        self._calls = {place: calls for place, calls in kept.items() if calls}


def _identity(one: StartedSpan) -> int:
    found: int = one.span.get_span_context().span_id
    return found


def _taken(span: Any) -> float | None:
    """Seconds from its start to its end; None where nobody knows."""
    begun, ended = _seconds(span.start_time), _seconds(span.end_time)
    if begun is None or ended is None or ended < begun:
        return None
    return float((span.end_time - span.start_time) * _NANO)


def _seconds(nanoseconds: Any) -> float | None:
    """Seconds since 1970, of what an app may have stated; None where that is no time."""
    try:
        found = float(nanoseconds * _NANO)
    except (OverflowError, TypeError, ValueError):
        return None
    return found if 0 <= found < _YEAR_3000 else None
