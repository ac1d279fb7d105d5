"""HTTP libraries without an SDK, plain and streamed; the standard library's are seen with a cassette only."""

import http.client
import json
import os
import urllib.request
from urllib.parse import urlsplit

import aiohttp
import requests
import urllib3

ORIGIN = os.environ["LOOPBACK_OPENAI"]
URL = ORIGIN + "/v1/chat/completions"
HI = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**HI, "stream": True, "stream_options": {"include_usage": True}}
HEADERS = {"content-type": "application/json"}


def data(body):
    return json.dumps(body).encode()


def test_requests():
    assert requests.post(URL, json=HI).json()["usage"]["total_tokens"] == 1234


def test_requests_session():
    with requests.Session() as session:
        assert "forty-two" in session.post(URL, json=HI).text


def test_requests_stream():
    with requests.post(URL, json=STREAM, stream=True) as response:
        assert [line for line in response.iter_lines() if line][-1] == b"data: [DONE]"


async def test_async_aiohttp():
    async with aiohttp.ClientSession() as session, session.post(URL, json=HI) as response:
        assert (await response.json())["usage"]["total_tokens"] == 1234


async def test_async_aiohttp_stream():
    async with aiohttp.ClientSession() as session, session.post(URL, json=STREAM) as response:
        assert [line async for line in response.content if line.strip()][-1] == b"data: [DONE]\n"


def test_urllib3():
    with urllib3.PoolManager() as pool:
        assert pool.request("POST", URL, json=HI).json()["usage"]["total_tokens"] == 1234


def test_urllib3_stream():
    with urllib3.PoolManager() as pool:
        response = pool.request("POST", URL, json=STREAM, preload_content=False)
        assert b"".join(response.stream(64)).endswith(b"data: [DONE]\n\n")
        response.release_conn()


def test_urllib_request():
    with urllib.request.urlopen(urllib.request.Request(URL, data(HI), HEADERS)) as response:
        assert json.load(response)["usage"]["total_tokens"] == 1234


def test_urllib_request_stream():
    with urllib.request.urlopen(urllib.request.Request(URL, data(STREAM), HEADERS)) as response:
        assert [line for line in response if line.strip()][-1] == b"data: [DONE]\n"


def test_http_client():
    place = urlsplit(ORIGIN)
    connection = http.client.HTTPConnection(place.hostname, place.port)
    connection.request("POST", "/v1/chat/completions", data(HI), HEADERS)
    with connection.getresponse() as response:
        assert json.load(response)["usage"]["total_tokens"] == 1234
    connection.close()


def test_http_client_stream():
    place = urlsplit(ORIGIN)
    connection = http.client.HTTPConnection(place.hostname, place.port)
    connection.request("POST", "/v1/chat/completions", data(STREAM), HEADERS)
    with connection.getresponse() as response:
        assert response.read().endswith(b"data: [DONE]\n\n")
    connection.close()
