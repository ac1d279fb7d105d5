"""httpx and httpx2: their clients' ``send``, sync and async.

``Client.send`` is the one public method that every request of the library passes, above the transports
that vcr and the mocks replace. Both libraries have the same shape, so one module serves both.
"""

from __future__ import annotations

import functools
import re
from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

from pytest_llmcost.capture.log import ExchangeLog, OpenExchange
from pytest_llmcost.capture.patches import Patches

NAMES = ("httpx", "httpx2")
# The cheap filter before anything else; usage.endpoints decides what the path means.
_looks_like_llm = re.compile(rb"/(?:completions|responses|embeddings|messages)(?:[/?]|$)").search
_KEPT_HEADERS = ("content-encoding", "content-type", "date")


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the clients of a module.

    Args:
        module: httpx or httpx2, or a module that stands in for one.
        log: Where exchanges go.
        patches: Where replacements are registered.
    """
    library = module.__name__
    tees = _tees(module)
    patches.replace(module.Client, "send", lambda send: _sync_send(send, library, log, tees[0]))
    patches.replace(module.AsyncClient, "send", lambda send: _async_send(send, library, log, tees[1]))


def _sync_send(original: Any, library: str, log: ExchangeLog, tee: Any) -> Any:
    @functools.wraps(original)
    def send(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = _begin(log, library, request)
        if exchange is None:
            return original(client, request, *args, **kwargs)
        token = log.current.set(exchange)
        try:
            response = original(client, request, *args, **kwargs)
        except BaseException:
            exchange.fail()
            raise
        finally:
            exchange.sending = False
            log.current.reset(token)
        _attach(log, exchange, response, tee)
        return response

    return send


def _async_send(original: Any, library: str, log: ExchangeLog, tee: Any) -> Any:
    @functools.wraps(original)
    async def send(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = _begin(log, library, request)
        if exchange is None:
            return await original(client, request, *args, **kwargs)
        token = log.current.set(exchange)
        try:
            response = await original(client, request, *args, **kwargs)
        except BaseException:
            exchange.fail()
            raise
        finally:
            exchange.sending = False
            log.current.reset(token)
        _attach(log, exchange, response, tee)
        return response

    return send


def _begin(log: ExchangeLog, library: str, request: Any) -> OpenExchange | None:
    try:
        if not log.enabled or not _looks_like_llm(request.url.raw_path):
            return None
        try:
            body = request.content
        except Exception:  # noqa: BLE001  # a streamed request body is not ours to read
            body = b""
        return log.begin(request.method, str(request.url), library, body)
    except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
        log.fault(f"{library} request", error)
        return None


def _attach(log: ExchangeLog, exchange: OpenExchange, response: Any, tee: Any) -> None:
    """Keep what the response brings, now or as the app reads it."""
    try:
        exchange.status = response.status_code
        exchange.on_network = "network_stream" in response.extensions
        headers = response.headers
        exchange.headers = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
        if response.is_closed:
            exchange.chunks.append(response.content)
            exchange.decoded = exchange.ended = True
            exchange.finish()
        else:
            response.stream = tee(response.stream, exchange)
    except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
        exchange.finish()
        log.fault(f"{exchange.library} response", error)


def _tees(module: Any) -> tuple[type, type]:
    """The two stream classes of a library that pass every chunk on and keep it."""

    class SyncTee(module.SyncByteStream):  # type: ignore[misc]
        def __init__(self, inner: Any, exchange: OpenExchange) -> None:
            self._inner = inner
            self._exchange = exchange

        def __iter__(self) -> Iterator[bytes]:
            keep = self._exchange.chunks.append
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

        async def __aiter__(self) -> AsyncIterator[bytes]:
            keep = self._exchange.chunks.append
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
