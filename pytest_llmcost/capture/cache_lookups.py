"""Lookups in the app's own caches, from the moment the app asks until they are drained."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from pytest_llmcost.attribution.surroundings import Surroundings, surroundings
from pytest_llmcost.capture.measure_lookups import digest_of
from pytest_llmcost.capture.open_lookups import Asking, Missed, OpenLookup

if TYPE_CHECKING:
    from pytest_llmcost.attribution.lookups import Lookup
    from pytest_llmcost.attribution.span_lookups import StatedLookup
    from pytest_llmcost.capture.exchange import OpenExchange
    from pytest_llmcost.capture.log import ExchangeLog

_APP, _SPAN = "app", "span"
# More requests than these are not told from one another without a call between them.
_MOST_MISSED = 100


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
        # Whether there is one that spans alone have told of.
        self._has_spans = False
        # In the caller's context: what was looked up there, and not found, since the last call.
        self._missed: ContextVar[Missed | None] = ContextVar("llmcost_missed", default=None)
        # In the caller's context: the library that is looking something up.
        self.asking: ContextVar[Asking | None] = ContextVar("llmcost_asking", default=None)
        # The hit of a library that was the last thing that happened, until the app tells of the same.
        self._last_hit: OpenLookup | None = None
        # Hits of libraries, which are never calls, whatever spans tell of them.
        self._hits: deque[OpenLookup] = deque()
        # By the identity of a span: whether the last lookup that the app told of inside it was a hit.
        self.inside: dict[int, bool] = {}
        # Of lookups whose outcome nobody can read: the test and the type of what was given.
        self.unread: deque[tuple[str | None, str]] = deque()

    def note(self, said: Lookup, teller: str = _APP) -> None:
        """The app has looked something up.

        Args:
            said: What it says.
            teller: Who says so.
        """
        around = surroundings()
        inside = self._identities(around)
        lookup = self._going_on(said, teller)
        asking = self._asking()
        if lookup is None:
            lookup = OpenLookup(said, teller, self._log, around, inside)
            if asking is None and (same := self._of_library(lookup)) is not None:
                same.join(lookup)
            else:
                repeat = self._repeated(lookup, of_spans=True)
                if repeat is not None:  # a span has told before; this says more
                    self._lookups.remove(repeat)
                    lookup.repeated = True
                self._add(lookup)
        self._last_hit = None
        if asking is not None:
            asking.told = lookup
        self.inside.update(dict.fromkeys(inside, said.hit))
        self._note_missed(lookup)

    def note_library(
        self,
        said: Lookup,
        teller: str,
        *,
        asking: Asking | None = None,
        exchange: OpenExchange | None = None,
    ) -> None:
        """A library has looked something up; what the app or a span tells of the same is no other lookup.

        Args:
            said: What we have seen.
            teller: The library.
            asking: What was told of while it did.
            exchange: The call that it looked up, where it was begun before that.
        """
        lookup = OpenLookup(said, teller, self._log, around := surroundings(), self._identities(around))
        lookup.is_of_library = True
        missed = self._missed.get() if exchange is None else exchange.missed
        if exchange is not None:
            lookup.at = self._log.started_at(exchange)
        same = asking.told.counted if asking is not None and asking.told is not None else None
        if same is None:
            same = self._open(missed, teller, exchange)
        self._last_hit = None
        if same is not None:
            same.join(lookup)
        else:
            repeat = self._repeated(lookup, of_spans=True)
            if repeat is not None:
                self._lookups.remove(repeat)
                lookup.repeated = True
                lookup.said = said._replace(layer=repeat.said.layer or said.layer, model=repeat.said.model)
            elif said.hit:
                self._last_hit = lookup
            self._add(lookup)
        if said.hit:
            self._hits.append(lookup)
        if exchange is None:
            self._note_missed(lookup)
        elif said.hit:
            exchange.missed = None
            if same is not None and missed is not None:
                missed.lookups = ()
        else:
            exchange.missed = Missed((*(missed.lookups if missed is not None else ()), lookup))
            exchange.missed.sent = True

    def _asking(self) -> Asking | None:
        """The library that is looking something up in the caller's context."""
        asking = self.asking.get()
        return None if asking is None or asking.over else asking

    def _of_library(self, lookup: OpenLookup) -> OpenLookup | None:
        """What a library has looked up for the request that the app tells of; None if that is another one."""
        last = self._last_hit
        if last is not None and lookup.said.hit and last.scope is lookup.scope and not last.drained:
            return last
        same = self._open(self._missed.get(), lookup.teller, None)
        return None if same is None or same.tellers <= {_APP, _SPAN} else same

    def _open(self, missed: Missed | None, teller: str, exchange: OpenExchange | None) -> OpenLookup | None:
        """The request that was looked up last, and not found, if somebody else was asked for it then."""
        if missed is None or not missed.lookups:
            return None
        if missed.sent:
            first = missed.sent_as
            if (
                first is None
                or exchange is None
                or (first is not exchange and not first.is_same_as(exchange))
            ):
                return None
        last = missed.lookups[-1].counted
        is_other = teller in last.tellers or last.said.hit or last.drained
        return None if is_other or last.scope is not self._log.scope.now else last

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
                if repeat.is_of_library and said.layer is not None:
                    repeat.said = repeat.said._replace(layer=said.layer)
                return
            lookup.is_of_span = self._has_spans = True
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
                if lookup.same_as is not None:
                    lookup.same_as.join(lookup)
                return lookup
        return None

    def _note_missed(self, lookup: OpenLookup) -> None:
        said, missed, here = lookup.said, self._missed.get(), lookup.scope.nodeid
        before = [
            one
            for one in (missed.lookups if missed is not None and not missed.sent else ())
            if one.scope.nodeid == here and (one.said.key != said.key or one.teller != lookup.teller)
        ]
        if said.hit:
            self._missed.set(Missed(tuple(one for one in before if one.counted is not lookup.counted)))
        else:
            self._missed.set(Missed((*before[-_MOST_MISSED:], lookup)))

    def _repeated(self, lookup: OpenLookup, *, of_spans: bool) -> OpenLookup | None:
        """The same lookup, as it was told in another way: beside it, with the same outcome."""
        if of_spans and not self._has_spans:
            return None
        place = lookup.inside if of_spans else lookup.inside[:-1]
        for one in reversed(self._lookups):
            if one.is_of_span is not of_spans or one.repeated or one.scope is not lookup.scope:
                continue
            its_place = one.inside[:-1] if of_spans else one.inside
            if its_place == place and _same_outcome(one, lookup):
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

    def before_call(self, exchange: OpenExchange) -> Missed | None:
        """A call is about to be sent: what it follows, in its context and in its test."""
        self._last_hit = None
        missed = self._missed.get()
        if missed is None or not missed.lookups or self._asking() is not None:
            return None  # what a library's lookup sends (it embeds the prompt) is not what the lookup spares
        missed.sent = True
        missed.sent_as = missed.sent_as or exchange
        here = self._log.scope.now.nodeid
        return missed if all(lookup.scope.nodeid == here for lookup in missed.lookups) else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to drain."""
        return not self._lookups

    def take_hits(self) -> Iterable[OpenLookup]:
        """The hits of libraries since the last time, for those who read spans."""
        while self._hits:
            yield self._hits.popleft()

    def drain(self) -> Iterable[OpenLookup]:
        """Take out all of them, after the calls."""
        self._stating.clear()  # they hold spans of the app
        self._has_spans = False
        self._hits.clear()
        self._last_hit = None
        for _ in range(len(self._lookups)):
            lookup = self._lookups.popleft()
            lookup.drained = True
            yield lookup


def _same_outcome(one: OpenLookup, other: OpenLookup) -> bool:
    if bool(one.said.hit) is not bool(other.said.hit):
        return False
    layers = {each.said.layer for each in (one, other) if not each.is_of_library}
    return not one.said.hit or len(layers - {None}) < 2  # noqa: PLR2004  # both are named, and not alike


def lookup_log(log: ExchangeLog) -> LookupLog:
    """The lookups beside the exchanges of a process."""
    if log.lookups is None:
        log.lookups = LookupLog(log)
    return log.lookups
