"""Google's embeddings: of the Gemini API, and of Vertex's older predict."""

from __future__ import annotations

from pytest_llmcost.model.units import INPUT
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import child, count
from pytest_llmcost.usage.reading import NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, WireFormat


def read_embed(body: Event, _context: Context) -> Stated:
    """Read embedContent or batchEmbedContents; models before gemini-embedding-2 state no usage."""
    return _stated(count(child(body, "usageMetadata"), "promptTokenCount"))


def read_predict(body: Event, _context: Context) -> Stated:
    """Read embeddings of Vertex's predict: each states the tokens of its text."""
    predictions = body.get("predictions")
    if not isinstance(predictions, list):
        return _stated(None)
    tokens = [
        count(child(child(prediction, "embeddings"), "statistics"), "token_count")
        for prediction in predictions
    ]
    known = [number for number in tokens if number is not None]
    return _stated(sum(known) if known and len(known) == len(tokens) else None)


def _stated(tokens: int | None) -> Stated:
    if tokens is None:
        return Stated(incomplete=NO_USAGE_STATED)
    return Stated(usage=Usage({INPUT: tokens}))


EMBED = WireFormat(read_embed)
PREDICT = WireFormat(read_predict)
