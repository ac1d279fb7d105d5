"""Lookups in the app's own caches, from the moment the app asks until they are drained."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pytest_llmcost.attribution.agents import current_agent
from pytest_llmcost.attribution.surroundings import Surroundings, surroundings
from pytest_llmcost.capture.clocks import RealClocks
from pytest_llmcost.capture.measure_lookups import digest_of, text_of_any
from pytest_llmcost.capture.patches import Patches

if TYPE_CHECKING:
    from pytest_llmcost.attribution.lookups import Lookup
    from pytest_llmcost.attribution.span_lookups import StatedLookup
    from pytest_llmcost.capture.exchange import OpenExchange
    from pytest_llmcost.capture.log import ExchangeLog

_APP, _SPAN = "app", "span"


class OpenLookup:
    """One lookup, as it was told; the layers that a request asks in turn are one.

    Attributes:
        said: What the app says of it; of the layer that was asked last.
        teller: Who told of it: keys of one are not those of another.
        asked: The layers that were.
        at: Seconds since 1970.
        drained: Whether it was read already.
        repeated: Whether somebody else has told of it too.
        is_of_span: Whether a span has told of it, and nobody else.
        answered: Whether the call that it did not spare is known.
        inside: Identities of the spans around it, from the outermost.
        scope: What pytest was doing; this and the following are as those of a call.
        agent: The agent that was entered.
        around: What tracing libraries and agent frameworks say there.
        stack: The code of the project that led there.
        judged: Always False.
    """

    judged = False
    drained = repeated = answered = is_of_span = False

    def __init__(
        self,
        said: Lookup,
        teller: str,
        log: ExchangeLog,
        around: Surroundings | None,
        inside: tuple[int, ...],
    ) -> None:
        self.said = said
        self.teller = teller
        self.asked = {said.layer}
        self.at = RealClocks.wall()
        self.scope = log.scope.now
        self.agent = current_agent()
        self.around = around
        self.inside = inside
        self.stack = log.call_sites.stack()[1] if log.keeps_stacks and log.call_sites is not None else ()

    def goes_on_with(self, said: Lookup, teller: str, log: ExchangeLog) -> bool:
        """Whether what is told now is of the same request, which asks the next layer."""
        return (
            self.said.key == said.key
            and self.teller == teller
            and not self.drained
            and said.layer not in self.asked
            and self.scope is log.scope.now
        )


class Missed:
    """Lookups that had no answer, since the last call.

    Attributes:
        lookups: Those with a key; of each key the last.
        sent: Whether a call was sent since.
    """

    sent = False

    def __init__(self, lookups: tuple[OpenLookup, ...]) -> None:
        self.lookups = lookups

    def take(self) -> list[OpenLookup]:
        """What the first call after them answers; where it may be one or another, nothing."""
        by_teller: dict[str, list[OpenLookup]] = {}
        for lookup in self.lookups:
            by_teller.setdefault(lookup.teller, []).append(lookup)
        self.lookups = ()
        return [found[0] for found in by_teller.values() if len(found) == 1]


class LookupLog:
    """Keeps the lookups of this process until they are drained.

    Args:
        log: The exchanges of the process.
    """

    def __init__(self, log: ExchangeLog) -> None:
        self._log = log
        self._lookups: deque[OpenLookup] = deque()
        # Identities of the spans around lookups, and of those that state one themselves.
        self._around: set[int] = set()
        self._stating: dict[int, OpenLookup] = {}
        # In the caller's context: what was looked up there, and not found, since the last call.
        self._missed: ContextVar[Missed | None] = ContextVar("llmcost_missed", default=None)

    def note(self, said: Lookup, teller: str = _APP) -> None:
        """The app has looked something up. It hears of no fault of ours.

        Args:
            said: What it says.
            teller: Who says so.
        """
        try:
            if self._log.enabled:
                self._note(said, teller)
        except Exception as error:  # noqa: BLE001  # as the docstring says
            self._log.fault("a lookup in a cache", error)

    def _note(self, said: Lookup, teller: str) -> None:
        key: object = said.key  # whatever an app without type checks gives
        layer: object = said.layer
        if key is not None and not isinstance(key, str | bytes):
            said = said._replace(key=text_of_any(key))
        if layer is not None and not isinstance(layer, str):
            said = said._replace(layer=text_of_any(layer))
        around = surroundings()
        inside = self._identities(around)
        lookup = self._going_on(said, teller)
        if lookup is None:
            lookup = OpenLookup(said, teller, self._log, around, inside)
            repeat = self._repeated(lookup, of_spans=True)
            if repeat is not None:  # a span has told before; this says more
                self._lookups.remove(repeat)
                lookup.repeated = True
            self._add(lookup)
        self._note_missed(lookup)

    def note_span(self, stated: StatedLookup, identity: int, context: Any) -> None:
        """A span ends that states a lookup; where others have told of the same, it is no other one.

        Args:
            stated: What it states.
            identity: Of the span.
            context: Of OpenTelemetry, inside the span.
        """
        around = (surroundings() or Surroundings())._replace(context=context)
        inside = self._identities(around)
        if identity in self._around:
            if stated.is_generation:  # one request, whose layers were told of one by one
                self._keep_last(identity)
            return
        # Late: its import has this module patch it, which must be whole by then.
        from pytest_llmcost.attribution.lookups import Lookup

        said = Lookup(stated.layer, stated.hit, stated.key or stated.request, model=stated.model)
        teller = _APP if stated.key else _SPAN
        going_on = None if stated.is_generation else self._going_on(said, teller)
        lookup = going_on or OpenLookup(said, teller, self._log, around, inside)
        if not stated.hit:
            self._stating[identity] = lookup
        if going_on is None:
            repeat = self._repeated(lookup, of_spans=False)
            if repeat is not None:
                repeat.repeated = True
                repeat.said = repeat.said._replace(model=repeat.said.model or said.model)
                return
            lookup.is_of_span = True
            self._add(lookup)
        if not stated.is_generation:  # the call of a generation was sent inside it
            self._note_missed(lookup)

    def _add(self, lookup: OpenLookup) -> None:
        self._lookups.append(lookup)
        self._around.update(lookup.inside)

    def _identities(self, around: Surroundings | None) -> tuple[int, ...]:
        """Of the spans around, from the outermost."""
        if around is None or not around.context:
            return ()
        path = self._log.spans.path(around.context, sys.modules["opentelemetry.trace"].get_current_span)
        return tuple(step.span.get_span_context().span_id for step in path)

    def _going_on(self, said: Lookup, teller: str) -> OpenLookup | None:
        """The lookup of a request that now asks its next layer."""
        missed = self._missed.get()
        for lookup in missed.lookups if missed is not None and not missed.sent else ():
            if lookup.goes_on_with(said, teller, self._log):
                lookup.said = said
                lookup.asked.add(said.layer)
                return lookup
        return None

    def _note_missed(self, lookup: OpenLookup) -> None:
        said, missed = lookup.said, self._missed.get()
        if said.key is None:
            return
        before = missed.lookups if missed is not None and not missed.sent else ()
        others = tuple(one for one in before if one.said.key != said.key or one.teller != lookup.teller)
        self._missed.set(Missed(others if said.hit else (*others, lookup)))

    def _repeated(self, lookup: OpenLookup, *, of_spans: bool) -> OpenLookup | None:
        """The same lookup, as it was told in another way: beside it, with the same outcome."""
        place = lookup.inside if of_spans else lookup.inside[:-1]
        for one in reversed(self._lookups):
            if one.is_of_span is not of_spans or one.repeated or one.scope is not lookup.scope:
                continue
            its_place = one.inside[:-1] if of_spans else one.inside
            if its_place == place and _same_outcome(one.said, lookup.said):
                return one
        return None

    def _keep_last(self, identity: int) -> None:
        inside = [one for one in self._lookups if identity in one.inside]
        for one in inside[:-1]:
            self._lookups.remove(one)

    def keys_of(self, exchange: OpenExchange) -> tuple[str, ...]:
        """What the app's caches were asked for, and did not have, before a call that was sent for it."""
        return self._keys(exchange.missed, exchange.around)

    def keys_of_span(self, missed: Missed | None, around: Surroundings) -> tuple[str, ...]:
        """As ``keys_of``, for a call that only a span tells of.

        Args:
            missed: What had been looked up where the span was started.
            around: What holds inside the span.
        """
        return self._keys(None if missed is None or missed.sent else missed, around)

    def _keys(self, missed: Missed | None, around: Surroundings | None) -> tuple[str, ...]:
        found = missed.take() if missed is not None else []
        if self._stating:
            stating = map(self._stating.get, self._identities(around))
            found += [one for one in stating if one is not None]
        fresh = [one for one in dict.fromkeys(found) if not one.answered]
        for one in fresh:
            one.answered = True
        digests = (digest_of(one.said.key, one.teller) for one in fresh)
        return tuple(digest for digest in digests if digest is not None)

    def missed_here(self) -> Missed | None:
        """What was looked up in the caller's context, and not found, since the last call."""
        return self._missed.get()

    def before_call(self) -> Missed | None:
        """A call is about to be sent: what it follows, in its context and in its test."""
        missed = self._missed.get()
        if missed is None or not missed.lookups:
            return None
        missed.sent = True
        here = self._log.scope.now.nodeid
        return missed if all(lookup.scope.nodeid == here for lookup in missed.lookups) else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to drain."""
        return not self._lookups

    def drain(self) -> Iterable[OpenLookup]:
        """Take out all of them, after the calls."""
        self._stating.clear()  # they hold spans of the app
        for _ in range(len(self._lookups)):
            lookup = self._lookups.popleft()
            lookup.drained = True
            yield lookup


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Listen to ``cache_event``.

    Args:
        module: ``pytest_llmcost.attribution.lookups``.
        log: Where lookups go.
        patches: Undoes it.
    """
    lookups = lookup_log(log)

    def listen(original: Callable[[Lookup], None]) -> Callable[[Lookup], None]:
        def heard(lookup: Lookup) -> None:
            original(lookup)  # a session around this one listens too
            lookups.note(lookup)

        return heard

    patches.replace(module, "heard", listen)


def _same_outcome(one: Lookup, other: Lookup) -> bool:
    if bool(one.hit) is not bool(other.hit):
        return False
    return not one.hit or one.layer == other.layer or None in {one.layer, other.layer}


def lookup_log(log: ExchangeLog) -> LookupLog:
    """The lookups beside the exchanges of a process."""
    if log.lookups is None:
        log.lookups = LookupLog(log)
    return log.lookups
