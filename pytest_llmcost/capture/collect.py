"""From drained exchanges to measured calls: here, after the test, the bytes are parsed."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_llmcost.attribution.origins import Origins, renamed
from pytest_llmcost.capture.attempts import FailedAttempts
from pytest_llmcost.capture.cassette_places import InteractionRef
from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.measure import measured_call
from pytest_llmcost.capture.staleness import Staleness
from pytest_llmcost.capture.vcr_versions import bypass_notice
from pytest_llmcost.errors import HookError
from pytest_llmcost.model.call import CassetteRef, MeasuredCall, Origin, Source
from pytest_llmcost.model.report import Notice
from pytest_llmcost.replay.rules import ReplayRules
from pytest_llmcost.usage.background import BackgroundCalls, Settled
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.reading import NotACall, Reading
from pytest_llmcost.usage.remembered import RememberedReadings

if TYPE_CHECKING:
    from pytest_llmcost.capture.traced import TracedCalls
    from pytest_llmcost.model.cache import CacheLookup

_FIRST_ERROR = 400
ReadFirst = Callable[[Exchange], Reading | None]
NameAgent = Callable[[Exchange, Origin, tuple[str, ...]], str | None]


class Context(NamedTuple):
    """Beside the exchange itself, what a measured call takes from it."""

    seen: OpenExchange
    exchange: Exchange


class Collector:
    """Turns what the log holds into measured calls.

    Args:
        log: The exchanges of this process.
        hosts: The YAML's ``hosts:``.
        root: The project's root: cassettes below it are named from there.
        read_first: Asks the user's plugins about an exchange; a ``HookError`` names the one that failed.
        rules: How replayed calls are judged.
        origins: Decides whose a call is.
        name_agent: Asks the user's plugins for the agent of a call, as ``read_first`` does.
    """

    def __init__(
        self,
        log: ExchangeLog,
        hosts: Mapping[str, str],
        root: Path,
        read_first: ReadFirst | None = None,
        rules: ReplayRules | None = None,
        *,
        origins: Origins | None = None,
        name_agent: NameAgent | None = None,
    ) -> None:
        self._log = log
        self._hosts = hosts
        self._readings = RememberedReadings(hosts)
        self._read_first = read_first
        self._inside = f"{root}{os.sep}"
        self._background: BackgroundCalls[Context] = BackgroundCalls()
        self.not_calls: Counter[str] = Counter()
        self.notices: list[Notice] = []
        self._attempts = FailedAttempts()
        self._root = root
        self.staleness = Staleness(rules or ReplayRules(), log.fault)
        self._origins = origins or Origins()
        self._name_agent = name_agent
        self._traced: TracedCalls | None = None  # where the app traces

    def collect(self) -> list[MeasuredCall]:
        """The calls that have finished since the last time."""
        calls = [] if self._log.is_empty else self._measure(self._log.drain())
        return calls + self._of_spans() if self._is_traced else calls

    def collect_rest(self) -> list[MeasuredCall]:
        """Everything that is left at the end of the session; open responses count as cut."""
        calls = self._measure(self._log.drain(everything=True))
        calls += [self._measured(settled) for settled in self._background.unfinished()]
        calls = self.staleness.settle(calls)
        if self._is_traced:
            calls += self._of_spans(everything=True)
        try:
            self._note_unread()
        except Exception as error:  # noqa: BLE001  # words, which may not cost the calls
            self._log.fault("saying what was not captured", error)
        return calls

    def lookups(self) -> "list[CacheLookup]":
        """What the app has looked up in its own caches since the last time."""
        found = self._log.lookups
        if found is None or found.is_empty:
            return []
        from pytest_llmcost.capture.measure_lookups import measured_lookups

        return measured_lookups(found.drain(), self._origins, self._log.fault)

    def unplayed(self) -> dict[str, tuple[int, ...]]:
        """By cassette, the interactions that nobody has played in this process."""
        found = self._log.places.unplayed()
        return {self._name(path): tuple(sorted(interactions)) for path, interactions in found.items()}

    @property
    def _is_traced(self) -> bool:
        return self._traced is not None or bool(self._log.spans.started or self._log.spans.noted)

    def _of_spans(self, *, everything: bool = False) -> list[MeasuredCall]:
        """Calls that only spans tell of."""
        try:
            traced = self._traced_calls()
            calls = traced.settle(everything=everything)
            self.notices += traced.notices() if everything else ()
        except Exception as error:  # noqa: BLE001  # nothing may escape a hook
            self._log.fault("reading spans", error)
            return []
        return calls

    def _traced_calls(self) -> "TracedCalls":
        if self._traced is None:
            from pytest_llmcost.capture.traced import TracedCalls

            self._traced = TracedCalls(self._log, self._hosts, self._origins)
        return self._traced

    def _note_unread(self) -> None:
        if self._log.sightings:
            from pytest_llmcost.capture.not_captured_notices import not_captured

            # Of a copy: a thread may still start a process.
            self.notices += not_captured(list(self._log.sightings), self._hosts, self._root)
        if self._log.lookups is not None and self._log.lookups.unread:
            from pytest_llmcost.capture.cache_events import unread_hits

            self.notices.append(unread_hits(list(self._log.lookups.unread)))

    def _measure(self, exchanges: Iterable[OpenExchange]) -> list[MeasuredCall]:
        calls = []
        for seen in exchanges:
            try:
                call = self._settle(seen)
            except Exception as error:  # noqa: BLE001  # nothing may escape a hook
                self._log.fault(f"reading {seen.method} {_without_secrets(seen.url)}", error)
                continue
            if call is not None:
                calls.append(call)
                if self._is_traced:
                    self._note_for_spans(seen, call)
        return self.staleness.settle(calls)

    def _note_for_spans(self, seen: OpenExchange, call: MeasuredCall) -> None:
        try:
            self._traced_calls().note(seen, call)
        except Exception as error:  # noqa: BLE001  # as above
            self._log.fault("reading the spans around a call", error)

    def _settle(self, seen: OpenExchange) -> MeasuredCall | None:
        seen.take_vcr_answer()
        if (
            seen.refused
            or seen.is_cached
            or (seen.proxied and not (seen.on_network or seen.replayed or seen.recorded))
        ):
            return None
        self._note_bypass(seen)
        if seen.failed:
            self._attempts.add(seen)
            self.not_calls[NotACall.NO_RESPONSE.value] += 1
            return None
        exchange = exchange_of(seen, self._log)
        reading = self._read_by_plugins(exchange) or self._readings.read(exchange)
        if reading is None:
            return None
        if not isinstance(reading, NotACall):
            settled = self._background.settle(reading, Context(seen, exchange))
            if isinstance(settled, Settled):
                return self._measured(settled)
            if settled is None:
                return None
            reading = settled
        if seen.status >= _FIRST_ERROR or reading is NotACall.ERROR_ANSWER:
            self._attempts.add(seen)
        self.not_calls[reading.value] += 1
        return None

    def _read_by_plugins(self, exchange: Exchange) -> Reading | None:
        try:
            return self._read_first(exchange) if self._read_first is not None else None
        except HookError as error:
            self._log.fault(f"{exchange.method} {exchange.url.partition('?')[0]}", error)
            return None

    def _measured(self, settled: Settled[Context]) -> MeasuredCall:
        seen, source = settled.attached.seen, _source(settled.attached.seen)
        call = measured_call(
            settled.reading,
            settled.attached.exchange,
            origin=self._origin(settled.attached),
            source=source,
            cassette=self._cassette(seen.replayed or seen.recorded),
            leak=_leaks(seen, source),
            latency=_latency(seen) if source.is_paid_now else None,
            call_site=seen.call_site,
            failed_attempts=self._attempts.before(seen),
        )
        if seen.around is not None or seen.stack or seen.judged:
            call = self._with_purpose(call, seen)
        if self._attempts:
            call = self._with_fallback(call, seen)
        if self._log.lookups is not None and (keys := self._log.lookups.keys_of(seen)):
            call = call._replace(lookups=keys)
        return self.staleness.look_at(call, seen.played, settled.attached.exchange.request_body)

    def _origin(self, context: Context) -> Origin:
        """Who made it."""
        seen, exchange = context
        try:
            origin = self._origins.of(seen)
        except Exception as error:  # noqa: BLE001  # whatever an app puts into spans may not cost the call
            self._log.fault("reading whose call it is", error)
            origin = seen.scope.origin_of(())
        if self._name_agent is None:
            return origin
        try:
            name = self._name_agent(exchange, origin, self._origins.places(seen))
        except HookError as error:
            self._log.fault(f"{exchange.method} {exchange.url.partition('?')[0]}", error)
            return origin
        return origin if name is None else renamed(origin, name)

    def _with_purpose(self, call: MeasuredCall, seen: OpenExchange) -> MeasuredCall:
        """What the call is for, and for whom."""
        try:
            return call._replace(attributes=self._origins.attributes(seen), role=self._origins.role(seen))
        except Exception as error:  # noqa: BLE001  # as above
            self._log.fault("reading what a call is for", error)
            return call

    def _with_fallback(self, call: MeasuredCall, seen: OpenExchange) -> MeasuredCall:
        """Which models failed before."""
        from pytest_llmcost.capture.fallbacks import with_fallback

        try:
            return with_fallback(call, seen, self._attempts, self._hosts, self._made_by)
        except Exception as error:  # noqa: BLE001  # as above
            self._log.fault("reading what a call falls back from", error)
            return call

    def _made_by(self, seen: OpenExchange) -> Origin:
        return self._origin(Context(seen, exchange_of(seen, self._log)))

    def _cassette(self, found: InteractionRef | None) -> CassetteRef | None:
        if found is None:
            return None
        return CassetteRef(self._name(found.cassette), found.interaction)

    def _name(self, cassette: str) -> str:
        return cassette.removeprefix(self._inside).replace(os.sep, "/")

    def _note_bypass(self, seen: OpenExchange) -> None:
        if not seen.cassette_open or seen.seen_by_vcr or seen.replayed or seen.recorded:
            return
        reached_out = seen.failed or seen.on_network
        notice = bypass_notice(seen.library) if reached_out else None
        if notice is not None and notice not in self.notices:
            self.notices.append(notice)


def exchange_of(seen: OpenExchange, log: ExchangeLog) -> Exchange:
    """What was seen of a request, for those who read its bytes."""
    return Exchange(
        method=seen.method,
        url=seen.url,
        request_body=seen.request_body,
        status=seen.status,
        headers=_plain(seen.headers),
        body=b"".join(seen.chunks),
        decoded=seen.decoded,
        ended=seen.ended,
        started_at=datetime.fromtimestamp(log.started_at(seen), UTC),
    )


def _plain(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers as a dict: httpx goes through all of its own, and decodes them, for each name asked."""
    raw = getattr(headers, "raw", None)
    if not isinstance(raw, list):
        return headers
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = _decoded(name).lower(), _decoded(value)
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _decoded(written: bytes) -> str:
    try:
        return written.decode()
    except UnicodeDecodeError:
        return written.decode("latin-1")


def _without_secrets(url: str) -> str:
    """A query may hold a key, and so may what stands before the host."""
    scheme, slashes, rest = url.partition("?")[0].rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"


def _source(seen: OpenExchange) -> Source:
    if seen.replayed is not None:
        return Source.REPLAYED
    if seen.recorded is not None:
        return Source.RECORDED
    # What is still on its way at the end has proven nothing; left out it would be $0.
    return Source.LIVE if seen.on_network or seen.sending else Source.MOCKED


def _leaks(seen: OpenExchange, source: Source) -> bool:
    return source is Source.LIVE and seen.cassette_open and not seen.seen_by_vcr


def _latency(seen: OpenExchange) -> float | None:
    return None if seen.finished is None else round(seen.finished - seen.started, 6)
