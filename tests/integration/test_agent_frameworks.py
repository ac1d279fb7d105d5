"""Agents of frameworks, which are known without a line of the user's and without tracing."""

from __future__ import annotations

import importlib.util

import pytest

OPENAI_AGENTS = """
    import asyncio, os
    from agents import Agent, OpenAIChatCompletionsModel, RunConfig, Runner, set_trace_processors
    from openai import AsyncOpenAI

    set_trace_processors([])

    def agent(name, **more):
        client = AsyncOpenAI(base_url=os.environ["LOOPBACK"] + "/v1", api_key="x")
        return Agent(name=name, model=OpenAIChatCompletionsModel(model="gpt-4o-mini", openai_client=client), **more)

    def test_runs():
        Runner.run_sync(agent("triage"), "hi")
        Runner.run_sync(agent("triage"), "hi")

    def test_stream():
        async def run():
            async for _ in Runner.run_streamed(agent("triage"), "hi").stream_events():
                pass
        asyncio.run(run())

    def test_without_tracing():
        Runner.run_sync(agent("triage"), "hi", run_config=RunConfig(tracing_disabled=True))
"""
PYDANTIC_AI = """
    import asyncio, os
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    def agent(name, **more):
        provider = OpenAIProvider(base_url=os.environ["LOOPBACK"] + "/v1", api_key="x")
        return Agent(OpenAIChatModel("gpt-4o-mini", provider=provider), name=name, **more)

    def test_runs():
        agent("triage").run_sync("hi")
        agent("triage").run_sync("hi")

    def test_traced():
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry import trace
        from pydantic_ai.capabilities import Instrumentation

        trace.set_tracer_provider(TracerProvider())
        with trace.get_tracer("app").start_as_current_span("desk", attributes={"openinference.span.kind": "AGENT"}):
            agent("triage", capabilities=[Instrumentation()]).run_sync("hi")
"""
LANGGRAPH = """
    import asyncio, os
    from typing import TypedDict
    from langchain_openai import ChatOpenAI
    from langgraph.graph import START, StateGraph

    class State(TypedDict):
        text: str

    def model():
        return ChatOpenAI(model="gpt-4o-mini", base_url=os.environ["LOOPBACK"] + "/v1", api_key="x")

    def research(state):
        model().invoke("hi")
        model().invoke("hi")
        return {"text": "found"}

    async def write(state):
        await model().ainvoke("hi")
        return {"text": "written"}

    def graph():
        team = StateGraph(State).add_node("research", research).add_edge(START, "research").compile()
        whole = StateGraph(State).add_node("team", team).add_node("write", write)
        return whole.add_edge(START, "team").add_edge("team", "write").compile()

    def test_nodes():
        asyncio.run(graph().ainvoke({"text": ""}))
"""
LANGCHAIN = """
    import os
    from langchain.agents import create_agent
    from langchain_openai import ChatOpenAI
    from langgraph.graph import START, MessagesState, StateGraph

    def agent(**more):
        model = ChatOpenAI(model="gpt-4o-mini", base_url=os.environ["LOOPBACK"] + "/v1", api_key="x")
        return create_agent(model, [], **more)

    def test_named():
        agent(name="helper").invoke({"messages": [("user", "hi")]})

    def test_unnamed():
        agent().invoke({"messages": [("user", "hi")]})

    def test_inside_a_graph():
        graph = StateGraph(MessagesState).add_node("desk", agent(name="helper")).add_edge(START, "desk").compile()
        graph.invoke({"messages": [("user", "hi")]})
"""
CASES = {
    "agents": (
        OPENAI_AGENTS,
        {
            "test_runs": [["triage"]] * 2,
            "test_stream": [["triage"]],
            "test_without_tracing": [["triage"]],
        },
        {"triage": 4},
    ),
    "pydantic_ai": (
        PYDANTIC_AI,
        {"test_runs": [["triage"]] * 2, "test_traced": [["desk", "triage"]]},
        {"triage": 3},
    ),
    "langgraph": (
        LANGGRAPH,
        {"test_nodes": [["team", "research"], ["team", "research"], ["write"]]},
        {"research": 1, "write": 1},
    ),
    "langchain": (
        LANGCHAIN,
        {"test_named": [["helper"]], "test_unnamed": [[]], "test_inside_a_graph": [["desk", "helper"]]},
        {"helper": 2},
    ),
}


@pytest.mark.parametrize("framework", CASES)
def test_agents_of_a_framework(project, framework):
    """Each call has its agent and what is around it; each run of the agent is one."""
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    suite, paths, runs = CASES[framework]
    project.write("test_suite.py", suite)
    run = project.run("-W", "default")
    assert run.code == 0, run.output
    assert {name: [call["agent_path"] for call in run.of(name)] for name in paths} == paths
    rows = {row["name"]: row for row in run.report["agents"]}
    assert {name: rows[name]["runs"] for name in runs} == runs
    assert sum(row["calls"] for row in rows.values()) == run.report["totals"]["calls"]
    assert run.report["meta"]["complete"] is True, run.output
