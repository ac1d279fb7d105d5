"""Lookups in LiteLLM's cache, of which nobody tells."""

from __future__ import annotations

import pytest

pytest.importorskip("litellm", reason="litellm is not installed")

PRICES = """
    version: 1
    hosts: {"127.0.0.1": acme}
    pricing: {models: {acme/*: {input: "1", cache_read: "0.1", output: "4"}}}
"""
APP = """
    import asyncio, os
    import litellm, pytest
    from litellm.caching.caching import Cache
    from pytest_llmcost import agent, cache_event

    MODEL = {"model": "openai/gpt-4o-mini", "api_base": os.environ["LOOPBACK"] + "/v1", "api_key": "x"}

    def options(prompt, **more):
        return {**MODEL, "messages": [{"role": "user", "content": prompt}], **more}

    @pytest.fixture(autouse=True)
    def cache():
        litellm.cache = Cache()
        yield
        litellm.cache = None
"""
# What LiteLLM's own modules and its transports warn of is none of ours.
QUIET = ("-W", "ignore")


@pytest.fixture
def project(project):
    project.write("llmcost.yaml", PRICES)
    return project


def outcomes(run):
    assert run.report is not None, run.output
    assert run.report["meta"]["complete"], run.output
    return [(one["hit"], one["layer"]) for one in run.report["cache_events"]]


MISS, HIT = (False, None), (True, "litellm local")


@pytest.mark.parametrize("way", ["completion", "acompletion"])
def test_lookups_of_completions(project, way):
    """A miss belongs to the call after it, and a hit saves what that cost; each belongs to its agent."""
    project.write(
        "test_suite.py",
        APP,
        f"""
        async def ask(prompt, **more):
            found = litellm.{way}(**options(prompt, **more))
            if {way == "acompletion"}:
                found = await found
                await asyncio.sleep(0.1)  # it is kept by a task
            return found

        async def test_it():
            with agent("desk"):
                await ask("a")
                found = await ask("a")
            await ask("b")
            await ask("b", cache={{"no-cache": True}})
            assert found.choices[0].message.content
        """,
    )
    run = project.run(*QUIET)
    assert run.code == 0, run.output
    first, second, _ = run.calls
    assert outcomes(run) == [MISS, HIT, MISS]
    found = run.report["cache_events"]
    assert [one["call"] for one in found] == [first["id"], first["id"], second["id"]]
    assert [one["saved"] for one in found] == [None, first["cost"], None]
    assert [one["agent"] for one in found] == ["desk", "desk", None]


def test_tasks(project):
    """Those that run at once each have their own call."""
    project.write(
        "test_suite.py",
        APP,
        """
        async def test_it():
            for prompts in ("abc", "ba"):
                await asyncio.gather(*(litellm.acompletion(**options(prompt)) for prompt in prompts))
                await asyncio.sleep(0.1)  # they are kept by tasks
        """,
    )
    run = project.run(*QUIET)
    assert run.code == 0, run.output
    assert outcomes(run) == [MISS] * 3 + [HIT] * 2
    assert all(one["saved"] is not None for one in run.report["cache_events"] if one["hit"])


def test_where_it_does_not_look(project):
    """A cache that is used on demand, or not at all, is asked by nobody who does not want it."""
    project.write(
        "test_suite.py",
        APP,
        """
        def test_it():
            litellm.cache = Cache(mode="default_off")
            for _ in range(2):
                litellm.completion(**options("a"))
            for _ in range(2):
                litellm.completion(**options("b", cache={"use-cache": True}))
            for _ in range(2):
                litellm.completion(**options("c", caching=False))
            litellm.cache = None
            litellm.completion(**options("c"))
        """,
    )
    run = project.run(*QUIET)
    assert run.code == 0, run.output
    assert outcomes(run) == [MISS, HIT]
    assert len(run.calls) == 6


def test_streams_and_embeddings(project):
    """A stream is kept when it has ended; each input of an async embedding is looked up by itself."""
    project.write(
        "test_suite.py",
        APP,
        """
        def test_streams():
            for _ in range(2):
                list(litellm.completion(**options("a", stream=True)))

        def test_embeddings():
            for _ in range(2):
                litellm.embedding(**{**MODEL, "model": "openai/text-embedding-3-small"}, input=["a", "b"])

        async def test_async():
            for _ in range(2):
                await litellm.aembedding(**{**MODEL, "model": "openai/text-embedding-3-small"}, input=["a"])
                await asyncio.sleep(0.1)  # it is kept by a task
        """,
    )
    run = project.run(*QUIET)
    assert run.code == 0, run.output
    assert outcomes(run) == [MISS, HIT] * 3
    assert len(run.calls) == 3


def test_told_by_the_app_too(project):
    """A layer of the app's that is asked before, and a hit that it tells of afterwards, are the same lookup."""
    project.write(
        "test_suite.py",
        APP,
        """
        def test_before():
            for _ in range(2):
                cache_event("L1", False, key="a")
                litellm.completion(**options("a"))

        def test_after():
            for hit in (False, True):
                found = litellm.completion(**options("b"))
                if found._hidden_params.get("cache_hit"):
                    cache_event("L1", True, key="b")
        """,
    )
    run = project.run(*QUIET)
    assert run.code == 0, run.output
    assert outcomes(run) == [MISS, HIT, MISS, (True, "L1")]
    assert all(one["saved"] is not None for one in run.report["cache_events"] if one["hit"])


def test_errors_of_a_store_reach_nobody(project):
    """LiteLLM goes on without an answer, which is a miss."""
    project.write(
        "test_suite.py",
        APP,
        """
        def test_it(monkeypatch):
            def fail(*args, **kwargs):
                raise OSError("no disk")

            monkeypatch.setattr(litellm.cache.cache, "get_cache", fail)
            litellm.completion(**options("a"))
        """,
    )
    run = project.run(*QUIET)
    assert run.code == 0, run.output
    assert outcomes(run) == [MISS]
