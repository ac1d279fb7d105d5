"""Billing rules: what counts as output, units other than text, costs that are stated, and doubt.

Prices are those of 2026-11-23. The counts are from recorded calls where a comment names the project.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from billing import Rule, billed, check
from exchanges import (
    ANTHROPIC,
    COHERE,
    GEMINI,
    OPENAI_CHAT,
    OPENAI_EMBEDDINGS,
    OPENAI_RESPONSES,
    measured,
    sse,
    table,
)

from pytest_llmcost.model.call import Status
from pytest_llmcost.model.price import PriceSource
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.reports.explain import explain_call

XAI = "https://api.x.ai/v1/chat/completions"
XAI_RESPONSES = "https://api.x.ai/v1/responses"
OPENROUTER = "https://openrouter.ai/api/v1/chat/completions"
PERPLEXITY = "https://api.perplexity.ai/chat/completions"
GEMINI_AS_OPENAI = "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"
MULTIMODAL = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0-flash:generateContent"


def chat(model, prompt, answer, **usage):
    counts = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
    return {"id": "c", "model": model, "choices": [], "usage": {**counts, **usage}}


def gemini(model="gemini-2.5-flash", **usage):
    return {"modelVersion": model, "candidates": [{"finishReason": "STOP"}], "usageMetadata": usage}


RULES = {
    "OpenAI: reasoning is inside the output": Rule(
        "developers.openai.com, reasoning: billed as output tokens",
        OPENAI_RESPONSES,
        {
            "id": "r",
            "model": "gpt-5-2025-08-07",
            "status": "completed",
            "output": [],
            "usage": {
                "input_tokens": 53,
                "output_tokens": 469,
                "output_tokens_details": {"reasoning_tokens": 448},
            },
        },
        {"input": "53 x 1.25", "output": "469 x 10"},
    ),
    "Anthropic: thinking is inside the output": Rule(
        "docs.claude.com, extended thinking: the full thinking is billed as output",
        ANTHROPIC,
        {
            "id": "m",
            "model": "claude-opus-5",
            "content": [],
            "usage": {
                "input_tokens": 10,
                "output_tokens": 121,
                "output_tokens_details": {"thinking_tokens": 28},
            },
        },
        {"input": "10 x 5", "output": "121 x 25"},
    ),
    "Gemini: thoughts are beside the candidates, and are output": Rule(
        "ai.google.dev, thinking: the price is the sum of output and thinking tokens",
        GEMINI,
        gemini(promptTokenCount=136, candidatesTokenCount=16, thoughtsTokenCount=76),  # openinference
        {"input": "136 x 0.3", "output": "92 x 2.5"},
        "0.0002708",
    ),
    "Gemini behind OpenAI's format: thoughts are in the total alone": Rule(
        "the total that Google's compatible endpoint states is prompt, completion and thoughts",
        GEMINI_AS_OPENAI,
        chat("gemini-2.5-flash", 100, 10, total_tokens=160),
        {"input": "100 x 0.3", "output": "60 x 2.5"},
    ),
    "xAI chat: reasoning is beside the completion": Rule(
        "docs.x.ai, cost tracking: completion_tokens leaves reasoning_tokens out",
        XAI,
        chat(
            "grok-4.5",
            213,
            3,
            total_tokens=252,
            prompt_tokens_details={"cached_tokens": 128},
            completion_tokens_details={"reasoning_tokens": 36},
        ),
        {"input": "85 x 2", "cache_read": "128 x 0.3", "output": "39 x 6"},
    ),
    "xAI responses: it is inside": Rule(
        "docs.x.ai, Responses: output_tokens includes reasoning",
        XAI_RESPONSES,
        {
            "id": "r",
            "model": "grok-4.5",
            "status": "completed",
            "output": [],
            "usage": {
                "input_tokens": 213,
                "output_tokens": 39,
                "output_tokens_details": {"reasoning_tokens": 36},
                "total_tokens": 252,
            },
        },
        {"input": "213 x 2", "output": "39 x 6"},
    ),
    "Gemini API: Gemma is free of charge": Rule(
        "ai.google.dev, Gemini API pricing: Gemma 3 has no paid tier",
        GEMINI.replace("gemini-2.5-flash", "gemma-3-27b-it"),
        gemini("gemma-3-27b-it", promptTokenCount=8, candidatesTokenCount=40, totalTokenCount=48),
        {"input": "8 x 0", "output": "40 x 0"},
        "0",
    ),
    "OpenAI: predictions that were rejected are billed as output": Rule(
        "CompletionTokensDetails of the SDK: rejected tokens are still counted in completion tokens",
        OPENAI_CHAT,
        chat(
            "gpt-4o",
            200,
            90,
            completion_tokens_details={
                "accepted_prediction_tokens": 18,
                "rejected_prediction_tokens": 10,
                "reasoning_tokens": 0,
            },
        ),
        {"input": "200 x 2.5", "output": "90 x 10"},
    ),
    "OpenAI: audio has prices of its own": Rule(
        "OpenAI's pricing page: audio tokens of gpt-4o-audio-preview",
        OPENAI_CHAT,
        chat(
            "gpt-4o-audio-preview-2024-12-17",
            150,
            120,
            prompt_tokens_details={"audio_tokens": 50},
            completion_tokens_details={"audio_tokens": 100},
        ),
        {"input": "100 x 2.5", "output": "20 x 10", "input_audio": "50 x 40", "output_audio": "100 x 80"},
    ),
    "OpenAI: the first snapshot had dearer audio, and is in doubt": Rule(
        "OpenAI's pricing page no longer lists gpt-4o-audio-preview-2024-10-01",
        OPENAI_CHAT,
        chat("gpt-4o-audio-preview-2024-10-01", 150, 20, prompt_tokens_details={"audio_tokens": 50}),
        {"input": "150 x 2.5", "output": "20 x 10"},
        doubt="no price of its own for input_audio_tokens (50)",
    ),
    "OpenAI: audio of a model that has no price for it is in doubt": Rule(
        "OpenAI's pricing page: gpt-4o-mini has no audio",
        OPENAI_CHAT,
        chat("gpt-4o-mini", 20, 4, prompt_tokens_details={"audio_tokens": 2}),  # openinference
        {"input": "20 x 0.15", "output": "4 x 0.6"},
        doubt="no price of its own for input_audio_tokens (2)",
    ),
    "Gemini: audio, images and video each at their price": Rule(
        "ai.google.dev, pricing: audio apart, text, image and video together",
        MULTIMODAL,
        gemini(
            "gemini-2.0-flash",
            promptTokenCount=62,  # crewAI
            candidatesTokenCount=14,
            promptTokensDetails=[
                {"modality": "TEXT", "tokenCount": 37},
                {"modality": "AUDIO", "tokenCount": 25},
            ],
        ),
        {"input": "37 x 0.1", "output": "14 x 0.4", "input_audio": "25 x 0.7"},
        "0.0000268",
    ),
    "embeddings: input only": Rule(
        "OpenAI's pricing page: embeddings",
        OPENAI_EMBEDDINGS,
        {"model": "text-embedding-3-small", "data": [], "usage": {"prompt_tokens": 8, "total_tokens": 8}},
        {"input": "8 x 0.02"},
    ),
    "Cohere: billed units, not the tokens that were processed": Rule(
        "docs.cohere.com, how does Cohere's pricing work: billed_units are what you are billed for",
        f"{COHERE}/v2/chat",
        {
            "id": "1",
            "message": {},
            "usage": {
                "billed_units": {"input_tokens": 6_772, "output_tokens": 248},
                "tokens": {"input_tokens": 7_596, "output_tokens": 645},
            },
        },
        {"input": "6772 x 2.5", "output": "248 x 10"},
        request={"model": "command-a-03-2025"},
    ),
    "impossible usage: the least that it can have cost": Rule(
        "a gateway's answer: read and written tokens exceed the prompt",
        OPENROUTER,
        chat(
            "anthropic/claude-sonnet-4.5",
            2_168,
            50,
            prompt_tokens_details={"cached_tokens": 2_161, "cache_write_tokens": 2_161},
        ),
        {"input": "2168 x 0.3", "output": "50 x 15"},
        doubt="the parts of input_tokens add up to more than input_tokens",
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_rule(name):
    """The bill of an answer is the one that its provider's rule says."""
    check(RULES[name])


@pytest.mark.parametrize(
    ("provider", "model", "usage", "cost"),
    [
        ("openai", "whisper-1", {"audio_seconds": 60}, "0.006"),  # OpenAI: $0.006 a minute
        ("openai", "tts-1", {"input_characters": 1_000}, "0.015"),  # OpenAI: $15 per million characters
        ("mistral", "mistral-ocr-latest", {"input_document_pages": 1_000}, None),  # Mistral: by the page
        ("cohere", "rerank-v4.0-pro", {"rerank_searches": 1_000}, "2.5"),  # Cohere: by the search
        ("cohere", "rerank-english-v2.0", {"rerank_searches": 1_000}, "2"),
        (
            "google",
            "gemini-2.5-flash-preview-tts",
            {"output_tokens": 500, "output_audio_tokens": 500},
            "0.005",
        ),
        ("google", "gemini-1.5-flash-8b", {"input_tokens": 100_000, "output_tokens": 100}, "0.003765"),
        ("google", "gemini-1.5-flash-8b-001", {"input_tokens": 200_000, "output_tokens": 100}, "0.01503"),
        ("azure", "DeepSeek-V3-0324", {"input_tokens": 1_000_000, "output_tokens": 1_000_000}, "5.7"),
        ("openai", "ft:gpt-4.1-mini-2025-04-14:acme::b1", {"input_tokens": 1_000_000}, "0.8"),
        ("openai", "gpt-4o-mini-transcribe-2025-12-15", {"input_tokens": 1_000_000}, "1.25"),
        ("voyageai", "voyage-multimodal-3", {"input_pixels": 1_000_000_000}, "0.6"),
        ("azure", "grok-3-mini", {"input_tokens": 1_000_000}, "0.25"),
        (
            "aws",
            "eu.amazon.nova-pro-v1:0",
            {"input_tokens": 1_000_000, "cache_read_tokens": 500_000},
            "0.65625",
        ),
        ("mistral", "magistral-medium-latest", {"output_tokens": 1_000_000}, "7.5"),
        ("openai", "gpt-image-2", {"output_tokens": 1_000, "output_image_tokens": 1_000}, "0.03"),
    ],
)
def test_units_other_than_tokens(provider, model, usage, cost):
    """Audio by the second, characters, pages, searches and images."""
    call = price_call("c1", measured(provider, model, usage), table())
    assert call.status is Status.EXACT
    assert call.cost.value > 0
    assert cost is None or call.cost.value == Decimal(cost)


@pytest.mark.parametrize(
    "unit", ["audio_seconds", "input_characters", "input_document_pages", "rerank_searches"]
)
def test_unit_without_a_price_is_named(unit):
    """The rest is a lower bound."""
    call = price_call("c1", measured(usage={"input_tokens": 1_000_000, unit: 3}), table())
    assert (call.status, call.status_detail) == (Status.PARTIAL, f"no price for {unit} (3)")
    assert (call.cost.low, call.cost.high) == (Decimal("2.5"), None)


STATED = {
    "OpenRouter: credits are USD": (
        # openrouter.ai, usage accounting
        OPENROUTER,
        chat("openai/gpt-oss-120b", 74, 21, cost=5.37e-06),  # dd-trace-py
        "0.00000537",
    ),
    "xAI: ticks of 1e-10 USD, with its tools": (
        # docs.x.ai, cost tracking
        XAI,
        chat("grok-4.5", 213, 3, cost_in_usd_ticks=4_680_000),
        "0.000468",
    ),
    "Perplexity: tokens and the fee of the request": (
        # docs.perplexity.ai, Sonar
        PERPLEXITY,
        chat("sonar", 10, 100, cost={"request_cost": 0.005, "total_cost": 0.00511}),
        "0.00511",
    ),
}


@pytest.mark.parametrize("name", STATED)
def test_stated_cost_comes_before_prices(name):
    """And explain shows what the tokens would cost beside it."""
    url, answer, cost = STATED[name]
    call = billed(url, answer)
    assert (call.status, call.cost.value) == (Status.REPORTED, Decimal(cost))
    assert call.lookup.card is not None
    shown = "\n".join(explain_call(call, 100))
    assert f"price         stated by {call.measured.provider}" in shown
    assert "by tokens     $" in shown
    assert ", for comparison (genai-prices" in shown


def test_stated_cost_without_a_price_has_nothing_beside_it():
    """A gateway may serve what no table lists."""
    call = billed(OPENROUTER, chat("acme/unheard-of", 10, 10, cost=0.5))
    assert (call.status, call.cost.value) == (Status.REPORTED, Decimal("0.5"))
    assert "by tokens" not in "\n".join(explain_call(call, 100))


def test_tokens_of_a_stated_cost_that_are_in_doubt():
    """They are shown as a lower bound."""
    answer = chat("openai/gpt-4o", 100, 10, cost=0.5, prompt_tokens_details={"audio_tokens": 7})
    assert "by tokens     ≥ $" in "\n".join(explain_call(billed(OPENROUTER, answer), 100))


def test_own_key_at_the_provider_is_computed():
    """Source: openrouter.ai, BYOK: the statement leaves the provider's own bill out."""
    call = billed(OPENROUTER, chat("openai/gpt-4o-mini", 14, 7, cost=0, is_byok=True))  # dd-trace-py
    assert (call.status, call.cost.value) == (Status.EXACT, Decimal("0.0000063"))


def test_own_price_comes_before_a_stated_cost():
    """What the user typed holds."""
    pricing = '{models: {"openrouter/*": {input: "1", output: "1"}}}'
    call = billed(OPENROUTER, chat("openai/gpt-4o", 500_000, 500_000, cost=9), pricing=pricing)
    assert (call.status, call.cost.value) == (Status.EXACT, Decimal(1))


def test_stream_that_was_not_asked_for_usage_is_incomplete():
    """Source: developers.openai.com, stream_options: without include_usage no chunk states any."""
    chunk = {"id": "c", "model": "gpt-4o", "choices": [{"delta": {}, "finish_reason": "stop"}]}
    call = billed(OPENAI_CHAT, sse(chunk))
    assert (call.status, call.cost.high) == (Status.INCOMPLETE, None)
    assert "stream_options" in call.status_detail


def test_stream_that_broke_off_has_billed_its_input():
    """Source: docs.claude.com, streaming: message_start states the input; at least that is billed."""
    message = {"id": "m", "model": "claude-opus-5", "usage": {"input_tokens": 1_000_000, "output_tokens": 1}}
    call = billed(ANTHROPIC, sse({"type": "message_start", "message": message}, done=False))
    assert call.status is Status.INCOMPLETE
    assert (call.cost.low, call.cost.high) == (Decimal("5.000025"), None)


def test_price_by_the_hour_is_that_of_noon():
    """Source: api-docs.deepseek.com, peak and off-peak: one figure for a day, whenever the run is."""
    call = billed("https://api.deepseek.com/chat/completions", chat("deepseek-v4-pro", 1_000_000, 0))
    assert call.cost.value == Decimal("0.66")


@pytest.mark.parametrize(
    ("day", "cost"),
    [
        (date(2025, 9, 4), "0.27"),
        (date(2025, 9, 5), "0.56"),
        (date(2025, 9, 29), "0.28"),
        (date(2026, 4, 26), "0.14"),
    ],
)
def test_as_of_decides_the_price_of_a_name_that_has_moved(day, cost):
    """Source: api-docs.deepseek.com, news: deepseek-chat has stood for four models."""
    call = billed("https://api.deepseek.com/chat/completions", chat("deepseek-chat", 1_000_000, 0), day=day)
    assert (call.status, call.cost.value) == (Status.EXACT, Decimal(cost))


def test_served_model_decides_and_not_the_one_asked_for():
    """Source: docs.x.ai, models: grok-4-fast-non-reasoning is served as grok-4.3 since its retirement."""
    asked = {"model": "grok-4-fast-non-reasoning"}
    call = billed(XAI, chat("grok-4.3", 1_000, 10), asked)
    assert call.lookup.source is PriceSource.GENAI_PRICES
    assert call.lookup.card.matched == "x-ai/grok-4.3"
