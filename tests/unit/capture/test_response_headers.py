"""Headers that a library keeps as bytes are read once for all names."""

from __future__ import annotations

import httpx
import pytest

from pytest_llmcost.attribution.scope import CurrentScope
from pytest_llmcost.capture.collect import Collector
from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog

URL = "https://api.openai.com/v1/chat/completions"


def headers_read(headers, tmp_path):
    """What whoever reads an exchange is given, for the headers of a response."""
    seen = []
    log = ExchangeLog(CurrentScope())
    exchange = OpenExchange("httpx", "POST", URL, b"{}")
    exchange.begin_response(200, headers)
    exchange.sending = False
    exchange.finish()
    log.add(exchange)
    Collector(log, {}, tmp_path, seen.append).collect()
    return seen[0].headers


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("Content-Encoding", "br"), ("DATE", "Mon, 23 Nov 2026 12:00:00 GMT")],
        [("x-litellm-response-cost", "0.5"), ("X-LiteLLM-Response-Cost", "0.7")],
        [(b"X-Name", "gr\u00fc\u00df".encode())],
        [(b"X-Name", "gr\u00fc\u00df".encode("latin-1"))],
    ],
    ids=["none", "any case", "twice", "UTF-8", "Latin-1"],
)
def test_headers_of_httpx(pairs, tmp_path):
    """They say what httpx says, under names in lower case."""
    headers = httpx.Headers(pairs)
    assert dict(headers_read(headers, tmp_path)) == {name.lower(): headers[name] for name in headers}


def test_headers_of_other_libraries_are_passed_on(tmp_path):
    """A mapping of text is what is asked for already."""
    assert headers_read({"date": "x"}, tmp_path) == {"date": "x"}
