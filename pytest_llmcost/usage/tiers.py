"""The context that decides a price beside the model: service tier, speed and place."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_llmcost.usage.fields import text

# What a response says when the standard price was charged: OpenAI "default" ("auto" is only a request
# value), Anthropic "standard", Groq "on_demand".
_STANDARD = frozenset({"default", "standard", "auto", "on_demand", "standard_only"})
_CLAUDE_ON_VERTEX = r"/locations/([^/]+)/publishers/anthropic/models/([^/:]+)"
_OPENAI_REGION = r"([a-z0-9-]+)\.api\.openai\.com$"
_CLAUDE_WITHOUT_PREMIUM = ("claude-3", "claude-opus-4@", "claude-opus-4-1", "claude-sonnet-4@")
# Gemini 3 and later; before, every endpoint had the same price.
_GEMINI_ON_VERTEX = r"/locations/([^/]+)/publishers/google/models/gemini-(?:[3-9]|\d\d)"
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


def place_context(usage: Mapping[str, object]) -> dict[str, str]:
    """The place of inference, where it has a price of its own.

    Source: Anthropic's page on data residency: ``usage.inference_geo`` states where inference ran, and is
    ``global`` or ``not_available`` at the standard price.
    """
    place = text(usage, "inference_geo")
    return {} if place is None or place in _PLACE_FREE else {"inference_geo": place}


def endpoint_context(host: str, path: str) -> dict[str, str]:
    """The region that an endpoint processes in, where that has a price of its own.

    Source: Anthropic's page on Claude in Vertex AI (from Sonnet 4.5 on, every endpoint but the global one
    costs 10 % more), Google Cloud's page of prices for generative AI (the same of newer Gemini models), and
    OpenAI's page on data residency (a host for each region, such as ``eu.api.openai.com``).

    Args:
        host: Of a request, in lower case.
        path: Of the request, with percent-encoding undone.
    """
    resident = re.match(_OPENAI_REGION, host) if host.endswith(".api.openai.com") else None
    if resident is not None:
        return {"data_residency": resident[1]}
    if "/publishers/" not in path:
        return {}
    claude = re.search(_CLAUDE_ON_VERTEX, path)
    if claude is not None and claude[2].startswith(_CLAUDE_WITHOUT_PREMIUM):
        return {}
    on_vertex = claude or re.search(_GEMINI_ON_VERTEX, path)
    return {} if on_vertex is None or on_vertex[1] == "global" else {"region": on_vertex[1]}
