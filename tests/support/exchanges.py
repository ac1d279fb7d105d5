"""Exchanges, measured calls and price tables for tests, with sensible defaults."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.model.call import Api, MeasuredCall, ModelIds, Origin, RequestSize, Source
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.pricing.rules import PricingRules
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.read import read_exchange

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = date(2026, 11, 23)

OPENAI_CHAT = "https://api.openai.com/v1/chat/completions"
OPENAI_RESPONSES = "https://api.openai.com/v1/responses"
OPENAI_EMBEDDINGS = "https://api.openai.com/v1/embeddings"
ANTHROPIC = "https://api.anthropic.com/v1/messages"


def exchange(url, answer, request=None, **facts):
    """A finished exchange; an answer or a request that is no bytes is sent as JSON."""
    defaults = {"method": "POST", "status": 200, "started_at": NOON}
    return Exchange(
        url=url,
        request_body=as_bytes({"model": "asked-for"} if request is None else request),
        body=as_bytes(answer),
        **{**defaults, **facts},
    )


def as_bytes(value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def read(url, answer, request=None, *, hosts=None, **facts):
    """What the readers make of an exchange."""
    return read_exchange(exchange(url, answer, request, **facts), hosts or {})


def sse(*events, done=True):
    """A stream of server-sent events, as OpenAI and Anthropic send it."""
    parts = []
    for event in events:
        name = f"event: {event['type']}\n" if "type" in event else ""
        parts.append(f"{name}data: {json.dumps(event)}\n\n")
    if done:
        parts.append("data: [DONE]\n\n")
    return "".join(parts).encode()


def measured(provider="openai", billed="gpt-4o", usage=None, **facts):
    """A call before pricing."""
    defaults = {
        "origin": Origin(),
        "provider": provider,
        "host": f"api.{provider}.com",
        "api": Api.OPENAI_CHAT,
        "model": ModelIds(facts.pop("requested", billed), billed),
        "stream": False,
        "source": Source.REPLAYED,
        "usage": Usage({"input_tokens": 1_000_000, "output_tokens": 1_000_000} if usage is None else usage),
        "incomplete": None,
        "request": RequestSize("0" * 64, {}),
        "started_at": NOON,
    }
    return MeasuredCall(**{**defaults, **facts})


def table(pricing="", today=TODAY, bundled=None):
    """The price table of a ``pricing:`` section."""
    rules = read_configuration(f"pricing: {pricing}", "llmcost.yaml").pricing if pricing else PricingRules()
    return PriceTable(rules, today, bundled)
