"""OpenAI Responses: one piece, streamed, or made in the background and polled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_llmcost.model.units import (
    CACHE_READ,
    CACHE_WRITE,
    CACHE_WRITE_12H,
    CACHE_WRITE_30M,
    INPUT,
    OUTPUT,
    REASONING,
    WEB_SEARCHES,
)
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import child, count, stated, text, usd
from pytest_llmcost.usage.reading import CUT, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.tiers import tier_context

_STILL_RUNNING = frozenset({"queued", "in_progress"})
_LAST_EVENTS = frozenset({"response.completed", "response.incomplete", "response.failed"})


def read_json(body: Mapping[str, Any]) -> Stated:
    """Read a response object."""
    usage = child(body, "usage")
    pending = not usage and text(body, "status") in _STILL_RUNNING
    return _stated(body, None if usage else NO_USAGE_STATED, pending=pending)


def read_events(events: Iterable[Mapping[str, Any] | None]) -> Stated:
    """Read a streamed response: its last event carries the whole response object with the usage."""
    latest: Mapping[str, Any] = {}
    for event in events:
        if event is None:
            continue
        response = child(event, "response")
        latest = response or latest
        if text(event, "type") in _LAST_EVENTS:
            return _stated(response, None if child(response, "usage") else NO_USAGE_STATED, pending=False)
    background = latest.get("background") is True
    return _stated(latest, None if child(latest, "usage") else CUT, pending=background)


def _stated(body: Mapping[str, Any], incomplete: str | None, *, pending: bool) -> Stated:
    usage = child(body, "usage")
    searches = count(child(child(body, "tool_usage"), "web_search"), "num_requests")
    return Stated(
        usage=_usage(usage, searches or None) if usage else None,
        model=text(body, "model"),
        incomplete=incomplete,
        response_id=text(body, "id"),
        context=tier_context(body, usage),
        cost=None if usage.get("is_byok") else usd(usage, "cost"),
        pending=pending,
        created=count(body, "completed_at") or count(body, "created_at"),
    )


def _usage(usage: Mapping[str, Any], searches: int | None) -> Usage:
    input_details = child(usage, "input_tokens_details")
    lifetimes = child(input_details, "cache_write_tokens_details")
    return Usage(
        stated(
            **{
                INPUT: count(usage, "input_tokens"),
                OUTPUT: count(usage, "output_tokens"),
                CACHE_READ: count(input_details, "cached_tokens"),
                CACHE_WRITE: count(input_details, "cache_write_tokens"),
                CACHE_WRITE_30M: count(lifetimes, "ttl_30m_tokens"),
                CACHE_WRITE_12H: count(lifetimes, "ttl_12h_tokens"),
                REASONING: count(child(usage, "output_tokens_details"), "reasoning_tokens"),
                WEB_SEARCHES: searches,
            }
        )
    )
