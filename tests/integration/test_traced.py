"""Generations that only spans tell of are calls with source ``traced``, each once; those of HTTP calls are not."""

from __future__ import annotations

import pytest

pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")

PRICES = (
    'version: 1\nhosts: {"127.0.0.1": acme}\n',
    'pricing: {models: {acme/*: {input: "1", cache_read: "0.1", output: "4"}}}\n',
)
TRACING = """
    import asyncio, os, sys, threading, time
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Status, StatusCode
    from ask import async_chat, chat

    provider = TracerProvider()
    tracer, framework = provider.get_tracer("app"), provider.get_tracer("framework")

    def usage(prompt, answer):
        return {"gen_ai.usage.input_tokens": prompt, "gen_ai.usage.output_tokens": answer}

    def generation(prompt=1000, answer=100, model="house", tracer=tracer, current=True, **more):
        start = tracer.start_as_current_span if current else tracer.start_span
        said = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "acme", "gen_ai.request.model": model}
        return start("chat", attributes={**said, **usage(prompt, answer), **more})

    def agent(name):
        said = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name, **usage(9999, 999)}
        return tracer.start_as_current_span("invoke_agent", attributes=said)
"""
SUITE = """
    def test_alone():
        with agent("support"), generation():
            pass

    def test_wrapped():
        with generation(tracer=framework), generation(tracer=tracer):
            pass

    def test_two_in_one():
        with generation(2000, 200, tracer=framework):
            with generation(prompt=1200):
                pass
            with generation(prompt=800):
                pass

    def test_http_inside():
        with generation(tracer=framework), generation(), tracer.start_as_current_span("POST"):
            chat()

    def test_http_and_another():
        with agent("support"):
            with generation():
                chat()
            with generation(prompt=500):
                pass

    def test_beside_http():
        span = generation(1200, 34, current=False, model="gpt-4o-mini")
        chat()
        span.end()

    def test_beside_in_agent():
        with agent("support"):
            span = generation(1200, 34, current=False, model="gpt-4o-mini")
            chat()
            span.end()

    def test_written_afterwards():
        with agent("support"):
            chat()
            generation(1200, 34, current=False, model="gpt-4o-mini-2024-07-18").end()

    def test_cache_hit():
        with generation(cache_hit=True):
            pass
        with generation(**{"langfuse.observation.metadata.cache_hit": "true"}):
            pass

    def test_no_usage():
        with tracer.start_as_current_span("chat", attributes={"gen_ai.operation.name": "chat", "gen_ai.request.model": "house"}):
            pass

    def test_zeros():
        with generation(0, 0):
            pass

    def test_failed():
        with generation(0, 0) as span:
            span.set_status(Status(StatusCode.ERROR))

    def test_late():
        global late
        late = generation(300, 30, current=False)

    def test_ends_it():
        late.end()

    def test_gather():
        async def one(prompt):
            with agent("a" if prompt < 500 else "b"), generation(prompt):
                await asyncio.sleep(0.01)

        async def both():
            await asyncio.gather(one(100), one(900), asyncio.to_thread(lambda: generation(700, current=False).end()))

        asyncio.run(both())

    def test_gather_beside():
        async def http():
            span = generation(1200, 34, current=False, model="gpt-4o-mini")
            await async_chat()
            span.end()

        async def other():
            span = generation(50, 5, current=False)
            await asyncio.sleep(0.05)
            span.end()

        async def both():
            with agent("support"):
                await asyncio.gather(http(), other(), http())

        asyncio.run(both())

    def test_thread():
        def run():
            with agent("support"), generation():
                pass

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    def test_cached():
        with generation(**{"gen_ai.usage.cache_read.input_tokens": 600}):
            pass

    def test_stand_in():
        with generation(**{"gen_ai.provider.name": "test"}):
            pass

    def test_never_ended():
        global kept
        kept = generation(40, 4, current=False)
"""
# By test, of each call: its source and its input tokens.
SOURCES = {
    "test_alone": [("traced", 1000)],
    "test_wrapped": [("traced", 1000)],
    "test_two_in_one": [("traced", 1200), ("traced", 800)],
    "test_http_inside": [("live", 1200)],
    "test_http_and_another": [("live", 1200), ("traced", 500)],
    "test_beside_http": [("live", 1200)],
    "test_beside_in_agent": [("live", 1200)],
    "test_written_afterwards": [("live", 1200)],
    "test_cache_hit": [],
    "test_no_usage": [],
    "test_zeros": [],
    "test_failed": [],
    "test_late": [("traced", 300)],
    "test_ends_it": [],
    "test_gather": [("traced", 100), ("traced", 700), ("traced", 900)],
    "test_gather_beside": [("live", 1200), ("live", 1200), ("traced", 50)],
    "test_thread": [("traced", 1000)],
    "test_cached": [("traced", 1000)],
    "test_stand_in": [("mocked", 1000)],
    "test_never_ended": [("traced", 40)],
}


@pytest.fixture
def traced(project):
    """An app whose generations are spans."""
    project.write("llmcost.yaml", *PRICES)
    project.write("test_suite.py", TRACING, SUITE)
    return project


def sources(run):
    found = {
        name: sorted((call["source"], call["usage"]["input_tokens"]) for call in run.of(name))
        for name in SOURCES
    }
    return {name: sorted(calls) for name, calls in found.items()}


@pytest.mark.parametrize("options", [(), ("-n", "1")])
def test_each_generation_once(traced, options):
    """Spans inside spans, beside HTTP calls, late and in threads; in a worker of xdist too."""
    run = traced.run(*options, plugins=("asyncio", "xdist"))
    assert run.code == 0, run.output
    assert sources(run) == {name: sorted(calls) for name, calls in SOURCES.items()}
    assert run.report["meta"]["complete"] is True, run.output
    (alone,) = run.of("test_alone")
    assert (alone["agent"], alone["api"], alone["http_status"]) == ("support", "span.generation", 0)
    assert alone["cost"]["value"] == "0.0014" and alone["latency"] > 0
    assert alone["call_site"].startswith("test_suite.py:")
    (cached,) = run.of("test_cached")
    assert cached["usage"] == {"input_tokens": 1000, "output_tokens": 100, "cache_read_tokens": 600}
    assert cached["cost"]["value"] == "0.00086"
    agents = {call["usage"]["input_tokens"]: call["agent"] for call in run.of("test_gather")}
    assert agents == {100: "a", 900: "b", 700: None}
    (silent,) = [said for said in run.notices("traced") if "no usage" in said]
    assert "2 spans" in silent and "test_no_usage" in silent and "test_zeros" in silent


SMALL = """
    def test_one():
        with agent("support"), generation(2000):
            pass

    def test_two():
        with agent("support"):
            chat()
"""


def test_counts_as_paid_now(traced):
    """A traced call is in the cost and in what was spent, of its test and its agent; the report says what that rests on."""
    traced.write("test_suite.py", TRACING, SMALL)
    run = traced.run("-vv")
    totals = run.report["totals"]
    assert (totals["cost"]["value"], totals["spent"]["value"]) == ("0.002836", "0.002836")
    assert totals["sources"] == {"traced": 1, "live": 1}
    (agent,) = run.report["agents"]
    assert (agent["name"], agent["runs"], agent["calls"]) == ("support", 2, 2)
    (told,) = run.notices("traced")
    assert "1 call of acme/house has only a span" in told
    assert 'pricing: {free: ["acme/house"]}' in run.output or "pricing: {free: [acme/house]}" in run.output
    assert "1 live, 1 traced" in run.output
    explained = traced.explain("test_suite.py::test_one")
    assert "span.generation, in one piece, traced" in explained.output
    assert "agent support" in explained.output


def test_declared_free(traced):
    """Who says that a stand-in answers pays nothing for it, and hears no more of it."""
    traced.write(
        "llmcost.yaml",
        PRICES[0],
        'pricing: {free: ["acme/house"], models: {acme/*: {input: "1", output: "4"}}}\n',
    )
    traced.write("test_suite.py", TRACING, SMALL)
    run = traced.run()
    assert run.code == 0, run.output
    assert run.report["totals"]["cost"]["value"] == "0.001336"
    assert run.notices("traced") == []


def test_limits_and_baseline(traced):
    """Budgets judge traced calls, a baseline keeps them, and a longer prompt is an increase."""
    traced.write("test_suite.py", TRACING, SMALL)
    limit = 'budgets: [{scope: agent_run, match: support, max_cost: "0.002"}, {scope: suite, max_increase: 10%}]\n'
    traced.write("llmcost.yaml", *PRICES, limit)
    run = traced.run()
    assert run.code == 1
    assert [found["actual"] for found in run.report["findings"]] == ["$0.002400"]
    traced.write("llmcost.yaml", *PRICES, limit.replace("0.002", "1"))
    assert traced.run("--llm-cost-update").code == 0
    same = traced.run()
    assert same.code == 0 and same.report["diff"]["totals"]["state"] == "unchanged", same.output
    traced.write("test_suite.py", TRACING, SMALL.replace("2000", "9000"))
    longer = traced.run()
    assert longer.code == 1
    assert longer.report["diff"]["totals"]["delta"] == "0.007"


def test_required_to_be_replayed(traced):
    """A call that no cassette can hold is not replayed, and the finding says why."""
    traced.write("test_suite.py", TRACING, SMALL)
    run = traced.run("--llm-cost-require=replayed", "-k", "test_one")
    assert run.code == 1
    (finding,) = run.report["findings"]
    assert finding["actual"] == "1 traced" and "cannot be recorded" in finding["message"]


def test_stand_ins_of_pydantic_ai(traced):
    """Its TestModel names itself as the provider: such calls are mocked; in the app's spans they cost nothing."""
    pytest.importorskip("pydantic_ai", reason="pydantic-ai is not installed")
    traced.write(
        "test_suite.py",
        """
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from pydantic_ai import Agent
        from pydantic_ai.capabilities import Instrumentation
        from pydantic_ai.models.test import TestModel

        def test_it():
            trace.set_tracer_provider(TracerProvider())
            Agent(TestModel(), name="triage", capabilities=[Instrumentation()]).run_sync("hi")
        """,
    )
    run = traced.run("-W", "default")
    assert [(call["source"], call["agent"]) for call in run.calls] == [("mocked", "triage")], run.output
    assert run.report["totals"]["cost"]["value"] == "0"


def test_mocked_http_is_not_traced_too(traced):
    """A fake transport answers: the call is mocked, and its span tells of nothing else."""
    traced.write(
        "test_suite.py",
        TRACING,
        """
        from ask import BODY, http

        def test_it():
            answer = {"model": "gpt-4o-mini", "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 1}}
            transport = http().MockTransport(lambda request: http().Response(200, json=answer))
            with generation(5, 1):
                http().Client(transport=transport).post("https://api.openai.com/v1/chat/completions", json=BODY)
        """,
    )
    run = traced.run()
    assert [call["source"] for call in run.calls] == ["mocked"], run.output


def test_times_that_cannot_be(traced):
    """Whatever an app states of when a span was, its call is there, and beside it all others."""
    traced.write(
        "test_suite.py",
        TRACING,
        """
        import pytest

        @pytest.mark.parametrize("start", [0, -5, 2**63, 10**30, 10**400, 1.5, float("nan"), float("inf")], ids=str)
        @pytest.mark.parametrize("end", [None, -5, 10, 10**400, float("nan")], ids=str)
        def test_it(start, end):
            said = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "house", **usage(7, 1)}
            tracer.start_span("chat", start_time=start, attributes=said).end(end_time=end)
            with agent("support"), generation(8, 1):
                pass
        """,
    )
    run = traced.run()
    assert run.outcomes == {"passed": 40}, run.output
    assert run.report["meta"]["complete"] is True, run.output
    assert sorted(call["usage"]["input_tokens"] for call in run.calls) == [7] * 40 + [8] * 40
    assert all(call["latency"] is None or call["latency"] >= 0 for call in run.calls)


def test_names_of_models_are_cut(traced):
    """Somebody may put a prompt there."""
    traced.write(
        "test_suite.py",
        TRACING,
        """
        def test_it():
            with generation(model="x" * 100_000):
                pass
        """,
    )
    run = traced.run()
    assert len(run.calls[0]["model"]["requested"]) == 200
    assert len(run.output) < 5_000


def test_a_session_that_is_killed(traced):
    """Traced calls of tests that had finished are in the journal."""
    traced.write("test_suite.py", TRACING, SMALL, "\n    def test_dies():\n        os._exit(1)\n")
    traced.run()
    found = traced.explain("test_suite.py::test_one")
    assert found.code == 0 and "traced" in found.output


def test_nothing_is_loaded_without_spans(project):
    """A run of an app that does not trace loads none of the modules that read spans."""
    project.write(
        "test_suite.py",
        """
        import sys
        from ask import chat

        def test_it():
            chat()

        def test_afterwards():
            names = ("capture.traced", "capture.ended_spans", "capture.otel_tracers", "usage.span_usage")
            assert not [name for name in names if f"pytest_llmcost.{name}" in sys.modules]
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 2}, run.output


def test_a_hit_of_an_unknown_request_saved_nobody_knows_what(traced):
    """Where neither the app nor a span tells one request from others, no traced call is taken for the one."""
    traced.write(
        "test_suite.py",
        TRACING,
        """
        from pytest_llmcost import cache_event

        def test_it():
            with generation():
                pass
            cache_event("L1", hit=True)

        def test_span():
            with generation(cache_hit=True):
                pass
        """,
    )
    run = traced.run()
    assert [(one["hit"], one["saved"], one["call"]) for one in run.report["cache_events"]] == [
        (True, None, None)
    ] * 2
    assert "what its hits saved is unknown" in run.output


def test_caches_in_front_of_it(traced):
    """What a hit saves is the cost of the traced call that its request's miss led to, told by the app or by spans."""
    traced.write(
        "test_suite.py",
        TRACING,
        """
        from pytest_llmcost import cache_event

        def test_told():
            cache_event("L1", hit=False, key="k")
            with generation(2000):
                pass
            cache_event("L1", hit=True, key="k")

        def test_of_spans():
            for hit in (False, True):
                with generation(1000, **{"cache_hit": hit, "cache_key": "q"}):
                    pass
        """,
    )
    run = traced.run()
    assert run.code == 0, run.output
    assert [(call["source"], call["usage"]["input_tokens"]) for call in run.calls] == [
        ("traced", 2000),
        ("traced", 1000),
    ]
    saved = [event["saved"]["value"] for event in run.report["cache_events"] if event["hit"]]
    assert saved == ["0.0024", "0.0014"]
    assert run.report["meta"]["complete"] is True, run.output
