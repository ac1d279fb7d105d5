import pytest
from langfuse import get_client
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.workflow import ContentAnalysis
from articles import article


@pytest.mark.vcr
def test_langfuse_is_told_of_agents_and_of_the_layer_that_answered(
    analysis: ContentAnalysis, exporter: InMemorySpanExporter
) -> None:
    get_client().flush()
    exporter.clear()
    analysis.analyse(article("router"))
    get_client().flush()

    assert metadata(exporter, "agent_type") == ["security", "technology", "synthesis"]
    assert metadata(exporter, "cache_layer") == ["L4", "L4", "L4"]


def metadata(exporter: InMemorySpanExporter, key: str) -> list[str]:
    name = f"langfuse.observation.metadata.{key}"
    found = [dict(span.attributes or {}) for span in exporter.get_finished_spans()]
    # From version 5 Langfuse's SDK writes each value as JSON.
    return [str(attributes[name]).strip('"') for attributes in found if name in attributes]
