"""The exchanges of this process, from the moment a request is sent until they are drained.

This is the hot path: no lock, no wait, no file, no parsing. A fault of ours is noted and never raised.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field

from pytest_llmcost.attribution.scope import CurrentScope
from pytest_llmcost.model.call import Origin


@dataclass(frozen=True, slots=True)
class InteractionRef:
    """An interaction of an open cassette.

    Attributes:
        cassette: Absolute path of the file.
        interaction: Position over all interactions of the file; None if it is not known.
    """

    cassette: str
    interaction: int | None


@dataclass(slots=True, eq=False)
class OpenExchange:
    """One request on its way; filled in by whoever sees a part of it.

    Attributes:
        method: HTTP method.
        url: As requested.
        library: Which client sends it.
        origin: Who made the call.
        request_body: As sent; empty if it is streamed.
        started_at: Seconds since 1970.
        started: Seconds of a clock for durations.
        finished: The same clock at the end of the response; None while it is open.
        status: HTTP status; 0 before a response came.
        headers: Response headers that matter.
        chunks: The body as it came by.
        decoded: Whether content encodings are already undone.
        ended: Whether the transport reached the end of the body.
        on_network: Whether a network connection was proven.
        sending: Whether ``send`` has not returned yet.
        proxied: Whether it only led to other calls inside this process (an app under test).
        failed: Whether no response came.
        cassette_open: Whether a cassette was open when it was sent.
        seen_by_vcr: Whether vcr was asked about it.
        replayed: The interaction that was played.
        recorded: The interaction that was recorded.
    """

    method: str
    url: str
    library: str
    origin: Origin
    request_body: bytes
    started_at: float
    started: float
    cassette_open: bool
    finished: float | None = None
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)
    decoded: bool = False
    ended: bool = False
    on_network: bool = False
    sending: bool = True
    proxied: bool = False
    failed: bool = False
    seen_by_vcr: bool = False
    replayed: InteractionRef | None = None
    recorded: InteractionRef | None = None

    def finish(self) -> None:
        """The response has ended, or nobody will read on."""
        if self.finished is None:
            self.finished = time.perf_counter()

    def fail(self) -> None:
        """No response came."""
        self.failed = True
        self.finish()


class ExchangeLog:
    """Keeps the exchanges of this process until they are drained.

    Args:
        scope: What pytest is doing.
    """

    def __init__(self, scope: CurrentScope) -> None:
        self.scope = scope
        self.enabled = False
        self.faults: list[str] = []
        self.open_cassettes: list[str] = []
        self.cassettes_seen: dict[str, int] = {}
        self._current: ContextVar[OpenExchange | None] = ContextVar("llmcost_exchange", default=None)
        self._exchanges: deque[OpenExchange] = deque()

    def begin(self, method: str, url: str, library: str, request_body: bytes) -> OpenExchange | None:
        """A request is about to be sent.

        Returns:
            The exchange to fill in; None if the same request is already being sent one layer above.
        """
        outer = self._current.get()
        if outer is not None and outer.sending:
            if outer.method == method and outer.url == url:
                return None
            outer.proxied = True
        exchange = OpenExchange(
            method,
            url,
            library,
            self.scope.now.origin(),
            request_body,
            time.time(),
            time.perf_counter(),
            bool(self.open_cassettes),
        )
        self._exchanges.append(exchange)
        return exchange

    @property
    def current(self) -> ContextVar[OpenExchange | None]:
        """The exchange that is being sent in the caller's context."""
        return self._current

    def fault(self, place: str, error: BaseException) -> None:
        """Note a fault of ours: the run is not complete, and the app never hears of it."""
        text = f"{place}: {type(error).__name__}: {error}"
        if text not in self.faults:
            self.faults.append(text)

    def drain(self, *, everything: bool = False) -> Iterator[OpenExchange]:
        """Take out what is finished.

        Args:
            everything: Take the open ones too; their responses count as cut.
        """
        for _ in range(len(self._exchanges)):
            exchange = self._exchanges.popleft()
            if exchange.finished is not None or everything:
                yield exchange
            else:
                self._exchanges.append(exchange)
