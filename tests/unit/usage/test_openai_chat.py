"""OpenAI chat completions, and the dialects of the providers that speak them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from exchanges import OPENAI_CHAT, read, sse

from pytest_llmcost.usage.reading import (
    CUT,
    EMPTY,
    FAILED,
    NO_INPUT_STATED,
    NO_OUTPUT_STATED,
    NO_USAGE_STATED,
    NotACall,
)

HEAD = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "model": "gpt-4o-2024-08-06",
    "created": 1784579100,
}
WORD = {**HEAD, "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]}
LAST_WORD = {**HEAD, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
USAGE = {"prompt_tokens": 1200, "completion_tokens": 30, "total_tokens": 1230}
COUNTS = {"input_tokens": 1200, "output_tokens": 30}


def answer(usage, **more):
    return {
        "id": "chatcmpl-1",
        "model": "gpt-4o-2024-08-06",
        "choices": [{"message": {}}],
        "usage": usage,
        **more,
    }


def counts(reading):
    return dict(reading.stated.usage)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (USAGE, COUNTS),
        (
            {**USAGE, "prompt_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 100}},
            {**COUNTS, "cache_read_tokens": 1024, "cache_write_tokens": 100},
        ),
        (
            {**USAGE, "completion_tokens_details": {"reasoning_tokens": 20}},
            {**COUNTS, "reasoning_tokens": 20},
        ),
        (
            {
                **USAGE,
                "prompt_tokens_details": {"audio_tokens": 7},
                "completion_tokens_details": {"audio_tokens": 5},
            },
            {**COUNTS, "input_audio_tokens": 7, "output_audio_tokens": 5},
        ),
        (
            {
                **USAGE,
                "prompt_tokens_details": {"audio_tokens": 0},
                "completion_tokens_details": {"audio_tokens": 0},
            },
            COUNTS,
        ),
        (
            {**USAGE, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 1136},
            {**COUNTS, "cache_read_tokens": 64},
        ),
        ({**USAGE, "cached_tokens": 64}, {**COUNTS, "cache_read_tokens": 64}),
        ({**USAGE, "prompt_tokens_details": None, "completion_tokens_details": None}, COUNTS),
        ({"prompt_tokens": 12.0, "completion_tokens": 3}, {"input_tokens": 12, "output_tokens": 3}),
        (
            {**USAGE, "completion_tokens_details": {"image_tokens": 25}},
            {**COUNTS, "output_image_tokens": 25},
        ),
        ({**USAGE, "prompt_audio_seconds": 4}, {**COUNTS, "input_audio_seconds": 4}),
        ({**USAGE, "prompt_audio_seconds": None}, COUNTS),
        ({"prompt_tokens": "12", "completion_tokens": "3"}, {"input_tokens": 12, "output_tokens": 3}),
        ({"prompt_tokens": 12, "total_tokens": 20}, {"input_tokens": 12, "output_tokens": 8}),
        ({"prompt_tokens": 12, "total_tokens": 12}, {"input_tokens": 12, "output_tokens": 0}),
        ({"completion_tokens": 8, "total_tokens": 20}, {"input_tokens": 12, "output_tokens": 8}),
    ],
    ids=[
        "plain",
        "cached and written",
        "reasoning",
        "audio",
        "audio of 0 is no audio",
        "DeepSeek",
        "Moonshot",
        "null details",
        "whole floats",
        "images that were made",
        "audio by the second",
        "no audio",
        "digits as text",
        "the answer is in the total only",
        "nothing was generated",
        "the prompt is in the total only",
    ],
)
def test_counts(usage, expected):
    """Cached tokens are inside the prompt, reasoning inside the output; what is not stated is absent."""
    assert counts(read(OPENAI_CHAT, answer(usage))) == expected


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        ({"prompt_tokens": True, "completion_tokens": -3}, NO_USAGE_STATED),
        ({"prompt_tokens": "a few", "completion_tokens": 3.5}, NO_USAGE_STATED),
        ({"prompt_tokens": None, "completion_tokens": None, "total_tokens": None}, NO_USAGE_STATED),
        ({"total_tokens": 20}, NO_USAGE_STATED),
        ({"queue_time": 0.1}, NO_USAGE_STATED),
        ({"completion_tokens": 8}, NO_INPUT_STATED),
        ({"prompt_tokens": 12}, NO_OUTPUT_STATED),
    ],
    ids=["no counts", "words", "null", "total only", "times only", "no prompt", "no answer"],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_half_a_usage_is_incomplete(usage, reason, streamed):
    """Counters that are null, or of one side only, are no bill: such a call never costs $0."""
    body = sse(WORD, LAST_WORD, {**HEAD, "choices": [], "usage": usage}) if streamed else answer(usage)
    stated = read(OPENAI_CHAT, body).stated
    assert stated.incomplete == reason
    assert (stated.usage is None) == (reason == NO_USAGE_STATED)


@pytest.mark.parametrize(
    ("total", "reasoning", "output"), [(1_430, 200, 230), (1_230, 20, 30), (1_999, 200, 30)]
)
def test_reasoning_outside_of_the_completion_at_any_provider(total, reasoning, output):
    """Grok at Azure: where the total is prompt, completion and reasoning, the last is no part of the second."""
    usage = {**USAGE, "total_tokens": total, "completion_tokens_details": {"reasoning_tokens": reasoning}}
    url = "https://r.services.ai.azure.com/models/chat/completions"
    assert read(url, answer(usage)).stated.usage.output_tokens == output


@pytest.mark.parametrize(
    ("host", "output"),
    [("api.x.ai", 250), ("generativelanguage.googleapis.com", 250), ("api.openai.com", 30)],
)
def test_reasoning_outside_of_the_completion_is_added(host, output):
    """xAI and Gemini count thinking in the total only."""
    usage = {"prompt_tokens": 1200, "completion_tokens": 30, "total_tokens": 1450}
    reading = read(f"https://{host}/v1/chat/completions", answer(usage))
    assert reading.stated.usage.output_tokens == output


def test_who_answered():
    """The billed model, the requested one, the id, the day and the sizes of the prompt's parts."""
    request = {
        "model": "gpt-4o",
        "tools": [{"type": "function"}],
        "messages": [{"role": "user", "content": "Grüße"}],
    }
    reading = read(OPENAI_CHAT, answer(USAGE, created=1784579100), request)
    assert (reading.model.requested, reading.model.billed) == ("gpt-4o", "gpt-4o-2024-08-06")
    assert (reading.stated.response_id, reading.stated.created) == ("chatcmpl-1", 1784579100)
    assert reading.request_parts == {"tools": 21, "messages": 37}
    assert not reading.stream


def test_deployment_of_azure_is_the_requested_model():
    """Azure's classic paths name a deployment and no model."""
    url = "https://r.openai.azure.com/openai/deployments/prod-chat/chat/completions?api-version=2024-02-01"
    reading = read(url, answer(USAGE), {"messages": []})
    assert (reading.provider, reading.model.requested) == ("azure", "prod-chat")


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({**USAGE, "cost": 0.00417}, Decimal("0.00417")),
        ({**USAGE, "cost": "0.00417", "is_byok": False}, Decimal("0.00417")),
        ({**USAGE, "cost": 4.2e-06}, Decimal("0.0000042")),
        ({**USAGE, "cost": 0}, Decimal(0)),
        ({**USAGE, "cost": 0.0001, "is_byok": True}, None),
        ({**USAGE, "cost": -1}, None),
        ({**USAGE, "cost": "free"}, None),
        ({**USAGE, "cost": "1e999999999"}, None),
        ({**USAGE, "cost": {"total": 1}}, None),
        ({**USAGE, "cost": {"total_cost": 0.0061}}, Decimal("0.0061")),
        ({**USAGE, "cost_in_usd_ticks": 4680000}, Decimal("0.000468")),
        ({**USAGE, "cost_in_usd_ticks": 0}, Decimal(0)),
        ({**USAGE, "cost_in_usd_ticks": -1}, None),
        ({**USAGE, "cost": True}, None),
        (USAGE, None),
    ],
    ids=[
        "number",
        "text",
        "exponent",
        "zero",
        "BYOK",
        "negative",
        "word",
        "huge",
        "object",
        "Perplexity",
        "xAI",
        "xAI zero",
        "xAI negative",
        "boolean",
        "absent",
    ],
)
def test_stated_cost(usage, cost):
    """OpenRouter, Perplexity and xAI state what they charge; with a key of one's own it is not the cost."""
    reading = read("https://openrouter.ai/api/v1/chat/completions", answer(usage))
    assert reading.stated.cost == cost


@pytest.mark.parametrize(
    ("more", "context"),
    [
        ({}, {}),
        ({"service_tier": "default"}, {}),
        ({"service_tier": "auto"}, {}),
        ({"service_tier": "on_demand"}, {}),
        ({"service_tier": None}, {}),
        ({"service_tier": "flex"}, {"service_tier": "flex"}),
        ({"service_tier": "priority"}, {"service_tier": "priority"}),
        ({"service_tier": "batch"}, {"processing": "batch"}),
        ({"service_tier": "brand-new"}, {"service_tier": "brand-new"}),
    ],
)
def test_tier_that_was_served(more, context):
    """The response's tier counts, under the name that the price table knows."""
    assert read(OPENAI_CHAT, answer(USAGE, **more)).stated.context == context


@pytest.mark.parametrize(
    ("events", "done", "usage", "incomplete"),
    [
        ([WORD, LAST_WORD, {**HEAD, "choices": [], "usage": USAGE}], True, COUNTS, None),
        ([WORD, LAST_WORD, {**HEAD, "choices": [], "usage": USAGE}], False, COUNTS, None),
        ([WORD, {**LAST_WORD, "usage": USAGE}], False, COUNTS, None),
        ([WORD, {**LAST_WORD, "x_groq": {"usage": USAGE}}], True, COUNTS, None),
        ([WORD, {**HEAD, "choices": [{"finish_reason": "stop", "usage": USAGE}]}], True, COUNTS, None),
        (
            [{**WORD, "usage": {**USAGE, "completion_tokens": 1}}, {**LAST_WORD, "usage": USAGE}],
            True,
            COUNTS,
            None,
        ),
        ([{**WORD, "usage": {**USAGE, "completion_tokens": 1}}], False, {**COUNTS, "output_tokens": 1}, CUT),
        ([WORD], False, None, CUT),
        ([WORD, {"error": {"message": "overloaded"}}], False, None, FAILED),
    ],
    ids=[
        "usage chunk",
        "usage chunk without an end mark",
        "usage with the last word",
        "Groq",
        "Moonshot",
        "running usage in every chunk",
        "cut, with running usage",
        "cut",
        "error in the middle",
    ],
)
def test_stream(events, done, usage, incomplete):
    """The last usage counts, and is final only once the answer has ended."""
    reading = read(OPENAI_CHAT, sse(*events, done=done))
    assert reading.stream
    assert reading.stated.incomplete == incomplete
    assert (None if reading.stated.usage is None else counts(reading)) == usage
    assert reading.stated.model == (None if events == [] else HEAD["model"])


def test_stream_without_usage_says_how_to_ask_for_it():
    """Without ``include_usage`` OpenAI states nothing; the detail names the option."""
    reading = read(OPENAI_CHAT, sse(WORD, LAST_WORD))
    assert reading.stated.usage is None
    assert 'stream_options={"include_usage": True}' in reading.stated.incomplete


@pytest.mark.parametrize(
    ("body", "ended", "incomplete"),
    [
        (b"", True, EMPTY),
        (b"", False, CUT),
        (b'{"id": "chatcmpl-1", "usa', False, CUT),
        (b"<html>busy</html>", True, NO_USAGE_STATED),
        (b'{"id": "chatcmpl-1", "choices": []}', True, NO_USAGE_STATED),
    ],
)
def test_answer_without_usage(body, ended, incomplete):
    """Why there is no usage is said, and it is never taken for zero."""
    reading = read(OPENAI_CHAT, body, ended=ended)
    assert (reading.stated.usage, reading.stated.incomplete) == (None, incomplete)


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500, 529, 0])
def test_http_error_is_no_call(status):
    """Providers do not bill errors."""
    assert read(OPENAI_CHAT, answer(USAGE), status=status) is NotACall.HTTP_ERROR


@pytest.mark.parametrize("error", [{"message": "filtered"}, "filtered"])
def test_error_under_status_200_is_no_call(error):
    """Azure's content filter and OpenRouter send an error object with 200."""
    assert read(OPENAI_CHAT, {"error": error}) is NotACall.ERROR_ANSWER
    assert read(OPENAI_CHAT, {"error": None, "usage": USAGE}).stated.usage.input_tokens == 1200


def test_gzip_and_sse_in_one():
    """Bytes are decoded before they are read."""
    import gzip

    body = gzip.compress(sse(WORD, {**LAST_WORD, "usage": USAGE}))
    assert counts(read(OPENAI_CHAT, body, headers={"content-encoding": "gzip"})) == COUNTS
