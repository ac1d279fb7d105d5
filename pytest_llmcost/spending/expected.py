"""What a run will spend, as far as the baseline knows: said before the first test."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from pytest_llmcost.baseline.sides import Pricer
from pytest_llmcost.model.amount import Amount, total
from pytest_llmcost.model.baseline import Baseline
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
    """

    cost: Amount
    known: int
    selected: int


def expected(nodeids: Iterable[str], baseline: Baseline, folder: str, prices: Prices) -> Expected:
    """Add up what the baseline has accepted of tests, at the prices of the run.

    Args:
        nodeids: Of the tests that are to run.
        baseline: What was accepted. It does not say which tests are replayed.
        folder: Of the baseline, relative to the root.
        prices: Those of the run.
    """
    keys = [test_key(nodeid, folder) for nodeid in nodeids]
    lines = [baseline.lines[key] for key in keys if key in baseline.lines]
    pricer = Pricer(prices)
    costs = (call.cost for line in lines for call in pricer.price_all(line.entries))
    return Expected(total(costs), len(lines), len(keys))


def expected_text(found: Expected, name: str, limit: Decimal) -> str:
    """One line for the start of the session.

    Args:
        found: What is expected.
        name: Of the baseline, as users name it.
        limit: The cap, in USD.
    """
    cost = MoneyStyle.of(found.cost).amount(found.cost)
    tests = f"{found.known:,} of {plural(found.selected, 'selected test')}"
    # What stale recordings cost to make anew belongs here too, once they are known.
    return f"llm-cost: spend cap ${limit:f}; {cost} if all run live ({tests} in {safe(name)})"
