"""The app's own caches in words: ``response cache 62% (L1 40%, L2 22%)``, ``its hits saved $0.0123``."""

from __future__ import annotations

from collections.abc import Callable

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.cache import CacheRollup
from pytest_llmcost.model.money import exact_money
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.shown import MoneyStyle, percent, plural

RESPONSE_CACHE = "response cache"
_MOST_LAYERS = 3


def response_cache_parts(
    report: RunReport,
    *,
    name: Callable[[str], str],
    strong: Callable[[str], str] = str,
    arrow: str = " -> ",
) -> list[str]:
    """The rate, by layer and against the baseline, and what the hits saved.

    The saving stands beside what the run would have cost without the caches: the return on them.

    Args:
        report: The run.
        name: Escapes the name of a layer.
        strong: Emphasises the rate.
        arrow: Between the rate of the baseline and that of the run.

    Returns:
        Nothing where nobody looked anything up.
    """
    found = report.totals.response_cache
    if found is None:
        return []
    rates = percent(found.rate)
    whole = True
    if (
        report.diff is not None
        and report.diff.totals.base is not None
        and report.diff.totals.head is not None
    ):
        before, now = report.diff.totals.base.response_cache, report.diff.totals.head.response_cache
        if before.rate is not None and now.rate is not None and before.rate != now.rate:
            rates = f"{percent(before.rate)}{arrow}{percent(now.rate)}"
            whole = (now.lookups, now.hits) == (found.lookups, found.hits)
    layers = f" ({_layers(found, name)})" if found.hits and whole else ""
    return [f"{RESPONSE_CACHE} {strong(rates)}{layers}", _saved(found, report.totals.cost)]


def _layers(found: CacheRollup, name: Callable[[str], str]) -> str:
    """The rates of layers, which add up; those with the most hits."""
    ranked = sorted(found.layers, key=lambda layer: (-found.layers[layer], layer))
    shown = sorted(ranked[:_MOST_LAYERS])
    parts = [f"{name(layer)} {percent(found.rate_of(layer))}" for layer in shown]
    more = len(ranked) - len(shown)
    return ", ".join([*parts, *([f"{more:,} more"] if more else [])])


def _saved(found: CacheRollup, cost: Amount) -> str:
    if not found.hits:
        return f"no hit in {plural(found.lookups, 'lookup')}"
    if found.saved.high is None and not found.saved.low:
        return "what its hits saved is unknown"
    style = MoneyStyle.of(found.saved)
    said = f"its hits saved {style.amount(found.saved)}"
    if found.saved.high is None or cost.high is None:
        return said
    with exact_money():
        without = cost.value + found.saved.value
        share = found.saved.value / without if without else None
    return said if share is None else f"{said} of {style.usd(without)} ({percent(share)})"
