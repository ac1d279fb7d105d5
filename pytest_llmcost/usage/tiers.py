"""The context that decides a price beside the model: service tier and speed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_llmcost.usage.fields import text

# What a response says when the standard price was charged: OpenAI "default" ("auto" is only a request
# value), Anthropic "standard", Groq "on_demand".
_STANDARD = frozenset({"default", "standard", "auto", "on_demand", "standard_only"})
_CLAUDE_ON_VERTEX = r"/locations/([^/]+)/publishers/anthropic/models/([^/:]+)"
_CLAUDE_WITHOUT_PREMIUM = ("claude-3", "claude-opus-4@", "claude-opus-4-1", "claude-sonnet-4@")
_PLACE_FREE = frozenset({"global", "not_available"})


def tier_context(response: Mapping[str, object], usage: Mapping[str, object]) -> dict[str, str]:
    """The tier that was served, as genai-prices names the context; empty for the standard price.

    Args:
        response: The response object.
        usage: Its usage object (Anthropic and Mistral state the tier there).
    """
    context: dict[str, str] = {}
    tier = text(usage, "service_tier") or text(response, "service_tier")
    if tier == "batch":
        context["processing"] = "batch"
    elif tier is not None and tier not in _STANDARD:
        context["service_tier"] = tier
    speed = text(usage, "speed")
    if speed is not None and speed != "standard":
        context["speed"] = speed
    return context


def place_doubts(usage: Mapping[str, object]) -> tuple[str, ...]:
    """A place of inference that has a premium which no price table knows.

    Source: Anthropic's ``inference_geo`` is billed at a premium for one region, and is ``global`` or
    ``not_available`` otherwise.
    """
    place = text(usage, "inference_geo")
    return () if place is None or place in _PLACE_FREE else (f"no price for inference_geo={place}",)


def region_doubts(path: str) -> tuple[str, ...]:
    """A region of Vertex that has a premium which no price table knows.

    Source: Anthropic's page on Claude in Vertex AI: from Sonnet 4.5 on, every endpoint but the global one
    costs 10 % more.

    Args:
        path: The path of a request, with percent-encoding undone.
    """
    found = re.search(_CLAUDE_ON_VERTEX, path) if "/publishers/anthropic/" in path else None
    if found is None or found[1] == "global" or found[2].startswith(_CLAUDE_WITHOUT_PREMIUM):
        return ()
    return (f"no price for the region {found[1]} of Vertex",)
