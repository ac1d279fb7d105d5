"""Gemini's generateContent, on the Gemini API and on Vertex: in one piece, or streamed in two forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_llmcost.model.units import CACHE_READ, INPUT, OUTPUT, REASONING, WEB_SEARCHES
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import child, count, stated, text
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

# Modalities that may have a price of their own, as text and as the number that some clients ask for
# (enum-encoding=int). Documents are billed as what contains them.
_MODALITIES = {"IMAGE": "image", 2: "image", "VIDEO": "video", 3: "video", "AUDIO": "audio", 4: "audio"}
# How the traffic was billed: ON_DEMAND, or that with a tier behind it (PRIORITY, FLEX, OFFPEAK), or
# provisioned. Source: Vertex's reference of TrafficType; as a number, 2 is the last.
_TRAFFIC_WITH_TIER = "ON_DEMAND_"
_PROVISIONED = frozenset({"PROVISIONED_THROUGHPUT", 2})
_PROVISIONED_PRICE = "no price for provisioned throughput"
_MAPS = "no price for grounding with Google Maps"
_STANDARD_TIERS = frozenset({"standard", "default", "unspecified"})
# Their grounding is billed by prompt, later models' by query.
_BILLED_BY_PROMPT = ("gemini-1", "gemini-2", "gemini-pro", "gemini-flash")


def read_json(body: Event, context: Context) -> Stated:
    """Read an answer that came in one piece."""
    usage = child(body, "usageMetadata")
    unstated = None if usage else NO_USAGE_STATED
    return _stated(body, usage, _queries(body), context, unstated, maps=_is_on_maps(body))


def read_events(events: Events, context: Context) -> Stated:
    """Read a streamed answer.

    Each chunk states the usage so far, and the last statement holds: it may state fewer prompt tokens than
    those before. It is final when the model gave a reason to finish.
    """
    head: dict[str, Any] = {}
    usage: Mapping[str, Any] = {}
    queries: set[str] = set()
    ended, failed, maps = False, False, False
    for event in events:
        if event is None:
            continue
        head.update({key: event[key] for key in ("modelVersion", "responseId") if event.get(key)})
        usage = child(event, "usageMetadata") or usage
        queries |= _queries(event)
        maps = maps or _is_on_maps(event)
        failed = failed or bool(event.get("error"))
        ended = ended or _has_ended(event)
    unstated = FAILED if failed else CUT
    incomplete = (None if usage else NO_USAGE_STATED) if ended else unstated
    return _stated(head, usage, queries, context, incomplete, maps=maps)


def _has_ended(event: Event) -> bool:
    if child(event, "promptFeedback").get("blockReason"):
        return True
    return any(candidate.get("finishReason") for candidate in _objects(event, "candidates"))


def _stated(
    head: Event,
    usage: Mapping[str, Any],
    queries: set[str],
    context: Context,
    incomplete: str | None,
    *,
    maps: bool,
) -> Stated:
    model = text(head, "modelVersion")
    traffic = usage.get("trafficType")
    provisioned = isinstance(traffic, str | int) and traffic in _PROVISIONED
    doubts = ((_PROVISIONED_PRICE,) if provisioned else ()) + ((_MAPS,) if maps else ())
    return Stated(
        usage=_usage(usage, billed_searches(queries, model or context.model or "")) if usage else None,
        model=model,
        incomplete=incomplete,
        response_id=text(head, "responseId"),
        context=tier_of(usage),
        doubts=doubts,
    )


def _usage(usage: Mapping[str, Any], searches: int | None) -> Usage:
    """Counts of ``usageMetadata``.

    Cached content is inside the prompt; what tools put into the prompt is not, and is billed as input.
    Thoughts are not inside the candidates, and are billed as output. Source: ai.google.dev, pages on token
    counting and thinking; the total that each answer states is the sum of the four.
    """
    prompts = (*_objects(usage, "promptTokensDetails"), *_objects(usage, "toolUsePromptTokensDetails"))
    cached = count(usage, "cachedContentTokenCount")
    by_modality = {
        **_by_modality(prompts, "input_{}_tokens"),
        **_by_modality(_objects(usage, "candidatesTokensDetails"), "output_{}_tokens"),
    }
    if cached:
        # Said as 0 too where the details leave no room for it: audio in the cache has its own price.
        read = _by_modality(_objects(usage, "cacheTokensDetails"), "cache_{}_read_tokens")
        if usage.get("cacheTokensDetails") and by_modality.get("input_audio_tokens"):
            read.setdefault("cache_audio_read_tokens", 0)
        by_modality.update(read)
    return Usage(
        stated(
            **{
                INPUT: known_sum(count(usage, "promptTokenCount"), count(usage, "toolUsePromptTokenCount")),
                OUTPUT: known_sum(count(usage, "candidatesTokenCount"), count(usage, "thoughtsTokenCount")),
                CACHE_READ: cached,
                REASONING: count(usage, "thoughtsTokenCount"),
                WEB_SEARCHES: searches,
                **by_modality,
            }
        )
    )


def known_sum(*counts: int | None) -> int | None:
    """The sum of the counts that were stated; None if none was."""
    known = [number for number in counts if number is not None]
    return sum(known) if known else None


def _by_modality(details: Iterable[Event], unit: str) -> dict[str, int]:
    """Token counts of the modalities other than text, by unit."""
    found: dict[str, int] = {}
    for detail in details:
        named = detail.get("modality")
        modality = _MODALITIES.get(named) if isinstance(named, str | int) else None
        tokens = count(detail, "tokenCount")
        if modality and tokens:
            name = unit.format(modality)
            found[name] = found.get(name, 0) + tokens
    return found


def tier_of(usage: Mapping[str, Any]) -> dict[str, str]:
    """The tier that was served, as genai-prices names the context; empty for the standard price."""
    traffic = text(usage, "trafficType") or ""
    named = traffic.removeprefix(_TRAFFIC_WITH_TIER) if traffic.startswith(_TRAFFIC_WITH_TIER) else ""
    tier = named or text(usage, "serviceTier") or text(usage, "service_tier") or "standard"
    tier = tier.lower()
    return {} if tier in _STANDARD_TIERS else {"service_tier": tier}


def _queries(body: Event) -> set[str]:
    """The searches that the model made; it may also state empty ones, which are not billed."""
    return {
        query
        for candidate in _objects(body, "candidates")
        for query in _list(child(candidate, "groundingMetadata"), "webSearchQueries")
        if isinstance(query, str) and query
    }


def _is_on_maps(body: Event) -> bool:
    """Whether an answer is grounded on Google Maps, which has a fee that no price table lists.

    Source: ai.google.dev, grounding with Google Maps: its chunks stand under ``maps``.
    """
    return any(
        chunk.get("maps")
        for candidate in _objects(body, "candidates")
        for chunk in _objects(child(candidate, "groundingMetadata"), "groundingChunks")
    )


def billed_searches(queries: set[str], model: str) -> int | None:
    """How many searches are billed.

    Source: ai.google.dev, grounding with Google Search: for Gemini 3 and later each distinct query that is
    not empty, before that each prompt that was grounded.
    """
    if not queries:
        return None
    return 1 if model.rpartition("/")[2].startswith(_BILLED_BY_PROMPT) else len(queries)


def _objects(body: Event, key: str) -> list[Event]:
    return [item for item in _list(body, key) if isinstance(item, dict)]


def _list(body: Event, key: str) -> list[Any]:
    found = body.get(key)
    return found if isinstance(found, list) else []


GENERATE = WireFormat(read_json, read_events)
