"""httpx and httpx2: their clients' ``send``, sync and async.

``Client.send`` is the one public method that every request of the library passes, above the transports
that vcr and the mocks replace. Both libraries have the same shape, so one module serves both.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import ModuleType, TracebackType
from typing import Any

from pytest_llmcost.capture.log import ExchangeLog, OpenExchange
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.usage.filter import looks_like_llm_in_bytes

NAMES = ("httpx", "httpx2")
_NOTHING: AbstractContextManager[None] = nullcontext()


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the clients of a module.

    Args:
        module: httpx or httpx2, or a module that stands in for one.
        log: Where exchanges go.
        patches: Where replacements are registered.
    """
    library = module.__name__
    tees = _tees(module)
    found = module.Response
    patches.replace(module.Client, "send", lambda send: _sync_send(send, library, log, found, tees[0]))
    patches.replace(module.AsyncClient, "send", lambda send: _async_send(send, library, log, found, tees[1]))


def _sync_send(original: Any, library: str, log: ExchangeLog, response_class: type, tee: Any) -> Any:
    @functools.wraps(original)
    def send(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = _begin(log, library, request)
        if exchange is None:
            with _aside(log, request) as same:
                response = original(client, request, *args, **kwargs)
            return _note_proof(same, response)
        outer = log.current.get()
        log.current.set(exchange)
        try:
            response = original(client, request, *args, **kwargs)
        except BaseException as error:
            _attach_lost(log, exchange, error, response_class)
            raise
        finally:
            exchange.sending = False
            # Not by a token: a coroutine may be closed in another context than it was started in.
            log.current.set(outer)
        _attach(log, exchange, response, tee)
        return response

    return send


def _async_send(original: Any, library: str, log: ExchangeLog, response_class: type, tee: Any) -> Any:
    @functools.wraps(original)
    async def send(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = _begin(log, library, request)
        if exchange is None:
            with _aside(log, request) as same:
                response = await original(client, request, *args, **kwargs)
            return _note_proof(same, response)
        outer = log.current.get()
        log.current.set(exchange)
        try:
            response = await original(client, request, *args, **kwargs)
        except BaseException as error:
            _attach_lost(log, exchange, error, response_class)
            raise
        finally:
            exchange.sending = False
            # Not by a token: a coroutine may be closed in another context than it was started in.
            log.current.set(outer)
        _attach(log, exchange, response, tee)
        return response

    return send


def _begin(log: ExchangeLog, library: str, request: Any) -> OpenExchange | None:
    try:
        if not log.enabled or not looks_like_llm_in_bytes(request.url.raw_path):
            return None
        try:
            body = request.content
        except RuntimeError:  # a streamed request body is not ours to read
            body = b""
        exchange = OpenExchange(library, request.method, str(request.url), body)
        return exchange if log.begin(exchange) else None
    except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
        log.fault(f"{library} request", error)
        return None


def _aside(log: ExchangeLog, request: Any) -> AbstractContextManager[OpenExchange | None]:
    """What is sent while a call is being sent: the same call one layer down, or no part of it (hooks, auth).

    Returns:
        A context in which the current exchange is right; it gives the exchange of the same call.
    """
    outer = log.current.get()
    if outer is None:
        return _NOTHING
    if outer.method == request.method and outer.url == str(request.url):
        return nullcontext(outer)
    return _outside(log)


@contextmanager
def _outside(log: ExchangeLog) -> Iterator[None]:
    outer = log.current.get()
    log.current.set(None)
    try:
        yield
    finally:
        log.current.set(outer)


def _note_proof(same: OpenExchange | None, response: Any) -> Any:
    """The layer above may make a response of its own, which has no proof of the connection."""
    if same is not None and "network_stream" in getattr(response, "extensions", ()):
        same.on_network = True
    return response


def _attach(log: ExchangeLog, exchange: OpenExchange, response: Any, tee: Any) -> None:
    """Keep what the response brings, now or as the app reads it."""
    try:
        _note_head(exchange, response)
        if response.is_closed:
            _note_content(exchange, response)
        else:
            response.stream = tee(response.stream, exchange)
    except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
        exchange.finish()
        log.fault("httpx response", error)


def _attach_lost(
    log: ExchangeLog, exchange: OpenExchange, error: BaseException, response_class: type
) -> None:
    """``send`` raised; if a response had begun by then, the provider has billed it.

    A body that breaks off or cannot be decoded, and hooks that raise, end here. The response is in no
    argument and no attribute; the traceback has it.
    """
    try:
        response = _response_in(error.__traceback__, response_class)
        if response is None:
            exchange.fail()
            return
        _note_head(exchange, response)
        _note_content(exchange, response)
    except Exception as fault:  # noqa: BLE001  # a fault of ours must not reach the app
        exchange.finish()
        log.fault("httpx lost response", fault)


def _note_head(exchange: OpenExchange, response: Any) -> None:
    exchange.status = response.status_code
    exchange.headers = response.headers
    if "network_stream" in response.extensions or (exchange.replayed is None and _through_aiohttp(response)):
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


def _response_in(trace: TracebackType | None, response_class: type) -> Any:
    """The response that the outermost frame of the library holds; None if there is none."""
    while trace is not None:
        for value in trace.tb_frame.f_locals.values():
            if isinstance(value, response_class):
                return value
        trace = trace.tb_next
    return None


def _through_aiohttp(response: Any) -> bool:
    """Whether aiohttp carried the response (as ``openai.DefaultAioHttpClient`` has it do).

    That transport leaves no proof of a connection, as fakes do not; its stream's class tells it from them.
    """
    stream = getattr(response.stream, "_stream", None)
    return "httpx_aiohttp" in type(stream).__module__


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
