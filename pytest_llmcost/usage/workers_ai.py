"""Cloudflare's Workers AI: the model's own answer stands under ``result``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.usage.fields import child, count
from pytest_llmcost.usage.openai_chat import chat_usage
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat


def read_json(body: Event, context: Context) -> Stated:
    """Read an answer. Source: Cloudflare's Workers AI API, ai/run: ``result.usage`` of models that write."""
    return _stated(child(child(body, "result") or body, "usage"), context, None, NO_USAGE_STATED)


def read_events(events: Events, context: Context) -> Stated:
    """Read a stream; each event may state what was used so far, so the last one holds."""
    usage: Mapping[str, Any] = {}
    failed = False
    for event in events:
        usage = child(event, "usage") or usage
        failed = failed or bool(event and (event.get("error") or event.get("errors")))
    unfinished = None if context.done else FAILED if failed else CUT
    return _stated(usage, context, unfinished, FAILED if failed else unfinished or NO_USAGE_STATED)


def _stated(usage: Mapping[str, Any], context: Context, unfinished: str | None, unstated: str) -> Stated:
    if count(usage, "prompt_tokens") is None and count(usage, "total_tokens") is None:
        return Stated(incomplete=unstated)
    return Stated(usage=chat_usage(usage, context.provider), incomplete=unfinished)


RUN = WireFormat(read_json, read_events)
