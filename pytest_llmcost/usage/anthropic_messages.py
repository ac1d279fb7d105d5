"""Anthropic messages: counters that exclude each other, and model calls inside a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_llmcost.model.call import SubCall
from pytest_llmcost.model.units import (
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
    CODE_EXECUTIONS,
    REASONING,
    WEB_SEARCHES,
)
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.cache_misses import cache_miss
from pytest_llmcost.usage.fields import child, count, prompt_in_three_parts, stated_cost, text
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.tiers import place_context, tier_context
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

_NO_TOTALS = "the stream ended without its totals: it states what was read, and the first token of the answer"
# Entries of usage.iterations that the top-level counters leave out (the SDK's docstrings say so);
# "message" entries are already in them.
_BILLED_APART = frozenset({"compaction", "advisor_message"})


def read_json(body: Event, _context: Context) -> Stated:
    """Read a message that came in one piece."""
    usage = child(body, "usage")
    content = body.get("content")
    runs = sum(map(_is_of_code, content)) if isinstance(content, list) else 0
    return _stated(body, usage, None if usage else NO_USAGE_STATED, runs)


def read_events(events: Events, _context: Context) -> Stated:
    """Read a streamed message.

    ``message_start`` states the input; each ``message_delta`` states running totals that replace what
    was stated before. A stream that breaks off in between has billed at least what it stated.
    """
    message: Mapping[str, Any] = {}
    usage: dict[str, Any] = {}
    final, counted, failed, runs = False, False, False, 0
    for event in events:
        if event is None:
            continue
        kind = text(event, "type")
        if kind == "message_start":
            message = child(event, "message")
            usage.update(child(message, "usage"))
        elif kind == "message_delta":
            newer = child(event, "usage")
            usage.update({key: value for key, value in newer.items() if value is not None})
            counted = counted or count(newer, "output_tokens") is not None
            final = final or bool(newer and text(child(event, "delta"), "stop_reason"))
        elif kind == "message_stop":
            final = True
        elif kind == "content_block_start":
            runs += _is_of_code(event.get("content_block"))
        failed = failed or kind == "error"
    unstated = FAILED if failed else CUT
    incomplete = (None if counted else _NO_TOTALS if usage else NO_USAGE_STATED) if final else unstated
    return _stated(message, usage, incomplete, runs)


def _is_of_code(block: object) -> bool:
    return (text(block, "type") or "").endswith("code_execution_tool_result")


def _stated(body: Mapping[str, Any], usage: Mapping[str, Any], incomplete: str | None, runs: int) -> Stated:
    return Stated(
        usage=message_usage(usage, code_executions=_billed_apart(usage, runs)) if usage else None,
        model=text(body, "model"),
        incomplete=incomplete,
        response_id=text(body, "id"),
        context={**tier_context(body, usage), **place_context(usage)},
        cost=stated_cost(usage),
        sub_calls=tuple(_sub_calls(usage)),
        cache_miss=cache_miss(body) if "diagnostics" in body else None,
        doubts=tuple(_doubts(usage)),
    )


def _doubts(usage: Mapping[str, Any]) -> Iterator[str]:
    """What of a fallback to another model has no price.

    Source: the SDK's ``BetaFallbackMessageIterationUsage``, an iteration of the model that served the answer
    where another one declined, and ``BetaFallbackCreditUsage``, which prices a retry as if nothing had been
    declined before.
    """
    iterations = usage.get("iterations")
    served = iterations if isinstance(iterations, list) else []
    if any(text(entry, "type") == "fallback_message" for entry in served):
        yield "no price for the model that declined before the fallback"
    if text(child(child(usage, "fallback_credit"), "status"), "type") == "redeemed":
        yield "no price for the credit of a fallback"


def _billed_apart(usage: Mapping[str, Any], runs: int) -> int:
    """How often the answer ran code in a container that is billed.

    Source: Anthropic's pages on pricing and on the code execution tool: its containers are billed by the
    hour, which no answer states, beyond the free hours of a month; and not when they serve web search or
    web fetch. Web fetch itself has no fee.
    """
    tools = child(usage, "server_tool_use")
    has_used_the_web = count(tools, "web_search_requests") or count(tools, "web_fetch_requests")
    return 0 if has_used_the_web else runs


def message_usage(usage: Mapping[str, Any], *, code_executions: int = 0) -> Usage:
    """Counts of a message's ``usage``, and of the code that ran beside it.

    ``input_tokens`` there leaves cache reads and writes out: the whole prompt is the sum of the three.
    """
    fresh = count(usage, "input_tokens")
    read = count(usage, "cache_read_input_tokens")
    written = count(usage, "cache_creation_input_tokens")
    lifetimes = child(usage, "cache_creation")
    short = count(lifetimes, "ephemeral_5m_input_tokens")
    long = count(lifetimes, "ephemeral_1h_input_tokens")
    if written is None and (short or long):
        written = (short or 0) + (long or 0)
    return prompt_in_three_parts(
        fresh,
        read,
        written,
        count(usage, "output_tokens"),
        **{
            CACHE_WRITE_5M: short,
            CACHE_WRITE_1H: long,
            REASONING: count(child(usage, "output_tokens_details"), "thinking_tokens"),
            WEB_SEARCHES: count(child(usage, "server_tool_use"), "web_search_requests") or None,
            CODE_EXECUTIONS: code_executions or None,
        },
    )


def _sub_calls(usage: Mapping[str, Any]) -> Iterator[SubCall]:
    iterations = usage.get("iterations")
    if not isinstance(iterations, list):
        return
    for entry in iterations:
        kind = text(entry, "type")
        if kind in _BILLED_APART:
            yield SubCall(str(kind), text(entry, "model"), message_usage(entry))


MESSAGES = WireFormat(read_json, read_events)
