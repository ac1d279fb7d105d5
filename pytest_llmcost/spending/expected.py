"""What a run will spend, as far as the baseline knows: said before the first test."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from pytest_llmcost.baseline.sides import Pricer
from pytest_llmcost.model.amount import Amount, total
from pytest_llmcost.model.baseline import Baseline, Mark
from pytest_llmcost.model.keys import test_key
from pytest_llmcost.model.shown import MoneyStyle, plural
from pytest_llmcost.pricing.prices import Prices
from pytest_llmcost.reports.text import safe


class Expected(NamedTuple):
    """What tests cost to run live.

    Attributes:
        cost: USD of those that the baseline has.
        known: How many it has; the others are new, or made no call.
        selected: How many there are.
        anew: USD of those that were accepted with stale recordings: what it costs to record them anew.
        stale: How many these are.
    """

    cost: Amount
    known: int
    selected: int
    anew: Amount
    stale: int


def expected(nodeids: Iterable[str], baseline: Baseline, folder: str, prices: Prices) -> Expected:
    """Add up what the baseline has accepted of tests, at the prices of the run.

    Args:
        nodeids: Of the tests that are to run.
        baseline: What was accepted. It says which tests had stale recordings, and not which are replayed.
        folder: Of the baseline, relative to the root.
        prices: Those of the run.
    """
    keys = [test_key(nodeid, folder) for nodeid in nodeids]
    lines = [baseline.lines[key] for key in keys if key in baseline.lines]
    pricer = Pricer(prices)
    costs = [total(call.cost for call in pricer.price_all(line.entries)) for line in lines]
    stale = [
        cost
        for cost, line in zip(costs, lines, strict=True)
        if any(entry.mark is Mark.STALE for entry in line.entries)
    ]
    return Expected(total(costs), len(lines), len(keys), total(stale), len(stale))


def expected_text(found: Expected, name: str, limit: Decimal) -> str:
    """One line for the start of the session.

    Args:
        found: What is expected.
        name: Of the baseline, as users name it.
        limit: The cap, in USD.
    """
    style = MoneyStyle.of(found.cost)
    tests = f"{found.known:,} of {plural(found.selected, 'selected test')}"
    cost = f"{style.amount(found.cost)} if all run live ({tests} in {safe(name)})"
    text = f"llm-cost: spend cap ${limit:f}; {cost}"
    if not found.stale:
        return text
    return f"{text}; {style.amount(found.anew)} to record {plural(found.stale, 'stale test')} anew"
