"""Chunks are passed on as they come: none waits for the next one, whichever library reads."""

from __future__ import annotations

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aiohttp
import botocore.httpsession
import httpx
import httpx2
import openai
import pytest
import requests
import urllib3
from botocore.awsrequest import AWSRequest
from callers import captured, outcome

EVENTS = [b"data: event %d\n\n" % number for number in range(12)]
PATH = "/v1/chat/completions"


class InStep(BaseHTTPRequestHandler):
    """Sends an event only when the reader has the one before: who holds anything back waits in vain."""

    protocol_version = "HTTP/1.1"
    may_send = threading.Semaphore()

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for event in EVENTS:
            if not self.server.may_send.acquire(timeout=10):
                self.close_connection = True
                return
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
        self.wfile.write(b"0\r\n\r\n")


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), InStep) as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def through_httpx(library):
    def read(url, got):
        with library.Client() as client, client.stream("POST", url, json={}) as response:
            for chunk in response.iter_raw():
                got(chunk)

    return read


def through_async_httpx(make_client):
    async def read(url, got):
        async with make_client() as client, client.stream("POST", url, json={}) as response:
            async for chunk in response.aiter_bytes():
                got(chunk)

    return lambda url, got: asyncio.run(read(url, got))


def through_requests(url, got):
    with requests.Session() as session, session.post(url, json={}, stream=True) as response:
        for chunk in response.iter_content(None):
            got(chunk)


def through_lines_of_requests(url, got):
    with requests.Session() as session, session.post(url, json={}, stream=True) as response:
        for line in response.iter_lines(chunk_size=1):
            if line:
                got(line + b"\n\n")


def through_urllib3(url, got):
    with urllib3.PoolManager() as pools:
        response = pools.request("POST", url, json={}, preload_content=False)
        for chunk in response.stream():
            got(chunk)


def through_read1_of_urllib3(url, got):
    with urllib3.PoolManager() as pools:
        response = pools.request("POST", url, json={}, preload_content=False)
        while chunk := response.read1():
            got(chunk)


def through_botocore(url, got):
    session = botocore.httpsession.URLLib3Session()
    response = session.send(AWSRequest("POST", url, data=b"{}", stream_output=True).prepare())
    for chunk in response.raw.stream():
        got(chunk)
    session.close()


def through_aiohttp(url, got):
    async def read():
        async with aiohttp.ClientSession() as session, session.post(url, json={}) as response:
            async for chunk in response.content.iter_any():
                got(chunk)

    asyncio.run(read())


READERS = {
    "httpx": through_httpx(httpx),
    "httpx2": through_httpx(httpx2),
    "httpx-async": through_async_httpx(httpx.AsyncClient),
    "httpx2-async": through_async_httpx(httpx2.AsyncClient),
    "httpx2-over-aiohttp": through_async_httpx(openai.DefaultAioHttpClient),
    "requests": through_requests,
    "requests-lines": through_lines_of_requests,
    "urllib3": through_urllib3,
    "urllib3-read1": through_read1_of_urllib3,
    "botocore": through_botocore,
    "aiohttp": through_aiohttp,
}


@pytest.mark.parametrize("run", [outcome, captured], ids=["without", "with"])
@pytest.mark.parametrize("reader", READERS)
def test_each_chunk_comes_before_the_next_is_sent(server, reader, run):
    """With and without capture, a reader has every event before the server sends another."""
    server.may_send = threading.Semaphore()
    seen = []

    def got(chunk):
        seen.append(chunk)
        server.may_send.release()

    run(lambda: READERS[reader](f"http://127.0.0.1:{server.server_port}{PATH}", got))
    assert seen == EVENTS


def test_chunks_are_kept_as_well(server):
    """What was passed on at once was captured too."""
    server.may_send = threading.Semaphore(len(EVENTS))
    url = f"http://127.0.0.1:{server.server_port}{PATH}"
    for read in READERS.values():
        server.may_send = threading.Semaphore(len(EVENTS))
        _, noted = captured(lambda: read(url, lambda chunk: None))
        (exchange,) = noted.exchanges
        assert b"".join(exchange.chunks) == b"".join(EVENTS)
        assert (exchange.ended, exchange.on_network) == (True, True)
