"""BlockBuster forbids blocking calls in the event loop: the capture path makes none."""

from __future__ import annotations

import pytest
from inner import Project

CONFTEST = """
    import os

    import httpx2
    import pytest
    import vcr
    from blockbuster import blockbuster_ctx

    # httpx2 imports its network layer, which reads files, when the first client is made.
    httpx2.Client().close()
    MODES = {"live": None, "recorded": "once", "replayed": "none"}

    @pytest.fixture(autouse=True)
    def cassette(request):
        mode = MODES[os.environ["MODE"]]
        if mode is None:
            yield
            return
        with vcr.use_cassette(f"{request.node.name}.yaml", record_mode=mode):
            yield

    @pytest.fixture(autouse=True)
    def blockbuster(cassette):
        "Around the test, and not around the cassette's own files."
        with blockbuster_ctx() as found:
            yield found
"""
SUITE = """
    import time

    import aiohttp
    import httpx2
    import openai
    import pytest
    from ask import BODY, url
    from blockbuster import BlockingError

    STREAM = {**BODY, "stream": True, "stream_options": {"include_usage": True}}

    # To make one reads certificates, on some machines: so before the event loop runs.
    @pytest.fixture
    def client():
        return httpx2.AsyncClient()

    @pytest.fixture
    def client_over_aiohttp():
        return openai.DefaultAioHttpClient()

    async def test_it_is_active():
        with pytest.raises(BlockingError):
            time.sleep(0.01)

    async def test_httpx2(client):
        async with client:
            assert (await client.post(url(), json=BODY)).json()["usage"]

    async def test_httpx2_stream(client):
        async with client:
            async with client.stream("POST", url(behaviour="slow"), json=STREAM) as response:
                assert len([line async for line in response.aiter_lines()]) > 4

    async def test_aiohttp():
        async with aiohttp.ClientSession() as session, session.post(url(), json=BODY) as response:
            assert (await response.json())["usage"]

    async def test_aiohttp_stream():
        async with aiohttp.ClientSession() as session, session.post(url(), json=STREAM) as response:
            assert len([line async for line in response.content]) > 4

    async def test_openai_over_aiohttp(client_over_aiohttp):
        async with client_over_aiohttp as http:
            client = openai.AsyncOpenAI(base_url=url("/"), api_key="x", http_client=http)
            assert (await client.chat.completions.create(**BODY)).usage.total_tokens == 1234

    async def test_error(client):
        async with client:
            assert (await client.post(url(behaviour="status-429"), json=BODY)).status_code == 429
"""
MODES = ("live", "recorded", "replayed")


@pytest.fixture(scope="module")
def runs(tmp_path_factory, loopback):
    """The suite with and without the plugin, in each mode."""
    pytest.importorskip("blockbuster")
    found = {}
    for cost in (False, True):
        project = Project(tmp_path_factory.mktemp("blockbuster"), {"LOOPBACK": loopback.origin})
        project.write("conftest.py", CONFTEST)
        project.write("test_suite.py", SUITE)
        for mode in MODES:
            found[mode, cost] = project.run(cost=cost, MODE=mode)
    return found


@pytest.mark.parametrize("mode", MODES)
def test_nothing_blocks_that_did_not_before(runs, mode):
    """Live, recorded and replayed calls of httpx2 and aiohttp pass as they do without us."""
    without, run = runs[mode, False], runs[mode, True]
    assert run.outcomes == {"passed": 7}, run.output
    assert (without.code, without.outcomes) == (run.code, run.outcomes), without.output
    assert "BlockingError" not in run.output
    assert run.report["meta"]["complete"], run.output


@pytest.mark.parametrize("mode", MODES)
def test_calls_are_captured(runs, mode):
    """Each call is there once."""
    run = runs[mode, True]
    assert [call["source"] for call in run.calls] == [mode] * 5
    assert {call["usage"]["input_tokens"] for call in run.calls} == {1200}


@pytest.mark.parametrize("mode", MODES[:2])
def test_nothing_blocks_with_a_spend_cap(tmp_path, loopback, mode):
    """A cap writes to a file as a call is sent, in no way that counts as blocking; prices are there before."""
    pytest.importorskip("blockbuster")
    project = Project(tmp_path, {"LOOPBACK": loopback.origin})
    project.write("conftest.py", CONFTEST)
    project.write("test_suite.py", SUITE)
    project.write("llmcost.yaml", "version: 1\nhosts: {127.0.0.1: openai}\n")
    run = project.run("--llm-cost-max-spend=1", MODE=mode)
    assert run.outcomes == {"passed": 7}, run.output
    assert run.report["meta"]["complete"], run.output
