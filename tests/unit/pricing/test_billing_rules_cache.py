"""Billing rules: the prompt cache. Each row is a rule, who says so, an answer and its bill.

Prices are those of 2026-11-23. The counts are from recorded calls where a comment names the project.
"""

from __future__ import annotations

import pytest
from billing import Rule, check
from exchanges import ANTHROPIC, BEDROCK, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES

DEEPSEEK = "https://api.deepseek.com/chat/completions"
GROQ = "https://api.groq.com/openai/v1/chat/completions"


def claude(model, **usage):
    return {"id": "msg_1", "model": model, "content": [], "usage": usage}


def chat(model, prompt, answer, **details):
    usage = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
    return {"id": "c", "model": model, "choices": [], "usage": {**usage, "prompt_tokens_details": details}}


def response(model, prompt, answer, **details):
    usage = {"input_tokens": prompt, "output_tokens": answer, "input_tokens_details": details}
    return {"id": "resp_1", "model": model, "status": "completed", "output": [], "usage": usage}


def converse(**usage):
    return {"output": {}, "usage": usage}


RULES = {
    "Anthropic: input, reads and writes exclude each other": Rule(
        "docs.claude.com, prompt caching: total input = input + cache read + cache creation",
        ANTHROPIC,
        claude(
            "claude-3-5-haiku-20241022",  # openinference
            input_tokens=100,
            cache_read_input_tokens=2,
            cache_creation_input_tokens=5,
            output_tokens=21,
        ),
        {"input": "100 x 0.8", "cache_read": "2 x 0.08", "cache_write": "5 x 1", "output": "21 x 4"},
        "0.00016916",
    ),
    "Anthropic: a write for an hour is twice the input, one for 5 minutes 1.25 times": Rule(
        "docs.claude.com, prompt caching, pricing; usage.cache_creation of the SDK",
        ANTHROPIC,
        claude(
            "claude-sonnet-4-20250514",  # dd-trace-py
            input_tokens=3,
            cache_creation_input_tokens=2_070,
            cache_creation={"ephemeral_5m_input_tokens": 14, "ephemeral_1h_input_tokens": 2_056},
            output_tokens=459,
        ),
        {
            "input": "3 x 3",
            "cache_write": "14 x 3.75",
            "cache_write_1h": "2056 x 6",
            "output": "459 x 15",
        },
        "0.0192825",
    ),
    "Anthropic: a read is a twentieth of the input on Opus 5.5, not a tenth": Rule(
        "docs.claude.com, pricing: cache hits of each model",
        ANTHROPIC,
        claude("claude-opus-5-5", input_tokens=10, cache_read_input_tokens=90, output_tokens=1),
        {"input": "10 x 4", "cache_read": "90 x 0.2", "output": "1 x 20"},
    ),
    "Bedrock: input, reads and writes exclude each other": Rule(
        "Bedrock user guide, prompt caching: inputTokens leaves both out",
        f"{BEDROCK}/us.anthropic.claude-3-7-sonnet-20250219-v1%3A0/converse",
        converse(  # dd-trace-py
            inputTokens=11, cacheReadInputTokens=0, cacheWriteInputTokens=1_028, outputTokens=264
        ),
        {"input": "11 x 3", "cache_write": "1028 x 3.75", "output": "264 x 15"},
        "0.007848",
    ),
    "Bedrock: writes by lifetime": Rule(
        "Bedrock API reference, CacheDetail: ttl and inputTokens",
        f"{BEDROCK}/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse",
        converse(
            inputTokens=3,
            cacheReadInputTokens=9_511,
            cacheWriteInputTokens=1_956,
            outputTokens=44,
            cacheDetails=[{"ttl": "5m", "inputTokens": 956}, {"ttl": "1h", "inputTokens": 1_000}],
        ),
        {
            "input": "3 x 1.1",
            "cache_read": "9511 x 0.11",
            "cache_write": "956 x 1.375",
            "cache_write_1h": "1000 x 2.2",
            "output": "44 x 5.5",
        },
    ),
    "OpenAI: reads are inside the input; half price on gpt-4o": Rule(
        "developers.openai.com, prompt caching; CompletionUsage of the SDK",
        OPENAI_CHAT,
        chat("gpt-4o-2024-08-06", 1_200, 30, cached_tokens=1_024),
        {"input": "176 x 2.5", "cache_read": "1024 x 1.25", "output": "30 x 10"},
        "0.00202",
    ),
    "OpenAI: a quarter on gpt-4.1": Rule(
        "OpenAI's pricing page: cached input of each model",
        OPENAI_RESPONSES,
        response("gpt-4.1-2025-04-14", 1_144, 3, cached_tokens=1_024),  # crewAI
        {"input": "120 x 2", "cache_read": "1024 x 0.5", "output": "3 x 8"},
        "0.000776",
    ),
    "OpenAI: a tenth on gpt-5": Rule(
        "OpenAI's pricing page: cached input of each model",
        OPENAI_RESPONSES,
        response("gpt-5-2025-08-07", 1_100, 10, cached_tokens=1_024),
        {"input": "76 x 1.25", "cache_read": "1024 x 0.125", "output": "10 x 10"},
    ),
    "OpenAI from 5.6: a write for 30 minutes is 1.25 times the input": Rule(
        "developers.openai.com, prompt caching: cache writes",
        OPENAI_CHAT,
        chat("gpt-5.6-sol", 1_220, 100, cached_tokens=0, cache_write_tokens=1_217),  # dd-trace-py
        {"input": "3 x 4", "cache_write": "1217 x 5", "output": "100 x 20"},
        "0.008097",
    ),
    "OpenAI from 5.6: a write for 12 hours is 2.5 times the input": Rule(
        "developers.openai.com, prompt caching; cache_write_tokens_details of the SDK",
        OPENAI_RESPONSES,
        response(
            "gpt-5.6-sol",
            1_220,
            100,
            cache_write_tokens=1_217,
            cache_write_tokens_details={"ttl_30m_tokens": 217, "ttl_12h_tokens": 1_000},
        ),
        {
            "input": "3 x 4",
            "cache_write": "217 x 5",
            "cache_write_12h": "1000 x 10",
            "output": "100 x 20",
        },
        "0.013097",
    ),
    "OpenAI before 5.6: writes are free of charge beyond the input": Rule(
        "developers.openai.com, prompt caching: no additional fee on models before GPT-5.6",
        OPENAI_CHAT,
        chat("gpt-4o", 1_220, 100, cache_write_tokens=1_217),
        {"input": "1220 x 2.5", "output": "100 x 10"},
    ),
    "a long write without a price of its own is in doubt": Rule(
        "developers.openai.com, prompt caching: 12 hours cost twice as much as 30 minutes",
        OPENAI_RESPONSES,
        response(
            "gpt-4o",
            1_220,
            100,
            cache_write_tokens=1_000,
            cache_write_tokens_details={"ttl_12h_tokens": 1_000},
        ),
        {"input": "1220 x 2.5", "output": "100 x 10"},
        doubt="no price of its own for cache_write_12h_tokens (1,000)",
    ),
    "Gemini: reads are inside the prompt; a tenth on 2.5 flash": Rule(
        "ai.google.dev, context caching: cachedContentTokenCount",
        GEMINI,
        {
            "modelVersion": "gemini-2.5-flash",
            "candidates": [{"finishReason": "STOP"}],
            "usageMetadata": {
                "promptTokenCount": 1_424,
                "cachedContentTokenCount": 1_024,
                "candidatesTokenCount": 7,
            },
        },
        {"input": "400 x 0.3", "cache_read": "1024 x 0.03", "output": "7 x 2.5"},
    ),
    "DeepSeek: the prompt is hits and misses together": Rule(
        "api-docs.deepseek.com, context caching: prompt_cache_hit_tokens and _miss_tokens",
        DEEPSEEK,
        {
            **chat("deepseek-v4-flash", 200, 10),
            "usage": {
                "prompt_tokens": 200,
                "prompt_cache_hit_tokens": 128,
                "prompt_cache_miss_tokens": 72,
                "completion_tokens": 10,
            },
        },
        {"input": "72 x 0.15", "cache_read": "128 x 0.003", "output": "10 x 0.6"},
    ),
    "a model without a price for reads bills them as input": Rule(
        "OpenAI's pricing page: gpt-4 has no cached price",
        OPENAI_CHAT,
        chat("gpt-4-0613", 1_200, 30, cached_tokens=1_024),
        {"input": "1200 x 30", "output": "30 x 60"},
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_rule(name):
    """The bill of an answer is the one that its provider's rule says."""
    check(RULES[name])
