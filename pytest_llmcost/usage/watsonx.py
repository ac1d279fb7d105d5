"""IBM's watsonx.ai: generated text, in one piece and streamed."""

from __future__ import annotations

from typing import Any

from pytest_llmcost.model.units import INPUT, OUTPUT
from pytest_llmcost.usage.fields import count, text
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated, counted
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

_GOES_ON = frozenset({None, "not_finished"})


def read_json(body: Event, _context: Context) -> Stated:
    """Read an answer. Source: the watsonx.ai API, ml/v1/text/generation."""
    return _stated(_results(body), text(body, "model_id"), NO_USAGE_STATED)


def read_events(events: Events, _context: Context) -> Stated:
    """Read a stream: the prompt is counted once, and the answer as it grows.

    Source: the watsonx.ai API, ml/v1/text/generation_stream; each event states the tokens generated so far.
    """
    results: list[Any] = []
    model: str | None = None
    finished = failed = False
    for event in events:
        if event is None:
            continue
        model = text(event, "model_id") or model
        found = _results(event)
        results += found
        finished = finished or any(text(result, "stop_reason") not in _GOES_ON for result in found)
        failed = failed or bool(event.get("errors"))
    unfinished = FAILED if failed else CUT
    read = [number for result in results if (number := count(result, "input_token_count")) is not None]
    written = [number for result in results if (number := count(result, "generated_token_count")) is not None]
    counts = {INPUT: max(read, default=None), OUTPUT: max(written, default=None)}
    return counted(counts, model=model, unstated=unfinished, unfinished=None if finished else unfinished)


def _stated(results: list[Any], model: str | None, unstated: str) -> Stated:
    read = [number for result in results if (number := count(result, "input_token_count")) is not None]
    written = [number for result in results if (number := count(result, "generated_token_count")) is not None]
    counts = {INPUT: sum(read) if read else None, OUTPUT: sum(written) if written else None}
    return counted(counts, model=model, unstated=unstated)


def _results(body: Event) -> list[Any]:
    found = body.get("results")
    return found if isinstance(found, list) else []


GENERATION = WireFormat(read_json, read_events)
