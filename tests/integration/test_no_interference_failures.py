"""What an exception leaves behind is gone when the app has dealt with it, and not at some later collection."""

from __future__ import annotations

import asyncio
import gc
import weakref

import aiohttp
import botocore.httpsession
import httpx
import httpx2
import pytest
import requests
import urllib3
from botocore.awsrequest import AWSRequest
from callers import captured, outcome

URL = "http://127.0.0.1:9/v1/chat/completions"


class Socket:
    """Stands for what warns if nobody closed it when it goes."""


def failing(left):
    """A function that fails while it holds something; a weak reference to that goes into the list."""

    def fail(*_, **__):
        socket = Socket()
        left.append(weakref.ref(socket))
        raise LookupError("not today")

    return fail


def with_httpx(library):
    def ask(fail):
        with library.Client(transport=library.MockTransport(fail)) as client:
            client.post(URL, json={})

    return ask


def with_async_httpx(library):
    def ask(fail):
        async def post():
            async with library.AsyncClient(transport=library.MockTransport(fail)) as client:
                await client.post(URL, json={})

        asyncio.run(post())

    return ask


def with_requests(fail):
    class Adapter(requests.adapters.HTTPAdapter):
        send = fail

    with requests.Session() as session:
        session.mount("http://", Adapter())
        session.post(URL, json={})


def with_urllib3(fail):
    class Pool(urllib3.HTTPConnectionPool):
        _get_conn = fail

    with Pool("127.0.0.1", 9) as pool:
        pool.request("POST", "/v1/chat/completions", json={})


def with_botocore(fail):
    session = botocore.httpsession.URLLib3Session()
    session._manager.connection_from_url = fail
    session.send(AWSRequest("POST", URL, data=b"{}").prepare())


def with_aiohttp(fail):
    class Connector(aiohttp.TCPConnector):
        async def connect(self, *args, **kwargs):
            fail()

    async def post():
        async with aiohttp.ClientSession(connector=Connector()) as session:
            await session.post(URL, json={})

    asyncio.run(post())


ASKS = {
    "httpx": with_httpx(httpx),
    "httpx2": with_httpx(httpx2),
    "httpx-async": with_async_httpx(httpx),
    "httpx2-async": with_async_httpx(httpx2),
    "requests": with_requests,
    "urllib3": with_urllib3,
    "botocore": with_botocore,
    "aiohttp": with_aiohttp,
}


@pytest.mark.parametrize("name", ASKS)
def test_what_a_failed_call_held_is_freed_as_before(name):
    """An open socket in a frame of the traceback warns within the test that opened it, and not in another."""

    def ask():
        left = []
        gc.disable()
        try:
            ASKS[name](failing(left))
        except Exception as error:
            told = type(error).__name__
        finally:
            gc.enable()
        return told, [each() is None for each in left]

    outcome(ask)  # what a library loads late may hold the first one
    without = outcome(ask)
    with_us, noted = captured(ask)
    (told, freed), (told_with_us, freed_with_us) = without.value, with_us.value
    assert told_with_us == told
    # Without us a loop of asyncio now and then holds one until it is itself collected.
    assert freed_with_us in (freed, [True])
    assert with_us.warned == without.warned
    assert noted.faults == []
    assert [exchange.failed for exchange in noted.exchanges] == [True]
