"""What a span is: one definition for those who count calls and for those who read lookups in caches."""

from __future__ import annotations

import pytest

from pytest_llmcost.attribution.span_lookups import stated_lookup
from pytest_llmcost.usage.span_generation import generation_of
from pytest_llmcost.usage.span_kinds import SpanKind, kind_of_span

COUNTED = {"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 3}
CASES = [
    ({"langfuse.observation.type": "generation"}, SpanKind.GENERATION),
    ({"langfuse.observation.type": "embedding"}, SpanKind.EMBEDDINGS),
    ({"langfuse.observation.type": "chain"}, None),
    ({"langfuse.observation.type": "span", "gen_ai.operation.name": "chat"}, SpanKind.GENERATION),
    ({"langfuse.observation.type": "agent", "gen_ai.operation.name": "chat"}, None),
    ({"gen_ai.operation.name": "text_completion"}, SpanKind.GENERATION),
    ({"gen_ai.operation.name": "embeddings"}, SpanKind.EMBEDDINGS),
    ({"gen_ai.operation.name": "invoke_agent", **COUNTED}, None),
    ({"openinference.span.kind": "LLM"}, SpanKind.GENERATION),
    ({"openinference.span.kind": "RERANKER"}, SpanKind.RERANKING),
    ({"openinference.span.kind": "CHAIN", **COUNTED}, None),
    ({"llm.request.type": "completion"}, SpanKind.GENERATION),
    ({"llm.request.type": "rerank", **COUNTED}, SpanKind.RERANKING),
    (COUNTED, SpanKind.GENERATION),
    ({**COUNTED, "gen_ai.agent.name": "support"}, None),
    ({"gen_ai.request.model": "gpt-4o"}, None),
    ({"gen_ai.operation.name": 5, "llm.request.type": "chat"}, SpanKind.GENERATION),
    ({}, None),
]


@pytest.mark.parametrize(("attributes", "kind"), CASES, ids=repr)
def test_kinds_of_spans(attributes, kind):
    """The first attribute that says what a span is decides, and calls and lookups go by the same."""
    assert kind_of_span(attributes) is kind
    assert stated_lookup("step", {**attributes, "cache_hit": True}).is_generation is (kind is not None)
    priced = kind not in {None, SpanKind.RERANKING}
    assert (generation_of(attributes) is not None) is priced
