"""The context that decides a price beside the model: service tier and speed."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_llmcost.usage.fields import text

# What a response says when the standard price was charged: OpenAI "default" ("auto" is only a request
# value), Anthropic "standard", Groq "on_demand".
_STANDARD = frozenset({"default", "standard", "auto", "on_demand", "standard_only"})
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
