"""Fakes below and around the clients: mocked answers are named and left out of the cost."""

from __future__ import annotations

import pytest

FAKES = """
    import httpx
    import httpx2
    import pytest
    from ask import BODY, chat, url

    ANSWER = {
        "id": "1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "fake"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1200, "completion_tokens": 34, "total_tokens": 1234},
    }
    OPENAI = "https://api.openai.com/v1/chat/completions"
"""


def test_mocked_answers_are_left_out(project):
    """MockTransport, respx, pytest-httpx and an app in memory: mocked, listed, and in no total."""
    for plugin in ("respx", "pytest_httpx"):
        pytest.importorskip(plugin)
    project.write(
        "test_suite.py",
        FAKES,
        """
        import respx

        def test_mock_transport():
            for library in (httpx, httpx2):
                transport = library.MockTransport(lambda request: library.Response(200, json=ANSWER))
                with library.Client(transport=transport) as client:
                    assert client.post(OPENAI, json=BODY).json() == ANSWER

        async def test_async_mock_transport():
            transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=ANSWER))
            async with httpx2.AsyncClient(transport=transport) as client:
                async with client.stream("POST", OPENAI, json=BODY) as response:
                    assert b"fake" in await response.aread()

        def test_sdk_over_mock_transport():
            from openai import OpenAI
            transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=ANSWER))
            with OpenAI(api_key="x", http_client=httpx2.Client(transport=transport)) as client:
                assert client.chat.completions.create(**BODY).choices[0].message.content == "fake"

        @respx.mock
        def test_respx():
            route = respx.post(OPENAI).respond(json=ANSWER)
            assert httpx.post(OPENAI, json=BODY).json() == ANSWER
            assert route.call_count == 1

        def test_pytest_httpx(httpx_mock):
            httpx_mock.add_response(url=OPENAI, json=ANSWER)
            assert httpx.post(OPENAI, json=BODY).json() == ANSWER
            assert len(httpx_mock.get_requests()) == 1

        def test_mocked_error():
            transport = httpx2.MockTransport(lambda request: httpx2.Response(500, json={}))
            with httpx2.Client(transport=transport) as client:
                assert client.post(OPENAI, json=BODY).status_code == 500

        def test_live():
            chat()
        """,
    )
    run = project.run(plugins=["asyncio", "respx", "pytest_httpx"])
    assert run.outcomes == {"passed": 7}, run.output
    assert run.report["totals"]["sources"] == {"mocked": 6, "live": 1}
    assert run.report["totals"]["calls"] == 1
    assert run.report["totals"]["usage"]["input_tokens"] == 1200
    assert all(
        len(run.of(f"test_{name}")) == 1 for name in ("respx", "pytest_httpx", "sdk_over_mock_transport")
    )
    assert "6 mocked (left out)" in run.output


def test_app_under_test_is_no_provider(project):
    """An app in memory with a path like a provider's: the call that it makes counts, the call to it does not."""
    project.write(
        "test_suite.py",
        FAKES,
        """
        import json
        from ask import async_chat

        async def gateway(scope, receive, send):
            usage = await async_chat()
            body = json.dumps({**ANSWER, "usage": usage}).encode()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})

        async def test_asgi():
            transport = httpx2.ASGITransport(app=gateway)
            async with httpx2.AsyncClient(transport=transport, base_url="http://app") as client:
                assert (await client.post("/v1/chat/completions", json=BODY)).json()["usage"]
        """,
    )
    (call,) = project.run().calls
    assert (call["source"], call["provider"].partition(":")[0]) == ("live", "127.0.0.1")


def test_hooks_of_a_client_that_send_something_themselves(project):
    """Event hooks and auth flows send requests of their own while a call is sent: each is what it is."""
    project.write(
        "test_suite.py",
        FAKES,
        """
        import vcr
        from ask import embed, http, models
        httpx2 = http()

        def ask(**hooks):
            with httpx2.Client(event_hooks=hooks) as client:
                chat(client=client)

        def test_live():
            ask(request=[lambda request: embed()], response=[lambda response: models()])

        def test_recorded():
            with vcr.use_cassette("a.yaml"):
                ask(request=[lambda request: embed()], response=[lambda response: models()])

        def test_replayed():
            with vcr.use_cassette("a.yaml", record_mode="none"):
                ask(request=[lambda request: embed()], response=[lambda response: models()])
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 3}, run.output
    found = [(c["api"], c["source"], c["cassette"] and c["cassette"]["interaction"]) for c in run.calls]
    assert found == [
        ("openai.chat", "live", None),
        ("openai.embeddings", "live", None),
        ("openai.chat", "recorded", 1),
        ("openai.embeddings", "recorded", 0),
        ("openai.chat", "replayed", 1),
        ("openai.embeddings", "replayed", 0),
    ]


def test_client_inside_a_client(project):
    """A client that sends through another one makes one call, which is live although its answer is new."""
    project.write(
        "test_suite.py",
        FAKES,
        """
        class Relay(httpx2.BaseTransport):
            def handle_request(self, request):
                with httpx.Client() as inner:
                    found = inner.post(str(request.url), content=request.read())
                return httpx2.Response(found.status_code, content=found.content)

        class AsyncRelay(httpx2.AsyncBaseTransport):
            async def handle_async_request(self, request):
                async with httpx2.AsyncClient() as inner:
                    found = await inner.post(request.url, content=await request.aread())
                return httpx2.Response(found.status_code, content=found.content)

        class Outer(httpx2.Client):
            def send(self, request, **options):
                with httpx2.Client() as inner:
                    return inner.send(request)

        def test_relay():
            with httpx2.Client(transport=Relay()) as client:
                assert chat(client=client)

        async def test_async_relay():
            async with httpx2.AsyncClient(transport=AsyncRelay()) as client:
                assert (await client.post(url(), json=BODY)).json()["usage"]

        def test_client_that_delegates():
            with Outer() as client:
                assert chat(client=client)
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 3}, run.output
    assert [row["calls"] for row in run.report["tests"]] == [1, 1, 1]
    assert run.report["totals"]["sources"] == {"live": 3}


def test_spies_on_send(project):
    """Whoever patches or mocks ``Client.send`` sees one call, and so does the report."""
    project.write(
        "test_suite.py",
        FAKES,
        """
        from unittest import mock
        from ask import http
        httpx2 = http()

        def test_monkeypatch(monkeypatch):
            seen, real = [], httpx2.Client.send
            def spy(self, request, **options):
                seen.append(request)
                return real(self, request, **options)
            monkeypatch.setattr(httpx2.Client, "send", spy)
            assert chat()
            assert len(seen) == 1

        def test_autospec():
            real = httpx2.Client.send
            with mock.patch.object(httpx2.Client, "send", autospec=True, side_effect=real) as spy:
                assert chat()
            assert spy.call_count == 1

        def test_wraps():
            with httpx2.Client() as client:
                with mock.patch.object(client, "send", wraps=client.send) as spy:
                    assert chat(client=client)
                assert spy.call_count == 1

        def test_replaced():
            "Nothing is sent, so there is nothing to count."
            with mock.patch.object(httpx2.Client, "send", return_value=httpx2.Response(200, json=ANSWER)):
                assert chat()

        def test_subclass():
            class Client(httpx2.Client):
                def send(self, *args, **kwargs):
                    return super().send(*args, **kwargs)
            with Client() as client:
                assert chat(client=client)

        def test_signature():
            import inspect
            assert list(inspect.signature(httpx2.Client.send).parameters)[:2] == ["self", "request"]
            assert inspect.iscoroutinefunction(httpx2.AsyncClient.send)
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 6}, run.output
    counts = {row["nodeid"].partition("::")[2]: row["calls"] for row in run.report["tests"]}
    assert counts == {
        "test_monkeypatch": 1,
        "test_autospec": 1,
        "test_wraps": 1,
        "test_replaced": 0,
        "test_subclass": 1,
        "test_signature": 0,
    }


def test_aiohttp_below_httpx_is_no_mock(project):
    """The SDK's aiohttp transport leaves no trace of a connection, and is live all the same."""
    for needed in ("httpx_aiohttp", "openai", "pytest_asyncio"):
        pytest.importorskip(needed)
    project.write(
        "test_suite.py",
        FAKES,
        """
        from openai import AsyncOpenAI, DefaultAioHttpClient

        async def test_chat():
            base = url("")
            async with AsyncOpenAI(base_url=base, api_key="x", http_client=DefaultAioHttpClient()) as client:
                assert (await client.chat.completions.create(**BODY)).usage.total_tokens == 1234

        async def test_stream():
            base = url("")
            options = {"stream": True, "stream_options": {"include_usage": True}}
            async with AsyncOpenAI(base_url=base, api_key="x", http_client=DefaultAioHttpClient()) as client:
                async for chunk in await client.chat.completions.create(**BODY, **options):
                    pass
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 2}, run.output
    assert [(call["source"], call["usage"]["input_tokens"]) for call in run.calls] == [("live", 1200)] * 2
