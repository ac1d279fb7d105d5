"""OpenAI Responses: one piece, streamed, or made in the background and polled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_llmcost.model.call import SubCall
from pytest_llmcost.model.units import (
    CACHE_READ,
    CACHE_WRITE,
    CACHE_WRITE_12H,
    CACHE_WRITE_30M,
    CODE_EXECUTIONS,
    INPUT,
    OUTPUT,
    REASONING,
    STORAGE_SEARCHES,
    WEB_SEARCHES,
)
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.cache_misses import cache_miss
from pytest_llmcost.usage.fields import child, count, first_count, stated, stated_cost, text
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.tiers import tier_context
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

_STILL_RUNNING = frozenset({"queued", "in_progress"})
# Tools of OpenAI that are billed apart: containers by the minute, which no answer states (OpenAI's changelog
# of 2026-06-02: at least 5, where it was a fee for each session of 20 before), and images in tokens of a
# model of their own, which only newer answers state.
_CONTAINERS = "no price for the containers of code_interpreter"
_LONGER = f"{_CONTAINERS} beyond 5 minutes"
_CODE_INTERPRETER = "code_interpreter"
_IMAGES = "no price for the tokens of image_generation"
_IMAGE_GENERATION = "image_generation"
_SERVED_TOOLS = {
    "web_search_calls": WEB_SEARCHES,
    "x_search_calls": "social_searches",
    "code_interpreter_calls": CODE_EXECUTIONS,
    "file_search_calls": STORAGE_SEARCHES,
}
# Tools of xAI that are billed by their tokens alone, beside those that have a unit.
_WITHOUT_FEE = frozenset({*_SERVED_TOOLS, "mcp_calls"})
# A shell that OpenAI runs, in a container like those of the code interpreter.
_HOSTED = "container_reference"
_SHELL = "no price for the containers of shell"
_OLDER_SEARCH = "web_search_preview"
_LAST_EVENTS = frozenset({"response.completed", "response.incomplete", "response.failed"})


def read_json(body: Event, context: Context) -> Stated:
    """Read a response object."""
    usage = child(body, "usage")
    pending = not usage and text(body, "status") in _STILL_RUNNING
    return _stated(body, context, None if usage else NO_USAGE_STATED, pending=pending)


def read_events(events: Events, context: Context) -> Stated:
    """Read a streamed response: its last event carries the whole response object with the usage."""
    latest: Mapping[str, Any] = {}
    failed = False
    for event in events:
        if event is None:
            continue
        response = child(event, "response")
        latest = response or latest
        failed = failed or text(event, "type") == "error"
        if text(event, "type") in _LAST_EVENTS:
            unstated = None if child(response, "usage") else NO_USAGE_STATED
            return _stated(response, context, unstated, pending=False)
    background = latest.get("background") is True
    reason = FAILED if failed else CUT
    return _stated(latest, context, None if child(latest, "usage") else reason, pending=background)


def _stated(body: Mapping[str, Any], context: Context, incomplete: str | None, *, pending: bool) -> Stated:
    usage = child(body, "usage")
    items = [item for item in _list(body, "output") if isinstance(item, Mapping)]
    images, unpriced = _images(body, items)
    tools = _tool_calls(body, items)
    containers: tuple[str, ...] = ()
    if not child(usage, "server_side_tool_usage_details") and _of_kind(items, f"{_CODE_INTERPRETER}_call"):
        made = _containers_made(body, items, context)
        tools = {**tools, CODE_EXECUTIONS: made or None}
        containers = (_LONGER if made else _CONTAINERS,)
    if any(child(call, "environment").get("type") == _HOSTED for call in _of_kind(items, "shell_call")):
        containers = (*containers, _SHELL)
    served = child(usage, "server_side_tool_usage_details")
    others = [name for name in sorted(served) if name not in _WITHOUT_FEE and count(served, name)]
    return Stated(
        usage=response_usage(usage, tools) if usage else None,
        model=text(body, "model"),
        incomplete=incomplete,
        response_id=text(body, "id"),
        context={**tier_context(body, usage), **_kind_of_search(body, tools, context)},
        doubts=(*containers, *unpriced, *(f"no price for {name}" for name in others)),
        cost=stated_cost(usage),
        sub_calls=images,
        pending=pending,
        created=count(body, "completed_at") or count(body, "created_at"),
        cache_miss=cache_miss(body) if "prompt_cache_diagnostics" in body else None,
    )


def _containers_made(body: Mapping[str, Any], items: Iterable[Mapping[str, Any]], context: Context) -> int:
    """How many containers OpenAI made for an answer; 0 where they may have been there before.

    Source: developers.openai.com, code interpreter: in the mode ``auto`` a container that the conversation
    has used is used again, and otherwise one is made. The pricing page: at least 5 minutes of it are billed.
    """
    if context.provider != "openai" or not context.request:
        return 0
    tools = [tool for tool in _list(body, "tools") if text(tool, "type") == _CODE_INTERPRETER]
    if not any(text(child(tool, "container"), "type") == "auto" for tool in tools):
        return 0
    if body.get("previous_response_id") or body.get("conversation"):
        return 0
    before = {text(item, "container_id") for item in _list(context.request, "input")}
    used = {text(call, "container_id") for call in _of_kind(items, f"{_CODE_INTERPRETER}_call")}
    return len(used - before - {None})


def _images(
    body: Mapping[str, Any], items: Iterable[Mapping[str, Any]]
) -> tuple[tuple[SubCall, ...], tuple[str, ...]]:
    """What the images of an answer used, at the model that made them, and a doubt where that is not stated.

    Source: the SDK's type of ``tool_usage.image_gen``: its tokens are not in ``usage``. The model stands in
    the tool that the response repeats.
    """
    apart = child(child(body, "tool_usage"), "image_gen")
    if not apart:
        return (), ((_IMAGES,) if _of_kind(items, f"{_IMAGE_GENERATION}_call") else ())
    prompt, answer = child(apart, "input_tokens_details"), child(apart, "output_tokens_details")
    counts = {
        INPUT: count(apart, "input_tokens"),
        "input_image_tokens": count(prompt, "image_tokens"),
        OUTPUT: count(apart, "output_tokens"),
        "output_image_tokens": count(answer, "image_tokens"),
    }
    used = {unit: number for unit, number in counts.items() if number}
    tools = [tool for tool in _list(body, "tools") if text(tool, "type") == _IMAGE_GENERATION]
    model = next((text(tool, "model") for tool in tools), None)
    if not used:
        return (), ()
    return ((SubCall(_IMAGE_GENERATION, model, Usage(used)),), ()) if model else ((), (_IMAGES,))


def _tool_calls(body: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> dict[str, int | None]:
    """Tool calls that have a fee each.

    ``tool_usage`` states the searches that are billed. Where it is absent they are the items whose action is
    a search; opening a page and finding text in it are not billed. xAI counts the tools that it ran in
    ``usage.server_side_tool_usage_details``. Source: docs.x.ai, tool usage details.
    """
    items = list(items)
    served = child(child(body, "usage"), "server_side_tool_usage_details")
    if served:
        return {unit: count(served, key) or None for key, unit in _SERVED_TOOLS.items()}
    searches = count(child(child(body, "tool_usage"), "web_search"), "num_requests")
    if searches is None:
        calls = _of_kind(items, "web_search_call")
        searches = sum(text(child(call, "action"), "type") in {None, "search"} for call in calls)
    return {
        WEB_SEARCHES: searches or None,
        STORAGE_SEARCHES: len(_of_kind(items, "file_search_call")) or None,
    }


def _kind_of_search(
    body: Mapping[str, Any], tools: Mapping[str, int | None], context: Context
) -> dict[str, str]:
    """The older tool for searches, which has prices of its own at OpenAI; the response repeats its tools.

    Source: OpenAI's pricing page, tools: web search preview.
    """
    if context.provider != "openai" or not tools.get(WEB_SEARCHES):
        return {}
    kinds = [text(tool, "type") or "" for tool in _list(body, "tools")]
    return {"web_search": "preview"} if any(kind.startswith(_OLDER_SEARCH) for kind in kinds) else {}


def _of_kind(items: Iterable[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [item for item in items if item.get("type") == kind]


def _list(body: Mapping[str, Any], key: str) -> list[Any]:
    found = body.get(key)
    return found if isinstance(found, list) else []


def response_usage(usage: Mapping[str, Any], tool_calls: Mapping[str, int | None] | None = None) -> Usage:
    """Counts of a response's ``usage``, cached tokens inside the input, and of tools that ran beside it."""
    input_details = child(usage, "input_tokens_details")
    lifetimes = child(input_details, "cache_write_tokens_details")
    return Usage(
        stated(
            **{
                INPUT: count(usage, "input_tokens"),
                OUTPUT: count(usage, "output_tokens"),
                CACHE_READ: first_count(
                    input_details, "cached_tokens", "cache_read_input_tokens"
                ),  # Perplexity's
                CACHE_WRITE: count(input_details, "cache_write_tokens"),
                CACHE_WRITE_30M: count(lifetimes, "ttl_30m_tokens"),
                CACHE_WRITE_12H: count(lifetimes, "ttl_12h_tokens"),
                REASONING: count(child(usage, "output_tokens_details"), "reasoning_tokens"),
                **(tool_calls or {}),
            }
        )
    )


RESPONSES = WireFormat(read_json, read_events)
