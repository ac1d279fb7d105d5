"""Who calls httpx or httpx2 over HTTP/2 sees the same with and without the plugin."""

from __future__ import annotations

import asyncio
import importlib

import pytest
from callers import captured, outcome
from callers_httpx import SCENARIOS, Caller

pytest.importorskip("h2")
pytest.importorskip("hypercorn")

# How a broken connection shows over HTTP/2 is up to the relay.
NAMES = [name for name in SCENARIOS if name not in {"loses_the_connection", "waits_too_long", "is_cancelled"}]


@pytest.fixture(scope="module")
def relay(loopback):
    """The provider behind an HTTP/2 server."""
    from callers_http2_relay import Http2Relay

    with Http2Relay(loopback.origin) as found:
        yield found


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", NAMES)
def test_caller_sees_the_same(relay, name, library, asynchronous):
    """Many requests over one connection, in frames: bytes, exceptions, attributes and warnings stay."""
    http = importlib.import_module(library)
    caller = Caller(http, asynchronous, relay.origin, http1=False, http2=True)
    without = outcome(lambda: asyncio.run(SCENARIOS[name](caller)))
    with_us, noted = captured(lambda: asyncio.run(SCENARIOS[name](caller)))
    assert with_us == without
    assert noted.faults == []
    assert noted.exchanges
    assert all(exchange.finished is not None for exchange in noted.exchanges)
    assert all(exchange.on_network or exchange.failed for exchange in noted.exchanges)


def test_it_is_http2(relay):
    """The relay speaks nothing else."""
    import httpx2

    with httpx2.Client(http1=False, http2=True) as client:
        response = client.post(f"{relay.origin}/v1/chat/completions", json={})
    assert response.http_version == "HTTP/2"
    assert response.json()["usage"]["total_tokens"] == 1234
