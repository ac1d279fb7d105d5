"""Exchanges, measured calls and price tables for tests, with sensible defaults."""

from __future__ import annotations

import base64
import json
import zlib
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
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"
GEMINI_STREAM = GEMINI.replace(":generate", ":streamGenerate")
INTERACTIONS = "https://generativelanguage.googleapis.com/v1beta/interactions"
VERTEX = "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers"
BEDROCK = "https://bedrock-runtime.us-east-1.amazonaws.com/model"
COHERE = "https://api.cohere.com"
OLLAMA = "http://localhost:11434/api"


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


def json_lines(*events):
    """A stream of one JSON object a line, as Ollama and Cohere's version 1 send it."""
    return "".join(f"{json.dumps(event)}\n" for event in events).encode()


def aws_message(payload, **headers):
    """One message of an AWS event stream; the headers' names without their colon."""
    body = as_bytes(payload)
    named = b"".join(
        bytes([len(name) + 1]) + f":{name}".encode() + b"\x07" + len(value).to_bytes(2) + value.encode()
        for name, value in ((key.replace("_", "-"), value) for key, value in headers.items())
    )
    prelude = (len(named) + len(body) + 16).to_bytes(4) + len(named).to_bytes(4)
    message = prelude + zlib.crc32(prelude).to_bytes(4) + named + body
    return message + zlib.crc32(message).to_bytes(4)


def aws_stream(*events):
    """An AWS event stream of events, each ``{type: payload}``."""
    return b"".join(
        aws_message(payload, event_type=kind, content_type="application/json", message_type="event")
        for event in events
        for kind, payload in event.items()
    )


def aws_chunks(*events):
    """What invoke-with-response-stream sends: a vendor's own events, in base64."""
    return aws_stream(
        *({"chunk": {"bytes": base64.b64encode(as_bytes(event)).decode(), "p": "abc"}} for event in events)
    )


def counts(reading):
    """The usage of a reading as a plain dict."""
    return dict(reading.stated.usage)


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
