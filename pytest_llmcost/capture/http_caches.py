"""HTTP caches below a client: an answer that hishel kept is a lookup and never a call.

Nothing of hishel is replaced to know of it: it says with each response where that comes from, to httpx in the
extensions (versions 0.x, 1.x and 2.x in three ways) and to requests in headers. A request that it lets pass
without a look, as it does with any POST unless it is told otherwise, is no lookup.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from pytest_llmcost.attribution.lookups import Lookup
from pytest_llmcost.capture.cache_lookups import lookup_log
from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.usage.endpoints import Kind, endpoint_of, is_maker
from pytest_llmcost.usage.hosts import host_of, path_of, provider_of

_NAME = "hishel"
_LAYER = "http"
_HIT_HEADER, _STORED_HEADER = "x-hishel-from-cache", "x-hishel-stored"
_YES_OR_NO = {"true": True, "false": False}


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:  # noqa: ARG001  # as all of them
    """From now on responses are looked at.

    Args:
        module: ``hishel``.
        log: Where lookups go.
        patches: Nothing is replaced.
    """
    log.answered_by_cache = functools.partial(note_answer, log)


def patch_controller(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch what hishel 0.x would keep: its responses do not say.

    Args:
        module: ``hishel._controller``.
        log: Where exchanges are.
        patches: Undoes it.
    """

    def watch(original: Any) -> Any:
        @functools.wraps(original)
        def is_cachable(*args: Any, **kwargs: Any) -> Any:
            keeps = original(*args, **kwargs)
            if keeps and (exchange := log.current.get()) is not None:
                exchange.is_kept = True
            return keeps

        return is_cachable

    patches.replace(module.Controller, "is_cachable", watch)


def note_answer(log: ExchangeLog, exchange: OpenExchange, response: Any) -> bool:
    """A client gives a response to the app.

    Args:
        log: Where lookups go.
        exchange: The request.
        response: Of the client.

    Returns:
        Whether a cache has answered, and nobody was called.
    """
    try:
        hit = _is_answered(exchange, response)
        if hit is None:
            return False
        if hit:
            exchange.is_cached = True
            exchange.finish()
        if _is_call(exchange):
            body = exchange.request_body
            key = b"%b %b\0%b" % (exchange.method.encode(), exchange.url.encode(), body) if body else None
            lookup_log(log).note_library(Lookup(_LAYER if hit else None, hit, key), _NAME, exchange=exchange)
    except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
        log.fault(f"an answer of {_NAME}", error)
    return exchange.is_cached


def _is_answered(exchange: OpenExchange, response: Any) -> bool | None:
    if exchange.library == "requests":
        return _is_hit_by_headers(response.headers)
    extensions = getattr(response, "extensions", None)
    return _is_hit(extensions, is_kept=exchange.is_kept) if isinstance(extensions, Mapping) else None


def _is_call(exchange: OpenExchange) -> bool:
    """Whether the path is that of a call; where it may be anything, whether it is at its maker's host."""
    provider = provider_of(host_of(exchange.url), {})
    endpoint = endpoint_of(exchange.method, path_of(exchange.url), provider)
    if endpoint is None or endpoint.kind is not Kind.CALL:
        return False
    return is_maker(endpoint.maker, provider)


def _is_hit(extensions: Mapping[str, Any], *, is_kept: bool) -> bool | None:
    """Whether the cache had the answer; None if it did not look.

    Args:
        extensions: Of a response.
        is_kept: Whether the cache of version 0.x has kept it.
    """
    found = extensions.get("caching")
    if isinstance(found, Mapping):  # 2.x
        hit, is_kept = found.get("from_cache"), found.get("stored") is True
    elif "hishel_from_cache" in extensions:  # 1.x
        hit, is_kept = extensions["hishel_from_cache"], extensions.get("hishel_stored") is True
    else:
        hit = extensions.get("from_cache")
    if hit:
        return True
    return False if hit is False and is_kept else None


def _is_hit_by_headers(headers: Mapping[str, str]) -> bool | None:
    """As ``_is_hit``, of a response of requests."""
    hit, is_kept = (_YES_OR_NO.get(headers.get(name, "").lower()) for name in (_HIT_HEADER, _STORED_HEADER))
    return hit if hit or is_kept else None
