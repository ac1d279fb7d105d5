"""Hooks and middlewares that ask a model while a call is being sent: each billed answer counts, once."""

from __future__ import annotations

import pytest
from inner import Project

CONFTEST = """
    import os

    import pytest

    @pytest.fixture(autouse=True)
    def cassette(request):
        mode = {"live": None, "recorded": "once", "replayed": "none"}[os.environ["MODE"]]
        if mode is None:
            yield
            return
        import vcr

        with vcr.use_cassette(f"cassettes/{request.node.name}.yaml", record_mode=mode):
            yield
"""
SUITE = """
    import os

    import aiohttp
    import httpx
    import pytest
    import requests

    ORIGIN = os.environ["LOOPBACK"]
    HI = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
    JUDGE = {"model": "gpt-4o", "messages": [{"role": "user", "content": "was that polite?"}]}
    # Under vcr a session of aiohttp runs no middlewares.
    live_only = pytest.mark.skipif(os.environ["MODE"] != "live", reason="vcr passes middlewares over")

    def url(behaviour=""):
        return f"{ORIGIN}{behaviour and '/'}{behaviour}/v1/chat/completions"

    @pytest.mark.parametrize("body", [HI, JUDGE], ids=["equal", "judge"])
    def test_requests_hook(body):
        def ask_again(response, *args, **kwargs):
            if not asked:
                asked.append(response.content)
                return session.post(url(), json=body)

        asked = []
        with requests.Session() as session:
            assert session.post(url(), json=HI, hooks={"response": ask_again}).ok

    @pytest.mark.parametrize("body", [HI, JUDGE], ids=["equal", "judge"])
    def test_requests_hook_of_another_session(body):
        def ask_again(response, *args, **kwargs):
            with requests.Session() as other:
                assert other.post(url(), json=body).ok

        with requests.Session() as session:
            assert session.post(url(), json=HI, hooks={"response": ask_again}).ok

    @pytest.mark.parametrize("body", [HI, JUDGE], ids=["equal", "judge"])
    def test_httpx_hook(body):
        def ask_again(response):
            if not asked:
                asked.append(response)
                assert client.post(url(), json=body).json()["usage"]

        asked = []
        with httpx.Client(event_hooks={"response": [ask_again]}) as client:
            assert client.post(url(), json=HI).json()["usage"]

    @pytest.mark.parametrize("body", [HI, JUDGE], ids=["equal", "judge"])
    async def test_httpx_hook_async(body):
        async def ask_again(response):
            if not asked:
                asked.append(response)
                assert (await client.post(url(), json=body)).json()["usage"]

        asked = []
        async with httpx.AsyncClient(event_hooks={"response": [ask_again]}) as client:
            assert (await client.post(url(), json=HI)).json()["usage"]

    def test_httpx_auth_asks_first():
        class Judged(httpx.Auth):
            def sync_auth_flow(self, request):
                assert httpx.post(url(), json=JUDGE).json()["usage"]
                yield request

        with httpx.Client(auth=Judged()) as client:
            assert client.post(url(), json=HI).json()["usage"]

    @live_only
    async def test_aiohttp_middleware_twice():
        async def twice(request, handler):
            first = await handler(request)
            assert (await first.json())["usage"]
            return await handler(request)

        async with aiohttp.ClientSession(middlewares=[twice]) as session:
            async with session.post(url(), json=HI) as response:
                assert (await response.json())["usage"]

    @live_only
    async def test_aiohttp_middleware_keeps_the_first():
        async def twice(request, handler):
            first = await handler(request)
            second = await handler(request)
            assert (await second.json())["usage"]
            return first

        async with aiohttp.ClientSession(middlewares=[twice]) as session:
            async with session.post(url(), json=HI) as response:
                assert (await response.json())["usage"]

    @live_only
    @pytest.mark.parametrize("body", [HI, JUDGE], ids=["equal", "judge"])
    async def test_aiohttp_middleware_of_another_session(body):
        async def judged(request, handler):
            async with aiohttp.ClientSession() as other, other.post(url(), json=body) as response:
                assert (await response.json())["usage"]
            return await handler(request)

        async with aiohttp.ClientSession(middlewares=[judged]) as session:
            async with session.post(url(), json=HI) as response:
                assert (await response.json())["usage"]

    @live_only
    async def test_aiohttp_middleware_tries_again():
        async def again(request, handler):
            response = await handler(request)
            return response if response.ok else await handler(request)

        async with aiohttp.ClientSession(middlewares=[again]) as session:
            async with session.post(url("flaky"), json=HI) as response:
                assert (await response.json())["usage"]
"""
ONCE = {"test_aiohttp_middleware_tries_again"}


@pytest.fixture(scope="module")
def project(tmp_path_factory, loopback):
    project = Project(tmp_path_factory.mktemp("again"), {"LOOPBACK": loopback.origin})
    project.write("conftest.py", CONFTEST)
    project.write("test_suite.py", SUITE)
    return project


@pytest.mark.parametrize("mode", ["live", "recorded", "replayed"])
def test_every_answer_counts(project, loopback, mode):
    """Live as many calls as the provider has answered; recorded and replayed the same of each test."""
    if mode == "replayed" and not (project.folder / "cassettes").exists():
        project.run(MODE="recorded")
    loopback.forget()
    run = project.run(MODE=mode)
    assert set(run.outcomes) <= {"passed", "skipped"}, run.output
    found = {row["nodeid"].partition("::")[2]: row["calls"] for row in run.report["tests"]}
    skipped = {name for name in found if "aiohttp" in name} if mode != "live" else set()
    expected = {name: 0 if name in skipped else 1 if name in ONCE else 2 for name in found}
    assert found == expected
    assert {call["source"] for call in run.calls} == {mode}
    assert all(call["usage"]["output_tokens"] == 34 for call in run.calls)
    assert run.report["meta"]["complete"], run.output
    if mode == "live":
        assert loopback.requests == sum(found.values()) + 1  # the one that was refused


def test_model_of_the_other_call_is_its_own(project):
    """What a hook asks is priced at its own model."""
    run = project.run("-k", "judge", MODE="live")
    for name in {row["nodeid"].partition("::")[2] for row in run.report["tests"]}:
        assert {call["model"]["requested"] for call in run.of(name)} == {"gpt-4o-mini", "gpt-4o"}, name


def test_hook_under_requests_mock(project):
    """A hook that asks another provider, where nobody has sent anything, is no part of the first call."""
    pytest.importorskip("requests_mock")
    project.write(
        "test_mocked.py",
        """
        import requests
        import requests_mock

        BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
        USAGE = {"usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}}

        def test_hook():
            def ask(response, *args, **kwargs):
                if "openai" in response.url:
                    assert session.post("https://api.groq.com/openai/v2/chat/completions", json=BODY).ok

            with requests.Session() as session, requests_mock.Mocker() as mocker:
                mocker.post(requests_mock.ANY, json={"model": "gpt-4o-mini", **USAGE})
                url = "https://api.openai.com/v1/chat/completions"
                assert session.post(url, json=BODY, hooks={"response": lambda r, *a, **k: ask(r)}).ok
                assert mocker.call_count == 2
        """,
    )
    run = project.run("test_mocked.py", MODE="live")
    assert run.outcomes == {"passed": 1}, run.output
    assert ("groq", "mocked") in [(call["provider"], call["source"]) for call in run.calls]
