"""Who calls aiohttp, also below openai's client, sees the same with and without the plugin."""

from __future__ import annotations

import asyncio

import aiohttp
import callers_httpx
import httpx2
import openai
import pytest
from callers import BODY, captured, outcome
from callers_aiohttp import SCENARIOS, Caller, run


@pytest.mark.parametrize("name", SCENARIOS)
def test_caller_sees_the_same(loopback, name):
    """Bytes, exceptions, attributes, connections and warnings are those without capture."""
    runs = []
    for each in (outcome, captured):
        loopback.forget()
        runs.append(each(lambda: run(SCENARIOS[name], Caller(loopback.origin))))
    without, (with_us, noted) = runs
    assert with_us == without
    assert noted.faults == []
    assert noted.exchanges
    # aiohttp tells nobody that a response was dropped half-way: it counts as cut at the end of the session.
    dropped = name == "leaves_responses_behind"
    assert dropped or all(exchange.finished is not None for exchange in noted.exchanges)


@pytest.mark.parametrize("name", callers_httpx.SCENARIOS)
def test_caller_of_httpx_over_aiohttp_sees_the_same(loopback, name):
    """openai's ``DefaultAioHttpClient`` is httpx2 over aiohttp: one exchange a request, nothing else changes."""
    caller = callers_httpx.Caller(httpx2, True, loopback.origin, openai.DefaultAioHttpClient)
    scenario = callers_httpx.SCENARIOS[name]
    without = outcome(lambda: asyncio.run(scenario(caller)))
    with_us, noted = captured(lambda: asyncio.run(scenario(caller)))
    assert with_us == without
    assert noted.faults == []
    assert noted.exchanges
    assert {exchange.library for exchange in noted.exchanges} == {"httpx2"}
    assert all(exchange.finished is not None for exchange in noted.exchanges)


def test_addresses_and_json_of_the_session(loopback):
    """A session joins its base URL and may write JSON that nobody else can: the calls are seen."""

    async def ask():
        async with aiohttp.ClientSession(
            f"{loopback.origin}/v1/chat/", json_serialize=lambda body: '{"model": "gpt-4o-mini"}'
        ) as session:
            for address in ("completions", "/v1/responses"):
                async with session.post(address, json={("a", "b"): 1}) as response:
                    await response.json()

    _, noted = captured(lambda: asyncio.run(ask()))
    assert noted.faults == []
    assert [exchange.url for exchange in noted.exchanges] == [
        loopback.url("/chat/completions"),
        loopback.url("/responses"),
    ]


def test_request_body_is_what_aiohttp_sends(loopback):
    """The body that is kept says what was asked for."""

    async def ask():
        async with aiohttp.ClientSession() as session:
            async with session.post(loopback.url("/chat/completions"), json=BODY) as response:
                await response.read()

    _, noted = captured(lambda: asyncio.run(ask()))
    (exchange,) = noted.exchanges
    assert exchange.request_body == aiohttp.JsonPayload(BODY)._value
