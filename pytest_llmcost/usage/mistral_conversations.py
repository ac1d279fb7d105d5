"""Mistral's conversations: answers of models and agents, with connectors that are billed too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.model.units import INPUT, OUTPUT, WEB_SEARCHES
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import child, count, stated, text
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

_SEARCH = "web_search"


def read_json(body: Event, _context: Context) -> Stated:
    """Read an answer that came in one piece; it names the model in each of its outputs."""
    outputs = body.get("outputs")
    models = [text(output, "model") for output in outputs] if isinstance(outputs, list) else []
    usage = child(body, "usage")
    return _stated(
        usage,
        next((model for model in reversed(models) if model), None),
        text(body, "conversation_id"),
        None if usage else NO_USAGE_STATED,
    )


def read_events(events: Events, _context: Context) -> Stated:
    """Read a streamed answer: its last event states the usage."""
    model, conversation = None, None
    failed = False
    for event in events:
        if event is None:
            continue
        model = text(event, "model") or model
        conversation = text(event, "conversation_id") or conversation
        kind = text(event, "type")
        failed = failed or kind == "conversation.response.error"
        if kind == "conversation.response.done":
            usage = child(event, "usage")
            return _stated(usage, model, conversation, None if usage else NO_USAGE_STATED)
    return _stated({}, model, conversation, FAILED if failed else CUT)


def _stated(
    usage: Mapping[str, Any], model: str | None, conversation: str | None, incomplete: str | None
) -> Stated:
    connectors = child(usage, "connectors")
    return Stated(
        usage=_usage(usage, count(connectors, _SEARCH)) if usage else None,
        model=model,
        incomplete=incomplete,
        response_id=conversation,
        doubts=tuple(
            f"no price for the connector {name}"
            for name in sorted(connectors)
            if name != _SEARCH and count(connectors, name)
        ),
    )


def _usage(usage: Mapping[str, Any], searches: int | None) -> Usage:
    """Counts of a conversation's ``usage``.

    What connectors put into the prompt is not inside ``prompt_tokens``, and is billed as input: the stated
    total is the sum of the three. Source: docs.mistral.ai, agents and their connectors.
    """
    prompt = [count(usage, key) for key in ("prompt_tokens", "connector_tokens")]
    known = [number for number in prompt if number is not None]
    return Usage(
        stated(
            **{
                INPUT: sum(known) if known else None,
                OUTPUT: count(usage, "completion_tokens"),
                WEB_SEARCHES: searches or None,
            }
        )
    )


CONVERSATIONS = WireFormat(read_json, read_events)
