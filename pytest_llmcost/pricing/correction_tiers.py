"""Corrections by service tier and by place: factors on all prices of tokens. See ``corrections``."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pytest_llmcost.pricing.corrections import ANY, Correction, Premium

_CHECKED = date(2026, 11, 23)


def _premium(
    keys: tuple[str, ...], when: tuple[str, str], factor: str, source: str, reason: str
) -> Correction:
    return Correction(
        keys=keys,
        change=Premium(Decimal(factor)),
        source=source,
        reason=reason,
        checked=_CHECKED,
        when=when,
    )


_RESIDENCY = "developers.openai.com, data residency"
_NO_PLACE = "genai-prices has the price of global processing only"
# Models from before 2026-03-05 have no premium, and later ones have; of other names nothing is known.
_OLDER = ("gpt-3.5*", "gpt-4*", "gpt-5", "gpt-5-*", "gpt-5.1*", "gpt-5.2*", "gpt-5.3*", "o1*", "o3*", "o4*")
_NEWER = ("gpt-5.4*", "gpt-5.5*", "gpt-5.6*", "gpt-6*")
_GEMINI = (
    "gemini-3.1-flash-image*",
    "gemini-3.1-flash-lite*",
    "gemini-3.5-flash*",
    "gemini-3.6-flash*",
    "gemini-3.7-flash*",
    "gemini-3.8-flash*",
    "gemini-4-argon*",
)
_NO_TIER = "genai-prices has no row for this tier"
# Whose prices of the two tiers are half and 1.75 times the standard ones in AWS's list; of others the
# list rounds them, or has none.
_WITH_TIERS = (
    "amazon.nova-pro-v1:0",
    "regional.amazon.nova-2-lite-v1:0",
    "deepseek.v3.2",
    "minimax.minimax-m2.1",
    "minimax.minimax-m2.5",
    "moonshotai.kimi-k2.5",
    "nvidia.nemotron-nano-12b-v2",
    "openai.gpt-oss-120b*",
    "openai.gpt-oss-20b*",
    "qwen.qwen3-32b-v1:0",
    "qwen.qwen3-coder-next",
    "zai.glm-4.7",
    "zai.glm-4.7-flash",
)
_ONLY_PRIORITY = ("amazon.nova-premier-v1:0", "global.amazon.nova-2-lite-v1:0")
_BEDROCK_TIERS = "AWS's price list of Amazon Bedrock, us-east-1, as LiteLLM reads it"
_PREMIUMS_OF_BEDROCK = tuple(
    _premium(tuple(f"aws/{name}" for name in names), ("service_tier", tier), factor, _BEDROCK_TIERS, _NO_TIER)
    for names, tier, factor in (
        (_WITH_TIERS, "flex", "0.5"),
        ((*_WITH_TIERS, *_ONLY_PRIORITY), "priority", "1.75"),
    )
)
PREMIUMS: tuple[Correction, ...] = (
    _premium(
        ("anthropic/*",),
        ("inference_geo", "us"),
        "1.1",
        "platform.claude.com, data residency: 1.1 times every price of tokens for inference in the US",
        _NO_PLACE,
    ),
    _premium(
        ("google/claude-*",),
        ("region", ANY),
        "1.1",
        "platform.claude.com, Claude on Vertex AI: 10 % more on regional endpoints, from Sonnet 4.5 on",
        _NO_PLACE,
    ),
    _premium(
        tuple(f"google/{name}" for name in _GEMINI),
        ("region", ANY),
        "1.1",
        "Google Cloud's pricing page of generative AI, regional endpoints, as LiteLLM reads it",
        _NO_PLACE,
    ),
    _premium(
        tuple(f"openai/{name}" for name in _NEWER),
        ("data_residency", ANY),
        "1.1",
        f"{_RESIDENCY}: 10 % more for models released on or after 2026-03-05",
        _NO_PLACE,
    ),
    _premium(
        tuple(f"openai/{name}" for name in (*_OLDER, "text-embedding-*")),
        ("data_residency", ANY),
        "1",
        f"{_RESIDENCY}: no premium for models released before 2026-03-05",
        _NO_PLACE,
    ),
    _premium(
        ("groq/*",),
        ("service_tier", "flex"),
        "1",
        "console.groq.com, flex processing: its prices are those of the tier on demand",
        _NO_TIER,
    ),
    *_PREMIUMS_OF_BEDROCK,
)
