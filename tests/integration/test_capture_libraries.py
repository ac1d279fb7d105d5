"""requests, urllib3, aiohttp and http.client, however they are called: each call is captured once."""

from __future__ import annotations

import pytest
from inner import Project

CONFTEST = '''
    import os

    import pytest

    MODES = {"live": None, "recorded": "once", "replayed": "none"}
    if os.environ["VCR"] == "first":
        import vcr


    @pytest.fixture(autouse=True)
    def cassette(request):
        """A model list comes first, so that the call is not the first interaction of its file."""
        mode = MODES[os.environ["MODE"]]
        if mode is None:
            yield
            return
        import urllib.request

        import vcr

        with vcr.use_cassette(f"cassettes/{request.node.name}.yaml", record_mode=mode):
            urllib.request.urlopen(os.environ["LOOPBACK"] + "/v1/models").close()
            yield
'''

SUITE = """
    import http.client
    import json
    import os
    import urllib.request
    from concurrent.futures import ThreadPoolExecutor

    import aiohttp
    import openai
    import pytest
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter

    ORIGIN = os.environ["LOOPBACK"]
    HI = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
    STREAM = {**HI, "stream": True, "stream_options": {"include_usage": True}}
    JSON = {"content-type": "application/json"}
    live_only = pytest.mark.skipif(os.environ["MODE"] == "live", reason="http.client is seen by vcr only")


    def url(behaviour=""):
        return f"{ORIGIN}{behaviour and '/'}{behaviour}/v1/chat/completions"


    def test_requests():
        assert requests.post(url(), json=HI).json()["usage"]["total_tokens"] == 1234


    def test_requests_gzip():
        assert requests.post(url("gzip"), json=HI).json()["usage"]["total_tokens"] == 1234


    def test_requests_brotli():
        assert requests.post(url("br"), json=HI).json()["usage"]["total_tokens"] == 1234


    def test_requests_stream():
        with requests.post(url(), json=STREAM, stream=True) as response:
            assert list(response.iter_lines())[-2] == b"data: [DONE]"


    def test_requests_stream_gzip():
        with requests.post(url("gzip"), json=STREAM, stream=True) as response:
            assert b"".join(response.iter_content(7)).endswith(b"data: [DONE]\\n\\n")


    def test_requests_raw_is_read():
        with requests.post(url(), json=HI, stream=True) as response:
            assert b"forty-two" in response.raw.read()


    def test_requests_redirected():
        with requests.Session() as session:
            assert session.post(url("redirect"), json=HI).json()["usage"]["total_tokens"] == 1234


    def test_requests_hook_asks_again():
        def ask_again(response, *args, **kwargs):
            if not asked:
                asked.append(response.content)
                return session.post(url(), json=HI)

        asked = []
        with requests.Session() as session:
            assert session.post(url(), json=HI, hooks={"response": ask_again}).ok


    def test_requests_in_a_pool():
        # While it records, vcr puts the real classes back for a moment: another thread slips past it.
        workers = 4 if os.environ["MODE"] == "live" else 1
        with requests.Session() as session, ThreadPoolExecutor(workers) as pool:
            for response in pool.map(lambda _: session.post(url(), json=HI), range(4)):
                assert response.ok


    def test_requests_retries_by_itself():
        with requests.Session() as session:
            retry = urllib3.Retry(2, status_forcelist=[500], allowed_methods=None, backoff_factor=0)
            session.mount(ORIGIN, HTTPAdapter(max_retries=retry))
            assert session.post(url("flaky"), json=HI).ok


    def test_urllib3():
        with urllib3.PoolManager() as pool:
            assert pool.request("POST", url(), json=HI).json()["usage"]["total_tokens"] == 1234


    def test_urllib3_data():
        with urllib3.PoolManager() as pool:
            assert b"forty-two" in pool.request("POST", url("gzip"), body=json.dumps(HI), headers=JSON).data


    def test_urllib3_stream():
        with urllib3.PoolManager() as pool:
            response = pool.request("POST", url(), json=STREAM, preload_content=False)
            assert b"".join(response.stream(16)).endswith(b"[DONE]\\n\\n")
            response.release_conn()


    def test_urllib3_read():
        with urllib3.PoolManager() as pool:
            response = pool.request("POST", url(), json=STREAM, preload_content=False)
            text = b""
            while chunk := response.read(100):
                text += chunk
            response.close()
            assert text.endswith(b"[DONE]\\n\\n")


    async def test_aiohttp():
        async with aiohttp.ClientSession() as session, session.post(url(), json=HI) as response:
            assert (await response.json())["usage"]["total_tokens"] == 1234


    async def test_aiohttp_gzip():
        async with aiohttp.ClientSession() as session, session.post(url("gzip"), json=HI) as response:
            assert (await response.json())["usage"]["total_tokens"] == 1234


    async def test_aiohttp_base_url():
        if os.environ["MODE"] != "live":
            path = url()  # vcr does not join base URLs
        else:
            path = "chat/completions"
        async with aiohttp.ClientSession(f"{ORIGIN}/v1/") as session:
            response = await session.post(path, data=json.dumps(HI), headers=JSON)
            assert "forty-two" in await response.text()


    async def test_aiohttp_stream():
        async with aiohttp.ClientSession() as session, session.post(url("slow"), json=STREAM) as response:
            assert [line async for line in response.content][-2] == b"data: [DONE]\\n"


    async def test_aiohttp_stream_of_chunks():
        async with aiohttp.ClientSession() as session, session.post(url(), json=STREAM) as response:
            assert b"".join([part async for part in response.content.iter_any()]).endswith(b"[DONE]\\n\\n")


    async def test_aiohttp_under_httpx():
        async with openai.AsyncOpenAI(
            base_url=f"{ORIGIN}/v1", api_key="x", http_client=openai.DefaultAioHttpClient()
        ) as client:
            assert (await client.chat.completions.create(**HI)).usage.total_tokens == 1234


    async def test_aiohttp_under_httpx_stream():
        async with openai.AsyncOpenAI(
            base_url=f"{ORIGIN}/v1", api_key="x", http_client=openai.DefaultAioHttpClient()
        ) as client:
            chunks = [chunk async for chunk in await client.chat.completions.create(**STREAM)]
            assert chunks[-1].usage.total_tokens == 1234


    @live_only
    def test_urlopen():
        request = urllib.request.Request(url(), json.dumps(HI).encode(), JSON)
        with urllib.request.urlopen(request) as response:
            assert json.load(response)["usage"]["total_tokens"] == 1234


    @live_only
    def test_http_client():
        connection = http.client.HTTPConnection(ORIGIN.removeprefix("http://"))
        connection.request("POST", "/v1/chat/completions", json.dumps(STREAM), JSON)
        assert b"[DONE]" in connection.getresponse().read()
        connection.close()
"""

# Test: library, whether it streams, and how many calls it makes.
SCENARIOS = {
    "test_requests": (False, 1),
    "test_requests_gzip": (False, 1),
    "test_requests_brotli": (False, 1),
    "test_requests_stream": (True, 1),
    "test_requests_stream_gzip": (True, 1),
    "test_requests_raw_is_read": (False, 1),
    "test_requests_redirected": (False, 1),
    "test_requests_hook_asks_again": (False, 2),
    "test_requests_in_a_pool": (False, 4),
    "test_requests_retries_by_itself": (False, 1),
    "test_urllib3": (False, 1),
    "test_urllib3_data": (False, 1),
    "test_urllib3_stream": (True, 1),
    "test_urllib3_read": (True, 1),
    "test_aiohttp": (False, 1),
    "test_aiohttp_gzip": (False, 1),
    "test_aiohttp_base_url": (False, 1),
    "test_aiohttp_stream": (True, 1),
    "test_aiohttp_stream_of_chunks": (True, 1),
    "test_aiohttp_under_httpx": (False, 1),
    "test_aiohttp_under_httpx_stream": (True, 1),
    "test_urlopen": (False, 1),
    "test_http_client": (True, 1),
}
ONLY_UNDER_VCR = {"test_urlopen", "test_http_client"}
MODES = ("live", "recorded", "replayed")
USAGE = {"input_tokens": 1200, "cache_read_tokens": 1000, "output_tokens": 34}


@pytest.fixture(scope="module", params=["first", "last"])
def runs(request, tmp_path_factory, loopback):
    """The suite live, recorded, and replayed from what was recorded; vcr imported before or after all else."""
    project = Project(
        tmp_path_factory.mktemp("libraries"), {"LOOPBACK": loopback.origin, "VCR": request.param}
    )
    project.write("conftest.py", CONFTEST)
    project.write("test_suite.py", SUITE)
    found = {}
    for mode in MODES:
        loopback.forget()
        found[mode] = (project.run(MODE=mode), loopback.requests)
    return found


@pytest.mark.parametrize("mode", MODES)
def test_suite_passes_and_the_run_is_complete(runs, mode):
    """The suite itself does not notice; a replay sends nothing."""
    run, sent = runs[mode]
    unseen = len(ONLY_UNDER_VCR) if mode == "live" else 0
    expected = {"passed": len(SCENARIOS) - unseen, **({"skipped": unseen} if unseen else {})}
    assert run.outcomes == expected, run.output
    assert run.report["meta"]["complete"], run.output
    assert (sent == 0) == (mode == "replayed")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_call_is_captured_once(runs, mode, scenario):
    """Usage and source are right, and nothing is there twice."""
    stream, times = SCENARIOS[scenario]
    if mode == "live" and scenario in ONLY_UNDER_VCR:
        times = 0
    calls = runs[mode][0].of(scenario)
    assert len(calls) == times
    for call in calls:
        assert {unit: number for unit, number in call["usage"].items() if number} == USAGE
        assert (call["source"], call["stream"], call["http_status"], call["leak"]) == (
            mode,
            stream,
            200,
            False,
        )
        assert call["model"] == {"requested": "gpt-4o-mini", "billed": "gpt-4o-mini"}
        assert (call["cassette"] is None) == (mode == "live")
