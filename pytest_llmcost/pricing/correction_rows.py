"""The corrections themselves. See ``corrections`` for what a row is, and when it goes.

A price stands here only if its vendor's own document says it, or independent tables agree on it. Sources:
AWS = the price page and price list of Amazon Bedrock, in us-east-1; LiteLLM = its table of model prices,
1.109.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from pytest_llmcost.model.price import Rate, Tier
from pytest_llmcost.model.units import (
    CACHE_READ,
    CACHE_WRITE,
    CACHE_WRITE_12H,
    INPUT,
    OUTPUT,
    PER_MILLION,
    PER_THOUSAND,
    RERANK_SEARCHES,
)
from pytest_llmcost.pricing.correction_clouds import CLOUDS
from pytest_llmcost.pricing.correction_fees import FEES
from pytest_llmcost.pricing.correction_models import MODELS
from pytest_llmcost.pricing.correction_tiers import PREMIUMS
from pytest_llmcost.pricing.corrections import (
    Added,
    Card,
    Correction,
    Derived,
    SameAs,
)

_CHECKED = date(2026, 11, 23)
_UNKNOWN = "genai-prices does not list it"
_BEDROCK = "Amazon Bedrock pricing page, on demand; LiteLLM agrees"
_BEDROCK_LIST = "Amazon Bedrock price list of us-east-1, as two independent tables read it"


def _tokens(**usd: str) -> dict[str, Rate]:
    """Rates in USD per million tokens."""
    return {unit: Rate(Decimal(price), PER_MILLION) for unit, price in usd.items()}


def _above(size: int, base: str, above: str) -> Rate:
    """A rate per million tokens that a prompt of more than ``size`` tokens raises."""
    return Rate(Decimal(base), PER_MILLION, (Tier(size, Decimal(above)),))


def _two(prompt: str, answer: str) -> Card:
    return Card(_tokens(**{INPUT: prompt, OUTPUT: answer}))


def _bedrock(keys: str, change: Card, source: str = _BEDROCK) -> Correction:
    names = tuple(f"aws/{key}" for key in keys.split())
    return Correction(keys=names, change=change, source=source, reason=_UNKNOWN, checked=_CHECKED)


def _writer(model: str, change: Card) -> Correction:
    return Correction(
        keys=(f"writer/{model}",),
        change=change,
        source="Amazon Bedrock pricing page: it sells Writer's models at Writer's own price",
        reason=_UNKNOWN,
        checked=_CHECKED,
    )


_COHERE_SEARCHES = "Cohere's pricing page (per 1,000 searches); LiteLLM agrees"
# Cohere's own page lists them no longer.
_OLD_SEARCHES = "LiteLLM's table of model prices (per search), for models that Cohere has retired"


def _searches(keys: str, usd: str, source: str = _COHERE_SEARCHES) -> Correction:
    rates = {RERANK_SEARCHES: Rate(Decimal(usd), PER_THOUSAND)}
    return Correction(
        keys=tuple(keys.split()),
        change=Card(rates),
        source=source,
        reason=_UNKNOWN,
        checked=_CHECKED,
    )


# Both names stand for one model since DeepSeek V3.1. What genai-prices says of them is from before.
_DEEPSEEK_UPSTREAM = {
    "deepseek/deepseek-chat": {INPUT: "0.27", CACHE_READ: "0.07", OUTPUT: "1.1"},
    "deepseek/deepseek-reasoner": {INPUT: "0.55", CACHE_READ: "0.14", OUTPUT: "2.19"},
}


def _deepseek(since: date, prompt: str, cached: str, answer: str, source: str) -> Iterator[Correction]:
    for key, upstream in _DEEPSEEK_UPSTREAM.items():
        yield Correction(
            keys=(key,),
            change=Card(_tokens(**{INPUT: prompt, CACHE_READ: cached, OUTPUT: answer})),
            source=source,
            reason="genai-prices has the prices and the quiet hours of before 2025-09-05",
            checked=_CHECKED,
            since=since,
            upstream=upstream,
        )


_MODELS = (
    _writer("palmyra-x5", _two("0.6", "6")),
    _writer("palmyra-x4", _two("2.5", "10")),
    _bedrock("anthropic.claude-v2 anthropic.claude-v2:1", _two("8", "24")),
    _bedrock("anthropic.claude-instant-v1", _two("0.8", "2.4"), _BEDROCK_LIST),
    _bedrock("cohere.command-text-v14", _two("1", "2")),
    _bedrock("cohere.command-light-text-v14", _two("0.3", "0.6")),
    _bedrock("cohere.command-r-v1:0", _two("0.5", "1.5"), "Amazon Bedrock pricing page, on demand"),
    _bedrock("cohere.command-r-plus-v1:0", _two("3", "15"), "Amazon Bedrock pricing page, on demand"),
    _bedrock("meta.llama2-13b-chat-v1", _two("0.75", "1")),
    _bedrock("meta.llama2-70b-chat-v1", _two("1.95", "2.56")),
    _bedrock("ai21.j2-mid-v1", _two("12.5", "12.5")),
    _bedrock("ai21.j2-ultra-v1", _two("18.8", "18.8")),
    _bedrock("ai21.jamba-1-5-large-v1:0", _two("2", "8")),
    _bedrock("ai21.jamba-1-5-mini-v1:0", _two("0.2", "0.4")),
    _bedrock("ai21.jamba-instruct-v1:0", _two("0.5", "0.7")),
    _bedrock("mistral.mistral-large-2407-v1:0", _two("2", "6")),
    _bedrock("meta.llama3-1-405b-instruct-v1:0 us.meta.llama3-1-405b-instruct-v1:0", _two("2.4", "2.4")),
    _bedrock("amazon.titan-text-premier-v1:0", _two("0.5", "1.5"), _BEDROCK_LIST),
    _bedrock("moonshot.kimi-k2-thinking moonshotai.kimi-k2-thinking", _two("0.6", "2.5"), _BEDROCK_LIST),
    _bedrock("moonshotai.kimi-k2.5", _two("0.6", "3"), _BEDROCK_LIST),
    _bedrock("zai.glm-4.7", _two("0.6", "2.2"), _BEDROCK_LIST),
    _bedrock("zai.glm-4.7-flash", _two("0.07", "0.4"), _BEDROCK_LIST),
    _bedrock("deepseek.v3.1", _two("0.58", "1.68"), _BEDROCK_LIST),
    _bedrock("deepseek.v3.2", _two("0.62", "1.85"), _BEDROCK_LIST),
    _bedrock("google.gemma-4-26b-a4b", _two("0.13", "0.4"), _BEDROCK_LIST),
    _bedrock("google.gemma-4-31b", _two("0.14", "0.4"), _BEDROCK_LIST),
    _bedrock("google.gemma-4-e2b", _two("0.04", "0.08"), _BEDROCK_LIST),
    _bedrock(
        "minimax.minimax-m2 minimax.minimax-m2.1 minimax.minimax-m2.5", _two("0.3", "1.2"), _BEDROCK_LIST
    ),
    _bedrock("nvidia.nemotron-nano-12b-v2", _two("0.2", "0.6"), _BEDROCK_LIST),
    _bedrock("qwen.qwen3-235b-a22b-2507", _two("0.22", "0.88"), _BEDROCK_LIST),
    _bedrock("qwen.qwen3-coder-next", _two("0.5", "1.2"), _BEDROCK_LIST),
    _bedrock("qwen.qwen3-next-80b-a3b-instruct", _two("0.14", "1.2"), _BEDROCK_LIST),
    _bedrock("openai.gpt-oss-safeguard-120b", _two("0.15", "0.6"), _BEDROCK_LIST),
    _bedrock("openai.gpt-oss-safeguard-20b", _two("0.07", "0.2"), _BEDROCK_LIST),
    _bedrock("cohere.embed-english-v3 cohere.embed-multilingual-v3", Card(_tokens(**{INPUT: "0.1"}))),
    _bedrock(
        "cohere.embed-v4:0 us.cohere.embed-v4:0 global.cohere.embed-v4:0", Card(_tokens(**{INPUT: "0.12"}))
    ),
    *(
        Correction(
            keys=(f"aws/openai.gpt-oss-{size}",),
            change=SameAs(f"aws/openai.gpt-oss-{size}-1:0"),
            source="Amazon Bedrock user guide, model card of gpt-oss (ids of bedrock-mantle)",
            reason="genai-prices lists the id of bedrock-runtime only",
            checked=_CHECKED,
        )
        for size in ("20b", "120b")
    ),
    _searches("cohere/rerank-english-v3.0 cohere/rerank-multilingual-v3.0 cohere/rerank-v3.5", "2"),
    _searches("cohere/rerank-english-v2.0 cohere/rerank-multilingual-v2.0", "2", _OLD_SEARCHES),
    _searches("cohere/rerank-v4.0-fast", "2"),
    _searches("cohere/rerank-v4.0-pro", "2.5"),
    _searches("aws/cohere.rerank-v3-5:0", "2"),
    _searches("aws/amazon.rerank-v1:0", "1"),
    Correction(
        keys=(
            "cohere/embed-english-v3.0",
            "cohere/embed-multilingual-v3.0",
            "cohere/embed-english-light-v3.0",
        ),
        change=Card(_tokens(**{INPUT: "0.1"})),
        source="Cohere's pricing page (Embed 3, per million tokens); LiteLLM agrees",
        reason=_UNKNOWN,
        checked=_CHECKED,
    ),
    *(
        Correction(
            keys=tuple(f"voyageai/rerank-{version}{suffix}" for version in ("2", "2.5")),
            change=Card(_tokens(**{INPUT: usd})),
            source="docs.voyageai.com, pricing (per million tokens of queries and documents); LiteLLM agrees",
            reason=_UNKNOWN,
            checked=_CHECKED,
        )
        for suffix, usd in (("", "0.05"), ("-lite", "0.02"))
    ),
    Correction(
        keys=("google/gemma-3", "google/gemma-3n", "google/gemma-4-26b-a4b-it", "google/gemma-4-31b-it"),
        change=_two("0", "0"),
        source="ai.google.dev, Gemini API pricing: Gemma is free of charge, and has no paid tier",
        reason="genai-prices lists it without prices",
        checked=_CHECKED,
        upstream={},
    ),
    Correction(
        keys=("mistral/mistral-moderation-2411",),
        change=Card(_tokens(**{INPUT: "0.1"})),
        source="mistral.ai, pricing (Moderation 24.11, per million tokens), as independent tables read it",
        reason=_UNKNOWN,
        checked=_CHECKED,
    ),
    Correction(
        keys=("mistral/mistral-large-latest",),
        change=SameAs("mistral/mistral-large-2512"),
        source="docs.mistral.ai, Mistral Large 3; LiteLLM and models.dev agree",
        reason="genai-prices takes the alias for Mistral Large 2, four times as dear",
        checked=_CHECKED,
        since=date(2025, 12, 2),
        upstream={INPUT: "2", OUTPUT: "6"},
    ),
    *(
        Correction(
            keys=(f"mistral/magistral-{size}-latest",),
            change=SameAs(f"mistral/{now}"),
            source=f"docs.mistral.ai, model card of {title}, which lists the alias; LiteLLM agrees",
            reason="genai-prices takes the alias for Magistral, which it stood for before",
            checked=_CHECKED,
            since=_CHECKED,
            upstream=before,
        )
        for size, now, title, before in (
            ("medium", "mistral-medium-latest", "Mistral Medium 3.5", {INPUT: "2", OUTPUT: "5"}),
            ("small", "mistral-small-latest", "Mistral Small 4", {INPUT: "0.5", OUTPUT: "1.5"}),
        )
    ),
    *_deepseek(date(2025, 9, 5), "0.56", "0.07", "1.68", "api-docs.deepseek.com, news of 2025-08-21"),
    *_deepseek(
        date(2025, 9, 29),
        "0.28",
        "0.028",
        "0.42",
        "api-docs.deepseek.com, news of 2025-09-29; LiteLLM and models.dev agree",
    ),
    *_deepseek(
        date(2026, 4, 26),
        "0.14",
        "0.0028",
        "0.28",
        "api-docs.deepseek.com, models and pricing: both names stand for deepseek-v4-flash until 2026-07-24",
    ),
)
_FLASH_8B = {
    INPUT: _above(128_000, "0.0375", "0.075"),
    CACHE_READ: _above(128_000, "0.01", "0.02"),
    OUTPUT: _above(128_000, "0.15", "0.3"),
}
_COMPUTER_USE = {INPUT: _above(200_000, "1.25", "2.5"), OUTPUT: _above(200_000, "10", "15")}
_GOOGLE = (
    Correction(
        keys=("google/gemini-1.5-flash-8b*",),
        change=Card(_FLASH_8B),
        source="developers.googleblog.com, 2024-10-03: Gemini 1.5 Flash-8B is ready for production",
        reason="genai-prices has the price of Gemini 1.5 Flash, twice as dear",
        checked=_CHECKED,
        upstream={INPUT: "0.075", CACHE_READ: "0.01875", OUTPUT: "0.3"},
    ),
    Correction(
        keys=("google/gemini-2.5-computer-use-preview-10-2025",),
        change=Card(_COMPUTER_USE),
        source="ai.google.dev, Gemini API pricing; LiteLLM agrees",
        reason=_UNKNOWN,
        checked=_CHECKED,
    ),
    Correction(
        keys=tuple(
            f"google/gemini-{name}"
            for name in (
                "2.5-flash-tts",
                "2.5-flash-lite-preview-tts",
                "2.5-pro-tts",
                "3.1-flash-tts-preview",
                "3.8-flash-tts",
                "3.8-flash-lite-tts",
            )
        ),
        change=Derived("output_audio_tokens", OUTPUT, Decimal(1)),
        source="ai.google.dev, Gemini API pricing: the output of these models is audio; LiteLLM agrees",
        reason="genai-prices has their price under output tokens of any kind",
        checked=_CHECKED,
    ),
)
_AUDIO = "OpenAI's pricing page (audio tokens); LiteLLM agrees"
_PARTS = (
    Correction(
        keys=("openai/gpt-4o-audio-preview",),
        but=("openai/gpt-4o-audio-preview-2024-10-01",),
        change=Added(_tokens(input_audio_tokens="40", output_audio_tokens="80")),
        source=_AUDIO,
        reason="genai-prices has the price of text only",
        checked=_CHECKED,
        since=date(2024, 12, 17),
    ),
    Correction(
        keys=("openai/gpt-4o-mini-audio-preview",),
        change=Added(_tokens(input_audio_tokens="10", output_audio_tokens="20")),
        source=_AUDIO,
        reason="genai-prices has the price of text only",
        checked=_CHECKED,
        since=date(2024, 12, 17),
    ),
    Correction(
        keys=("openai/gpt-5.6*", "openai/gpt-6*", "azure/gpt-5.6*", "azure/gpt-6*"),
        change=Derived(CACHE_WRITE_12H, CACHE_WRITE, Decimal(2)),
        source="developers.openai.com, prompt caching (2.5 times the input, where 30 minutes are 1.25 times);"
        " LiteLLM agrees",
        reason="genai-prices has the price of writes for 30 minutes only",
        checked=_CHECKED,
    ),
    Correction(
        keys=(
            "openai/gpt-image-1",
            "openai/gpt-image-1-mini",
            "openai/gpt-image-2",
            "openai/gpt-image-2.5-flare",
            "openai/gpt-image-2.5-sunburst",
        ),
        change=Derived("output_image_tokens", OUTPUT, Decimal(1)),
        source="OpenAI's pricing page: the output of these models is image tokens; LiteLLM agrees",
        reason="genai-prices has their price under output tokens of any kind",
        checked=_CHECKED,
    ),
    Correction(
        keys=("aws/amazon.nova-pro-v1:0",),
        change=_two("1", "4"),
        source="Amazon Bedrock pricing page, Nova Pro with latency optimized inference",
        reason="genai-prices has standard prices only",
        checked=_CHECKED,
        when=("latency", "optimized"),
    ),
)

# In the order in which they are applied: a premium multiplies what was added before.
ROWS: tuple[Correction, ...] = (*_MODELS, *MODELS, *CLOUDS, *_GOOGLE, *_PARTS, *FEES, *PREMIUMS)
