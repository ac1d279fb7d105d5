"""Figures of causes, for people."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pytest_llmcost.model.baseline import Entry
from pytest_llmcost.model.money import exact_money


def percent(rate: Decimal | None) -> str:
    """``91%``; ``none`` where there is no rate."""
    if rate is None:
        return "none"
    with exact_money():
        return f"{rate * 100:.0f}%"


def average(counts: Sequence[int]) -> str:
    """Tokens per call, rounded: ``1,200 tokens``."""
    return f"{round(sum(counts) / len(counts)):,} tokens" if counts else "none"


def short_model(entry: Entry) -> str:
    """``provider/model``."""
    return f"{entry.provider}/{entry.model}"


def model_and_api(entry: Entry) -> str:
    """``provider/model (openai.chat)``."""
    return f"{short_model(entry)} ({entry.api})"


def model_and_asked(entry: Entry) -> str:
    """``provider/model (asked for model-latest)``."""
    return f"{short_model(entry)} (asked for {entry.requested or entry.model})"


def context_text(entry: Entry) -> str:
    """``service_tier=flex``; ``standard`` without one."""
    return ", ".join(f"{key}={value}" for key, value in entry.context) or "standard"
