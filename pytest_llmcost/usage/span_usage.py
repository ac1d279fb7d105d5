"""Token counts that a span states, by the conventions of those who write them.

Sources: the GenAI semantic conventions of OpenTelemetry (``gen_ai.usage.*``; ``input_tokens`` includes cached
ones), OpenInference (``llm.token_count.*``, the details being parts of the whole), OpenLLMetry's older names,
and Langfuse's ``usage_details``, whose own buckets exclude each other; usages of providers stand there as
they came.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_llmcost.model.units import CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, REASONING
from pytest_llmcost.model.usage import NO_USAGE, Usage
from pytest_llmcost.usage.anthropic_messages import message_usage
from pytest_llmcost.usage.fields import count, first_count, stated
from pytest_llmcost.usage.openai_chat import chat_usage
from pytest_llmcost.usage.openai_responses import response_usage

Attributes = Mapping[str, Any]
_DETAILS = "langfuse.observation.usage_details"
_TOTAL = "total"
# Of each part of a usage: the names that it goes by, the newest first.
_NAMES = {
    INPUT: (
        *("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        *("llm.token_count.prompt", "llm.usage.prompt_tokens"),
    ),
    OUTPUT: (
        *("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
        *("llm.token_count.completion", "llm.usage.completion_tokens"),
    ),
    CACHE_READ: (
        *("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens"),
        *("gen_ai.usage.input_tokens.cached", "gen_ai.usage.details.cache_read_tokens"),
        *("llm.token_count.prompt_details.cache_read", "llm.usage.cache_read_input_tokens"),
    ),
    CACHE_WRITE: (
        *("gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens"),
        *("gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.details.cache_write_tokens"),
        *("llm.token_count.prompt_details.cache_write", "llm.usage.cache_creation_input_tokens"),
    ),
    REASONING: (
        *("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens"),
        *("gen_ai.usage.output_tokens.reasoning", "gen_ai.usage.details.reasoning_tokens"),
        *("llm.token_count.completion_details.reasoning", "llm.usage.reasoning_tokens"),
    ),
    "input_audio_tokens": ("llm.token_count.prompt_details.audio",),
    "output_audio_tokens": ("llm.token_count.completion_details.audio",),
}
_TOTALS = ("llm.token_count.total", "gen_ai.usage.total_tokens", "llm.usage.total_tokens")


def span_usage(attributes: Attributes) -> Usage:
    """What a span states; no counts where it states none, or only zeros, as stand-ins for a model do.

    Args:
        attributes: Of the span.
    """
    details = _json_object(attributes.get(_DETAILS))
    found = _of_langfuse(details) if details else _by_convention(dict(attributes))
    return found if any(found.counts.values()) else NO_USAGE


def total_tokens(attributes: Attributes) -> int | None:
    """All tokens together, where a span states only their sum; None where it does not."""
    details = _json_object(attributes.get(_DETAILS))
    found = first_count(details, _TOTAL, "total_tokens") if details else None
    return found or first_count(dict(attributes), *_TOTALS)


def _by_convention(attributes: dict[str, Any]) -> Usage:
    found = {unit: first_count(attributes, *names) for unit, names in _NAMES.items()}
    prompt, read, written = found[INPUT], found[CACHE_READ] or 0, found[CACHE_WRITE] or 0
    if prompt is not None and read + written > prompt:
        # A part cannot be more than the whole: who wrote this leaves cached tokens out.
        found[INPUT] = prompt + read + written
    for unit in ("input_audio_tokens", "output_audio_tokens"):
        found[unit] = found[unit] or None
    return Usage(stated(**found))


def _of_langfuse(details: dict[str, Any]) -> Usage:
    if "prompt_tokens" in details or "completion_tokens" in details:
        return chat_usage(details, "")
    if isinstance(details.get("input_tokens_details"), dict):
        return response_usage(details)
    if "input_tokens" in details and not {"input", "output"} & details.keys():
        return message_usage(details)
    return _of_buckets(details)


def _of_buckets(details: dict[str, Any]) -> Usage:
    """Langfuse's own form: ``input`` and ``output`` leave out what ``input_...`` and ``output_...`` count.

    Where a ``total`` says that they do not, it is believed.
    """
    fresh, written = count(details, "input"), count(details, "output")
    parts = dict(_parts(details))
    of_prompt = sum(number for unit, number in parts.items() if unit[0] == INPUT)
    of_answer = sum(number for unit, number in parts.items() if unit[0] == OUTPUT)
    total = count(details, _TOTAL)
    whole = (fresh or 0) + (written or 0)
    includes = total == whole and of_prompt <= (fresh or 0) and of_answer <= (written or 0)
    prompt = fresh if includes else _sum(fresh, of_prompt)
    answer = written if includes else _sum(written, of_answer)
    units = {unit: parts[key] for key in parts if (unit := key[1]) is not None}
    return Usage(stated(**{INPUT: prompt, OUTPUT: answer, **units}))


def _parts(details: dict[str, Any]) -> Iterator[tuple[tuple[str, str | None], int]]:
    """Of each bucket beside ``input`` and ``output``: what it is a part of, its unit if any, its count."""
    found: dict[tuple[str, str | None], int] = {}
    for key in details:
        number = count(details, key)
        place = _place(key)
        if number and place is not None:
            found[place] = found.get(place, 0) + number
    return iter(found.items())


def _place(key: str) -> tuple[str, str | None] | None:
    if key in {"input", "output", _TOTAL, "total_tokens"}:
        return None
    if "reasoning" in key or "thoughts" in key or "thinking" in key:
        return OUTPUT, REASONING
    if "cache" in key:
        return INPUT, CACHE_WRITE if "creation" in key or "write" in key else CACHE_READ
    side = INPUT if key.startswith("input") else OUTPUT if key.startswith("output") else None
    if side is None:
        return None
    return side, f"{side.partition('_')[0]}_audio_tokens" if "audio" in key.lower() else None


def _sum(number: int | None, parts: int) -> int | None:
    return number if not parts else (number or 0) + parts


def _json_object(value: object) -> dict[str, Any]:
    if not isinstance(value, str):
        return {}
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
