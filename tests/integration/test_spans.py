"""Agents that the app's own OpenTelemetry spans name; the app's tracing is the same with and without us."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")

APP = """
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    seen = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(seen))
    tracer = provider.get_tracer("app")


    def agent(name):
        attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
        return tracer.start_as_current_span(f"invoke_agent {name}", attributes=attributes)
"""
PRICES = (
    'version: 1\nhosts: {"127.0.0.1": acme}\n',
    'pricing: {models: {acme/*: {input: "1", cache_read: "0.1", output: "4"}}}\n',
)
SUITE = """
    import asyncio
    from concurrent.futures import ThreadPoolExecutor
    from contextvars import copy_context

    import pytest
    import pytest_llmcost
    from app import agent, tracer
    from ask import async_chat, chat


    def test_span():
        with agent("support"), tracer.start_as_current_span("step"):
            chat()
            chat()

    def test_sub_agent():
        with agent("support"):
            chat()
            for _ in range(2):
                with agent("researcher"):
                    chat()

    def test_named_late():
        with tracer.start_as_current_span("step"):
            chat()
        with tracer.start_as_current_span("step") as span:
            chat()
            span.set_attribute("gen_ai.agent.name", "late")

    def test_gather():
        async def one(name):
            with agent(name):
                await async_chat()

        async def both():
            with agent("support"):
                await asyncio.gather(one("a"), one("b"))

        asyncio.run(both())

    def test_to_thread():
        async def run():
            with agent("support"):
                await asyncio.to_thread(chat)

        asyncio.run(run())

    def test_pool_loses_it():
        with agent("support"), ThreadPoolExecutor() as pool:
            pool.submit(chat).result()

    def test_pool_with_context():
        with agent("support"), ThreadPoolExecutor() as pool:
            pool.submit(copy_context().run, chat).result()

    def test_generator():
        def steps():
            with agent("support"):
                yield chat()
                yield chat()

        list(steps())

    def test_both_ways():
        with pytest_llmcost.agent("outer"), agent("span"), pytest_llmcost.agent("inner"):
            chat()

    @pytest.mark.llm_agent("marked")
    def test_span_comes_before_marker():
        with agent("support"):
            chat()

    @pytest.mark.llm_agent("marked")
    def test_no_agent_among_the_spans():
        with tracer.start_as_current_span("step"):
            chat()
"""
PATHS = {
    "test_span": [["support"]] * 2,
    "test_sub_agent": [["support"], ["support", "researcher"], ["support", "researcher"]],
    "test_named_late": [[], ["late"]],
    "test_gather": [["support", "a"], ["support", "b"]],
    "test_to_thread": [["support"]],
    "test_pool_loses_it": [[]],
    "test_pool_with_context": [["support"]],
    "test_generator": [["support"]] * 2,
    "test_both_ways": [["outer", "span", "inner"]],
    "test_span_comes_before_marker": [["support"]],
    "test_no_agent_among_the_spans": [["marked"]],
}
TOLD = """
    import json
    import app


    def pytest_unconfigure():
        rows = [
            (span.name, dict(span.attributes), span.parent is not None, str(span.status.status_code))
            for span in app.seen.get_finished_spans()
        ]
        processors = len(app.provider._active_span_processor._span_processors)
        with open("spans.json", "w") as file:
            json.dump([processors, sorted(rows, key=str)], file)
"""


@pytest.fixture
def traced(project):
    """A suite whose app traces itself."""
    project.write("app.py", APP)
    project.write("test_suite.py", SUITE)
    project.write(
        "conftest.py", "import sys, pathlib; sys.path.insert(0, str(pathlib.Path(__file__).parent))\n", TOLD
    )
    return project


def test_agents_of_spans(traced):
    """The nearest agent among the spans around the call; what a thread pool loses has none, and is told."""
    traced.write("llmcost.yaml", *PRICES)
    run = traced.run()
    assert run.code == 0, run.output
    found = {name: sorted(call["agent_path"] for call in run.of(name)) for name in PATHS}
    assert found == PATHS
    rows = {row["name"]: (row["runs"], row["calls"]) for row in run.report["agents"]}
    assert rows["support"] == (7, 8)
    assert rows["researcher"] == (2, 2)
    whole = {row["name"]: row["with_sub_agents"]["value"] for row in run.report["agents"]}
    # Its own eight calls, two of the researcher's, and one each of a and b.
    assert (whole["support"], whole["researcher"]) == ("0.005232", "0.000872")
    assert rows["outer"] == (1, 0)  # it leaves its call to others
    assert sum(calls for _, calls in rows.values()) == run.report["totals"]["calls"]
    (told,) = run.notices("agents")
    assert "copy_context().run" in told
    assert run.report["meta"]["complete"] is True


def test_workers(traced):
    """In a worker of xdist the same."""
    run = traced.run("-n", "1", plugins=("asyncio", "xdist"))
    assert {name: sorted(call["agent_path"] for call in run.of(name)) for name in PATHS} == PATHS, run.output


def test_the_apps_tracing_is_as_it_was(traced):
    """Its spans, their attributes and parents, and its processors are those of a run without us."""
    traced.run()
    with_us = json.loads((traced.folder / "spans.json").read_text())
    traced.run(cost=False)
    assert with_us == json.loads((traced.folder / "spans.json").read_text())
    assert with_us[0] == 1 and len(with_us[1]) > 15


def test_budget_of_a_run_includes_sub_agents(traced):
    """A span of the agent is a run of it; the dearest is the one with two researchers inside."""
    limit = 'budgets: [{scope: agent_run, match: support, max_cost: "0.001"}]\n'
    traced.write("llmcost.yaml", *PRICES, limit)
    run = traced.run()
    assert run.code == 1, run.output
    (finding,) = run.report["findings"]
    assert finding["scope"] == "agent_run" and finding["actual"] == "$0.001308"


def test_nothing_of_it_is_imported(project):
    """An app that does not trace loads nothing of OpenTelemetry or Langfuse, and no framework."""
    project.write(
        "test_suite.py",
        """
        import sys, pytest_llmcost
        from ask import chat

        NAMES = ("opentelemetry.sdk.trace", "langfuse", "langchain_core", "agents", "pydantic_ai")

        def test_it():
            before = {name for name in NAMES if name in sys.modules}
            with pytest_llmcost.agent("a"):
                chat()
            assert not before, before

        def test_afterwards():
            assert not [name for name in NAMES if name in sys.modules]
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 2}, run.output


def test_it_is_put_back(project):
    """After the session the tracer's method is OpenTelemetry's own again."""
    project.write(
        "test_suite.py",
        """
        from opentelemetry.sdk.trace import Tracer

        def test_it():
            assert hasattr(Tracer.start_span, "__wrapped__")
        """,
    )
    project.write(
        "outer.py",
        """
        import sys, pytest
        from opentelemetry.sdk.trace import Tracer
        before = Tracer.start_span
        code = pytest.main(["-q", "--llm-cost", "-p", "no:cacheprovider", "-p", "no:asyncio", "test_suite.py"])
        sys.exit(int(code) or before is not Tracer.start_span)
        """,
    )
    started = project.start("exec(open('outer.py').read())")
    assert started.wait(60) == 0


def test_spans_that_are_not_recorded_or_odd(project):
    """A sampler that drops everything, and attributes that are no text, cost neither the call nor the test."""
    project.write(
        "test_suite.py",
        """
        from opentelemetry.sdk.trace import TracerProvider, sampling
        from ask import chat

        def test_dropped():
            tracer = TracerProvider(sampler=sampling.ALWAYS_OFF).get_tracer("x")
            with tracer.start_as_current_span("invoke_agent a", attributes={"gen_ai.operation.name": "invoke_agent"}):
                chat()

        def test_odd():
            tracer = TracerProvider().get_tracer("x")
            odd = {"gen_ai.agent.name": 5, "langfuse.observation.metadata": "[", "openinference.span.kind": ["AGENT"]}
            with tracer.start_as_current_span("x", attributes=odd):
                chat()
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 2}, run.output
    assert [call["agent_path"] for call in run.calls] == [[], []]
    assert run.report["meta"]["complete"] is True


def test_for_what_and_for_whom(project):
    """Spans state feature, user, session and organisation; people are hashed, and each is a scope of budgets."""
    project.write(
        "test_suite.py",
        """
        from opentelemetry.sdk.trace import TracerProvider
        from ask import chat

        tracer = TracerProvider().get_tracer("app")

        def test_it():
            of_all = {"user.id": "ann@example.com", "session.id": "s1", "cost.org": "acme", "cost.feature": "search"}
            with tracer.start_as_current_span("request", attributes=of_all):
                chat()
                with tracer.start_as_current_span("step", attributes={"cost.feature": "rerank", "cost.user": True}):
                    chat()
                with tracer.start_as_current_span("step", attributes={"cost.user": 5}):
                    chat()
            chat()
        """,
    )
    limits = """\
budgets:
  - {scope: session, max_calls: 1}
  - {scope: user, max_calls: 1, level: warning}
  - {scope: feature, match: search, max_calls: 1}
  - {scope: org, max_cost: "1"}
"""
    project.write("llmcost.yaml", *PRICES, limits)
    run = project.run()
    attributes = [call["attributes"] for call in run.calls]
    ann, acme = "71d4f55f72fa", "822b33ad87c1"
    assert attributes == [
        {"feature": "search", "user": ann, "session": "s1", "org": acme},
        {"feature": "rerank", "user": ann, "session": "s1", "org": acme},
        {"feature": "search", "user": "ef2d127de37b", "session": "s1", "org": acme},  # ids may be numbers
        {},
    ]
    assert "ann@example.com" not in (project.folder / ".llmcost" / "report.json").read_text()
    assert {(found["scope"], found["match"], found["level"]) for found in run.report["findings"]} == {
        ("session", "s1", "error"),
        ("user", ann, "warning"),
        ("feature", "search", "error"),
    }
    explained = project.explain("test_suite.py::test_it")
    assert f"for           feature=search, user={ann}, session=s1, org={acme}" in explained.output


POOL = """
    from concurrent.futures import ThreadPoolExecutor
    from opentelemetry.sdk.trace import TracerProvider
    from ask import chat

    tracer = TracerProvider().get_tracer("app")
    said = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support"}

    def test_pool():
        with tracer.start_as_current_span("invoke_agent", attributes=said), ThreadPoolExecutor() as pool:
            pool.submit(chat).result()
"""


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_every_call_in_threads(project, options):
    """Where spans name agents and no call is inside any, the run says so, and what to do."""
    project.write("test_suite.py", POOL)
    project.write("test_more.py", POOL.replace("test_pool", "test_another"))
    run = project.run(*options, plugins=("asyncio", "xdist"))
    assert [call["agent"] for call in run.calls] == [None, None]
    [told] = run.notices("no agents")
    assert "no call has an agent, though spans name some, such as 'support'" in told
    assert "contextvars.copy_context().run" in told


@pytest.mark.parametrize("also", ["with tracer.start_as_current_span('x', attributes=said): chat()", "pass"])
def test_agents_and_no_agents(project, also):
    """Where some calls have one, the others are counted; where no call was made, nothing is said."""
    made = "chat" if also != "pass" else "int"
    project.write(
        "test_suite.py",
        POOL.replace("submit(chat)", f"submit({made})"),
        f"\n    def test_b():\n        {also}\n",
    )
    told = project.run().notices("agents")
    assert len(told) == (also != "pass")
    assert all(text.startswith("1 call of 2 has no agent") for text in told)
