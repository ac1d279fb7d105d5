"""Agents that Langfuse's observations name, whatever way the app uses its SDK."""

from __future__ import annotations

import pytest

pytest.importorskip("langfuse", reason="langfuse is not installed")

# Nothing listens there, and nothing is sent: each test drops its spans.
KEYS = {
    "LANGFUSE_PUBLIC_KEY": "pk-x",
    "LANGFUSE_SECRET_KEY": "sk-x",
    "LANGFUSE_BASE_URL": "http://127.0.0.1:9",
}
SUITE = """
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    import pytest
    import pytest_llmcost
    from ask import async_chat, chat
    from langfuse import get_client, observe, propagate_attributes
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    BatchSpanProcessor.on_end = lambda self, span: None

    @observe(as_type="agent")
    def support(inside=chat):
        return inside()

    @observe
    def step(inside=chat):
        return inside()

    @observe
    def typed():
        get_client().update_current_span(metadata={"agent_type": "security"})
        chat()

    def test_agent():
        support()

    def test_no_agent():
        step()

    def test_metadata():
        typed()

    def test_metadata_that_comes_late():
        client = get_client()
        start = getattr(client, "start_as_current_span", None) or client.start_as_current_observation
        with start(name="x") as span:
            chat()
            span.update(metadata={"agent_type": "late"})

    def test_sub_agent():
        support(typed)

    def test_propagated_around():
        with propagate_attributes(metadata={"agent_type": "tech"}):
            step()
            support()

    def test_propagated_inside():
        def inside():
            with propagate_attributes(metadata={"agent_type": "tech"}):
                chat()
                step()
        support(inside)

    def test_gather():
        @observe(as_type="agent")
        async def one():
            await async_chat()

        @observe(as_type="agent")
        async def both():
            await asyncio.gather(one(), one())

        asyncio.run(both())

    def test_to_thread():
        support(lambda: asyncio.run(asyncio.to_thread(chat)))

    def test_pool():
        def inside():
            with ThreadPoolExecutor() as pool:
                pool.submit(chat).result()
        support(inside)

    def test_generator():
        @observe(as_type="agent")
        def steps():
            chat()
            yield 1
            chat()
        list(steps())

    def test_both_ways():
        with pytest_llmcost.agent("outer"):
            support(lambda: pytest_llmcost.agent("inner")(chat)())
"""
PATHS = {
    "test_agent": [["support"]],
    "test_no_agent": [[]],
    "test_metadata": [["security"]],
    "test_metadata_that_comes_late": [["late"]],
    "test_sub_agent": [["support", "security"]],
    "test_propagated_around": [["tech"], ["tech", "support"]],
    "test_propagated_inside": [["tech"], ["tech"]],
    "test_gather": [["both", "one"], ["both", "one"]],
    "test_to_thread": [["support"]],
    "test_pool": [[]],
    "test_generator": [["steps"], ["steps"]],
    "test_both_ways": [["outer", "support", "inner"]],
}


def paths(run):
    return {name: [call["agent_path"] for call in run.of(name)] for name in PATHS}


@pytest.mark.parametrize("keys", [KEYS, {**KEYS, "LANGFUSE_PUBLIC_KEY": "", "LANGFUSE_SECRET_KEY": ""}])
def test_agents_of_observations(project, keys):
    """By type, by metadata set early or late, and by what is handed down; also with the empty keys of a fork."""
    project.write("test_suite.py", SUITE)
    run = project.run("-W", "default", **keys)
    assert run.code == 0, run.output
    assert paths(run) == PATHS
    rows = {row["name"]: (row["runs"], row["calls"]) for row in run.report["agents"]}
    assert rows["one"] == (2, 2) and rows["steps"] == (1, 2) and rows["tech"] == (3, 3)
    assert sum(calls for _, calls in rows.values()) == run.report["totals"]["calls"]
    assert run.report["meta"]["complete"] is True


def test_langchain(project):
    """Its callback handler makes observations of nodes: the call is the node's, inside the agent around the graph."""
    for needed in ("langchain_openai", "langgraph"):
        pytest.importorskip(needed, reason=f"{needed} is not installed")
    project.write(
        "test_suite.py",
        """
        import os
        from typing import TypedDict
        from langchain_openai import ChatOpenAI
        from langfuse import observe
        from langfuse.langchain import CallbackHandler
        from langgraph.graph import START, StateGraph
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        BatchSpanProcessor.on_end = lambda self, span: None

        class State(TypedDict):
            text: str

        def write(state):
            ChatOpenAI(model="gpt-4o-mini", base_url=os.environ["LOOPBACK"] + "/v1", api_key="x").invoke("hi")
            return {"text": "written"}

        @observe(as_type="agent")
        def support():
            graph = StateGraph(State).add_node("write", write).add_edge(START, "write").compile()
            graph.invoke({"text": ""}, config={"callbacks": [CallbackHandler()]})

        def test_graph():
            support()
        """,
    )
    run = project.run("-W", "default", **KEYS)
    assert [call["agent_path"] for call in run.calls] == [["support", "write"]], run.output


def test_the_apps_own_client_is_the_only_one(project):
    """Nothing of ours makes a client, which would switch the app's off; its observations arrive as they are."""
    project.write(
        "test_suite.py",
        """
        from ask import chat
        from langfuse import Langfuse, get_client, observe
        from langfuse._client.resource_manager import LangfuseResourceManager
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        def test_it():
            seen, provider = InMemorySpanExporter(), TracerProvider()
            provider.add_span_processor(SimpleSpanProcessor(seen))
            client = Langfuse(public_key="pk-y", secret_key="sk-y", base_url="http://127.0.0.1:9", tracer_provider=provider)

            @observe(as_type="agent")
            def support():
                chat()

            support()
            assert [span.name for span in seen.get_finished_spans()] == ["support"]
            assert list(LangfuseResourceManager._instances) == ["pk-y"]
            assert get_client()._tracing_enabled
        """,
    )
    run = project.run("-W", "default")
    assert run.code == 0, run.output  # Langfuse may write after pytest's last line
    assert [call["agent"] for call in run.calls] == ["support"]


def test_without_keys(project):
    """Langfuse records nothing then: observations of type agent, their metadata and what is handed down still count.

    What is set later, by ``update_current_span``, it does not keep.
    """
    project.write("test_suite.py", SUITE)
    run = project.run("-W", "default", LANGFUSE_PUBLIC_KEY="", LANGFUSE_TRACING_ENABLED="false")
    assert run.code == 0, run.output
    found = paths(run)
    late = {"test_metadata": [[]], "test_metadata_that_comes_late": [[]], "test_sub_agent": [["support"]]}
    inside = {"test_propagated_inside": [["support", "tech"]] * 2}
    assert found == {**PATHS, **late, **inside}
    assert run.report["meta"]["complete"] is True


@pytest.mark.parametrize("keys", [KEYS, {"LANGFUSE_PUBLIC_KEY": "", "LANGFUSE_TRACING_ENABLED": "false"}])
def test_for_whom(project, keys):
    """User and session of ``propagate_attributes``, with keys and without."""
    project.write(
        "test_suite.py",
        """
        from ask import chat
        from langfuse import observe, propagate_attributes
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        BatchSpanProcessor.on_end = lambda self, span: None

        def test_it():
            with propagate_attributes(user_id="ann", session_id="s1", metadata={"feature": "search", "org": "acme"}):
                observe(chat)()
        """,
    )
    run = project.run("-W", "default", **keys)
    assert [call["attributes"] for call in run.calls] == [
        {"feature": "search", "user": "49915e0d7d4b", "session": "s1", "org": "822b33ad87c1"}
    ], run.output
