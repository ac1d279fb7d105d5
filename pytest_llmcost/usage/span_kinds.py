"""Which spans stand for one request to a model.

Sources: the GenAI semantic conventions of OpenTelemetry (``gen_ai.operation.name``), OpenInference
(``openinference.span.kind``), OpenLLMetry (``llm.request.type``) and Langfuse's SDK 3 to 5
(``langfuse.observation.type``).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any


class SpanKind(Enum):
    """What the model is asked for."""

    GENERATION = "generation"
    EMBEDDINGS = "embeddings"
    RERANKING = "reranking"


# Which attribute says what a span is; the first that is there decides.
_STATED_IN = (
    *("langfuse.observation.type", "gen_ai.operation.name"),
    *("openinference.span.kind", "llm.request.type"),
)
_NO_KIND = frozenset({"span", "event"})  # what Langfuse calls a span of which nothing else is known
_KINDS = {
    **dict.fromkeys(
        ("chat", "text_completion", "generate_content", "generation", "completion", "LLM"),
        SpanKind.GENERATION,
    ),
    **dict.fromkeys(("embeddings", "embedding", "EMBEDDING"), SpanKind.EMBEDDINGS),
    **dict.fromkeys(("rerank", "RERANKER"), SpanKind.RERANKING),
}
_COUNTED = ("gen_ai.usage.", "llm.usage.")


def kind_of_span(attributes: Mapping[str, Any]) -> SpanKind | None:
    """What a span asks a model for; None where it is something else, such as an agent or a chain of requests.

    Args:
        attributes: Of the span, when it has ended.
    """
    for key in _STATED_IN:
        kind = attributes.get(key)
        if isinstance(kind, str) and kind not in _NO_KIND:
            return _KINDS.get(kind)
    # Before there was a name for the operation, a span of a model call named the model and its tokens.
    named = "gen_ai.request.model" in attributes or "gen_ai.response.model" in attributes
    if not named or "gen_ai.agent.name" in attributes:
        return None
    return SpanKind.GENERATION if any(key.startswith(_COUNTED) for key in attributes) else None
