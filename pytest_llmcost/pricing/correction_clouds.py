"""What clouds take for the models of others, and in other parts of the world. See ``corrections``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from pytest_llmcost.model.price import Rate
from pytest_llmcost.model.units import CACHE_READ, INPUT, OUTPUT, PER_MILLION
from pytest_llmcost.pricing.corrections import Card, Correction

_CHECKED = date(2026, 11, 23)
# Model at Azure, its price, and what genai-prices takes for it: the price of another provider.
_AT_AZURE = (
    ("deepseek-reasoner", ("1.35", "5.4"), {INPUT: "0.55", CACHE_READ: "0.14", OUTPUT: "2.19"}),
    ("deepseek-v3", ("1.14", "4.56"), None),
    ("deepseek-v3-0324", ("1.14", "4.56"), None),
    ("deepseek-v3.1", ("1.23", "4.94"), None),
    ("deepseek-v3.2", ("0.58", "1.68"), {INPUT: "0.2288", OUTPUT: "0.3432"}),
    ("llama-3.3-70b-instruct", ("0.71", "0.71"), None),
    ("meta-llama-3.1-70b-instruct", ("2.68", "3.54"), None),
    ("grok-3-mini", ("0.25", "1.27"), {INPUT: "0.3", CACHE_READ: "0.075", OUTPUT: "0.5"}),
    ("gpt-oss-120b", ("0.15", "0.6"), {INPUT: "0.039", OUTPUT: "0.18"}),
)
# Inference profile at Bedrock, and its prices of input, output and what is read from the cache.
_ELSEWHERE = (
    ("eu.amazon.nova-micro-v1:0", "0.046", "0.184", "0.0115"),
    ("eu.amazon.nova-lite-v1:0", "0.078", "0.312", "0.0195"),
    ("eu.amazon.nova-pro-v1:0", "1.05", "4.2", "0.2625"),
    ("eu.amazon.nova-2-lite-v1:0", "0.429", "3.597", "0.10725"),
    ("apac.amazon.nova-micro-v1:0", "0.037", "0.148", "0.00925"),
    ("apac.amazon.nova-lite-v1:0", "0.063", "0.252", "0.01575"),
    ("apac.amazon.nova-pro-v1:0", "0.84", "3.36", "0.21"),
    ("jp.amazon.nova-2-lite-v1:0", "0.396", "3.311", "0.099"),
    ("eu.meta.llama3-2-1b-instruct-v1:0", "0.13", "0.13", None),
    ("eu.meta.llama3-2-3b-instruct-v1:0", "0.19", "0.19", None),
)
# What genai-prices says of them: the price in the US.
_IN_THE_US = {
    "nova-micro": {INPUT: "0.035", CACHE_READ: "0.00875", OUTPUT: "0.14"},
    "nova-lite": {INPUT: "0.06", CACHE_READ: "0.015", OUTPUT: "0.24"},
    "nova-pro": {INPUT: "0.8", CACHE_READ: "0.2", OUTPUT: "3.2"},
    "nova-2-lite": {INPUT: "0.33", CACHE_READ: "0.0825", OUTPUT: "2.75"},
    "llama3-2-1b": {INPUT: "0.1", OUTPUT: "0.1"},
    "llama3-2-3b": {INPUT: "0.15", OUTPUT: "0.15"},
}


def _card(prompt: str, answer: str, cached: str | None = None) -> Card:
    usd = {INPUT: prompt, CACHE_READ: cached, OUTPUT: answer}
    return Card({unit: Rate(Decimal(price), PER_MILLION) for unit, price in usd.items() if price is not None})


def _at_azure() -> Iterator[Correction]:
    for model, (prompt, answer), upstream in _AT_AZURE:
        yield Correction(
            keys=(f"azure/{model}",),
            change=_card(prompt, answer),
            source="Azure's retail prices of Foundry Models, East US, as LiteLLM reads them",
            reason="genai-prices has no price of Azure's",
            checked=_CHECKED,
            upstream=upstream,
        )


def _elsewhere() -> Iterator[Correction]:
    for model, prompt, answer, cached in _ELSEWHERE:
        family = max((name for name in _IN_THE_US if f".{name}-" in model), key=len)
        yield Correction(
            keys=(f"aws/{model}",),
            change=_card(prompt, answer, cached),
            source="AWS's price lists of Amazon Bedrock in Europe and Asia, as LiteLLM reads them",
            reason="genai-prices has the price in the US",
            checked=_CHECKED,
            upstream=_IN_THE_US[family],
        )


CLOUDS: tuple[Correction, ...] = (*_at_azure(), *_elsewhere())
