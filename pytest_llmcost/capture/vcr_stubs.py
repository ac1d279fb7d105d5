"""Whose request a stub of vcr handles: that of the exchange which is being sent, or another one beside it.

A hook may send something through ``http.client`` while a call is being sent; vcr sees both.
"""

from __future__ import annotations

import sys
from types import FrameType

from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog

_HTTPX = frozenset({"httpx", "httpx2"})
_URLLIB3 = frozenset({"urllib3", "requests", "botocore"})
_SENDERS = {
    "vcr.stubs.httpx_stubs": _HTTPX,
    "vcr.stubs.httpcore_stubs": _HTTPX,
    "vcr.stubs.aiohttp_stubs": _HTTPX | {"aiohttp"},
    "vcr.stubs.tornado_stubs": frozenset[str](),
}
# For http.client and all that is built upon it.
_CONNECTIONS = "vcr.stubs"
_DEEPEST = 8


def sent_by_stub(log: ExchangeLog, ours: int = 1) -> OpenExchange | None:
    """The exchange that is being sent, if the stub that asks vcr stands in for its library.

    Args:
        log: Where it is found.
        ours: How many frames of ours stand below the stub's: those of a wrapper of vcr's method.
    """
    exchange = log.current.get()
    if exchange is None or not exchange.sending:
        return None
    frame = sys._getframe(ours + 1)  # noqa: SLF001  # the documented way to the caller
    senders = _SENDERS.get(frame.f_globals.get("__name__", ""))  # most stubs ask themselves
    if senders is None:
        senders = _senders_around(frame)
    return exchange if senders is None or exchange.library in senders else None


def _senders_around(frame: FrameType | None) -> frozenset[str] | None:
    """The libraries that a stub of vcr stands in for; None where no stub of vcr's own asks."""
    for _ in range(_DEEPEST):
        if frame is None:
            return None
        module = frame.f_globals.get("__name__", "")
        if module == _CONNECTIONS:
            return _of_connection(type(frame.f_locals.get("self")))
        if module in _SENDERS:
            return _SENDERS[module]
        frame = frame.f_back
    return None


def _of_connection(kind: type) -> frozenset[str]:
    above = any(base.__module__.startswith(("urllib3.", "botocore.")) for base in kind.__mro__)
    return _URLLIB3 if above else frozenset()
