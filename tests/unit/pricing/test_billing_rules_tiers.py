"""Billing rules: service tiers, cliffs by the size of the request, and places.

Prices are those of 2026-11-23.
"""

from __future__ import annotations

import pytest
from billing import Rule, billed, check
from exchanges import ANTHROPIC, BEDROCK, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES, VERTEX

from pytest_llmcost.pricing.genai import GenaiPrices

GENAI = f"genai-prices {GenaiPrices().version}"
GROQ = "https://api.groq.com/openai/v1/chat/completions"
MISTRAL = "https://api.mistral.ai/v1/chat/completions"
NOVA = f"{BEDROCK}/us.amazon.nova-pro-v1%3A0/converse"


def chat(model, tier=None, prompt=1_000, answer=100):
    usage = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
    return {"id": "c", "model": model, "service_tier": tier, "choices": [], "usage": usage}


def claude(model="claude-opus-5", prompt=1_000, answer=100, **usage):
    counts = {"input_tokens": prompt, "output_tokens": answer}
    return {"id": "msg_1", "model": model, "content": [], "usage": {**counts, **usage}}


def gemini(model="gemini-2.5-pro", prompt=1_000, answer=100, **usage):
    return {
        "modelVersion": model,
        "candidates": [{"finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": prompt, "candidatesTokenCount": answer, **usage},
    }


TIERS = "developers.openai.com, service_tier of the response: the tier that served the request"
GPT_5 = {"input": "1000 x 1.25", "output": "100 x 10"}
OPUS_5 = {"input": "1000 x 5", "output": "100 x 25"}

RULES = {
    "OpenAI: flex is half": Rule(
        TIERS, OPENAI_CHAT, chat("gpt-5", "flex"), {"input": "1000 x 0.625", "output": "100 x 5"}
    ),
    "OpenAI: priority is twice": Rule(
        TIERS, OPENAI_CHAT, chat("gpt-5", "priority"), {"input": "1000 x 2.5", "output": "100 x 20"}
    ),
    "OpenAI: the tier that was asked for does not count": Rule(
        TIERS, OPENAI_CHAT, chat("gpt-5", "default"), GPT_5, request={"service_tier": "priority"}
    ),
    "OpenAI: nor does one that the answer leaves open": Rule(
        TIERS, OPENAI_CHAT, chat("gpt-5"), GPT_5, request={"service_tier": "auto"}
    ),
    "OpenAI: a tier that nobody prices is in doubt": Rule(
        TIERS,
        OPENAI_CHAT,
        chat("gpt-4o", "scale"),
        {"input": "1000 x 2.5", "output": "100 x 10"},
        doubt=f"{GENAI} has no price for service_tier=scale",
    ),
    "Groq: on_demand is the standard": Rule(
        "console.groq.com, service tiers",
        GROQ,
        chat("openai/gpt-oss-20b", "on_demand"),
        {"input": "1000 x 0.075", "output": "100 x 0.3"},
    ),
    "Anthropic: batch is half": Rule(
        "docs.claude.com, batch processing; usage.service_tier of the SDK",
        ANTHROPIC,
        claude(service_tier="batch"),
        {"input": "1000 x 2.5", "output": "100 x 12.5"},
    ),
    "Anthropic: fast mode is twice": Rule(
        "docs.claude.com, fast mode; usage.speed of the SDK",
        ANTHROPIC,
        claude(speed="fast"),
        {"input": "1000 x 10", "output": "100 x 50"},
    ),
    "Anthropic: both at once have no known price": Rule(
        "docs.claude.com says nothing of fast mode in batches",
        ANTHROPIC,
        claude(speed="fast", service_tier="batch"),
        {"input": "1000 x 2.5", "output": "100 x 12.5"},
        doubt=f"{GENAI} has no price for processing=batch and speed=fast together",
    ),
    "Anthropic: priority is bought by commitment, and in doubt": Rule(
        "docs.claude.com, service tiers: priority tier",
        ANTHROPIC,
        claude(service_tier="priority"),
        OPUS_5,
        doubt=f"{GENAI} has no price for service_tier=priority",
    ),
    "Gemini: provisioned throughput has no price by token": Rule(
        "cloud.google.com, TrafficType of usageMetadata",
        GEMINI,
        gemini(trafficType="PROVISIONED_THROUGHPUT"),
        {"input": "1000 x 1.25", "output": "100 x 10"},
        doubt="no price for provisioned throughput",
    ),
    "Bedrock: optimized latency has prices of its own": Rule(
        "Amazon Bedrock pricing page, Nova Pro with latency optimized inference",
        NOVA,
        {
            "output": {},
            "usage": {"inputTokens": 13, "outputTokens": 67},  # pydantic-ai
            "performanceConfig": {"latency": "optimized"},
        },
        {"input": "13 x 1", "output": "67 x 4"},
        "0.000281",
    ),
    "Groq: flex is no dearer and no cheaper": Rule(
        "console.groq.com, flex processing",
        GROQ,
        chat("openai/gpt-oss-20b", "flex"),
        {"input": "1000 x 0.075", "output": "100 x 0.3"},
    ),
    "Bedrock: flex is half": Rule(
        "AWS's price list of Amazon Bedrock; serviceTier of the answer",
        NOVA,
        {"usage": {"inputTokens": 13, "outputTokens": 5}, "serviceTier": {"type": "flex"}},
        {"input": "13 x 0.4", "output": "5 x 1.6"},
    ),
    "Bedrock: priority is 1.75 times, also of a model that only we list": Rule(
        "AWS's price list of Amazon Bedrock; serviceTier of the answer",
        NOVA.replace("us.amazon.nova-pro-v1%3A0", "zai.glm-4.7"),
        {"usage": {"inputTokens": 13, "outputTokens": 5}, "serviceTier": {"type": "priority"}},
        {"input": "13 x 1.05", "output": "5 x 3.85"},
    ),
    "Bedrock: flex of a model without such a price is in doubt": Rule(
        "Bedrock user guide, service tiers; serviceTier of the answer",
        NOVA.replace("nova-pro", "nova-lite"),
        {
            "output": {},
            "usage": {"inputTokens": 13, "outputTokens": 5},
            "serviceTier": {"type": "flex"},
        },
        {"input": "13 x 0.06", "output": "5 x 0.24"},
        doubt=f"{GENAI} has no price for service_tier=flex",
    ),
    "Anthropic: inference in the US is 1.1 times every token, and no fee": Rule(
        "platform.claude.com, data residency; usage.inference_geo of the SDK",
        ANTHROPIC,
        claude(inference_geo="us", server_tool_use={"web_search_requests": 1}),
        {"input": "1000 x 5.5", "output": "100 x 27.5", "web_searches": "1 x 10"},
    ),
    "Anthropic: global and not_available are the standard": Rule(
        "platform.claude.com, data residency", ANTHROPIC, claude(inference_geo="not_available"), OPUS_5
    ),
    "Anthropic: another place is in doubt": Rule(
        "platform.claude.com, data residency",
        ANTHROPIC,
        claude(inference_geo="eu"),
        OPUS_5,
        doubt=f"{GENAI} has no price for inference_geo=eu",
    ),
    "Vertex: Claude on a regional endpoint is 10 % more": Rule(
        "platform.claude.com, Claude on Vertex AI: regional endpoints from Sonnet 4.5 on",
        f"{VERTEX}/anthropic/models/claude-opus-5:rawPredict",
        claude(),
        {"input": "1000 x 5.5", "output": "100 x 27.5"},
    ),
    "Vertex: Claude on the global endpoint is not": Rule(
        "platform.claude.com, Claude on Vertex AI",
        f"{VERTEX}/anthropic/models/claude-opus-5:rawPredict".replace("us-east5", "global"),
        claude(),
        OPUS_5,
    ),
    "Vertex: newer Gemini models in a region are 10 % more": Rule(
        "cloud.google.com, generative AI pricing: regional endpoints",
        f"{VERTEX}/google/models/gemini-3.5-flash:generateContent",
        gemini("gemini-3.5-flash"),
        {"input": "1000 x 1.65", "output": "100 x 9.9"},
    ),
    "Vertex: Gemini 2.5 costs the same everywhere": Rule(
        "cloud.google.com, generative AI pricing",
        f"{VERTEX}/google/models/gemini-2.5-pro:generateContent",
        gemini(),
        {"input": "1000 x 1.25", "output": "100 x 10"},
    ),
    "Bedrock: a regional profile is 10 % more than the global one": Rule(
        "Amazon Bedrock pricing page: cross-region inference of Claude from 4.5 on",
        f"{BEDROCK}/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
        {"output": {}, "usage": {"inputTokens": 1_000, "outputTokens": 100}},
        {"input": "1000 x 3.3", "output": "100 x 16.5"},
    ),
    "Bedrock: the global profile": Rule(
        "Amazon Bedrock pricing page: global cross-region inference",
        f"{BEDROCK}/global.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
        {"output": {}, "usage": {"inputTokens": 1_000, "outputTokens": 100}},
        {"input": "1000 x 3", "output": "100 x 15"},
    ),
    "OpenAI: data residency is 10 % more for models since 2026-03-05": Rule(
        "developers.openai.com, data residency",
        OPENAI_CHAT.replace("api.", "eu.api."),
        chat("gpt-5.6-sol"),
        {"input": "1000 x 4.4", "output": "100 x 22"},
    ),
    "OpenAI: and nothing for older ones": Rule(
        "developers.openai.com, data residency",
        OPENAI_CHAT.replace("api.", "eu.api."),
        chat("gpt-4o"),
        {"input": "1000 x 2.5", "output": "100 x 10"},
    ),
    "OpenAI: of a model whose age no row knows, it is in doubt": Rule(
        "developers.openai.com, data residency",
        OPENAI_RESPONSES.replace("api.", "us.api."),
        {
            "id": "r",
            "model": "computer-use-preview",
            "status": "completed",
            "output": [],
            "usage": {"input_tokens": 1_000, "output_tokens": 100},
        },
        {"input": "1000 x 3", "output": "100 x 12"},
        doubt=f"{GENAI} has no price for data_residency=us",
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_rule(name):
    """The bill of an answer is the one that its provider's rule says."""
    check(RULES[name])


# The last request of the lower price, and both prices of the input and of the output.
CLIFFS = {
    "Claude Haiku 5.5: above 100k, five times": (
        lambda size: billed(ANTHROPIC, claude("claude-haiku-5-5", size)),
        100_000,
        ("0.1", "0.5"),
        ("0.5", "2.5"),
    ),
    "Gemini 2.5 Pro: above 200k": (
        lambda size: billed(GEMINI, gemini(prompt=size)),
        200_000,
        ("1.25", "2.5"),
        ("10", "15"),
    ),
    "GPT-5.6: above 272k": (
        lambda size: billed(OPENAI_CHAT, chat("gpt-5.6-sol", prompt=size)),
        272_000,
        ("4", "8"),
        ("20", "30"),
    ),
    "Grok: from 200k on": (
        lambda size: billed("https://api.x.ai/v1/chat/completions", chat("grok-4.3", prompt=size)),
        199_999,
        ("1.25", "2.5"),
        ("2.5", "5"),
    ),
    "Claude Opus 5: none": (
        lambda size: billed(ANTHROPIC, claude(prompt=size)),
        200_000,
        ("5", "5"),
        ("25", "25"),
    ),
}


@pytest.mark.parametrize("name", CLIFFS)
def test_cliff_is_on_the_whole_request(name):
    """A request above the size pays the higher price for every token, those of the answer too.

    Sources: the pricing pages of the providers; "above" or "from" is as genai-prices' tiers begin.
    """
    bill, last, prompt, answer = CLIFFS[name]
    for size, which in ((last, 0), (last + 1, 1)):
        card = bill(size).lookup.card
        assert [f"{card.rates[unit].at(size):f}" for unit in ("input_tokens", "output_tokens")] == [
            prompt[which],
            answer[which],
        ]
        components = bill(size).components
        assert components["input_tokens"] == card.rates["input_tokens"].at(size) * size / 1_000_000


def test_cached_tokens_count_for_the_size_of_a_request():
    """Source: docs.claude.com, long context: input tokens, cache reads and cache creation together."""
    usage = {"cache_read_input_tokens": 90_000, "cache_creation_input_tokens": 9_991}
    below = billed(ANTHROPIC, claude("claude-haiku-5-5", 9, 1, **usage))
    above = billed(ANTHROPIC, claude("claude-haiku-5-5", 10, 1, **usage))
    assert above.cost.value / below.cost.value > 4
