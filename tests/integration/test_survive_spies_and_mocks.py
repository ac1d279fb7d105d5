"""Suites that patch what we patch: spies and mocks of requests, urllib3, aiohttp and botocore."""

from __future__ import annotations

import pytest

ASK = """
    import aiohttp
    import boto3
    import botocore.httpsession
    import pytest
    import requests
    import urllib3
    from ask import BODY, url
    from unittest import mock

    ANSWER = {
        "id": "1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "fake"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1200, "completion_tokens": 34, "total_tokens": 1234},
    }
    OPENAI = "https://api.openai.com/v1/chat/completions"

    def with_requests():
        assert requests.post(url(), json=BODY).json()["usage"]

    def with_urllib3():
        assert urllib3.request("POST", url(), json=BODY).json()["usage"]

    async def with_aiohttp():
        async with aiohttp.ClientSession() as session, session.post(url(), json=BODY) as response:
            assert (await response.json())["usage"]

    def with_boto3():
        client = boto3.client(
            "bedrock-runtime", region_name="us-east-1", endpoint_url=url().partition("/v1/")[0],
            aws_access_key_id="x", aws_secret_access_key="x",
        )
        hi = [{"role": "user", "content": [{"text": "hi"}]}]
        assert client.converse(modelId="anthropic.claude-3-haiku-20240307-v1:0", messages=hi)["usage"]
        client.close()
"""


def calls_of_tests(run):
    return {row["nodeid"].partition("::")[2]: row["calls"] for row in run.report["tests"]}


def test_spies_that_call_the_real_method(project):
    """A spy sees itself called once, and the call is captured once."""
    project.write(
        "test_suite.py",
        ASK,
        """
        SENDS = [
            (requests.Session, "send", with_requests),
            (urllib3.HTTPConnectionPool, "urlopen", with_requests),
            (urllib3.HTTPConnectionPool, "urlopen", with_urllib3),
            (botocore.httpsession.URLLib3Session, "send", with_boto3),
            (urllib3.HTTPConnectionPool, "urlopen", with_boto3),
        ]

        @pytest.mark.parametrize(("owner", "name", "ask"), SENDS)
        def test_monkeypatch(monkeypatch, owner, name, ask):
            seen, real = [], getattr(owner, name)
            def spy(self, *args, **kwargs):
                seen.append(args)
                return real(self, *args, **kwargs)
            monkeypatch.setattr(owner, name, spy)
            ask()
            assert len(seen) == 1

        @pytest.mark.parametrize(("owner", "name", "ask"), SENDS)
        def test_autospec(owner, name, ask):
            with mock.patch.object(owner, name, autospec=True, side_effect=getattr(owner, name)) as spy:
                ask()
            assert spy.call_count == 1

        async def test_aiohttp(monkeypatch):
            seen, real = [], aiohttp.ClientSession._request
            async def spy(self, *args, **kwargs):
                seen.append(args)
                return await real(self, *args, **kwargs)
            monkeypatch.setattr(aiohttp.ClientSession, "_request", spy)
            await with_aiohttp()
            assert len(seen) == 1

        async def test_aiohttp_autospec():
            real = aiohttp.ClientSession._request
            with mock.patch.object(aiohttp.ClientSession, "_request", autospec=True, side_effect=real) as spy:
                await with_aiohttp()
            assert spy.await_count == 1

        def test_subclasses():
            class Session(requests.Session):
                def send(self, *args, **kwargs):
                    return super().send(*args, **kwargs)
            class Pool(urllib3.HTTPConnectionPool):
                def urlopen(self, *args, **kwargs):
                    return super().urlopen(*args, **kwargs)
            with Session() as session:
                assert session.post(url(), json=BODY).ok
            host, _, port = url().split("/")[2].partition(":")
            with Pool(host, int(port)) as pool:
                assert pool.request("POST", "/v1/chat/completions", json=BODY).status == 200

        def test_signatures():
            import inspect
            assert list(inspect.signature(requests.Session.send).parameters) == ["self", "request", "kwargs"]
            assert "body" in inspect.signature(urllib3.HTTPConnectionPool.urlopen).parameters
            assert inspect.iscoroutinefunction(aiohttp.ClientSession._request)
            assert requests.Session.send.__qualname__ == "Session.send"
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 14}, run.output
    counts = calls_of_tests(run)
    assert (counts.pop("test_subclasses"), counts.pop("test_signatures")) == (2, 0)
    assert set(counts.values()) == {1}, counts
    assert run.report["totals"]["sources"] == {"live": 14}
    assert run.report["meta"]["complete"], run.output


def test_methods_that_are_replaced(project):
    """Nothing is sent, so nothing is counted, whatever the stand-in returns."""
    project.write(
        "test_suite.py",
        ASK,
        """
        def test_send():
            with mock.patch.object(requests.Session, "send", return_value=mock.Mock(ok=True)):
                assert requests.post(OPENAI, json=BODY).ok

        def test_post():
            with mock.patch("requests.post", return_value=mock.Mock(json=lambda: ANSWER)):
                assert requests.post(OPENAI, json=BODY).json() == ANSWER

        def test_urlopen():
            with mock.patch.object(urllib3.HTTPConnectionPool, "urlopen", return_value=mock.Mock(status=200)):
                assert urllib3.PoolManager().urlopen("POST", OPENAI, redirect=False).status == 200

        async def test_aiohttp_post():
            found = mock.AsyncMock()
            found.__aenter__.return_value.json.return_value = ANSWER
            async with aiohttp.ClientSession() as session:
                with mock.patch.object(aiohttp.ClientSession, "post", return_value=found):
                    async with session.post(OPENAI, json=BODY) as response:
                        assert await response.json() == ANSWER
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 4}, run.output
    assert run.calls == []
    assert run.report["meta"]["complete"], run.output


def test_mocks_of_layers_below(project):
    """An adapter, a pool or a connection that is a ``Mock``: the suite passes, the call counts as mocked."""
    project.write(
        "test_suite.py",
        ASK,
        """
        import io
        import json

        class Fake(requests.adapters.BaseAdapter):
            def __init__(self, raw):
                self.raw = raw

            def send(self, request, **options):
                found = requests.Response()
                found.status_code, found.url, found.request, found.raw = 200, request.url, request, self.raw
                return found

            def close(self):
                pass

        def raws():
            body = json.dumps(ANSWER).encode()
            mocked = mock.Mock(spec=["stream", "close", "release_conn"])
            mocked.stream.return_value = iter([body])
            return {
                "file": io.BytesIO(body),
                "urllib3": urllib3.HTTPResponse(io.BytesIO(body), preload_content=False),
                "mock": mocked,
            }

        @pytest.mark.parametrize("stream", [False, True])
        @pytest.mark.parametrize("raw", raws())
        def test_adapter(raw, stream):
            with requests.Session() as session:
                session.mount("https://", Fake(raws()[raw]))
                with session.post(OPENAI, json=BODY, stream=stream) as response:
                    assert response.json() == ANSWER
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 6}, run.output
    assert {call["source"] for call in run.calls} == {"mocked"}
    assert len(run.calls) == 6
    assert run.report["totals"]["calls"] == 0
    assert run.report["meta"]["complete"], run.output


@pytest.mark.parametrize("plugins", [["requests_mock"], []], ids=["as-a-plugin", "imported-later"])
def test_responses_and_requests_mock(project, plugins):
    """Both see the request once; their answers are mocked calls with their usage."""
    for needed in ("responses", "requests_mock"):
        pytest.importorskip(needed)
    project.write(
        "test_suite.py",
        ASK,
        """
        import requests_mock as rm
        import responses

        @responses.activate
        def test_responses():
            responses.post(OPENAI, json=ANSWER)
            assert requests.post(OPENAI, json=BODY).json() == ANSWER
            responses.assert_call_count(OPENAI, 1)

        @responses.activate
        def test_responses_stream():
            responses.post(OPENAI, body=b'data: {"model": "gpt-4o-mini"}\\n\\ndata: [DONE]\\n\\n')
            with requests.post(OPENAI, json=BODY, stream=True) as response:
                assert len([line for line in response.iter_lines() if line]) == 2

        @responses.activate
        def test_responses_error():
            responses.post(OPENAI, body=requests.ConnectionError("not today"))
            with pytest.raises(requests.ConnectionError, match="not today"):
                requests.post(OPENAI, json=BODY)

        @responses.activate
        def test_responses_lets_through():
            responses.add_passthru(url())
            assert requests.post(url(), json=BODY).json()["usage"]["total_tokens"] == 1234

        def test_requests_mock():
            with rm.Mocker() as mocker:
                mocker.post(OPENAI, json=ANSWER)
                assert requests.post(OPENAI, json=BODY).json() == ANSWER
                assert mocker.call_count == 1

        def test_requests_mock_session():
            with requests.Session() as session, rm.Mocker(session=session) as mocker:
                mocker.post(OPENAI, json=ANSWER)
                assert session.post(OPENAI, json=BODY).json() == ANSWER
                assert mocker.call_count == 1

        def test_requests_mock_stream():
            with rm.Mocker() as mocker:
                mocker.post(OPENAI, json=ANSWER)
                with requests.post(OPENAI, json=BODY, stream=True) as response:
                    assert b"fake" in b"".join(response.iter_content(7))

        def test_requests_mock_lets_through():
            with rm.Mocker(real_http=True):
                assert requests.post(url(), json=BODY).json()["usage"]["total_tokens"] == 1234
        """,
    )
    run = project.run(plugins=plugins)
    assert run.outcomes == {"passed": 8}, run.output
    sources = {call["nodeid"].partition("::")[2]: call["source"] for call in run.calls}
    assert len(run.calls) == len(sources)
    assert sources == {
        "test_responses": "mocked",
        "test_responses_stream": "mocked",
        "test_responses_lets_through": "live",
        "test_requests_mock": "mocked",
        "test_requests_mock_session": "mocked",
        "test_requests_mock_stream": "mocked",
        "test_requests_mock_lets_through": "live",
    }
    for call in run.calls:
        if not call["nodeid"].endswith("responses_stream"):
            assert call["usage"]["output_tokens"] == 34
    assert run.report["totals"]["calls"] == 2
    assert run.report["meta"]["complete"], run.output


def test_aioresponses(project):
    """It stands in for what is watched: its answers are not seen, and nothing breaks."""
    pytest.importorskip("aioresponses")
    project.write(
        "test_suite.py",
        ASK,
        """
        from aioresponses import aioresponses

        async def post(address):
            async with aiohttp.ClientSession() as session, session.post(address, json=BODY) as response:
                return await response.json()

        async def test_mocked():
            with aioresponses() as mocked:
                mocked.post(OPENAI, payload=ANSWER)
                assert await post(OPENAI) == ANSWER
                mocked.assert_called_once()

        async def test_lets_through():
            with aioresponses(passthrough=[url()]):
                assert (await post(url()))["usage"]

        async def test_afterwards():
            await with_aiohttp()
        """,
    )
    without, run = project.run(cost=False), project.run()
    assert run.outcomes == without.outcomes, run.output
    assert run.code == without.code
    assert calls_of_tests(run)["test_mocked"] == 0
    assert calls_of_tests(run)["test_afterwards"] == 1
    assert run.report["meta"]["complete"], run.output


def test_stubber_of_botocore(project):
    """A stubbed client sends nothing, so there is nothing to count."""
    project.write(
        "test_suite.py",
        ASK,
        """
        from botocore.stub import Stubber

        def test_stubbed():
            client = boto3.client(
                "bedrock-runtime", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
            )
            hi = [{"role": "user", "content": [{"text": "hi"}]}]
            with Stubber(client) as stubber:
                stubber.add_response("converse", {
                    "output": {"message": {"role": "assistant", "content": [{"text": "fake"}]}},
                    "stopReason": "end_turn", "metrics": {"latencyMs": 1},
                    "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
                })
                assert client.converse(modelId="m", messages=hi)["usage"]
            client.close()

        def test_real():
            with_boto3()
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 2}, run.output
    assert calls_of_tests(run) == {"test_stubbed": 0, "test_real": 1}
