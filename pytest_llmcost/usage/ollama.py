"""Ollama's own API: one JSON object, or a line for each piece of the answer."""

from __future__ import annotations

from pytest_llmcost.model.units import INPUT, OUTPUT
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import count, stated, text
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat


def read_answer(body: Event, _context: Context) -> Stated:
    """Read an answer of chat or generate, or the last line of one.

    ``done`` stands in each of them, and tells the answer from that of another service at such a path. A
    prompt that the server still holds from before is not counted again: its count is absent.
    """
    if "done" not in body:
        return Stated(incomplete=NO_USAGE_STATED)
    usage = Usage(stated(**{INPUT: count(body, "prompt_eval_count"), OUTPUT: count(body, "eval_count")}))
    unstated = NO_USAGE_STATED if body["done"] is True else CUT
    return Stated(
        usage=usage if usage.counts else None,
        model=text(body, "model"),
        incomplete=None if usage.counts and body["done"] is True else unstated,
    )


def read_lines(events: Events, context: Context) -> Stated:
    """Read a streamed answer: its last line states the counts."""
    latest: Event = {}
    failed = False
    for event in events:
        if event is None:
            continue
        if event.get("error"):
            failed = True
        else:
            latest = event
    answer = read_answer(latest, context)
    if answer.incomplete is not None and failed:
        return Stated(model=answer.model, incomplete=FAILED)
    return answer


def read_embed(body: Event, _context: Context) -> Stated:
    """Read embeddings."""
    if "embeddings" not in body:
        return Stated(incomplete=NO_USAGE_STATED)
    tokens = count(body, "prompt_eval_count")
    return Stated(
        usage=None if tokens is None else Usage({INPUT: tokens}),
        model=text(body, "model"),
        incomplete=NO_USAGE_STATED if tokens is None else None,
    )


ANSWER = WireFormat(read_answer, read_lines)
EMBED = WireFormat(read_embed)
