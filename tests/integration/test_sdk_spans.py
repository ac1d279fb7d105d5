"""Spans that SDKs and frameworks write by themselves: the agent's name is right, and each call is there once."""

from __future__ import annotations

import pytest

pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")

ANTHROPIC = """
    import os
    from anthropic import Anthropic, beta_tool
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    seen, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(seen))
    trace.set_tracer_provider(provider)
    client = Anthropic(base_url=os.environ["LOOPBACK"], api_key="x", max_retries=0)
    ASKED = {"model": "claude-haiku-4-5", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}

    def agent(name):
        said = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
        return trace.get_tracer("app").start_as_current_span("invoke_agent", attributes=said)

    def test_create():
        with agent("support"):
            client.messages.create(**ASKED)

    def test_stream():
        with agent("support"), client.messages.stream(**ASKED) as stream:
            stream.get_final_message()

    def test_raw():
        client.messages.with_raw_response.create(**ASKED)

    def test_count():
        client.messages.count_tokens(model=ASKED["model"], messages=ASKED["messages"])

    def test_runner():
        @beta_tool
        def weather(place: str) -> str:
            '''The weather.'''
            return "fine"

        with agent("support"):
            client.beta.messages.tool_runner(tools=[weather], **ASKED).until_done()

    def test_it_writes_spans():
        names = {span.name for span in seen.get_finished_spans()}
        assert "anthropic.messages.create" in names and len(names) >= 3, names
"""


def test_spans_of_anthropic(project):
    """Its own spans are around its HTTP calls, which are live and counted once; its tool runner is no agent."""
    anthropic = pytest.importorskip("anthropic", reason="anthropic is not installed")
    if not hasattr(anthropic, "_tracing"):
        pytest.skip(f"anthropic {anthropic.__version__} writes no spans")
    project.write("test_suite.py", ANTHROPIC)
    run = project.run("-W", "default")
    assert run.code == 0, run.output
    found = {
        name: sorted({(call["source"], call["agent"]) for call in run.of(name)})
        for name in ("test_create", "test_stream", "test_raw", "test_count", "test_runner")
    }
    assert found == {
        "test_create": [("live", "support")],
        "test_stream": [("live", "support")],
        "test_raw": [("live", None)],
        "test_count": [],
        "test_runner": [("live", "support")],
    }
    assert run.notices("traced") == []


CREWAI = """
    import os
    from crewai import LLM, Agent, Crew, Task
    from openinference.instrumentation.crewai import CrewAIInstrumentor
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider()

    def crew(**more):
        llm = LLM(model="openai/gpt-4o-mini", base_url=os.environ["LOOPBACK"] + "/v1", api_key="x")
        agents = [Agent(role=role, goal="help", backstory="none", llm=llm) for role in ("Researcher", "Writer")]
        tasks = [Task(description="Say hi.", expected_output="hi", agent=agent) for agent in agents]
        return Crew(agents=agents, tasks=tasks, **more)

    def test_wrappers():
        CrewAIInstrumentor().instrument(tracer_provider=provider)
        try:
            crew().kickoff()
        finally:
            CrewAIInstrumentor().uninstrument()

    def test_event_listener():
        CrewAIInstrumentor().instrument(tracer_provider=provider, use_event_listener=True)
        try:
            crew().kickoff()
        finally:
            CrewAIInstrumentor().uninstrument()
"""


def test_spans_of_crewai(project):
    """OpenInference's spans name each agent by its role; with its listener its spans of models tell of no other call."""
    for needed in ("crewai", "openinference.instrumentation.crewai"):
        pytest.importorskip(needed, reason=f"{needed} is not installed")
    project.write("test_suite.py", CREWAI)
    run = project.run("-W", "default", CREWAI_DISABLE_TELEMETRY="true", CREWAI_TRACING_ENABLED="false")
    assert run.code == 0, run.output
    assert [(call["source"], call["agent"]) for call in run.of("test_wrappers")] == [
        ("live", "Researcher"),
        ("live", "Writer"),
    ]
    assert [call["source"] for call in run.of("test_event_listener")] == ["live", "live"]
