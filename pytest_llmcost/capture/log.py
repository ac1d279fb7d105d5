"""The exchanges of this process, from the moment a request is sent until they are drained.

This is the hot path: no lock, no wait, no file, no parsing. A fault of ours is noted and never raised.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from pytest_llmcost.attribution.agents import current_agent
from pytest_llmcost.attribution.call_sites import CallSites
from pytest_llmcost.attribution.scope import CurrentScope
from pytest_llmcost.attribution.spans import SpanTree
from pytest_llmcost.attribution.surroundings import LIBRARIES, surroundings
from pytest_llmcost.capture.cassette_places import Places
from pytest_llmcost.capture.clocks import RealClocks
from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.our_code import place_in_our_code
from pytest_llmcost.capture.sighting import Sighting
from pytest_llmcost.errors import LlmCostError
from pytest_llmcost.usage.hosts import host_of

if TYPE_CHECKING:
    from pytest_llmcost.capture.cache_lookups import LookupLog

_PORT = re.compile(r":\d+$")
# Frames, at the least: of the call site, of adding an exchange, and two of what has seen it.
_OURS = 4


class ExchangeLog:
    """Keeps the exchanges of this process until they are drained.

    Args:
        scope: What pytest is doing.
        call_sites: Finds the line of the project that sends.
    """

    def __init__(self, scope: CurrentScope, call_sites: CallSites | None = None) -> None:
        self.scope = scope
        self.call_sites = call_sites
        # Whether the stack of a call is kept: something names agents by it.
        self.keeps_stacks = False
        self.enabled = False
        # Reading one clock is enough in the hot path; the other follows from it.
        self.clocks_apart = RealClocks.wall() - RealClocks.since()
        self.faults: list[str] = []
        # Hosts whose every exchange is kept, for a plugin that can read it; ``host`` or ``host:port``.
        self.kept_hosts: Collection[str] = ()
        self.open_cassettes: list[Any] = []
        self.cassettes_seen: dict[str, int] = {}
        self.places = Places()
        self.sightings: deque[Sighting] = deque()
        self.spans = SpanTree()
        self.lookups: LookupLog | None = None  # in caches of the app, once it tells of any
        # Folders of libraries for evaluation that are loaded.
        self.evaluations: tuple[str, ...] = ()
        # Called as a request begins; only forked child processes have a use for it.
        self.on_begin: Callable[[], None] | None = None
        # Asked before a request leaves this process, if ``departures`` are watched; it may raise.
        self.guard: Callable[[OpenExchange], None] | None = None
        # Whether an HTTP cache has answered, if one is loaded.
        self.answered_by_cache: Callable[[OpenExchange, Any], bool] | None = None
        # The exchange that is being sent in the caller's context.
        self.current: ContextVar[OpenExchange | None] = ContextVar("llmcost_exchange", default=None)
        self._exchanges: deque[OpenExchange] = deque()

    def add(self, exchange: OpenExchange) -> None:
        """Keep an exchange that begins here and now."""
        exchange.scope = self.scope.now
        exchange.agent = current_agent()
        if not sys.modules.keys().isdisjoint(LIBRARIES):
            exchange.around = surroundings()
        if self.call_sites is not None:
            if self.keeps_stacks:
                exchange.spot, exchange.stack = self.call_sites.stack(_OURS)
            else:
                exchange.spot = self.call_sites.spot(_OURS)
            if self.evaluations:
                exchange.judged = self.call_sites.passes(self.evaluations)
        if self.open_cassettes:
            exchange.cassette_open = True
        if self.lookups is not None:
            exchange.missed = self.lookups.before_call(exchange)
        if self.on_begin is not None:
            self.on_begin()
        self._exchanges.append(exchange)

    def open_for(self, exchange: OpenExchange) -> OpenExchange:
        """The exchange that an answer belongs to which begins now.

        After its ``send`` has returned, an exchange may have been read already: a task that the app left
        behind gets an exchange of its own.
        """
        if exchange.sending:
            return exchange
        fresh = exchange.sent_again()
        self._exchanges.append(fresh)
        return fresh

    def keeps(self, url: str) -> bool:
        """Whether an exchange is kept for its host, whatever its path."""
        host = host_of(url)
        return host in self.kept_hosts or _PORT.sub("", host) in self.kept_hosts

    def started_at(self, exchange: OpenExchange) -> float:
        """When the request was sent, in seconds since 1970."""
        return exchange.started + self.clocks_apart

    def fault(self, place: str, error: BaseException) -> None:
        """Note a fault of ours: the run is not complete, and the app never hears of it.

        The text of an error that is not ours is left out: it may quote a prompt or a key.
        """
        ours = isinstance(error, LlmCostError)
        what = str(error) if ours else f"{type(error).__name__}{place_in_our_code(error)}"
        text = f"{place}: {what}"
        if text not in self.faults:
            self.faults.append(text)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to drain, as after most phases of tests."""
        return not self._exchanges

    def open_exchanges(self) -> list[OpenExchange]:
        """What is still on its way."""
        return list(self._exchanges)

    def drain(self, *, everything: bool = False) -> Iterator[OpenExchange]:
        """Take out what is finished.

        Args:
            everything: Take the open ones too; their responses count as cut.
        """
        for _ in range(len(self._exchanges)):
            exchange = self._exchanges.popleft()
            if (exchange.finished is not None and not exchange.sending) or everything:
                yield from exchange.earlier
                yield exchange
            else:
                self._exchanges.append(exchange)
