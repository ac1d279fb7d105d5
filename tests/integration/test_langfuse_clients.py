"""Langfuse's client, made before, inside and after a test: the same agents, and the same spans as without us."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("langfuse", reason="langfuse is not installed")

MAKING = """
    from langfuse import Langfuse, get_client, observe
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    seen, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(seen))

    def make():
        return Langfuse(public_key="pk-y", secret_key="sk-y", base_url="http://127.0.0.1:9", tracer_provider=provider)

    @observe(as_type="agent")
    def support(inside):
        return inside()

    @observe(as_type="generation")
    def ask():
        get_client().update_current_generation(model="house", usage_details={"input": 10, "output": 1})
"""
CONFTEST = """
    import json, pathlib, sys
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    import making
    import pytest

    WHEN = "{when}"
    if WHEN == "before":
        making.make()

    @pytest.fixture(autouse=True)
    def client():
        if WHEN == "inside" and not making.provider._active_span_processor._span_processors[1:]:
            making.make()
        yield
        if WHEN == "after" and not making.provider._active_span_processor._span_processors[1:]:
            making.make()

    def pytest_unconfigure():
        named = {{span.context.span_id: span.name for span in making.seen.get_finished_spans()}}
        rows = [
            (
                span.name,
                named.get(span.parent.span_id) if span.parent else None,
                sorted(key for key in span.attributes),
                str(span.status.status_code),
            )
            for span in making.seen.get_finished_spans()
        ]
        processors = [type(one).__name__ for one in making.provider._active_span_processor._span_processors]
        with open("spans.json", "w") as file:
            json.dump([processors, rows], file)
"""
SUITE = """
    import pytest
    from ask import chat
    from making import ask, support
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    BatchSpanProcessor.on_end = lambda self, span: None

    def test_first():
        support(chat)

    def test_second():
        support(chat)
        support(ask)

    def test_fails():
        support(lambda: 1 / 0)
"""


@pytest.mark.parametrize("when", ["before", "inside", "after"])
def test_clients(project, when):
    """Until there is a client Langfuse records nothing, and says what it can; afterwards its spans say all."""
    project.write(
        "llmcost.yaml", 'version: 1\npricing: {models: {unknown/house: {input: "1", output: "4"}}}\n'
    )
    project.write("making.py", MAKING)
    project.write("conftest.py", CONFTEST.format(when=when))
    project.write("test_suite.py", SUITE)
    # Without keys of their own, clients that are made implicitly are switched off.
    keys = {"LANGFUSE_PUBLIC_KEY": "", "LANGFUSE_SECRET_KEY": ""} if when != "after" else {}
    without = project.run("-W", "default", cost=False, **keys)
    spans = json.loads((project.folder / "spans.json").read_text())
    run = project.run("-W", "default", **keys)
    assert run.outcomes == without.outcomes == {"passed": 2, "failed": 1}, run.output
    assert json.loads((project.folder / "spans.json").read_text()) == spans
    assert len(spans[0]) == 2 and len(spans[1]) >= 4
    found = [(call["nodeid"].partition("::")[2], call["agent"], call["source"]) for call in run.calls]
    assert found == [
        ("test_first", "support", "live"),
        ("test_second", "support", "live"),
        ("test_second", "support", "traced"),
    ]
    assert run.report["meta"]["complete"] is True
