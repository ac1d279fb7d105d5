"""httpx and httpx2: their clients' ``send``, sync and async.

``Client.send`` is the one public method that every request of the library passes, above the transports
that vcr and the mocks replace. Both libraries have the same shape, so one module serves both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

from pytest_llmcost.capture.log import ExchangeLog, OpenExchange
from pytest_llmcost.capture.lost import held_in
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.capture.sending import Arguments, Library, Options, watch, watch_async
from pytest_llmcost.usage.filter import looks_like_llm


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the clients of a module.

    Args:
        module: httpx or httpx2, or a module that stands in for one.
        log: Where exchanges go.
        patches: Where replacements are registered.
    """
    tees = _tees(module)
    sync, asynchronous = (HttpxLibrary(module.__name__, module.Response, tee) for tee in tees)
    patches.replace(module.Client, "send", lambda send: watch(send, sync, log))
    patches.replace(module.AsyncClient, "send", lambda send: watch_async(send, asynchronous, log))


class HttpxLibrary(Library):
    """Reads the requests and responses of httpx or httpx2.

    Args:
        name: Which of the two.
        response_class: Its class of responses.
        tee: Makes a stream that keeps what passes, from a stream and an exchange.
    """

    def __init__(self, name: str, response_class: type, tee: Any) -> None:
        self.name = name
        self._response_class = response_class
        self._tee = tee

    def may_be_llm(self, args: Arguments, kwargs: Options) -> object:
        """See ``Library``."""
        raw_path: bytes = (args[1] if len(args) > 1 else kwargs["request"]).url.raw_path
        return looks_like_llm(raw_path.decode("latin-1"))

    def open(self, args: Arguments, kwargs: Options) -> OpenExchange:
        """See ``Library``."""
        request = args[1] if len(args) > 1 else kwargs["request"]
        try:
            body = request.content
        except RuntimeError:  # a streamed request body is not ours to read
            body = b""
        return OpenExchange(self.name, request.method, str(request.url), body)

    def attach(self, exchange: OpenExchange, response: Any) -> None:
        """See ``Library``."""
        _note_head(exchange, response)
        if response.is_closed:
            _note_content(exchange, response)
        else:
            response.stream = self._tee(response.stream, exchange)

    def attach_lost(self, exchange: OpenExchange, error: BaseException) -> None:
        """A body that breaks off or cannot be decoded, and hooks that raise, end here."""
        response = held_in(error.__traceback__, self._response_class)
        if response is None:
            exchange.fail()
            return
        _note_head(exchange, response)
        _note_content(exchange, response)

    def attach_below(self, exchange: OpenExchange, response: Any) -> None:
        """See ``Library``."""
        if "network_stream" in getattr(response, "extensions", ()):
            exchange.on_network = True


def _note_head(exchange: OpenExchange, response: Any) -> None:
    exchange.status = response.status_code
    exchange.headers = response.headers
    if "network_stream" in response.extensions:
        exchange.on_network = True


def _note_content(exchange: OpenExchange, response: Any) -> None:
    """Take the body of a response that nobody will read on; it may have been closed unread."""
    try:
        exchange.chunks = (response.content,)
        exchange.ended = True
    except RuntimeError:
        pass
    exchange.decoded = True
    exchange.finish()


def _tees(module: Any) -> tuple[type, type]:
    """The two stream classes of a library that pass every chunk on and keep it."""

    class SyncTee(module.SyncByteStream):  # type: ignore[misc]
        def __init__(self, inner: Any, exchange: OpenExchange) -> None:
            self._inner = inner
            self._exchange = exchange
            self._chunks: list[bytes] = []
            exchange.chunks = self._chunks

        def __iter__(self) -> Iterator[bytes]:
            keep = self._chunks.append
            for chunk in self._inner:
                keep(chunk)
                yield chunk
            self._exchange.ended = True

        def close(self) -> None:
            self._exchange.finish()
            self._inner.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

    class AsyncTee(module.AsyncByteStream):  # type: ignore[misc]
        def __init__(self, inner: Any, exchange: OpenExchange) -> None:
            self._inner = inner
            self._exchange = exchange
            self._chunks: list[bytes] = []
            exchange.chunks = self._chunks

        async def __aiter__(self) -> AsyncIterator[bytes]:
            keep = self._chunks.append
            iterator = self._inner.__aiter__()
            try:
                async for chunk in iterator:
                    keep(chunk)
                    yield chunk
                self._exchange.ended = True
            finally:
                if hasattr(iterator, "aclose"):
                    await iterator.aclose()

        async def aclose(self) -> None:
            self._exchange.finish()
            await self._inner.aclose()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

    return SyncTee, AsyncTee
