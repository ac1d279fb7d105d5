"""The terminal output of ``llmcost diff``."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_llmcost.model.amount import NOTHING
from pytest_llmcost.model.diff import Change, RunDiff, State, lost_price_text
from pytest_llmcost.reports.gate_section import change_lines, headline_parts
from pytest_llmcost.reports.projection import month_lines
from pytest_llmcost.reports.response_cache import RESPONSE_CACHE
from pytest_llmcost.reports.text import MoneyStyle, percent, safe


def render_diff(diff: RunDiff, head: str, width: int) -> list[str]:
    """The difference: the sums, each test that changed with its causes, and what else differs.

    Args:
        diff: Base against head.
        head: The run, as the user names it.
        width: Of the terminal.
    """
    totals = diff.totals
    costs = [side.cost for side in (totals.base, totals.head) if side is not None]
    style = MoneyStyle.of(max(costs, key=lambda cost: cost.value, default=NOTHING))
    lines = [
        f"{safe(diff.base)} -> {safe(head)}",
        " | ".join([*_sums(totals, style), *headline_parts(diff, style), *_response_cache(totals)]),
    ]
    lines += ["", *change_lines(diff, style, width, everything=True)]
    if diff.projection is not None:
        lines += ["", *month_lines(diff.projection, width)]
    lines += _unpriced(diff)
    return lines


def _sums(totals: Change, style: MoneyStyle) -> Iterator[str]:
    if totals.base is None or totals.head is None:
        return
    if totals.state is State.UNCHANGED:
        yield style.amount(totals.head.cost)
    else:
        yield f"{style.amount(totals.base.cost)} -> {style.amount(totals.head.cost)}"


def _response_cache(totals: Change) -> Iterator[str]:
    if totals.base is None or totals.head is None:
        return
    before, now = totals.base.response_cache.rate, totals.head.response_cache.rate
    if before != now:
        yield f"{RESPONSE_CACHE} {percent(before)} -> {percent(now)}"


def _unpriced(diff: RunDiff) -> Iterator[str]:
    for key, model in diff.lost_prices:
        yield lost_price_text(safe(key), safe(model))
