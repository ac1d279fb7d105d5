"""Models and dated names that genai-prices does not list. See ``corrections``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from pytest_llmcost.model.price import Rate
from pytest_llmcost.model.units import CACHE_READ, INPUT, OUTPUT, PER_BILLION, PER_MILLION
from pytest_llmcost.pricing.corrections import Card, Change, Correction, SameAs

_CHECKED = date(2026, 11, 23)
_OPENAI = "OpenAI's pricing page, fine-tuned models; LiteLLM agrees"
_FIREWORKS = "fireworks.ai, pricing; LiteLLM agrees"
_ZAI = "docs.z.ai, pricing: free; LiteLLM agrees"
_VOYAGE = "docs.voyageai.com, pricing; LiteLLM agrees"
_AWS = "Amazon Bedrock pricing page, on demand; LiteLLM agrees"
_DATED = "OpenAI's page of the model lists the snapshot"
# Key, USD per million tokens of input and of output, and what is read from the cache, if it has a price.
_PRICED = (
    ("openai/ft:gpt-4.1-2025-04-14*", "3", "12", "0.75", _OPENAI),
    ("openai/ft:gpt-4.1-mini-2025-04-14*", "0.8", "3.2", "0.2", _OPENAI),
    ("openai/ft:gpt-4.1-nano-2025-04-14*", "0.2", "0.8", "0.05", _OPENAI),
    ("openai/ft:o4-mini-2025-04-16*", "4", "16", "1", _OPENAI),
    ("fireworks/accounts/fireworks/models/deepseek-v3", "0.9", "0.9", None, _FIREWORKS),
    ("fireworks/accounts/fireworks/models/deepseek-v3p1", "0.56", "1.68", None, _FIREWORKS),
    ("fireworks/accounts/fireworks/models/kimi-k2-instruct", "0.6", "2.5", None, _FIREWORKS),
    ("fireworks/accounts/fireworks/models/llama-v3p1-405b-instruct", "3", "3", None, _FIREWORKS),
    ("fireworks/accounts/fireworks/models/mixtral-8x7b-instruct", "0.5", "0.5", None, _FIREWORKS),
    ("zai/glm-4.5-flash", "0", "0", None, _ZAI),
    ("zai/glm-4.7-flash", "0", "0", None, _ZAI),
    ("aws/deepseek.v3-v1:0", "0.58", "1.68", None, _AWS),
    ("aws/us.deepseek.v3.2", "0.62", "1.85", None, _AWS),
    ("aws/qwen.qwen3-235b-a22b-2507-v1:0", "0.22", "0.88", None, _AWS),
)
_ALSO_CALLED = (
    ("openai/gpt-4o-mini-transcribe-2025-03-20", "openai/gpt-4o-mini-transcribe", _DATED),
    ("openai/gpt-4o-mini-transcribe-2025-12-15", "openai/gpt-4o-mini-transcribe", _DATED),
    ("openai/gpt-4o-mini-tts-2025-03-20", "openai/gpt-4o-mini-tts", _DATED),
    ("openai/gpt-4o-mini-tts-2025-12-15", "openai/gpt-4o-mini-tts", _DATED),
    ("openai/gpt-5-search-api-2025-10-14", "openai/gpt-5-search-api", _DATED),
    (
        "mistral/pixtral-12b-2409",
        "mistral/pixtral-12b",
        "docs.mistral.ai, models: its version",
    ),
)


def _card(prompt: str, answer: str, cached: str | None) -> Card:
    usd = {INPUT: prompt, CACHE_READ: cached, OUTPUT: answer}
    return Card({unit: Rate(Decimal(price), PER_MILLION) for unit, price in usd.items() if price is not None})


def _row(key: str, change: Change, source: str) -> Correction:
    return Correction(
        keys=(key,), change=change, source=source, reason="genai-prices does not list it", checked=_CHECKED
    )


def _models() -> Iterator[Correction]:
    for key, prompt, answer, cached, source in _PRICED:
        yield _row(key, _card(prompt, answer, cached), source)
    for key, listed, source in _ALSO_CALLED:
        yield _row(key, SameAs(listed), source)
    # Pictures by the pixel, and the text beside them by the token.
    rates = {INPUT: Rate(Decimal("0.12"), PER_MILLION), "input_pixels": Rate(Decimal("0.6"), PER_BILLION)}
    yield _row("voyageai/voyage-multimodal-3", Card(rates), _VOYAGE)


MODELS: tuple[Correction, ...] = tuple(_models())
