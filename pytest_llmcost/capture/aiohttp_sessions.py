"""aiohttp: ``ClientSession._request``, and what vcr puts in its place while a cassette is open.

aiohttp has no public method that all requests pass. A middleware of the app's may send a request more than
once, so an answer is taken where it begins: ``ClientResponse.start``. Its reader of the body has read-only
attributes, so it becomes an instance of a subclass that keeps what the connection feeds it.
"""

from __future__ import annotations

import functools
import json
from functools import cache
from types import ModuleType
from typing import Any

from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.not_captured import patch_aiohttp
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.capture.sending import Arguments, Library, Options, watch_async
from pytest_llmcost.capture.urllib3_pools import bytes_of
from pytest_llmcost.usage.filter import looks_like_llm

_METHOD, _URL = 1, 2


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the sessions.

    Args:
        module: ``aiohttp.client``.
        log: Where exchanges go.
        patches: Where replacements are registered.
    """
    library = AiohttpLibrary()
    patches.replace(module.ClientSession, "_request", lambda request: watch_async(request, library, log))
    patches.replace(module.ClientResponse, "start", lambda start: _watch_start(start, log))
    patch_aiohttp(module, log, patches)


def patch_vcr(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch what vcr makes for each cassette.

    Args:
        module: ``vcr.stubs.aiohttp_stubs``.
        log: Where exchanges go.
        patches: Where replacements are registered.
    """
    library = AiohttpLibrary()

    def wrap(factory: Any) -> Any:
        @functools.wraps(factory)
        def vcr_request(*args: Any, **kwargs: Any) -> Any:
            return watch_async(factory(*args, **kwargs), library, log)

        return vcr_request

    patches.replace(module, "vcr_request", wrap)


class AiohttpLibrary(Library):
    """Reads the requests and responses of aiohttp."""

    name = "aiohttp"

    def may_be_llm(self, args: Arguments, kwargs: Options) -> object:
        """See ``Library``."""
        return looks_like_llm(f"/{_url(args, kwargs)}")  # it may be joined to a base URL

    def open(self, args: Arguments, kwargs: Options) -> OpenExchange:
        """See ``Library``."""
        method = args[_METHOD] if len(args) > _METHOD else kwargs["method"]
        url = _url(args, kwargs)
        build = getattr(args[0], "_build_url", None)  # joins it to the session's base URL
        whole = str(build(url) if build else url)
        return OpenExchange(self.name, method.upper(), whole, _body(kwargs))

    def attach(self, exchange: OpenExchange, response: Any) -> None:
        """See ``Library``."""
        if exchange.status:
            return  # it was taken as it began
        if exchange.proxied:
            exchange.finish()  # a middleware returns the answer to another request
        else:
            _keep_answer(exchange, response)

    def attach_below(self, exchange: OpenExchange, response: Any) -> None:
        """See ``Library``."""
        _note_connection(exchange, response)
        location = response.headers.get("location")
        if location:
            exchange.redirected_to = str(response.url.join(type(response.url)(location)))


def _watch_start(original: Any, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    async def start(response: Any, *args: Any, **kwargs: Any) -> Any:
        started = await original(response, *args, **kwargs)
        exchange = log.current.get()
        if exchange is not None and exchange.library == AiohttpLibrary.name and response.method != "CONNECT":
            try:
                _keep_answer(log.open_for(exchange), response)
            except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
                log.fault("aiohttp response", error)
        return started

    return start


def _keep_answer(exchange: OpenExchange, response: Any) -> None:
    exchange.begin_response(response.status, response.headers)
    _note_connection(exchange, response)
    body = response._body  # noqa: SLF001  # .read() would wait for it
    if body is not None:
        exchange.chunks = (body,)
        exchange.ended = True
        exchange.finish()
        return
    reader = response.content
    # At its end already, or broken. If the body is empty, it is a reader that all such responses share.
    if reader.is_eof() or reader.exception() is not None:
        exchange.chunks = list(getattr(reader, "_buffer", ()))
        exchange.ended = reader.is_eof()
        exchange.finish()
    else:
        _keep_feeding(exchange, reader)


def _note_connection(exchange: OpenExchange, response: Any) -> None:
    if not type(response).__module__.startswith("vcr."):
        exchange.on_network = True


def _url(args: Arguments, kwargs: Options) -> Any:
    if len(args) > _URL:
        return args[_URL]
    return kwargs["str_or_url"] if "str_or_url" in kwargs else kwargs["url"]


def _body(kwargs: Options) -> bytes:
    value = kwargs.get("json")
    if value is not None:
        try:
            # What JSON does not know is the app's, whose code is not ours to run.
            return json.dumps(value, default=lambda _: None).encode()
        except (TypeError, ValueError, RecursionError):
            return b""  # the session may have a serializer of its own
    return bytes_of(kwargs.get("data"))


def _keep_feeding(exchange: OpenExchange, reader: Any) -> None:
    # What came with the head of the response is in the buffer already; nobody has read from it yet.
    chunks: list[bytes] = list(reader._buffer)  # noqa: SLF001
    exchange.chunks = chunks
    reader.on_eof(_Tap(exchange, chunks))
    found: Any = type(reader)
    reader.__class__ = _fed(found)


class _Tap:
    """What a reader calls at the end of the body; on the way it finds here where to keep it.

    A reader has no room for an attribute of ours, and a list of such callbacks.
    """

    __slots__ = ("_chunks", "_exchange", "keep")

    def __init__(self, exchange: OpenExchange, chunks: list[bytes]) -> None:
        self._exchange = exchange
        self._chunks = chunks
        self.keep = chunks.append

    def __call__(self) -> None:
        self.finish(ended=True)

    def finish(self, *, ended: bool = False) -> None:
        self._exchange.end_answer(self._chunks, ended=ended)


@cache
def _fed(base: Any) -> type:
    """A subclass of a reader's class that keeps what it is fed; it goes by the same name."""

    class Fed(base):  # type: ignore[misc]
        __slots__ = ()

        def feed_data(self, data: bytes, *args: Any, **kwargs: Any) -> Any:
            for callback in self._eof_callbacks:
                if type(callback) is _Tap:
                    callback.keep(data)
            return super().feed_data(data, *args, **kwargs)

        def set_exception(self, *args: Any, **kwargs: Any) -> None:
            # The connection broke, or the app closed the response.
            for callback in self._eof_callbacks:
                if type(callback) is _Tap:
                    callback.finish()
            super().set_exception(*args, **kwargs)

    Fed.__name__, Fed.__qualname__, Fed.__module__ = base.__name__, base.__qualname__, base.__module__
    return Fed
