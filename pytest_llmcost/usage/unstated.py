"""Formats whose answers name at most the model: they are billed, and nobody says how much was used.

Such a call is incomplete and never $0. Anthropic's older completions, videos, Bedrock's retrieveAndGenerate.
"""

from __future__ import annotations

from pytest_llmcost.usage.fields import text
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat


def read_json(body: Event, _context: Context) -> Stated:
    """Read an answer that came in one piece."""
    return Stated(model=text(body, "model"), response_id=text(body, "id"), incomplete=NO_USAGE_STATED)


def read_events(events: Events, context: Context) -> Stated:
    """Read a streamed answer, for the names in it."""
    model: str | None = None
    response_id: str | None = None
    ended, failed = context.done, False
    for event in events:
        if event is None:
            continue
        model = text(event, "model") or model
        response_id = text(event, "id") or response_id
        ended = ended or text(event, "stop_reason") is not None
        failed = failed or bool(event.get("error")) or "exception" in event
    reason = FAILED if failed else NO_USAGE_STATED if ended else CUT
    return Stated(model=model, response_id=response_id, incomplete=reason)


NAMES = WireFormat(read_json, read_events)
