"""Bedrock's invoke: each vendor's own body, and Bedrock's own count of tokens beside it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_llmcost.model.units import INPUT, OUTPUT
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage import anthropic_messages
from pytest_llmcost.usage.ai21 import completion_counts
from pytest_llmcost.usage.bedrock_converse import OPTIMIZED_LATENCY, converse_usage
from pytest_llmcost.usage.body import json_object
from pytest_llmcost.usage.event_stream import EXCEPTION
from pytest_llmcost.usage.fields import child, count, prompt_in_three_parts, stated
from pytest_llmcost.usage.openai_chat import chat_usage
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

# anthropic.claude-..., us.amazon.nova-..., arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-...
_VENDOR = re.compile(r"(?:^|[./])(amazon|anthropic|meta)\.")
_HEADER = "x-amzn-bedrock-"
_METRICS = "amazon-bedrock-invocationMetrics"
_TIER_HEADER = "x-amzn-bedrock-service-tier"
_LATENCY_HEADER = "x-amzn-bedrock-performanceconfig-latency"
_STANDARD_TIER = "default"
_MOST_DIGITS = 16


def read_json(body: Event, context: Context) -> Stated:
    """Read an answer that came in one piece.

    The vendor's own counts hold; what its body leaves out (AI21, Cohere, embeddings) stands in the headers.
    """
    vendor = _vendor(context)
    if vendor == "anthropic" and child(body, "usage"):
        return _at_bedrock(anthropic_messages.MESSAGES.read_json(body, context), context)
    counted = _of_headers(context.headers)
    # What these say of themselves is a second count of what Bedrock bills.
    own = None if counted and vendor not in _READERS and not child(body, "usage") else _read(vendor, body)
    usage = _completed(own, counted)
    return _at_bedrock(Stated(usage=usage, incomplete=None if usage else NO_USAGE_STATED), context)


def read_events(events: Events, context: Context) -> Stated:
    """Read a streamed answer: each chunk is an event of the vendor's, and the last one has metrics too."""
    metrics: Mapping[str, Any] = {}
    chunks: list[Event | None] = []
    failed = False
    for event in events:
        failed = failed or (event is not None and EXCEPTION in event)
        chunk = _chunk(event)
        metrics = child(chunk, _METRICS) or metrics
        chunks.append(chunk)
    if _vendor(context) == "anthropic":
        answer = anthropic_messages.read_events(chunks, context)
        if answer.usage is not None:
            failure = FAILED if failed and answer.incomplete else answer.incomplete
            return _at_bedrock(answer._replace(incomplete=failure), context)
    usage = _of_metrics(metrics) or next(_usages_from_the_end(chunks, _vendor(context)), None)
    if metrics:
        return _at_bedrock(Stated(usage=usage, incomplete=None if usage else NO_USAGE_STATED), context)
    return _at_bedrock(Stated(usage=usage, incomplete=FAILED if failed else CUT), context)


def _at_bedrock(answer: Stated, context: Context) -> Stated:
    """What the price depends on at Bedrock.

    The body names the model without the region that a prefix of the invoked id stands for (``us.``,
    ``global.``), and prices differ by region: the id in the path is the one that is billed.
    """
    tier = context.headers.get(_TIER_HEADER, _STANDARD_TIER)
    found = answer.context if tier == _STANDARD_TIER else {**answer.context, "service_tier": tier}
    if context.headers.get(_LATENCY_HEADER) == "optimized":
        found = {**found, **OPTIMIZED_LATENCY}
    return answer._replace(model=None, context=found)


def _completed(usage: Usage | None, counted: Usage | None) -> Usage | None:
    """A vendor's usage, with the input or output that it leaves out as Bedrock counted it."""
    if usage is None or counted is None:
        return usage or counted
    left_out = {
        unit: number for unit, number in counted if unit in {INPUT, OUTPUT} and usage.get(unit) is None
    }
    return Usage({**usage.counts, **left_out})


def _read(vendor: str, body: Event) -> Usage | None:
    return _READERS.get(vendor, _other)(body)


def _vendor(context: Context) -> str:
    found = _VENDOR.search(context.model or "")
    return found[1] if found else ""


def _chunk(event: Event | None) -> Event | None:
    encoded = child(event, "chunk").get("bytes")
    if not isinstance(encoded, str):
        return None
    try:
        return json_object(base64.b64decode(encoded))
    except (binascii.Error, ValueError):
        return None


def _usages_from_the_end(chunks: list[Event | None], vendor: str) -> Iterator[Usage]:
    for chunk in reversed(chunks):
        usage = _read(vendor, chunk) if chunk is not None else None
        if usage is not None:
            yield usage


def _of_headers(headers: Mapping[str, str]) -> Usage | None:
    def number(name: str) -> int | None:
        value = headers.get(f"{_HEADER}{name}-token-count", "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < _MOST_DIGITS else None

    return _or_none(
        prompt_in_three_parts(
            number("input"), number("cache-read-input"), number("cache-write-input"), number("output")
        )
    )


def _of_metrics(metrics: Mapping[str, Any]) -> Usage | None:
    return _or_none(
        prompt_in_three_parts(
            count(metrics, "inputTokenCount"),
            count(metrics, "cacheReadInputTokenCount"),
            count(metrics, "cacheWriteInputTokenCount"),
            count(metrics, "outputTokenCount"),
        )
    )


def _amazon(body: Event) -> Usage | None:
    """Nova states what converse states; Titan counts the input, and the output of each result."""
    nova = child(body, "usage") or child(child(body, "metadata"), "usage")
    if nova:
        return _or_none(converse_usage(nova))
    results = body.get("results")
    answers = [count(result, "tokenCount") for result in results] if isinstance(results, list) else []
    known = [number for number in answers if number is not None]
    output = sum(known) if known else count(body, "totalOutputTextTokenCount")
    return _or_none(Usage(stated(**{INPUT: count(body, "inputTextTokenCount"), OUTPUT: output})))


def _anthropic(body: Event) -> Usage | None:
    usage = child(body, "usage")
    return _or_none(anthropic_messages.message_usage(usage)) if usage else None


def _meta(body: Event) -> Usage | None:
    counts = {INPUT: count(body, "prompt_token_count"), OUTPUT: count(body, "generation_token_count")}
    return _or_none(Usage(stated(**counts)))


def _other(body: Event) -> Usage | None:
    """Most vendors write OpenAI's shape; behind an application's own profile there may be any of them."""
    usage = child(body, "usage")
    if "prompt_tokens" in usage:
        return _or_none(chat_usage(usage, "aws"))
    return _anthropic(body) or _amazon(body) or _meta(body) or _cohere(body) or _ai21(body)


def _cohere(body: Event) -> Usage | None:
    billed = child(child(body, "meta"), "billed_units")
    counts = {INPUT: count(billed, "input_tokens"), OUTPUT: count(billed, "output_tokens")}
    return _or_none(Usage(stated(**counts)))


def _ai21(body: Event) -> Usage | None:
    return _or_none(Usage(stated(**completion_counts(body))))


def _or_none(usage: Usage) -> Usage | None:
    return usage if usage.counts else None


_READERS: Mapping[str, Callable[[Event], Usage | None]] = {
    "amazon": _amazon,
    "anthropic": _anthropic,
    "meta": _meta,
}
INVOKE = WireFormat(read_json, read_events)
