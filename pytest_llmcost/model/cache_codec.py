"""Lookups in caches of the app as JSON: rows of ``cache_events``, and what workers send to the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.model.cache import CacheEvent, CacheLookup, CacheRollup
from pytest_llmcost.model.codec import Json, amount_to_json, time_text
from pytest_llmcost.model.decode import amount_from_json, origin_from_json, parse_time, usage_from_json
from pytest_llmcost.model.money import money_text, read_money
from pytest_llmcost.model.usage import NO_USAGE, Usage


def lookup_to_json(lookup: CacheLookup) -> Json:
    """A lookup before pricing."""
    origin = lookup.origin
    return {
        "nodeid": origin.nodeid,
        "phase": origin.phase.value,
        "fixture": origin.fixture,
        "attempt": origin.attempt,
        "agent": origin.agent,
        "agent_run": origin.agent_run,
        "agent_path": list(origin.agent_path),
        "agent_runs": list(origin.agent_runs),
        "layer": lookup.layer,
        "hit": lookup.hit,
        "at": time_text(lookup.at),
        "key": lookup.key,
        "asked_model": lookup.model,
        "stated_usage": _usage_to_json(lookup.saved_usage),
        "stated_cost": None if lookup.saved_cost is None else money_text(lookup.saved_cost),
        "attributes": dict(lookup.attributes),
    }


def lookup_from_json(row: Mapping[str, Any]) -> CacheLookup:
    """Read what ``lookup_to_json`` wrote.

    Raises:
        KeyError, TypeError, ValueError: If the row is not of that form.
    """
    stated = row["stated_cost"]
    return CacheLookup(
        origin=origin_from_json(row),
        layer=row["layer"],
        hit=row["hit"],
        at=parse_time(row["at"]),
        key=row["key"],
        model=row["asked_model"],
        saved_usage=usage_from_json(row["stated_usage"]),
        saved_cost=None if stated is None else read_money(stated),
        attributes=row["attributes"],
    )


def event_to_json(event: CacheEvent) -> Json:
    """A row of ``cache_events``."""
    return {
        **lookup_to_json(event.lookup),
        "provider": event.provider,
        "model": event.model,
        "saved": None if event.saved is None else amount_to_json(event.saved),
        "saved_usage": _usage_to_json(event.saved_usage),
        "call": event.call,
    }


def event_from_json(row: Mapping[str, Any]) -> CacheEvent:
    """Read what ``event_to_json`` wrote; it raises what ``lookup_from_json`` does."""
    saved = row["saved"]
    return CacheEvent(
        lookup=lookup_from_json(row),
        provider=row["provider"],
        model=row["model"],
        saved=None if saved is None else amount_from_json(saved),
        saved_usage=usage_from_json(row["saved_usage"]),
        call=row["call"],
    )


def rollup_to_json(found: CacheRollup) -> Json:
    """The ``response_cache`` of a roll-up."""
    return {
        "lookups": found.lookups,
        "hits": found.hits,
        "layers": dict(found.layers),
        "saved": amount_to_json(found.saved),
        "saved_usage": _usage_to_json(found.saved_usage),
        "unknown": found.unknown,
    }


def rollup_from_json(row: Mapping[str, Any]) -> CacheRollup:
    """Read what ``rollup_to_json`` wrote; it raises what ``lookup_from_json`` does."""
    return CacheRollup(
        lookups=row["lookups"],
        hits=row["hits"],
        layers=dict(row["layers"]),
        saved=amount_from_json(row["saved"]),
        saved_usage=usage_from_json(row["saved_usage"]) or NO_USAGE,
        unknown=row["unknown"],
    )


def _usage_to_json(usage: Usage | None) -> dict[str, int] | None:
    return None if usage is None else dict(usage)
