"""What every HTTP client has in common: a method that sends a request and gives a response back.

A library says where its requests and responses keep what matters; the order of things, and that nothing of
ours ever reaches the app, is decided here once for all of them.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog

Arguments = Sequence[Any]
Options = Mapping[str, Any]
_NOTHING: AbstractContextManager[None] = nullcontext()


class Library(ABC):
    """How one HTTP library is read.

    A method may raise: that is noted, and the app never hears of it. Arguments are those of the library's
    own method, the client first.

    Attributes:
        name: The library, as its users call it.
    """

    name: str

    @abstractmethod
    def may_be_llm(self, args: Arguments, kwargs: Options) -> object:
        """The cheap first look; true if the URL might be that of a model."""

    @abstractmethod
    def open(self, args: Arguments, kwargs: Options) -> OpenExchange:
        """The request that is about to be sent."""

    def open_if_llm(self, args: Arguments, kwargs: Options) -> OpenExchange | None:
        """The request that is about to be sent, if its URL might be that of a model."""
        return self.open(args, kwargs) if self.may_be_llm(args, kwargs) else None

    @abstractmethod
    def attach(self, exchange: OpenExchange, response: Any) -> None:
        """Keep what the response brings, now or as the app reads it."""

    @abstractmethod
    def attach_below(self, exchange: OpenExchange, response: Any) -> None:
        """A response of this library carries a call of a library above it: prove the connection."""

    def attach_late(self, exchange: OpenExchange, response: Any, log: ExchangeLog) -> None:  # noqa: B027
        """As ``attach_below``, from a task that went on after the call above had returned."""

    def attach_lost(self, exchange: OpenExchange, error: BaseException) -> None:  # noqa: ARG002  # others do
        """Sending raised; if a response had begun by then, the provider has billed it."""
        exchange.take_vcr_answer()
        if exchange.status:
            exchange.finish()
        else:
            exchange.fail()


def watch(original: Any, library: Library, log: ExchangeLog) -> Any:
    """Wrap a method that sends: its exchanges go to the log."""

    @functools.wraps(original)
    def send(*args: Any, **kwargs: Any) -> Any:
        outer = log.current.get()
        exchange = _begin(log, library, outer, args, kwargs)
        if exchange is None:
            if outer is None:
                return original(*args, **kwargs)
            with _aside(log, library, args, kwargs) as same:
                response = original(*args, **kwargs)
            _note_below(log, library, same, response)
            return response
        log.current.set(exchange)
        try:
            response = original(*args, **kwargs)
        except BaseException as error:
            _attach_lost(log, library, exchange, error)
            raise
        finally:
            exchange.sending = False
            if log.current.get() is exchange:
                log.current.set(outer)
        try:
            if log.answered_by_cache is None or not log.answered_by_cache(exchange, response):
                library.attach(exchange, response)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            _not_attached(log, library, exchange, error)
        return response

    return send


def watch_async(original: Any, library: Library, log: ExchangeLog) -> Any:
    """As ``watch``, for a method that is awaited."""

    @functools.wraps(original)
    async def send(*args: Any, **kwargs: Any) -> Any:
        outer = log.current.get()
        exchange = _begin(log, library, outer, args, kwargs)
        if exchange is None:
            if outer is None:
                return await original(*args, **kwargs)
            with _aside(log, library, args, kwargs) as same:
                response = await original(*args, **kwargs)
            _note_below(log, library, same, response)
            return response
        log.current.set(exchange)
        try:
            response = await original(*args, **kwargs)
        except BaseException as error:
            _attach_lost(log, library, exchange, error)
            raise
        finally:
            exchange.sending = False
            # Not by a token: a coroutine may be closed in another context than it was started in.
            if log.current.get() is exchange:
                log.current.set(outer)
        try:
            if log.answered_by_cache is None or not log.answered_by_cache(exchange, response):
                library.attach(exchange, response)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            _not_attached(log, library, exchange, error)
        return response

    return send


def _begin(
    log: ExchangeLog, library: Library, outer: OpenExchange | None, args: Arguments, kwargs: Options
) -> OpenExchange | None:
    """The exchange of a request that is about to be sent.

    Returns:
        None for what is none, and where the same is already being sent one layer above (``outer``).
    """
    try:
        if not log.enabled:
            return None
        exchange = library.open_if_llm(args, kwargs)
        if exchange is None:
            if not (log.kept_hosts and _is_kept(log, library, args, kwargs)):
                return None
            exchange = library.open(args, kwargs)
        exchange.client = id(args[0])
        if outer is not None and outer.sending:
            if outer.is_same_as(exchange):
                return None
            outer.proxied = True
        log.add(exchange)
    except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
        log.fault(f"{library.name} request", error)
        return None
    return exchange


def _is_kept(log: ExchangeLog, library: Library, args: Arguments, kwargs: Options) -> bool:
    return bool(log.kept_hosts) and log.keeps(library.open(args, kwargs).url)


def _aside(
    log: ExchangeLog, library: Library, args: Arguments, kwargs: Options
) -> AbstractContextManager[OpenExchange | None]:
    """What is sent while a call is being sent: the same call one layer down, or no part of it (hooks, auth).

    Returns:
        A context in which the current exchange is right; it gives the exchange of the same call.
    """
    outer = log.current.get()
    if outer is None:
        return _NOTHING
    try:
        if library.may_be_llm(args, kwargs) or _is_kept(log, library, args, kwargs):
            inner = library.open(args, kwargs)
            inner.client = id(args[0])
            if outer.is_same_as(inner):
                return nullcontext(outer)
    except Exception as error:  # noqa: BLE001  # as above
        log.fault(f"{library.name} request", error)
    return _outside(log)


@contextmanager
def _outside(log: ExchangeLog) -> Iterator[None]:
    outer = log.current.get()
    log.current.set(None)
    try:
        yield
    finally:
        log.current.set(outer)


def _note_below(log: ExchangeLog, library: Library, same: OpenExchange | None, response: Any) -> None:
    """The layer above may make a response of its own, which has no proof of the connection."""
    if same is None:
        return
    try:
        if same.sending:
            library.attach_below(same, response)
        else:
            library.attach_late(same, response, log)
    except Exception as error:  # noqa: BLE001  # as above
        log.fault(f"{library.name} response", error)


def _not_attached(log: ExchangeLog, library: Library, exchange: OpenExchange, error: Exception) -> None:
    exchange.finish()
    log.fault(f"{library.name} response", error)


def _attach_lost(log: ExchangeLog, library: Library, exchange: OpenExchange, error: BaseException) -> None:
    try:
        library.attach_lost(exchange, error)
    except Exception as fault:  # noqa: BLE001  # as above
        exchange.finish()
        log.fault(f"{library.name} lost response", fault)
