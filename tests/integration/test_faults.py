"""When something goes wrong: in the plugin, in the response, in the environment. The user's tests never notice."""

from __future__ import annotations

import pytest

from pytest_llmcost.capture.vcr_versions import bypass_notice


@pytest.mark.parametrize(
    ("place", "breaks"),
    [
        ("settle", "Collector._settle = broken"),
        ("response", "OpenExchange.begin_response = OpenExchange.leave_to_vcr = broken"),
        ("tee", "httpx_clients._tees = lambda module: (broken, broken)"),
        ("request", "ExchangeLog.add = broken"),
        ("hooking", "httpx_clients._tees = broken"),
        ("cassette", "Places.of = Places.unknown = broken"),
        ("payload", "session.CostRecorder._collect = broken"),
        ("rest", "Collector.collect_rest = broken"),
    ],
)
def test_fault_of_ours(project, place, breaks):
    """A fault in the plugin fails no test; the run is not complete, and says where once, without its text."""
    project.write(
        "breaking.py",
        f"""
        from pytest_llmcost import session
        from pytest_llmcost.capture import httpx_clients
        from pytest_llmcost.capture.cassette_places import Places
        from pytest_llmcost.capture.collect import Collector
        from pytest_llmcost.capture.exchange import OpenExchange
        from pytest_llmcost.capture.log import ExchangeLog

        def broken(*args, **kwargs):
            raise ValueError("a fault with the prompt in its text")

        {breaks}
        """,
    )
    project.write(
        "test_suite.py",
        """
        import pytest
        import vcr
        from ask import async_chat, chat, http, url, BODY

        @pytest.mark.parametrize("number", range(3))
        def test_chat(number):
            with vcr.use_cassette("a.yaml"):
                assert chat()["total_tokens"] == 1234

        def test_stream():
            with http().stream("POST", url(), json={**BODY, "stream": True}) as response:
                assert b"[DONE]" in response.read()

        async def test_async():
            assert (await async_chat())["total_tokens"] == 1234
        """,
    )
    run = project.run("-p", "breaking")
    assert run.outcomes == {"passed": 5}, run.output
    assert run.code == 0
    assert run.report["meta"]["complete"] is False
    faults = run.notices("fault")
    assert len(faults) == len(set(faults)) and 1 <= len(faults) <= 3, faults
    assert all(": ValueError at " in fault for fault in faults)
    assert ": ValueError at " in " ".join(run.output.split())
    assert "prompt in its text" not in str(run.report)


def test_responses_that_go_wrong(project):
    """What was billed and cannot be read is an incomplete call, which has no upper bound; it is never $0."""
    project.write("llmcost.yaml", 'version: 1\nhosts: {"127.0.0.1": openai}\n')
    project.write(
        "test_suite.py",
        """
        import pytest
        from ask import BODY, http, url
        httpx2 = http()
        STREAM = {**BODY, "stream": True, "stream_options": {"include_usage": True}}
        kept = []

        def post(behaviour, body=BODY, **options):
            return httpx2.post(url(behaviour=behaviour), json=body, **options)

        def test_cut_body():
            with pytest.raises(httpx2.RemoteProtocolError):
                post("cut")

        def test_cut_stream():
            with pytest.raises(httpx2.RemoteProtocolError):
                post("cut", STREAM)

        def test_cut_stream_of_claude():
            "The input was stated at the start."
            body = {**STREAM, "model": "claude-test-1"}
            with pytest.raises(httpx2.RemoteProtocolError):
                with httpx2.stream("POST", url("/messages", "cut"), json=body) as response:
                    for line in response.iter_lines():
                        pass

        def test_stall():
            with pytest.raises(httpx2.ReadTimeout):
                post("stall", timeout=0.2)

        async def test_cancelled():
            import asyncio
            async with httpx2.AsyncClient() as client:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await client.post(url(behaviour="stall"), json=BODY)

        def test_abandoned_stream():
            client = httpx2.Client()
            kept.append(client)
            response = client.send(client.build_request("POST", url(), json=STREAM), stream=True)
            kept.append(next(response.iter_bytes()))
            kept.append(response)

        def test_closed_early():
            with httpx2.stream("POST", url(behaviour="slow"), json=STREAM) as response:
                next(response.iter_bytes())

        def test_never_read():
            with httpx2.stream("POST", url(), json=BODY):
                pass

        def test_lying_encoding():
            "The app cannot decode it; we take the bytes for what they are."
            with pytest.raises(httpx2.DecodingError):
                post("lying")

        def test_lying_encoding_of_a_stream():
            "The app cannot decode it; we take the bytes for what they are."
            with pytest.raises(httpx2.DecodingError):
                with httpx2.stream("POST", url(behaviour="lying"), json=BODY) as response:
                    response.read()

        def test_broken_events():
            assert post("broken-sse", STREAM).status_code == 200

        def test_binary():
            assert len(post("binary").content) == 1024

        def test_no_usage():
            assert post("no-usage").status_code == 200

        def test_stream_without_usage():
            assert post("", {**BODY, "stream": True}).status_code == 200

        def test_hook_that_raises():
            def refuse(response):
                raise RuntimeError("not today")
            with httpx2.Client(event_hooks={"response": [refuse]}) as client:
                with pytest.raises(RuntimeError, match="not today"):
                    client.post(url(), json=BODY)

        def test_hook_that_closes():
            with httpx2.Client(event_hooks={"response": [lambda response: response.close()]}) as client:
                request = client.build_request("POST", url(), json=BODY)
                assert client.send(request, stream=True).is_closed
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 16}, run.output
    assert run.report["meta"]["complete"], run.output
    for row in run.report["tests"]:
        (call,) = run.of(row["nodeid"].partition("::")[2])
        assert call["source"] == "live"
        if "test_lying_encoding" in row["nodeid"]:
            assert (call["status"], call["usage"]["input_tokens"]) == ("exact", 1200)
            continue
        assert call["status"] == "incomplete", row
        assert call["cost"]["high"] is None
    (claude,) = run.of("test_cut_stream_of_claude")
    assert claude["usage"]["cache_read_tokens"] == 1000
    assert run.report["totals"]["cost"]["high"] is None
    assert "≥ $" in run.output


def test_requests_that_go_nowhere(project):
    """A refused connection, a closed client and an error status cost nothing, and are no calls."""
    project.write(
        "test_suite.py",
        """
        import pytest
        from ask import BODY, http, url
        httpx2 = http()

        def test_refused():
            with pytest.raises(httpx2.ConnectError):
                httpx2.post("http://127.0.0.1:9/v1/chat/completions", json=BODY)

        def test_closed():
            client = httpx2.Client()
            client.close()
            with pytest.raises(RuntimeError):
                client.post(url(), json=BODY)

        @pytest.mark.parametrize("status", [401, 404, 429, 500])
        def test_status(status):
            assert httpx2.post(url(behaviour=f"status-{status}"), json=BODY).status_code == status

        def test_redirect_that_is_not_followed():
            assert httpx2.post(url(behaviour="redirect"), json=BODY).status_code == 307

        def test_too_many_redirects():
            with httpx2.Client(max_redirects=0, follow_redirects=True) as client:
                with pytest.raises(httpx2.TooManyRedirects):
                    client.post(url(behaviour="redirect"), json=BODY)

        def test_raise_for_status_in_a_hook():
            hooks = {"response": [lambda response: response.raise_for_status()]}
            with httpx2.Client(event_hooks=hooks) as client, pytest.raises(httpx2.HTTPStatusError):
                client.post(url(behaviour="status-500"), json=BODY)
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 9}, run.output
    assert run.calls == []
    assert run.report["meta"]["complete"]
    assert run.report["observed"]["not_calls"] == {"no response": 2, "HTTP error": 7}


def test_bodies_of_requests(project):
    """Generators and multipart bodies arrive whole; only their fingerprint is missing."""
    project.write(
        "test_suite.py",
        """
        import json
        from ask import BODY, http, url
        httpx2 = http()

        def test_generator():
            def body():
                yield json.dumps(BODY).encode()[:20]
                yield json.dumps(BODY).encode()[20:]
            assert httpx2.post(url(), content=body()).json()["usage"]

        async def test_async_generator():
            async def body():
                yield json.dumps(BODY).encode()
            async with httpx2.AsyncClient() as client:
                assert (await client.post(url(), content=body())).json()["usage"]

        def test_multipart():
            assert httpx2.post(url(), files={"file": b"data"}).json()["usage"]

        def test_key_in_the_query():
            assert httpx2.post(url() + "?key=sk-secret", json=BODY).json()["usage"]
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 4}, run.output
    assert [call["usage"]["input_tokens"] for call in run.calls] == [1200] * 4
    assert "sk-secret" not in str(run.report) + run.output


def test_modules_that_are_imported_anew(project):
    """A suite that purges modules and imports them again is still captured, once."""
    project.write(
        "test_suite.py",
        """
        import sys

        def fresh(*prefixes):
            for name in list(sys.modules):
                if name.partition(".")[0] in prefixes:
                    del sys.modules[name]

        def test_purged():
            import httpx2
            first = httpx2.Client
            fresh("httpx2", "vcr")
            import httpx2, vcr
            assert httpx2.Client is not first
            from ask import chat
            with vcr.use_cassette("a.yaml"):
                assert chat(client=httpx2)

        def test_reloaded():
            import importlib, httpx2
            importlib.reload(httpx2)
            from ask import chat
            assert chat(client=httpx2)

        def test_loader_is_the_real_one():
            import httpx2, importlib.util, inspect
            from importlib.machinery import SourceFileLoader
            fresh("httpx2")
            assert importlib.util.find_spec("httpx2").origin.endswith("__init__.py")
            import httpx2
            assert type(httpx2.__loader__) is type(httpx2.__spec__.loader) is SourceFileLoader
            assert inspect.getsource(httpx2)
        """,
    )
    run = project.run(ASK_WITH="httpx2")
    assert run.outcomes == {"passed": 3}, run.output
    assert [(call["nodeid"].partition("::")[2]) for call in run.calls] == ["test_purged", "test_reloaded"]
    assert run.report["meta"]["complete"]


def test_httpx_that_is_httpx2(project):
    """``httpx2.alias_httpx()`` works, as nobody imported httpx before; each call is captured once."""
    project.write(
        "conftest.py",
        """
        import httpx2
        httpx2.alias_httpx()
        """,
    )
    project.write(
        "test_suite.py",
        """
        import httpx, httpx2
        from ask import async_chat, chat

        def test_alias():
            assert httpx.Client is httpx2.Client
            assert chat(client=httpx)
            assert chat(client=httpx2)
        """,
    )
    run = project.run(plugins=[])
    assert run.outcomes == {"passed": 1}, run.output
    assert len(run.calls) == 2


def test_plugin_imports_no_http_library(project):
    """Switched on or off, the plugin imports neither an HTTP library nor vcr, nor the price table if unused."""
    project.write(
        "test_suite.py",
        """
        import sys

        def test_modules():
            heavy = {"httpx", "httpx2", "vcr", "openai", "anthropic", "requests", "aiohttp", "genai_prices"}
            assert not heavy & set(sys.modules)
        """,
    )
    assert project.run(plugins=[]).outcomes == {"passed": 1}
    assert project.run(plugins=[], cost=False).outcomes == {"passed": 1}


@pytest.mark.skipif(bypass_notice("httpx2") is None, reason="this vcrpy knows httpx2")
def test_vcrpy_that_does_not_know_the_client(project):
    """With vcrpy before 8.2, httpx2 goes past the cassettes: a leak, and one clear notice."""
    project.write(
        "test_suite.py",
        """
        import vcr
        from ask import chat

        def test_replay():
            with vcr.use_cassette("a.yaml", record_mode="none"):
                chat()
                chat()
        """,
    )
    run = project.run(ASK_WITH="httpx2")
    assert [(call["source"], call["leak"]) for call in run.calls] == [("live", True)] * 2
    (notice,) = run.notices("vcr")
    assert "does not see httpx2" in notice
    assert "pip install 'vcrpy>=8.2'" in run.output


def test_notice_names_the_version_and_the_way_out():
    """The notice is about versions before 8.2 and about httpx2 only."""
    notice = bypass_notice("httpx2", "8.1.0")
    assert notice.message.startswith("vcrpy 8.1.0 does not see httpx2")
    assert notice.paste == "pip install 'vcrpy>=8.2'"
    assert bypass_notice("httpx2", "8.2.0") is None
    assert bypass_notice("httpx2", "10.0") is None
    assert bypass_notice("httpx", "8.1.0") is None
