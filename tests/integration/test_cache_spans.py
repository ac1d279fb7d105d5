"""Lookups in caches that spans state, in Langfuse's metadata and in plain attributes."""

from __future__ import annotations

import textwrap

import pytest

pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")

KEYS = {
    "LANGFUSE_PUBLIC_KEY": "pk-x",
    "LANGFUSE_SECRET_KEY": "sk-x",
    "LANGFUSE_BASE_URL": "http://127.0.0.1:9",
}
PRICES = """
    version: 1
    hosts: {"127.0.0.1": acme}
    pricing: {models: {acme/*: {input: "1", cache_read: "0.1", output: "4"}}}
"""
OTEL = """
    import json
    from contextlib import contextmanager
    from opentelemetry.sdk.trace import TracerProvider
    from ask import chat
    from pytest_llmcost import agent, cache_event

    tracer = TracerProvider().get_tracer("app")

    @contextmanager
    def generation(hit, layer=None, prompt="a", **more):
        with tracer.start_as_current_span("answer") as span:
            span.set_attributes({"gen_ai.operation.name": "chat", "gen_ai.prompt": prompt, **more})
            span.set_attribute("cache_hit", hit)
            if layer:
                span.set_attribute("cache_layer", layer)
            yield span

    def span(name, **attributes):
        return tracer.start_as_current_span(name, attributes=attributes)
"""


@pytest.fixture
def project(project):
    project.write("llmcost.yaml", PRICES)
    return project


def outcomes(run):
    assert run.report is not None, run.output
    return [(one["hit"], one["layer"]) for one in run.report["cache_events"]]


def test_generations_of_langfuse(project):
    """Metadata of an observation states a lookup: of its agent, once, and a hit saves what the miss cost."""
    pytest.importorskip("langfuse", reason="langfuse is not installed")
    project.write(
        "test_suite.py",
        """
        from ask import chat
        from langfuse import get_client, observe
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        BatchSpanProcessor.on_end = lambda self, span: None

        @observe(as_type="generation", name="tech_generation")
        def generate(article):
            hit, layer = LOOKUPS.pop(0)
            if not hit:
                chat(article)
            get_client().update_current_generation(
                model="gpt-4o", metadata={"cache_hit": hit, "cache_layer": layer}
            )

        @observe(as_type="agent", name="tech")
        def tech(article):
            get_client().update_current_span(metadata={"cache_hit": LOOKUPS[0][0], "cache_layer": "any"})
            generate(article)

        LOOKUPS = [(False, "L4"), (True, "L1"), (True, "L2"), (True, "L2")]

        def test_it():
            for article in ("a", "a", "a", "b"):
                tech(article)
        """,
    )
    run = project.run(**KEYS)
    assert run.code == 0, run.output
    assert outcomes(run) == [(False, None), (True, "L1"), (True, "L2"), (True, "L2")]
    found = run.report["cache_events"]
    assert {one["agent"] for one in found} == {"tech"}
    [call] = run.calls
    assert [one["call"] for one in found] == [call["id"]] * 3 + [None]
    assert [one["saved"] for one in found] == [None, call["cost"], call["cost"], None]
    [tech] = run.report["agents"]
    assert (tech["runs"], tech["calls"], tech["response_cache"]["lookups"]) == (4, 1, 4)


def test_forms_of_the_statement(project):
    """Bools, texts and JSON, in each convention; what is neither true nor false states nothing."""
    project.write(
        "test_suite.py",
        OTEL,
        """
        STATED = [
            {"cache_hit": True, "cache_layer": "L1"},
            {"cache_hit": "false", "cache_layer": "L1"},
            {"llm.cache.hit": True, "llm.cache.layer": "semantic"},
            {"langfuse.observation.metadata.cache_hit": "true", "langfuse.observation.metadata.cache_layer": '"L2"'},
            {"langfuse.observation.metadata": json.dumps({"cache_hit": True, "cache_layer": "L3"})},
            {"metadata": json.dumps({"cache_hit": False}), "openinference.span.kind": "LLM"},
            {"traceloop.association.properties.cache_hit": True},
            {"langfuse.observation.metadata.cache_hit": True, "langfuse.observation.metadata.cache_layer": 2},
            {"cache_hit": "null"}, {"cache_hit": 3}, {"metadata": '{"cache_hit"'}, {"cache.hit": True},
            {"metadata": '["cache_hit"]'}, {"metadata": '"cache_hit"'},
        ]

        def test_it():
            for attributes in STATED:
                with span("x", **attributes):
                    pass
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    assert run.report["meta"]["complete"]
    assert outcomes(run) == [
        (True, "L1"), (False, None), (True, "semantic"), (True, "L2"), (True, "L3"), (False, None), (True, None),
        (True, "2"),
    ]  # fmt: skip


FORMS = [
    ("cache_hit", True),
    ("cache_hit", 1),
    ("cache_hit", "1"),
    ("cache_hit", "Yes"),
    ("langfuse.observation.metadata.cache_hit", '"true"'),
    ("langfuse.observation.metadata.cache_hit", 1),
    ("langfuse.observation.metadata", '{"cache_hit": 1, "cache_layer": "L1"}'),
    ("metadata", '{"cache_hit": true}'),
    ("traceloop.association.properties.cache_hit", True),
    ("llm.cache.hit", True),
    ("gen_ai.cache.hit", True),
]


def test_generations_of_caches_are_lookups_and_no_calls(project):
    """In each form: one hit and no call, though the span states its tokens; a miss is a lookup and a call."""
    project.write(
        "test_suite.py",
        OTEL,
        f"""
        import pytest
        FORMS = {FORMS!r}
        SAID = {{
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "acme", "gen_ai.request.model": "house",
            "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100,
        }}

        @pytest.mark.parametrize("form", FORMS, ids=str)
        def test_hit(form):
            with span("answer", **SAID, **dict([form])):
                pass

        def test_miss():
            with span("answer", **SAID, cache_hit=0):
                pass
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    assert [one["hit"] for one in run.report["cache_events"]] == [True] * len(FORMS) + [False]
    assert [(call["nodeid"], call["source"]) for call in run.calls] == [
        ("test_suite.py::test_miss", "traced")
    ]


SUITES = {
    # A summary around generations that state their own is not one more.
    "summary": (
        """
        with span("workflow", cache_hit=True):
            with generation(False): pass
            with generation(True, "L1"): pass
        """,
        [(False, None), (True, "L1")],
    ),
    # The layers of one request, inside its generation.
    "layers": (
        """
        with generation(True, "L2"):
            with span("l1", cache_hit=False, cache_layer="L1"): pass
            with span("l2", cache_hit=True, cache_layer="L2"): pass
        """,
        [(True, "L2")],
    ),
    # The layers of one request, told from others by their input.
    "siblings": (
        """
        with span("request"):
            for layer, hit in (("L1", False), ("L2", True)):
                with span("lookup", cache_hit=hit, cache_layer=layer, **{"input.value": "a"}): pass
            for layer, hit in (("L1", False), ("L2", False)):
                with span("lookup", cache_hit=hit, cache_layer=layer, **{"input.value": "b"}): pass
        """,
        [(True, "L2"), (False, None)],
    ),
    "event inside": (
        """
        with generation(True, "L1"):
            cache_event("L1", True)
        """,
        [(True, "L1")],
    ),
    "event before": (
        """
        for hit in (True, False, True):
            cache_event("L1", hit)
            with generation(hit, "L1"): pass
        """,
        [(True, "L1"), (False, None), (True, "L1")],
    ),
    "event after": (
        """
        for hit in (True, False, True):
            with generation(hit, "L1"): pass
            cache_event("L1", hit)
        """,
        [(True, "L1"), (False, None), (True, "L1")],
    ),
    # Of other caches, or of other outcomes, both count.
    "event of something else": (
        """
        cache_event("http", True)
        with generation(False): pass
        """,
        [(True, "http"), (False, None)],
    ),
    "events inside a generation": (
        """
        with generation(False):
            cache_event("L1", False)
            cache_event("L2", False)
        """,
        [(False, None)],
    ),
    "deep": (
        """
        with generation(True, "L1"):
            with span("a", cache_hit=True):
                with span("b", cache_hit=True, cache_layer="L1"):
                    pass
        """,
        [(True, "L1")],
    ),
}


@pytest.mark.parametrize("name", SUITES)
def test_each_lookup_counts_once(project, name):
    """However many spans and events tell of it."""
    body, expected = SUITES[name]
    steps = textwrap.indent(textwrap.dedent(body), "    ")
    project.write("test_suite.py", OTEL, f"\ndef test_it():\n{steps}")
    run = project.run()
    assert run.code == 0, run.output
    assert outcomes(run) == expected


def test_calls_of_misses(project):
    """A call inside the generation that missed, or after the span of the lookup, is what a hit saves."""
    project.write(
        "test_suite.py",
        OTEL,
        """
        def lookup(hit, prompt):
            with span("lookup", cache_hit=hit, **{"input.value": prompt}): pass

        def test_inside():
            with generation(False): chat()
            with generation(True): pass

        def test_after():
            lookup(False, "b")
            chat()
            lookup(True, "b")

        def test_stated_key():
            cache_event("L1", False, key="k")
            chat()
            with generation(True, cache_key="k"): pass

        def test_other_prompt():
            with generation(True, prompt="never asked"): pass
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    saved = {
        one["nodeid"].partition("::")[2]: one["saved"] for one in run.report["cache_events"] if one["hit"]
    }
    cost = run.calls[0]["cost"]
    assert saved == {
        "test_inside": cost, "test_after": cost, "test_stated_key": cost, "test_other_prompt": None,
    }  # fmt: skip


def test_spans_are_as_they_were(project):
    """Ended once, with their attributes; the app's own Span.end comes back after the session."""
    project.write(
        "test_suite.py",
        OTEL,
        """
        def test_it():
            with generation(True, "L1") as one:
                pass
            assert one.attributes["cache_hit"] is True and one.end_time
            one.end()
        """,
    )
    run = project.run("-n", "1", plugins=["xdist"])
    assert run.code == 0, run.output
    assert outcomes(run) == [(True, "L1")]


def test_an_app_that_knows_nothing_of_us(project):
    """What its spans state is enough: nothing of ours is imported by it, and the run is complete."""
    project.write(
        "test_suite.py",
        """
        from opentelemetry.sdk.trace import TracerProvider

        def test_it():
            with TracerProvider().get_tracer("app").start_as_current_span("x", attributes={"cache_hit": True}):
                pass
        """,
    )
    run = project.run()
    assert outcomes(run) == [(True, None)]
    assert run.report["meta"]["complete"], run.output
