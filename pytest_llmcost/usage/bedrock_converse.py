"""Bedrock's converse: one shape for the models of all vendors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.model.units import (
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
)
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.event_stream import EXCEPTION
from pytest_llmcost.usage.fields import child, count, first_count, prompt_in_three_parts, text
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

_STANDARD_TIER = "default"
OPTIMIZED_LATENCY = {"latency": "optimized"}


def read_json(body: Event, _context: Context) -> Stated:
    """Read an answer that came in one piece."""
    return _stated(body, None if child(body, "usage") else NO_USAGE_STATED)


def read_events(events: Events, _context: Context) -> Stated:
    """Read a streamed answer: the event ``metadata``, its last one, states what the answer used."""
    metadata: Mapping[str, Any] = {}
    failed, stopped = False, False
    for event in events:
        if event is None:
            continue
        metadata = child(event, "metadata") or metadata
        failed = failed or EXCEPTION in event
        stopped = stopped or "messageStop" in event
    if child(metadata, "usage"):
        return _stated(metadata, None)
    return Stated(incomplete=FAILED if failed else NO_USAGE_STATED if stopped and metadata else CUT)


def _stated(body: Mapping[str, Any], incomplete: str | None) -> Stated:
    usage = child(body, "usage")
    tier = text(child(body, "serviceTier"), "type")
    latency = text(child(body, "performanceConfig"), "latency")
    context = {"service_tier": tier} if tier and tier != _STANDARD_TIER else {}
    return Stated(
        usage=converse_usage(usage) if usage else None,
        model=text(child(child(body, "trace"), "promptRouter"), "invokedModelId"),
        incomplete=incomplete,
        context={**context, **OPTIMIZED_LATENCY} if latency == "optimized" else context,
    )


def converse_usage(usage: Mapping[str, Any]) -> Usage:
    """Counts of a converse ``usage``, which Nova models also write where they are invoked.

    ``inputTokens`` there leaves cache reads and writes out: the whole prompt is the sum of the three.
    Source: Bedrock's guide to prompt caching; the stated ``totalTokens`` is that sum and the output.
    """
    fresh = count(usage, "inputTokens")
    read = first_count(usage, "cacheReadInputTokens", "cacheReadInputTokenCount")
    written = first_count(usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount")
    lifetimes = usage.get("cacheDetails")
    return prompt_in_three_parts(
        fresh,
        read,
        written,
        count(usage, "outputTokens"),
        **{
            CACHE_WRITE_5M: _written_for(lifetimes, "5m"),
            CACHE_WRITE_1H: _written_for(lifetimes, "1h"),
        },
    )


def _written_for(lifetimes: object, lifetime: str) -> int | None:
    if not isinstance(lifetimes, list):
        return None
    found = [count(entry, "inputTokens") or 0 for entry in lifetimes if text(entry, "ttl") == lifetime]
    return sum(found) if found else None


CONVERSE = WireFormat(read_json, read_events)
