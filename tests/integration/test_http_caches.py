"""Answers that hishel kept below a client of httpx: lookups, and never calls."""

from __future__ import annotations

import pytest

hishel = pytest.importorskip("hishel", reason="hishel is not installed")

PRICES = """
    version: 1
    hosts: {"127.0.0.1": acme}
    pricing: {models: {acme/*: {input: "1", cache_read: "0.1", output: "4"}}}
"""
# A client that keeps answers to POST, which each version has to be told in its own way.
OLD = """
    import hishel

    OPTIONS = {"cacheable_methods": ["GET", "POST"], "cacheable_status_codes": [200], "force_cache": True}

    def client(**more):
        return hishel.CacheClient(
            storage=hishel.InMemoryStorage(), controller=hishel.Controller(**OPTIONS), **more
        )

    def async_client():
        return hishel.AsyncCacheClient(
            storage=hishel.AsyncInMemoryStorage(), controller=hishel.Controller(**OPTIONS)
        )

    def plain_client():
        return hishel.CacheClient(storage=hishel.InMemoryStorage())
"""
NEW = """
    import hishel
    from hishel.httpx import AsyncCacheClient, SyncCacheClient

    def policy():
        found = hishel.FilterPolicy()
        found.use_body_key = True
        return found

    def client(**more):
        return SyncCacheClient(storage=hishel.SyncSqliteStorage(database_path="kept.db"), policy=policy(), **more)

    def async_client():
        return AsyncCacheClient(storage=hishel.AsyncSqliteStorage(database_path="kept.db"), policy=policy())

    def plain_client():
        return SyncCacheClient(storage=hishel.SyncSqliteStorage(database_path="kept.db"))
"""
# It keeps no answer to a POST, whatever it is told.
NEWEST = """
    import hishel
    from hishel.httpx import CacheClient

    def plain_client():
        options = hishel.CacheOptions(supported_methods=["GET", "POST"])
        return CacheClient(storage=hishel.SqliteStorage(database_path="kept.db"), rfc=options)
"""
KEEPS_POST = hasattr(hishel, "FilterPolicy") or hasattr(hishel, "Controller")
APP = """
    from ask import BODY, async_chat, chat, models, url
    from pytest_llmcost import agent, cache_event
"""
MISS, HIT = (False, None), (True, "http")
keeps_post = pytest.mark.skipif(not KEEPS_POST, reason="this version of hishel keeps no answer to a POST")


@pytest.fixture
def project(project):
    project.write("llmcost.yaml", PRICES)
    project.write("kept.py", OLD if hasattr(hishel, "Controller") else NEW if KEEPS_POST else NEWEST)
    return project


def run_of(project):
    run = project.run("-W", "ignore")
    assert run.code == 0, run.output
    assert run.report["meta"]["complete"], run.output
    return run


def outcomes(run):
    return [(one["hit"], one["layer"]) for one in run.report["cache_events"]]


@keeps_post
def test_an_answer_from_the_store_is_no_call(project, loopback):
    """The first request is a miss and a call; what is answered from the store saves what that cost."""
    project.write(
        "test_suite.py",
        APP,
        """
        from kept import client

        def test_it():
            with client() as http, agent("desk"):
                answers = [chat("a", client=http) for _ in range(3)]
                assert answers[0] == answers[1] == answers[2]
                chat("b", client=http)
        """,
    )
    run = run_of(project)
    first, second = run.calls
    assert {call["source"] for call in run.calls} == {"live"}
    assert outcomes(run) == [MISS, HIT, HIT, MISS]
    found = run.report["cache_events"]
    assert [one["call"] for one in found] == [first["id"]] * 3 + [second["id"]]
    assert [one["saved"] for one in found] == [None, first["cost"], first["cost"], None]
    assert {one["agent"] for one in found} == {"desk"}


@keeps_post
def test_async_clients(project):
    """They are the same."""
    project.write(
        "test_suite.py",
        APP,
        """
        from kept import async_client

        async def test_it():
            async with async_client() as http:
                for _ in range(2):
                    response = await http.post(url(), json=BODY)
                    assert response.json()["usage"]
        """,
    )
    run = run_of(project)
    assert outcomes(run) == [MISS, HIT]
    assert [call["source"] for call in run.calls] == ["live"]
    assert run.report["cache_events"][1]["saved"] == run.calls[0]["cost"]


@keeps_post
def test_requests(project):
    """Its adapter for requests says the same in headers."""
    pytest.importorskip("hishel.requests", reason="this version of hishel has no adapter for requests")
    project.write(
        "test_suite.py",
        APP,
        """
        import requests
        from hishel.requests import CacheAdapter
        from kept import hishel, policy

        def test_it():
            with requests.Session() as http:
                storage = hishel.SyncSqliteStorage(database_path="kept.db")
                http.mount("http://", CacheAdapter(storage=storage, policy=policy()))
                for _ in range(2):
                    chat("a", client=http)
        """,
    )
    run = run_of(project)
    assert outcomes(run) == [MISS, HIT]
    assert [call["source"] for call in run.calls] == ["live"]


@keeps_post
def test_under_a_cassette(project):
    """What hishel answers is neither recorded nor replayed; what it does not is both a miss and a call."""
    project.write(
        "test_suite.py",
        APP,
        """
        import pathlib
        import vcr
        from kept import client

        def test_it():
            for path in pathlib.Path().rglob("kept.db*"):
                path.unlink()
            with vcr.use_cassette("tape.yaml"), client() as http:
                assert chat("a", client=http) == chat("a", client=http)
        """,
    )
    for source in ("recorded", "replayed"):
        run = run_of(project)
        assert outcomes(run) == [MISS, HIT]
        assert [call["source"] for call in run.calls] == [source]
        assert run.report["cache_events"][1]["saved"] == run.calls[0]["cost"]


@keeps_post
def test_streams(project):
    """An answer that was streamed is kept as it was, and comes again as a stream."""
    project.write(
        "test_suite.py",
        APP,
        """
        from kept import client

        def test_it():
            body = {**BODY, "stream": True, "stream_options": {"include_usage": True}}
            with client() as http:
                for _ in range(2):
                    with http.stream("POST", url(), json=body) as response:
                        assert b"usage" in b"".join(response.iter_bytes())
        """,
    )
    run = run_of(project)
    assert outcomes(run) == [MISS, HIT]
    [call] = run.calls
    assert call["usage"]["input_tokens"]
    assert call["nodeid"].endswith("test_it")


@keeps_post
def test_openai_through_it(project):
    """An SDK is given the client; what is asked again in the next test is there."""
    openai = pytest.importorskip("openai", reason="openai is not installed")
    if not hasattr(openai, "DefaultHttpxClient") or int(openai.__version__.partition(".")[0]) < 3:
        pytest.skip("this openai sends through httpx")
    pytest.importorskip("hishel.httpx2", reason="this version of hishel has no client of httpx2")
    project.write(
        "test_suite.py",
        APP,
        """
        import os
        import hishel, openai, pytest
        from hishel.httpx2 import SyncCacheClient
        from kept import policy

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(number):
            storage = hishel.SyncSqliteStorage(database_path="kept.db")
            http = SyncCacheClient(storage=storage, policy=policy())
            with openai.OpenAI(api_key="x", base_url=os.environ["LOOPBACK"] + "/v1", http_client=http) as client:
                found = client.chat.completions.create(**BODY)
                assert found.usage.prompt_tokens
        """,
    )
    run = run_of(project)
    assert outcomes(run) == [MISS, HIT]
    assert [call["source"] for call in run.calls] == ["live"]
    assert run.report["cache_events"][1]["saved"] == run.calls[0]["cost"]


@keeps_post
def test_what_is_no_call_is_no_lookup(project):
    """Models that are listed, and answers with an error, are neither."""
    project.write(
        "test_suite.py",
        APP,
        """
        from kept import client

        def test_it():
            with client() as http:
                for _ in range(2):
                    http.get(url("/models"))
                assert http.post(url(behaviour="status-500"), json=BODY).status_code == 500
        """,
    )
    run = run_of(project)
    assert run.calls == []


def test_a_request_that_it_lets_pass(project):
    """Where hishel keeps no answers to a POST, each is a call and no lookup."""
    project.write(
        "test_suite.py",
        APP,
        """
        from kept import plain_client

        def test_it():
            with plain_client() as http:
                for _ in range(2):
                    chat("a", client=http)
        """,
    )
    run = run_of(project)
    assert [call["source"] for call in run.calls] == ["live"] * 2
    assert all(call["usage"]["input_tokens"] for call in run.calls)
    assert {hit for hit, _ in outcomes(run)} <= {False}


@keeps_post
def test_behind_a_layer_of_the_app(project):
    """The app's layer is asked first: one lookup for each request, of whoever had the answer."""
    project.write(
        "test_suite.py",
        APP,
        """
        from kept import client
        L1 = {}

        def test_it():
            with client() as http:
                for prompt in "aab":
                    cache_event("L1", False, key=prompt)
                    L1[prompt] = chat(prompt, client=http)
                cache_event("L1", True, key="a")
                chat("a", client=http)
        """,
    )
    run = run_of(project)
    assert outcomes(run) == [MISS, HIT, MISS, (True, "L1"), HIT]
    first = run.calls[0]
    assert [one["saved"] for one in run.report["cache_events"]] == [None, first["cost"], None] + [
        first["cost"]
    ] * 2
    assert len(run.calls) == 2


@keeps_post
def test_spans_around_an_answer_from_the_store(project):
    """A generation that states the tokens of a kept answer is no call."""
    pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")
    project.write(
        "test_suite.py",
        APP,
        """
        from kept import client
        from opentelemetry.sdk.trace import TracerProvider
        tracer = TracerProvider().get_tracer("app")

        def test_it():
            with client() as http:
                for _ in range(2):
                    with tracer.start_as_current_span("chat") as span:
                        span.set_attributes({"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini"})
                        chat("a", client=http)
                        span.set_attributes({"gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 7})
        """,
    )
    run = run_of(project)
    assert outcomes(run) == [MISS, HIT]
    assert [call["source"] for call in run.calls] == ["live"]
