"""What serves open models: Hugging Face's inference and SageMaker's endpoints, whatever runs behind them.

Text Generation Inference counts what it generates if it is asked for details, and what it read if it
streams; vLLM and its like state OpenAI's usage; a pipeline states nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.model.units import INPUT, OUTPUT
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import child, count, stated, text
from pytest_llmcost.usage.openai_chat import chat_usage
from pytest_llmcost.usage.reading import CUT, FAILED, NO_INPUT_STATED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat


def read_json(body: Event, context: Context) -> Stated:
    """Read an answer that is one object."""
    return read_events([body], context)


def read_events(events: Events, context: Context) -> Stated:
    """Read a list, with one item an input, or a stream, whose last event has the details."""
    found: list[dict[str, int]] = []
    usage: Mapping[str, Any] = {}
    model: str | None = None
    failed = seen = False
    for event in events:
        if event is None:
            continue
        seen = True
        model = model or text(event, "model")
        usage = child(event, "usage") or usage
        failed = failed or bool(event.get("error"))
        if details := child(event, "details"):
            found.append(_details(details))
    if usage:
        return Stated(usage=chat_usage(usage, context.provider), model=model)
    counts = _added_up(found)
    unstated = FAILED if failed else NO_USAGE_STATED if seen else CUT
    reason = None if INPUT in counts and OUTPUT in counts else NO_INPUT_STATED if counts else unstated
    return Stated(usage=Usage(counts) if counts else None, model=model, incomplete=reason)


def _details(details: Mapping[str, Any]) -> dict[str, int]:
    """Counts of an answer's ``details``. Source: the API of Text Generation Inference, StreamDetails."""
    prefill = details.get("prefill")
    read = count(details, "input_length")
    if read is None and isinstance(prefill, list) and prefill:
        read = len(prefill)
    return stated(**{INPUT: read, OUTPUT: count(details, "generated_tokens")})


def _added_up(answers: list[dict[str, int]]) -> dict[str, int]:
    """The sum, of those units that every answer states."""
    units = [unit for unit in (INPUT, OUTPUT) if answers and all(unit in answer for answer in answers)]
    return {unit: sum(answer[unit] for answer in answers) for unit in units}


GENERATION = WireFormat(read_json, read_events)
