"""urllib3: the pools' ``urlopen``, which requests and botocore send through as well.

A response of urllib3 has its body read through a few methods of its own, so it becomes an instance of a
subclass that keeps what they return. Wrapping them on the instance would tie the response into a cycle,
and connections that are given back when a response is dropped would be given back late.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.lost import held_in
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.capture.sending import Arguments, Library, Options, watch
from pytest_llmcost.usage.filter import looks_like_llm

_DEFAULT_PORTS = {"http": 80, "https": 443}
_METHOD, _URL, _BODY = 1, 2, 3


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the pools.

    Args:
        module: ``urllib3.connectionpool``.
        log: Where exchanges go.
        patches: Where replacements are registered.
    """
    library = Urllib3Library()
    patches.replace(module.HTTPConnectionPool, "urlopen", lambda urlopen: watch(urlopen, library, log))


class Urllib3Library(Library):
    """Reads the requests and responses of urllib3."""

    name = "urllib3"

    def may_be_llm(self, args: Arguments, kwargs: Options) -> object:
        """See ``Library``."""
        return looks_like_llm(args[_URL] if len(args) > _URL else kwargs["url"])

    def open(self, args: Arguments, kwargs: Options) -> OpenExchange:
        """See ``Library``."""
        method = args[_METHOD] if len(args) > _METHOD else kwargs["method"]
        url = args[_URL] if len(args) > _URL else kwargs["url"]
        body = args[_BODY] if len(args) > _BODY else kwargs.get("body")
        exchange = OpenExchange(self.name, method, _absolute(args[0], url), bytes_of(body))
        exchange.by_itself = True  # an app cannot: a pool has no hooks
        return exchange

    def attach(self, exchange: OpenExchange, response: Any) -> None:
        """See ``Library``."""
        tap(exchange, response)

    def attach_lost(self, exchange: OpenExchange, error: BaseException) -> None:
        """A body that is read at once and breaks off ends here."""
        from urllib3 import HTTPResponse

        response = held_in(error.__traceback__, HTTPResponse, self.name)
        if response is None:
            exchange.fail()
            return
        exchange.status = response.status
        exchange.headers = response.headers
        exchange.on_network = True
        exchange.finish()

    def attach_below(self, exchange: OpenExchange, response: Any) -> None:
        """See ``Library``."""
        tap(exchange, response)

    def attach_late(self, exchange: OpenExchange, response: Any, log: ExchangeLog) -> None:
        """See ``Library``."""
        tap(log.open_for(exchange), response)


def tap(exchange: OpenExchange, response: Any) -> None:
    """Keep what a response of urllib3, or of vcr in its place, brings.

    A second response for the same exchange is that of a redirect; the same response comes again where a
    pool calls itself.
    """
    before: _Tap | None = getattr(response, "_llmcost_tap", None)
    if before is not None and before.exchange is exchange:
        return
    exchange.begin_response(response.status, response.headers)
    exchange.failed_attempts = tuple(_failed_before(response))
    if type(response).__module__.startswith("vcr."):
        # It holds the whole body already.
        _note_whole(exchange, response, response.recorded_response["body"]["string"] or b"")
        return
    exchange.on_network = True
    if response.closed or getattr(response, "_body", None) is not None:
        _note_whole(exchange, response, response.data)
    else:
        keep_reading(exchange, response)


def keep_reading(exchange: OpenExchange, response: Any) -> None:
    """Keep what the app will read from a response of urllib3."""
    chunks: list[bytes] = []
    exchange.chunks = chunks
    response._llmcost_tap = _Tap(exchange, chunks)  # noqa: SLF001  # it is ours
    found: Any = type(response)
    response.__class__ = _tapped(found)


def is_kept(response: Any) -> bool:
    """Whether what is read from a response is kept already."""
    return getattr(response, "_llmcost_tap", None) is not None


def _note_whole(exchange: OpenExchange, response: Any, body: bytes) -> None:
    exchange.chunks = (body,)
    exchange.ended = True
    exchange.finish()
    response._llmcost_tap = _Tap(exchange, [])  # noqa: SLF001  # it is ours


def _failed_before(response: Any) -> Iterator[int]:
    """HTTP statuses of the attempts that the pool made before by itself; 0 where no response came."""
    retries = getattr(response, "retries", None)
    for attempt in getattr(retries, "history", ()):
        if attempt.redirect_location is None:
            yield attempt.status or 0


def bytes_of(body: Any) -> bytes:
    """A request body that is bytes or text; empty for a file or a generator, which are not ours to read."""
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    return bytes(body) if isinstance(body, bytes | bytearray) else b""


class _Tap:
    """Where a response keeps its chunks; a later response of the same exchange has another one."""

    __slots__ = ("_chunks", "exchange")

    def __init__(self, exchange: OpenExchange, chunks: list[bytes]) -> None:
        self.exchange = exchange
        self._chunks = chunks

    def keep(self, chunk: Any, *, last: bool) -> None:
        if chunk:
            self._chunks.append(chunk)
        if last:
            self.finish(ended=True)

    def finish(self, *, ended: bool = False) -> None:
        self.exchange.end_answer(self._chunks, ended=ended)


@cache
def _tapped(base: Any) -> type:
    """A subclass of a response class that keeps what is read; it goes by the same name.

    Whoever fails to read does not go on, and need not close the response either.
    """

    class Tapped(base):  # type: ignore[misc]
        _llmcost_tap: _Tap

        def read(self, amt: int | None = None, *args: Any, **kwargs: Any) -> Any:
            try:
                chunk = super().read(amt, *args, **kwargs)
            except Exception:
                self._llmcost_tap.finish()
                raise
            self._llmcost_tap.keep(chunk, last=amt is None or _is_at_end(self, chunk, amt))
            return chunk

        def read_chunked(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
            inner = super().read_chunked(*args, **kwargs)
            keep = self._llmcost_tap.keep
            try:
                for chunk in inner:
                    keep(chunk, last=False)
                    yield chunk
            finally:
                inner.close()  # which closes the response if it is not at its end
                self._llmcost_tap.finish()
            self._llmcost_tap.finish(ended=True)

        def drain_conn(self) -> None:
            super().drain_conn()
            self._llmcost_tap.finish()

        def close(self) -> None:
            self._llmcost_tap.finish()
            super().close()

    if hasattr(base, "read1"):

        def read1(self: Any, amt: int | None = None, *args: Any, **kwargs: Any) -> Any:
            try:
                chunk = base.read1(self, amt, *args, **kwargs)
            except Exception:
                self._llmcost_tap.finish()
                raise
            self._llmcost_tap.keep(chunk, last=_is_at_end(self, chunk, amt))
            return chunk

        Tapped.read1 = read1
    Tapped.__name__, Tapped.__qualname__, Tapped.__module__ = (
        base.__name__,
        base.__qualname__,
        base.__module__,
    )
    return Tapped


def _is_at_end(response: Any, chunk: Any, amt: int | None) -> bool:
    """After a read: who knows the length asks for no empty chunk at the end, and a response closes itself."""
    return bool(response.closed if chunk else amt != 0)


def _absolute(pool: Any, url: str) -> str:
    if not url.startswith("/"):
        return url  # sent to a proxy
    host = f"[{pool.host}]" if ":" in pool.host and not pool.host.startswith("[") else pool.host
    port = "" if pool.port in {None, _DEFAULT_PORTS.get(pool.scheme)} else f":{pool.port}"
    return f"{pool.scheme}://{host}{port}{url}"
