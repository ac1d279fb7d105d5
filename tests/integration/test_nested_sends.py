"""Requests inside of requests: hooks, middlewares, transports, tasks and other clients while a call is sent.

Whatever the app does there, each answer that the provider bills is one call, and nothing else is.
"""

from __future__ import annotations

import pytest
from inner import Project

SUITE = """
import asyncio, json, os, threading, contextvars, urllib.request
import aiohttp, httpx, pytest, requests, vcr

ORIGIN = os.environ["LOOPBACK"]
URL = ORIGIN + "/v1/chat/completions"
HI = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
JUDGE = {"model": "gpt-4o", "messages": [{"role": "user", "content": "polite?"}]}
STREAM = {**HI, "stream": True, "stream_options": {"include_usage": True}}


# --- vcr lets a request through: billed, and told as mocked at $0
def test_ignored_host_is_live():
    with vcr.use_cassette("ignored.yaml", record_mode="once", ignore_hosts=["127.0.0.1"]):
        assert requests.post(URL, json=HI).json()["usage"]

def test_response_not_kept_is_live():
    with vcr.use_cassette("dropped.yaml", record_mode="once", before_record_response=lambda response: None):
        assert requests.post(URL, json=HI).json()["usage"]

# --- http.client while (or after) another call is sent, under a cassette
def tell(*args, **kwargs):
    try:
        urllib.request.urlopen(ORIGIN + "/telemetry").close()
    except OSError as error:
        error.close()

def test_requests_hook_telemetry():
    with vcr.use_cassette("telemetry.yaml", record_mode="once"), requests.Session() as session:
        assert session.post(URL, json=HI, hooks={"response": tell}).json()["usage"]

async def test_late_task_telemetry():
    async def later():
        await asyncio.sleep(0.05)
        tell()

    async def hook(response):
        tasks.append(asyncio.create_task(later()))

    tasks = []
    with vcr.use_cassette("late.yaml", record_mode="once"):
        async with httpx.AsyncClient(event_hooks={"response": [hook]}) as client:
            assert (await client.post(URL, json=HI)).json()["usage"]
        await tasks[0]

def test_urllib_judge_in_httpx_hook():
    def judge(response):
        request = urllib.request.Request(URL, json.dumps(JUDGE).encode(), {"content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            assert b"usage" in answer.read()

    with vcr.use_cassette("judge.yaml", record_mode="once"):
        with httpx.Client(event_hooks={"response": [judge]}) as client:
            assert client.post(URL, json=HI).json()["usage"]

def test_urllib_scrubbed_to_text():
    def scrub(response):
        return {**response, "body": {"string": response["body"]["string"].decode()}}

    with vcr.use_cassette("scrub.yaml", record_mode="once", before_record_response=scrub):
        request = urllib.request.Request(URL, json.dumps(HI).encode(), {"content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            assert b"usage" in answer.read()

# --- httpx: the same again through another client, while the first is being sent
def test_httpx_hook_equal_by_another_client():
    def again(response):
        assert httpx.post(URL, json=HI).json()["usage"]

    with httpx.Client(event_hooks={"response": [again]}) as client:
        assert client.post(URL, json=HI).json()["usage"]

async def test_httpx_task_equal_while_sending():
    async def audit():
        async with httpx.AsyncClient() as other:
            assert (await other.post(ORIGIN + "/slow/v1/chat/completions", json=HI)).json()["usage"]

    async def hook(request):
        tasks.append(asyncio.create_task(audit()))

    tasks = []
    async with httpx.AsyncClient(event_hooks={"request": [hook]}) as client:
        assert (await client.post(ORIGIN + "/slow/v1/chat/completions", json=HI)).json()["usage"]
    await tasks[0]

class Twice(httpx.HTTPTransport):
    def handle_request(self, request):
        super().handle_request(request).read()
        return super().handle_request(request)

def test_httpx_transport_asks_twice():
    with httpx.Client(transport=Twice()) as client:
        assert client.post(URL, json=HI).json()["usage"]

# --- httpx: a transport that goes through another client with another body or host
class Gateway(httpx.BaseTransport):
    def __init__(self):
        self.client = httpx.Client()

    def handle_request(self, request):
        body = request.read().replace(b"hi", b"hello")
        return self.client.send(self.client.build_request("POST", URL, content=body), stream=True)

    def close(self):
        self.client.close()

def test_httpx_gateway_transport():
    with httpx.Client(transport=Gateway()) as client:
        assert client.post("http://gateway.local/v1/chat/completions", json=HI).json()["usage"]

class Logging(httpx.HTTPTransport):
    def handle_request(self, request):
        response = super().handle_request(request)
        response.read()
        return httpx.Response(response.status_code, headers=response.headers, content=response.content)

def test_httpx_rebuilt_response_is_live():
    with httpx.Client(transport=Logging()) as client:
        assert client.post(URL, json=HI).json()["usage"]

# --- httpx: sending raises, and a frame of the app's holds a response of something else
def test_httpx_guardrail_raises():
    def guard(request):
        verdict = httpx.post(URL, json=JUDGE)
        raise ValueError(verdict.json()["id"])

    with httpx.Client(event_hooks={"request": [guard]}) as client, pytest.raises(ValueError):
        client.post(URL, json=HI)

def test_httpx_token_then_refused():
    class Token(httpx.Auth):
        def auth_flow(self, request):
            answer = yield httpx.Request("GET", ORIGIN + "/binary/token")
            assert answer.status_code == 200
            yield request

    with httpx.Client(auth=Token()) as client, pytest.raises(httpx.ConnectError):
        client.post("http://127.0.0.1:9/v1/chat/completions", json=HI)

# --- requests: an adapter that sends elsewhere, streamed
class Elsewhere(requests.adapters.HTTPAdapter):
    def send(self, request, **options):
        request.url = request.url.replace("http://gateway.local", ORIGIN)
        return super().send(request, **options)

def test_requests_adapter_elsewhere_streamed():
    with requests.Session() as session:
        session.mount("http://gateway.local", Elsewhere())
        with session.post("http://gateway.local/v1/chat/completions", json=STREAM, stream=True) as response:
            assert b"usage" in response.content

# --- aiohttp
async def test_aiohttp_failover_middleware():
    async def failover(request, handler):
        return await other.post(URL, json=JUDGE)

    async with aiohttp.ClientSession() as other, aiohttp.ClientSession(middlewares=[failover]) as session:
        async with session.post("http://gateway.local/v1/chat/completions", json=HI) as response:
            assert (await response.json())["usage"]

async def test_aiohttp_connect_of_a_proxy():
    async def proxy(reader, writer):
        await reader.readuntil(b"\\r\\n\\r\\n")
        writer.write(b"HTTP/1.1 200 Connection established\\r\\n\\r\\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.post("https://api.openai.com/v1/chat/completions", json=HI, proxy=f"http://127.0.0.1:{port}")
    server.close()

async def test_aiohttp_late_answer_after_reading_costs(llm_cost):
    async def hedge(request, handler):
        async def second():
            await asyncio.sleep(0.1)
            return await handler(request)

        tasks.append(asyncio.create_task(second()))
        return await handler(request)

    tasks = []
    async with aiohttp.ClientSession(middlewares=[hedge]) as session:
        async with session.post(URL, json=HI) as response:
            assert (await response.json())["usage"]
        assert llm_cost.calls == 1
        assert (await (await tasks[0]).json())["usage"]

# --- a coroutine that is closed inside another call's context
async def test_closed_inside_another_call():
    class Waits(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            await asyncio.Event().wait()

    class Closes(requests.adapters.HTTPAdapter):
        def send(self, request, **options):
            waiting.close()
            return super().send(request, **options)

    async with httpx.AsyncClient(transport=Waits()) as client:
        waiting = client.post("http://nobody.local/v1/chat/completions", json=JUDGE)
        waiting.send(None)
        with requests.Session() as session:
            session.mount("http://", Closes())
            assert session.post(URL, json=HI).json()["usage"]
"""
# Test: sources of the calls that were billed, in any order.
EXPECTED = {
    "test_ignored_host_is_live": ["live"],
    "test_response_not_kept_is_live": ["live"],
    "test_requests_hook_telemetry": ["recorded"],
    "test_late_task_telemetry": ["recorded"],
    "test_urllib_judge_in_httpx_hook": ["recorded"] * 2,
    "test_urllib_scrubbed_to_text": ["recorded"],
    "test_httpx_hook_equal_by_another_client": ["live"] * 2,
    "test_httpx_task_equal_while_sending": ["live"] * 2,
    "test_httpx_transport_asks_twice": ["live"] * 2,
    "test_httpx_gateway_transport": ["live"],
    "test_httpx_rebuilt_response_is_live": ["live"],
    "test_httpx_guardrail_raises": ["live"],
    "test_httpx_token_then_refused": [],
    "test_requests_adapter_elsewhere_streamed": ["live"],
    "test_aiohttp_failover_middleware": ["live"],
    "test_aiohttp_connect_of_a_proxy": [],
    "test_aiohttp_late_answer_after_reading_costs": ["live"] * 2,
    "test_closed_inside_another_call": ["live"],
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory, loopback):
    project = Project(tmp_path_factory.mktemp("nested"), {"LOOPBACK": loopback.origin})
    project.write("test_suite.py", SUITE)
    run = project.run()
    assert run.outcomes == {"passed": len(EXPECTED)}, run.output
    return run


@pytest.mark.parametrize("test", EXPECTED)
def test_each_billed_call_is_there_once(ran, test):
    """Its source is right, and its usage is whole."""
    found = ran.of(test)
    sources = sorted(call["source"] for call in found)
    assert sources == EXPECTED[test], [(call["source"], call["model"], call["incomplete"]) for call in found]
    assert not [call for call in found if call["incomplete"] and call["source"] != "mocked"]


def test_background_ids_come_again_in_other_tests(project):
    """Tests that share a cassette replay the same response id: each has its own call."""
    project.write(
        "test_suite.py",
        """
        import os
        import httpx
        import pytest
        import vcr

        BODY = {"model": "gpt-4o", "input": "x", "background": True}

        @pytest.mark.parametrize("number", [1, 2, 3])
        def test_shared(number):
            with vcr.use_cassette("shared.yaml", record_mode=os.environ["MODE"]):
                httpx.post(os.environ["LOOPBACK"] + "/v1/responses", json=BODY)
        """,
    )
    project.run("test_suite.py::test_shared[1]", MODE="once")
    run = project.run(MODE="none")
    assert [row["calls"] for row in run.report["tests"]] == [1, 1, 1]


def test_secrets_before_the_host(project):
    """A fault names the request without its user, password and query."""
    project.write(
        "test_suite.py",
        """
        import os
        import httpx
        from pytest_llmcost.usage import remembered

        def test_one(monkeypatch):
            def broken(*args):
                raise ValueError

            remembered.read_exchange = broken
            url = os.environ["LOOPBACK"].replace("://", "://user:SECRET@") + "/v1/chat/completions?key=SECRET"
            assert httpx.post(url, json={"model": "gpt-4o-mini", "messages": []}).json()["usage"]
        """,
    )
    run = project.run()
    assert not run.report["meta"]["complete"]
    assert "SECRET" not in run.output
    assert not any("SECRET" in message for message in run.notices("fault"))
