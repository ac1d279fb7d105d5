"""Calls of HTTP libraries that are watched nowhere else, seen as a cassette plays or records them.

These are ``http.client`` with ``urllib.request``, httplib2 and tornado: without a cassette their calls are
not seen.
"""

from __future__ import annotations

from typing import Any

from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.usage.filter import looks_like_llm

LIBRARY = "vcr"


def unseen_exchange(log: ExchangeLog, request: Any, response: Any) -> OpenExchange | None:
    """The exchange of a call that no library above vcr has seen.

    Args:
        log: Where it goes.
        request: vcr's.
        response: As the cassette holds it.

    Returns:
        The exchange, finished; None if it is no call of a model.
    """
    if not log.enabled or not (looks_like_llm(request.uri) or log.keeps(request.uri)):
        return None
    body = request.body
    exchange = OpenExchange(LIBRARY, request.method, request.uri, body if isinstance(body, bytes) else b"")
    exchange.sending = False
    log.add(exchange)
    exchange.vcr_answer = response
    exchange.take_vcr_answer()
    return exchange
