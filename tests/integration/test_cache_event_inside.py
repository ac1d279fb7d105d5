"""``pytest_llmcost.cache_event`` inside the span of a generation, and with a ``hit`` that is no bool."""

from __future__ import annotations

import pytest

PRICES = 'version: 1\npricing: {models: {acme/*: {input: "1", output: "4"}}}\n'
TRACING = """
    from opentelemetry.sdk.trace import TracerProvider
    from pytest_llmcost import cache_event

    tracer = TracerProvider().get_tracer("app")

    def generation(prompt):
        said = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "acme", "gen_ai.request.model": "house"}
        used = {"gen_ai.usage.input_tokens": prompt, "gen_ai.usage.output_tokens": 100}
        return tracer.start_as_current_span("chat", attributes={**said, **used})
"""
SUITE = """
    def test_hit():
        with generation(1):
            cache_event("L1", hit=True, key="a")

    def test_hit_in_a_span_of_the_cache():
        with generation(2), tracer.start_as_current_span("cache.get"):
            cache_event("L1", hit=True, key="b")

    def test_second_layer():
        with generation(3):
            cache_event("L1", hit=False, key="c")
            cache_event("L2", hit=True, key="c")

    def test_miss():
        with generation(4):
            cache_event("L1", hit=False, key="d")

    def test_another_request_inside_was_a_hit():
        with generation(5):
            cache_event("embeddings", hit=True, key="e")
            cache_event("answers", hit=False, key="f")

    def test_hit_around_a_generation():
        with tracer.start_as_current_span("agent"):
            cache_event("L1", hit=True, key="g")
            with generation(6):
                pass

    def test_hit_in_the_outer_of_two():
        with generation(7):
            with generation(8):
                pass
            cache_event("L1", hit=True, key="h")
"""


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_a_hit_is_no_traced_call(project, options):
    """A generation inside which a cache had the answer is a cache event only; after a miss it is a call."""
    pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")
    project.write("llmcost.yaml", PRICES)
    project.write("test_suite.py", TRACING, SUITE)
    run = project.run(*options, plugins=("xdist",) if options else ())
    assert run.code == 0, run.output
    assert sorted((call["source"], call["usage"]["input_tokens"]) for call in run.calls) == [
        ("traced", 4),
        ("traced", 5),
        ("traced", 6),
        ("traced", 8),
    ]
    assert sorted(event["hit"] for event in run.report["cache_events"]) == [False] * 2 + [True] * 6
    assert run.report["meta"]["complete"] is True, run.output


def test_hits_that_are_no_bool(project):
    """What has a truth value is read; what has none is told with the test's name, and the app hears of nothing."""
    project.write(
        "test_suite.py",
        """
        from unittest.mock import Mock
        from pytest_llmcost import cache_event

        class Scalar:  # as numpy's bool
            def __init__(self, value):
                self.value = value

            def __bool__(self):
                return self.value

        class Array:  # as numpy's, of more than one element
            def __bool__(self):
                raise ValueError("the truth value of an array is ambiguous")

        class Number:
            def __bool__(self):
                return 3

        def test_read():
            for hit in (Scalar(True), Scalar(False), None, "an answer", 0, Mock()):
                cache_event("L1", hit)

        def test_unread():
            cache_event("L1", Array())
            cache_event("L1", Array())
            cache_event("L1", Number(), key="k")
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 2}, run.output
    assert [event["hit"] for event in run.report["cache_events"]] == [True, False, False, True, False, True]
    assert run.report["meta"]["complete"] is True, run.output
    [told] = run.notices("cache")
    assert told == (
        "test_suite.py::test_unread: cache_event() was given a hit that is neither true nor false (Array, Number),"
        " which counts as no lookup: give it a bool, such as hit=answer is not None"
    )
