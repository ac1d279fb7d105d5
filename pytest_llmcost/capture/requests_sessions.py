"""requests: ``Session.send``, above the adapters that mocks replace.

Where the request goes on to urllib3, that layer keeps the body; here only a response that somebody made
up is read.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.capture.sending import Arguments, Library, Options, watch
from pytest_llmcost.capture.urllib3_pools import bytes_of, is_kept, keep_reading
from pytest_llmcost.usage.filter import looks_like_llm


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the sessions.

    Args:
        module: ``requests.sessions``.
        log: Where exchanges go.
        patches: Where replacements are registered.
    """
    library = RequestsLibrary()
    patches.replace(module.Session, "send", lambda send: watch(send, library, log))


def patch_requests_mock(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the ``Session.send`` that requests-mock keeps; as a pytest plugin it is imported before us.

    Args:
        module: ``requests_mock.mocker``.
        log: Where exchanges go.
        patches: Where replacements are registered.
    """
    library = RequestsLibrary()
    patches.replace(module, "_original_send", lambda send: watch(send, library, log))


class RequestsLibrary(Library):
    """Reads the requests and responses of requests."""

    name = "requests"

    def may_be_llm(self, args: Arguments, kwargs: Options) -> object:
        """See ``Library``."""
        return looks_like_llm((args[1] if len(args) > 1 else kwargs["request"]).url or "")

    def open(self, args: Arguments, kwargs: Options) -> OpenExchange:
        """See ``Library``."""
        request = args[1] if len(args) > 1 else kwargs["request"]
        body = getattr(request, "body", None)  # requests itself refuses what was not prepared
        exchange = OpenExchange(self.name, request.method, request.url, bytes_of(body))
        # A session that follows a redirect says so to itself; a hook of the app's does not.
        exchange.by_itself = kwargs.get("allow_redirects") is False
        exchange.request_object = id(request)
        return exchange

    def attach(self, exchange: OpenExchange, response: Any) -> None:
        """See ``Library``."""
        from urllib3 import HTTPResponse

        if exchange.status:
            return  # urllib3 carried it
        if is_kept(response.raw):
            exchange.finish()  # as another request: an adapter of the app's sent it elsewhere
            return
        exchange.begin_response(response.status_code, response.headers)
        if isinstance(response._content, bytes):  # noqa: SLF001  # .content would read it
            exchange.chunks = (response.content,)
            exchange.ended = True
            exchange.finish()
        elif isinstance(response.raw, HTTPResponse):
            keep_reading(exchange, response.raw)
        else:
            exchange.finish()  # some file, from an adapter of the app's own

    def attach_below(self, exchange: OpenExchange, response: Any) -> None:
        """A redirect: what its response brings is kept by the layer below, or seen at the end."""
