"""Limits and figures in words."""

from __future__ import annotations

from decimal import Decimal

from pytest_llmcost.budgets.matching import Limit
from pytest_llmcost.budgets.subjects import Subject
from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.budget import LimitKey
from pytest_llmcost.model.money import ZERO, exact_money, money_text
from pytest_llmcost.model.shown import MoneyStyle, percent, plural

_TOKENS = {
    LimitKey.MAX_INPUT_TOKENS: "input tokens",
    LimitKey.MAX_OUTPUT_TOKENS: "output tokens",
    LimitKey.MAX_TOTAL_TOKENS: "tokens",
}


def limit_text(key: LimitKey, limit: Limit) -> str:
    """A limit as people write it: ``$0.015``, ``70%``, ``5pp``, ``+10%``."""
    value = limit.value
    if key is LimitKey.MAX_COST:
        return f"${money_text(value)}"
    if key.is_lower:
        return _ratio(value, "%")
    if key.is_drop:
        return _ratio(value, "pp")
    if key is LimitKey.MAX_INCREASE:
        return f"+{_ratio(value, '%')}"
    if key is LimitKey.MAX_CALLS:
        return plural(int(value), "call")
    return f"{value:,f} {_TOKENS[key]}"


def _ratio(value: Decimal, unit: str) -> str:
    with exact_money():
        return f"{money_text(value * 100)}{unit}"


def actual_text(subject: Subject, key: LimitKey) -> str:
    """What was found, in the words of its limit."""
    if key is LimitKey.MAX_COST:
        return _usd(subject.cost)
    if key is LimitKey.MAX_CALLS:
        return plural(subject.calls, "call")
    if key.is_lower:
        return _rate(subject, key)
    if key.is_drop:
        return _drop(subject, key)
    if key is LimitKey.MAX_INCREASE:
        return _increase(subject)
    usage = subject.usage
    number = {
        LimitKey.MAX_INPUT_TOKENS: usage.input_tokens,
        LimitKey.MAX_OUTPUT_TOKENS: usage.output_tokens,
        LimitKey.MAX_TOTAL_TOKENS: usage.input_tokens + usage.output_tokens,
    }[key]
    at_least = "≥ " if subject.incomplete else ""
    return f"{at_least}{number:,} {_TOKENS[key]}"


def _usd(amount: Amount) -> str:
    return MoneyStyle.of(amount).amount(amount)


def _rate(subject: Subject, key: LimitKey) -> str:
    if key.is_of_response_cache:
        return percent(subject.response_cache.rate)
    if subject.unstated and subject.cache_hit_rate is None:
        return "unknown"
    return percent(subject.cache_hit_rate)


def _drop(subject: Subject, key: LimitKey) -> str:
    change = subject.change
    if change is None or change.base is None or change.head is None:
        return "-"
    before, now = change.base.cache_hit_rate or ZERO, change.head.cache_hit_rate or ZERO
    if key.is_of_response_cache:
        before, after = change.base.response_cache.rate or ZERO, change.head.response_cache.rate
        if after is None:
            return f"{percent(before)} -> no lookup"
        now = after
    with exact_money():
        change_in_points = (now - before) * 100
        return f"{percent(before)} -> {percent(now)} ({change_in_points:+.1f}pp)"


def _increase(subject: Subject) -> str:
    change = subject.change
    if change is None or change.base is None:
        return "-"
    base, delta = change.base.cost.value, change.delta
    share = ""
    if base:
        with exact_money():
            share = f" ({delta.value / base * 100:+.1f}%)"
    doubt = "at least " if delta.high is None else ""
    return f"{doubt}{signed_usd(delta.value)}{share}"


def signed_usd(amount: Decimal) -> str:
    """``+$0.0012`` or ``-$0.0012``."""
    size = amount.copy_abs()  # as abs() would round it in a thread with coarse decimals
    return f"{'-' if amount < 0 else '+'}{MoneyStyle.of(Amount.exactly(size)).usd(size)}"


def sentence(subject: Subject, key: LimitKey, limit: Limit, *, certain: bool) -> str:
    """One sentence for a finding."""
    actual, wanted, name = actual_text(subject, key), limit_text(key, limit), subject.label
    if not certain:
        return _doubt(subject, key, limit)
    if key is LimitKey.MAX_COST:
        return f"{name} costs {actual}, and its limit is {wanted}"
    if key is LimitKey.MAX_INCREASE:
        return f"{name} costs {actual.replace('+', '')} more than was accepted, and its limit is {wanted}"
    cache = "response-cache" if key.is_of_response_cache else "prompt-cache"
    if key.is_lower:
        return f"{name} has a {cache} hit rate of {actual}, and needs {wanted}"
    if key.is_drop:
        return f"the {cache} hit rate of {name} fell, {actual}, and may fall by {wanted}"
    verb = "makes" if key is LimitKey.MAX_CALLS else "uses"
    return f"{name} {verb} {actual}, and its limit is {wanted}"


def _doubt(subject: Subject, key: LimitKey, limit: Limit) -> str:
    actual, wanted, name = actual_text(subject, key), limit_text(key, limit), subject.label
    if key is LimitKey.MIN_CACHE_HIT_RATE:
        where = "" if subject.cache_hit_rate is None or not subject.unstated else " where usage was stated"
        return (
            f"{name} has a prompt-cache hit rate of {actual}{where}, and may miss the {wanted} that it needs"
        )
    return f"{name}: {actual} may be past the limit of {wanted}"
