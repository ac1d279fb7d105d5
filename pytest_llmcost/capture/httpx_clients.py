"""httpx and httpx2: their clients' ``send``, sync and async.

``Client.send`` is the one public method that every request of the library passes, above the transports
that vcr and the mocks replace. What reaches the network passes ``HTTPTransport.handle_request``: an app's own
transport or hook may send a request more than once, or make a response of its own from the answer. Both
libraries have the same shape, so one module serves both.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.lost import held_in
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.capture.sending import Arguments, Library, Options, watch, watch_async
from pytest_llmcost.usage.filter import is_model_host, may_be_path_of_llm

# A client of one may send through a client of the other.
_BOTH = frozenset({"httpx", "httpx2"})


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
    patches.replace(module.HTTPTransport, "handle_request", lambda handle: sync.watch_transport(handle, log))
    patches.replace(
        module.AsyncHTTPTransport,
        "handle_async_request",
        lambda handle: asynchronous.watch_async_transport(handle, log),
    )


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
        url = (args[1] if len(args) > 1 else kwargs["request"]).url
        return may_be_path_of_llm(url.raw_path) or is_model_host(url.host)

    def open_if_llm(self, args: Arguments, kwargs: Options) -> OpenExchange | None:
        """See ``Library``."""
        request = args[1] if len(args) > 1 else kwargs["request"]
        url = request.url
        if not (may_be_path_of_llm(url.raw_path) or is_model_host(url.host)):
            return None
        return _opened(self.name, request, url)

    def open(self, args: Arguments, kwargs: Options) -> OpenExchange:
        """See ``Library``."""
        request = args[1] if len(args) > 1 else kwargs["request"]
        return _opened(self.name, request, request.url)

    def attach(self, exchange: OpenExchange, response: Any) -> None:
        """See ``Library``."""
        if exchange.status:
            return  # the transport has answered, whatever a hook or another transport made of it
        is_read = response.is_closed
        if is_read and response.is_stream_consumed and exchange.leave_to_vcr(response.status_code):
            return
        _note_head(exchange, response)
        if is_read:
            _note_content(exchange, response)
        else:
            response.stream = self._tee(response.stream, exchange)

    def attach_lost(self, exchange: OpenExchange, error: BaseException) -> None:
        """A body that breaks off or cannot be decoded, and hooks that raise, end here."""
        exchange.take_vcr_answer()
        if exchange.status:
            exchange.finish()
            return
        response = held_in(error.__traceback__, self._response_class, self.name)
        if response is None or str(response.request.url) != exchange.url:
            exchange.fail()
            return
        _note_head(exchange, response)
        _note_content(exchange, response)

    def attach_below(self, exchange: OpenExchange, response: Any) -> None:
        """What another library sends through this one; for httpx itself, the transport has seen it."""
        if exchange.library not in _BOTH and "network_stream" in getattr(response, "extensions", ()):
            exchange.on_network = True

    def watch_transport(self, original: Any, log: ExchangeLog) -> Any:
        """Wrap the method of a transport that sends: answers are kept as they come."""

        @functools.wraps(original)
        def handle_request(transport: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            response = original(transport, request, *args, **kwargs)
            if (exchange := log.current.get()) is not None and exchange.library in _BOTH:
                self._keep_answer(log, exchange, request, response)
            return response

        return handle_request

    def watch_async_transport(self, original: Any, log: ExchangeLog) -> Any:
        """As ``watch_transport``, for a method that is awaited."""

        @functools.wraps(original)
        async def handle_async_request(transport: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            response = await original(transport, request, *args, **kwargs)
            if (exchange := log.current.get()) is not None and exchange.library in _BOTH:
                self._keep_answer(log, exchange, request, response)
            return response

        return handle_async_request

    def _keep_answer(self, log: ExchangeLog, exchange: OpenExchange, request: Any, response: Any) -> None:
        try:
            if request.url is not exchange.address and not self.may_be_llm((None, request), {}):
                return  # a token that an authentication fetches
            exchange = log.open_for(exchange)
            exchange.begin_response(response.status_code, response.headers)
            if "network_stream" in response.extensions:
                exchange.on_network = True
            response.stream = self._tee(response.stream, exchange)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            log.fault(f"{self.name} answer", error)


def _opened(name: str, request: Any, url: Any) -> OpenExchange:
    try:
        body = request.content
    except RuntimeError:  # a streamed request body is not ours to read
        body = _text_fields(request.stream)
    exchange = OpenExchange(name, request.method, url, body)
    exchange.by_itself = False  # redirects and attempts are made inside of ``send``
    return exchange


def _text_fields(stream: Any) -> bytes:
    """The text fields of an upload, as a form: the model is one of them. Its files are not touched."""
    fields = [(field.name, getattr(field, "value", None)) for field in getattr(stream, "fields", ())]
    return "".join(
        f'--\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
        if isinstance(value, str)
    ).encode("utf-8", "surrogatepass")


def _note_head(exchange: OpenExchange, response: Any) -> None:
    exchange.status = response.status_code
    exchange.headers = response.headers
    if "network_stream" in response.extensions and not exchange.proxied:
        exchange.on_network = True  # else it is that of another client, which the transport asked


def _note_content(exchange: OpenExchange, response: Any) -> None:
    """Take the body of a response that nobody will read on; it may have been closed unread."""
    try:
        exchange.chunks = (response.content,)
        exchange.ended = True
    except RuntimeError:
        pass
    exchange.decoded = True
    exchange.finish()


def _end(exchange: OpenExchange, chunks: list[bytes]) -> None:
    holder = exchange.holder_of(chunks)
    if holder is not None:
        holder.ended = True


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
            _end(self._exchange, self._chunks)

        def close(self) -> None:
            self._exchange.end_answer(self._chunks)
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
                _end(self._exchange, self._chunks)
            finally:
                if hasattr(iterator, "aclose"):
                    await iterator.aclose()

        async def aclose(self) -> None:
            self._exchange.end_answer(self._chunks)
            await self._inner.aclose()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

    return SyncTee, AsyncTee
