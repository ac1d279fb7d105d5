"""Gemini's interactions: in one piece, streamed, or made in the background and polled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.model.units import CACHE_READ, INPUT, OUTPUT, REASONING, WEB_SEARCHES
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import child, count, stated, text
from pytest_llmcost.usage.gemini import billed_searches, known_sum, tier_of
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

_MODALITIES = ("audio", "image", "video")
# Where an answer keeps what was made: of the first version of this API, and of the later ones.
_PARTS_OF_ANSWER = ("outputs", "steps")
_PARTS_OF_EVENT = ("content", "delta", "step")
_LAST_EVENTS = frozenset({"interaction.completed", "interaction.complete"})


def read_json(body: Event, _context: Context) -> Stated:
    """Read an interaction that came in one piece."""
    usage = child(body, "usage")
    return _stated(body, _queries(body), None if usage else NO_USAGE_STATED)


def read_events(events: Events, _context: Context) -> Stated:
    """Read a streamed interaction: its last event carries the whole interaction with the usage."""
    latest: Mapping[str, Any] = {}
    queries: set[str] = set()
    failed = False
    for event in events:
        if event is None:
            continue
        for key in _PARTS_OF_EVENT:
            queries |= _queries_of(event.get(key))
        latest = child(event, "interaction") or latest
        kind = text(event, "event_type")
        failed = failed or kind == "error"
        if kind in _LAST_EVENTS:
            queries |= _queries(latest)
            return _stated(latest, queries, None if child(latest, "usage") else NO_USAGE_STATED)
    return _stated(latest, queries, FAILED if failed else CUT)


def _queries(body: Mapping[str, Any]) -> set[str]:
    """What the calls of Google Search in an interaction asked for."""
    made: set[str] = set()
    for key in _PARTS_OF_ANSWER:
        parts = body.get(key)
        for part in parts if isinstance(parts, list) else ():
            made |= _queries_of(part)
    return made


def _queries_of(part: object) -> set[str]:
    """Those of one part of the answer; the SDK's type is ``GoogleSearchCallContent``."""
    queries = child(part, "arguments").get("queries")
    if text(part, "type") != "google_search_call" or not isinstance(queries, list):
        return set()
    return {query for query in queries if isinstance(query, str) and query}


def _stated(body: Mapping[str, Any], queries: set[str], incomplete: str | None) -> Stated:
    usage = child(body, "usage")
    searches = billed_searches(queries, text(body, "model") or "")
    return Stated(
        usage=_usage(usage, searches) if usage else None,
        model=text(body, "model"),
        incomplete=incomplete,
        response_id=text(body, "id"),
        context=tier_of(body),
        pending=not usage and text(body, "status") == "in_progress" and incomplete == NO_USAGE_STATED,
    )


def _usage(usage: Mapping[str, Any], searches: int | None) -> Usage:
    """Counts of an interaction's ``usage``: its four totals add up to the one of all tokens."""
    thoughts = count(usage, "total_thought_tokens")
    return Usage(
        stated(
            **{
                INPUT: known_sum(count(usage, "total_input_tokens"), count(usage, "total_tool_use_tokens")),
                OUTPUT: known_sum(count(usage, "total_output_tokens"), thoughts),
                CACHE_READ: count(usage, "total_cached_tokens"),
                REASONING: thoughts,
                WEB_SEARCHES: searches,
                **_by_modality(usage, "input"),
                **_by_modality(usage, "output"),
            }
        )
    )


def _by_modality(usage: Mapping[str, Any], side: str) -> dict[str, int]:
    details = usage.get(f"{side}_tokens_by_modality")
    found: dict[str, int] = {}
    for detail in details if isinstance(details, list) else ():
        modality, tokens = text(detail, "modality"), count(detail, "tokens")
        if modality in _MODALITIES and tokens:
            found[f"{side}_{modality}_tokens"] = tokens
    return found


INTERACTIONS = WireFormat(read_json, read_events)
