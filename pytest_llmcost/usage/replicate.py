"""Replicate's predictions: started, polled, or waited for; language models count their tokens."""

from __future__ import annotations

from pytest_llmcost.model.units import INPUT, OUTPUT
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import child, count, stated, text
from pytest_llmcost.usage.reading import NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, WireFormat

_STILL_RUNNING = frozenset({"starting", "processing", "queued"})


def read_json(body: Event, _context: Context) -> Stated:
    """Read a prediction.

    Most models are billed by the second of their hardware, which no price table lists: with
    ``predict_time`` alone the cost is unknown. Source: Replicate's HTTP API, predictions.get.
    """
    metrics = child(body, "metrics")
    counts = stated(
        **{INPUT: count(metrics, "input_token_count"), OUTPUT: count(metrics, "output_token_count")}
    )
    return Stated(
        usage=Usage(counts) if counts else None,
        model=text(body, "model"),
        incomplete=None if counts else NO_USAGE_STATED,
        response_id=text(body, "id"),
        pending=not counts and text(body, "status") in _STILL_RUNNING,
    )


PREDICTIONS = WireFormat(read_json)
