"""Where requests leave this process: below vcr and the mocks, so that what comes here goes to the network.

These places are watched only where a guard is set, which is asked before anything of a request is sent. What
is replayed or mocked does not come here; what vcr records does.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.capture.urllib3_pools import bytes_of
from pytest_llmcost.usage.filter import looks_like_llm

_HTTPS_PORT = 443
# The body of a request of plain http.client, on its connection while it is sent.
_BODY = "_llmcost_body"
_LIBRARIES = ("urllib3.", "botocore.")


def patch_httpcore(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the connections that httpx and httpx2 send through.

    Args:
        module: httpcore or httpcore2.
        log: Whose guard is asked.
        patches: Where replacements are registered.
    """
    for name in ("HTTP11Connection", "HTTP2Connection"):
        patches.replace(getattr(module, name), "handle_request", lambda handle: _watch(handle, log))
        patches.replace(
            getattr(module, f"Async{name}"), "handle_async_request", lambda handle: _watch_async(handle, log)
        )


def patch_http_client(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the connections that urllib3 (and so requests and botocore) and urllib.request send through.

    Args:
        module: ``http.client``.
        log: Whose guard is asked.
        patches: Where replacements are registered.
    """
    patches.replace(module.HTTPConnection, "_send_request", _watch_body)
    patches.replace(module.HTTPConnection, "putrequest", lambda put: _watch_putrequest(put, log))


def patch_aiohttp(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the requests of aiohttp.

    Args:
        module: ``aiohttp.client_reqrep``.
        log: Whose guard is asked.
        patches: Where replacements are registered.
    """
    patches.replace(module.ClientRequest, "send", lambda send: _watch_send(send, log))


def _ask(
    log: ExchangeLog, library: str, method: str, url: str, body: bytes = b"", *, is_carried: bool = True
) -> None:
    """Ask the guard, which raises if the request shall not be sent.

    Args:
        log: Whose guard it is.
        library: That sends.
        method: HTTP method.
        url: Of the request.
        body: Where no client above is watched.
        is_carried: Whether it may be that of a client above.
    """
    guard = log.guard
    if guard is None or not log.enabled or not (looks_like_llm(url) or log.keeps(url)):
        return
    exchange = log.current.get() if is_carried else None
    if exchange is None:
        exchange = OpenExchange(library, method, url, body)
    elif not exchange.sending:
        exchange = exchange.sent_again()  # a task that the app left behind
    guard(exchange)


def _watch(original: Any, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    def handle_request(connection: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            _ask(log, "httpcore", request.method.decode("latin-1"), _url_of(request), _body_of(request))
        except BaseException:
            if _is_new(connection):
                connection.close()  # its pool would keep it as one that is in use
            raise
        return original(connection, request, *args, **kwargs)

    return handle_request


def _watch_async(original: Any, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    async def handle_async_request(connection: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            _ask(log, "httpcore", request.method.decode("latin-1"), _url_of(request), _body_of(request))
        except BaseException:
            if _is_new(connection):
                await connection.aclose()
            raise
        return await original(connection, request, *args, **kwargs)

    return handle_async_request


def _url_of(request: Any) -> str:
    url = request.url
    scheme, host, target = (part.decode("latin-1") for part in (url.scheme, url.host, url.target))
    port = "" if url.port is None else f":{url.port}"
    return target if "://" in target else f"{scheme}://{host}{port}{target}"


def _body_of(request: Any) -> bytes:
    """The body of a request that is whole; another one is not ours to read."""
    stream = request.stream
    return bytes_of(getattr(stream, "_content", None)) if type(stream).__name__ == "ByteStream" else b""


def _is_new(connection: Any) -> bool:
    return ", NEW," in connection.info()


def _watch_body(original: Any) -> Any:
    @functools.wraps(original)
    def _send_request(
        connection: Any, method: Any, url: Any, body: Any, headers: Any, *args: Any, **kwargs: Any
    ) -> Any:
        setattr(connection, _BODY, bytes_of(body))
        try:
            return original(connection, method, url, body, headers, *args, **kwargs)
        finally:
            delattr(connection, _BODY)

    return _send_request


def _watch_putrequest(original: Any, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    def putrequest(connection: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        carried = any(base.__module__.startswith(_LIBRARIES) for base in type(connection).__mro__)
        body = getattr(connection, _BODY, b"")
        _ask(log, "http.client", method.upper(), _absolute(connection, url), body, is_carried=carried)
        return original(connection, method, url, *args, **kwargs)

    return putrequest


def _absolute(connection: Any, url: str) -> str:
    if not url.startswith("/"):
        return url  # sent to a proxy
    scheme = "https" if connection.default_port == _HTTPS_PORT else "http"
    host = getattr(connection, "_tunnel_host", None) or connection.host
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{scheme}://{host}:{getattr(connection, '_tunnel_port', None) or connection.port}{url}"


def _watch_send(original: Any, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    async def send(request: Any, *args: Any, **kwargs: Any) -> Any:
        _ask(log, "aiohttp", request.method, str(request.url))
        return await original(request, *args, **kwargs)

    return send
