"""Fees of tools that providers run themselves, where genai-prices has none. See ``corrections``."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pytest_llmcost.model.price import Rate
from pytest_llmcost.model.units import CODE_EXECUTIONS, PER_THOUSAND, STORAGE_SEARCHES, WEB_SEARCHES
from pytest_llmcost.pricing.corrections import Added, Card, Correction

_CHECKED = date(2026, 11, 23)


def _each(**usd: str) -> dict[str, Rate]:
    """Rates in USD per thousand."""
    return {unit: Rate(Decimal(price), PER_THOUSAND) for unit, price in usd.items()}


FEES: tuple[Correction, ...] = (
    Correction(
        keys=("x-ai/grok-*",),
        change=Added(_each(**{WEB_SEARCHES: "5", CODE_EXECUTIONS: "5", STORAGE_SEARCHES: "2.5"})),
        source="docs.x.ai, pricing: tool invocation costs",
        reason="genai-prices has no fees of xAI's tools",
        checked=_CHECKED,
    ),
    Correction(
        keys=("anthropic/*",),
        change=Added(_each(**{CODE_EXECUTIONS: "0"})),
        source="platform.claude.com, pricing: the first 1,550 hours of containers a month are free, and taken"
        " as not used up",
        reason="genai-prices has no price of code execution",
        checked=_CHECKED,
    ),
    Correction(
        keys=tuple(f"openai/{name}" for name in ("gpt-4.1*", "gpt-4o*", "gpt-5*", "gpt-6*", "o3*", "o4*")),
        change=Added(_each(**{CODE_EXECUTIONS: "7.5"})),
        source="OpenAI's pricing page: a container of 1 GB is $0.03 for 20 minutes, at least 5 are billed",
        reason="genai-prices has no price of containers",
        checked=_CHECKED,
        since=date(2026, 6, 2),
    ),
    Correction(
        keys=("groq/groq/compound", "groq/groq/compound-mini"),
        change=Card(_each(**{WEB_SEARCHES: "5"})),
        source="console.groq.com, compound: billed by the models inside, and $5 per 1,000 basic searches",
        reason="genai-prices lists no compound systems",
        checked=_CHECKED,
    ),
)
