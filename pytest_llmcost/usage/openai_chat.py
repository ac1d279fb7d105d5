"""OpenAI chat completions, as spoken by many providers; the older completions state the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.model.units import CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, REASONING
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.chat_searches import with_searches
from pytest_llmcost.usage.fields import child, count, stated_cost, text
from pytest_llmcost.usage.groq_compound import with_parts
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.tiers import tier_context
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

# They leave reasoning out of completion_tokens, and put it into total_tokens: xAI's chat completions,
# and Gemini behind Google's OpenAI-compatible endpoint.
_TOTAL_INCLUDES_MORE = frozenset({"x-ai", "google"})
_NOT_ASKED_FOR = (
    'the stream ended without usage: the app has to ask for it with stream_options={"include_usage": True}'
)


def read_json(body: Event, context: Context) -> Stated:
    """Read a completion that came in one piece."""
    usage = child(body, "usage")
    whole = _stated(body, usage, context, None if usage else NO_USAGE_STATED)
    return with_parts(body, whole) if child(body, "usage_breakdown") else whole


def read_events(events: Events, context: Context) -> Stated:
    """Read a streamed completion.

    The usage stands in the last chunk that has one (Groq: under ``x_groq``; Moonshot: in the choice that
    ends). Some servers repeat it in every chunk, so it is final only when the answer has ended.
    """
    head: dict[str, Any] = {}
    usage: Mapping[str, Any] = {}
    ended, failed = context.done, False
    for event in events:
        if event is None:
            continue
        for key in ("model", "id", "created", "service_tier"):
            if event.get(key):
                head[key] = event[key]
        choices = event.get("choices")
        found = child(event, "usage") or child(child(event, "x_groq"), "usage") or _of_choices(choices)
        usage = found or usage
        failed = failed or bool(event.get("error"))
        ended = ended or bool(found and choices == []) or _has_finished(choices)
    if not usage:
        unstated = _NOT_ASKED_FOR if ended else CUT
        return _stated(head, usage, context, FAILED if failed else unstated)
    return _stated(head, usage, context, None if ended else CUT)


def _of_choices(choices: object) -> Mapping[str, Any]:
    if not isinstance(choices, list):
        return {}
    return next((usage for choice in choices if (usage := child(choice, "usage"))), {})


def _has_finished(choices: object) -> bool:
    return isinstance(choices, list) and any(text(choice, "finish_reason") for choice in choices)


def _stated(
    body: Mapping[str, Any], usage: Mapping[str, Any], context: Context, incomplete: str | None
) -> Stated:
    answer = Stated(
        usage=chat_usage(usage, context.provider) if usage else None,
        model=text(body, "model"),
        incomplete=incomplete,
        response_id=text(body, "id"),
        context=tier_context(body, usage),
        cost=stated_cost(usage),
        created=count(body, "created"),
    )
    return with_searches(answer, usage, context)


def chat_usage(usage: Mapping[str, Any], provider: str) -> Usage:
    """Counts of a chat ``usage`` object: cached tokens are inside the prompt, reasoning inside the output."""
    prompt, completion = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    total = count(usage, "total_tokens")
    # Writer, and OpenAI's runs of assistants, write both without the s.
    input_details = child(usage, "prompt_tokens_details") or child(usage, "prompt_token_details")
    output_details = child(usage, "completion_tokens_details") or child(usage, "completion_token_details")
    reasoning = count(output_details, "reasoning_tokens")
    if total is not None:
        if prompt is None and completion is not None and completion <= total:
            prompt = total - completion
        elif prompt is not None:
            completion = _generated(total - prompt, completion, reasoning, provider)
    cached = count(input_details, "cached_tokens")
    if cached is None:  # DeepSeek, and Moonshot's and Perplexity's top-level form
        cached = count(usage, "prompt_cache_hit_tokens")
        cached = count(usage, "cached_tokens") if cached is None else cached
    counts = {INPUT: prompt, OUTPUT: completion, CACHE_READ: cached}
    if input_details:
        counts[CACHE_WRITE] = count(input_details, "cache_write_tokens")
    if output_details:
        counts[REASONING] = reasoning
    if input_details:
        counts["input_audio_tokens"] = _if_any(count(input_details, "audio_tokens"))
    if output_details:
        counts["output_audio_tokens"] = _if_any(count(output_details, "audio_tokens"))
        # Models that draw, behind OpenRouter: an image token is dearer than one of text.
        counts["output_image_tokens"] = _if_any(count(output_details, "image_tokens"))
    # Mistral's, which bills the audio of a prompt by the second, and leaves it out of its tokens.
    counts["input_audio_seconds"] = _if_any(count(usage, "prompt_audio_seconds"))
    return Usage({unit: number for unit, number in counts.items() if number is not None})


def _generated(rest: int, completion: int | None, reasoning: int | None, provider: str) -> int | None:
    """How many tokens were generated.

    xAI's models leave reasoning out of ``completion_tokens`` at other providers too (Azure, gateways): the
    total, which is then the sum of the three, tells. Source: docs.x.ai, reasoning.

    Args:
        rest: The stated total without the prompt; below 0 where the total is wrong.
        completion: ``completion_tokens``; None if it is absent, as where nothing was generated.
        reasoning: ``reasoning_tokens``.
        provider: Whose dialect it is.
    """
    if completion is None:
        return max(rest, 0)
    is_outside = provider in _TOTAL_INCLUDES_MORE or (reasoning and rest == completion + reasoning)
    return max(rest, completion) if is_outside else completion


def _if_any(number: int | None) -> int | None:
    """Audio counters are stated as 0 by models without audio: only a real count is kept."""
    return number or None


CHAT = WireFormat(read_json, read_events)
