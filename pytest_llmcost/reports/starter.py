"""A first llmcost.yaml, from what a run cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from pytest_llmcost.model.money import ZERO, exact_money, money_text
from pytest_llmcost.model.shown import percent, plural, yaml_text
from pytest_llmcost.reports.text import safe

HEADROOM = Decimal("0.20")
_INCREASE = "10%"
# A limit of three digits reads well, and is never below what it is made of.
_DIGITS = 3
# A rate may fall by this much of itself before anybody is told.
_RATE_STEP = Decimal("0.01")


class AgentFigures(NamedTuple):
    """What an agent did.

    Attributes:
        name: As the app calls it.
        dearest: USD of its dearest run, sub-agents included.
        cache_hit_rate: Of its calls, from 0 to 1; None where no prompt token came from a cache.
    """

    name: str
    dearest: Decimal
    cache_hit_rate: Decimal | None


class Figures(NamedTuple):
    """What a starter is made of.

    Attributes:
        cost: USD of the whole run.
        tests: How many made calls.
        dearest_test: USD.
        agents: By name.
        source: The report, as the user names it.
        as_of: Of its prices.
    """

    cost: Decimal
    tests: int
    dearest_test: Decimal
    agents: Sequence[AgentFigures]
    source: str
    as_of: str


def render_starter(figures: Figures) -> str:
    """The text of the file: each limit is today's figure plus headroom, which stands beside it."""
    share = percent(HEADROOM).removesuffix(".0%")
    lines = [
        f"# Written by llmcost init from {safe(figures.source)}, at prices of {figures.as_of}.",
        f"# Limits are the figures of that run plus {share} %; lower them to what you want to keep.",
        "version: 1",
        "budgets:",
        *_suite(figures),
        *_tests(figures),
    ]
    for agent in figures.agents:
        lines += _agent(agent)
    return "\n".join(lines) + "\n"


def _suite(figures: Figures) -> Iterator[str]:
    yield f"  # all {plural(figures.tests, 'test')} together: ${money_text(figures.cost)}"
    yield f'  - {{scope: suite, max_cost: "{money_text(_above(figures.cost))}"}}'
    yield "  # against llmcost-baseline.json, which pytest --llm-cost --llm-cost-update writes"
    ignored = _smallest(figures.cost)
    yield f'  - {{scope: suite, max_increase: {_INCREASE}, ignore_increase_below: "{ignored}"}}'


def _tests(figures: Figures) -> Iterator[str]:
    yield f"  # each test: the dearest costs ${money_text(figures.dearest_test)}"
    yield f'  - {{scope: test, max_cost: "{money_text(_above(figures.dearest_test))}"}}'


def _agent(agent: AgentFigures) -> Iterator[str]:
    name = yaml_text(agent.name)
    yield f"  # {safe(agent.name)}: its dearest run costs ${money_text(agent.dearest)}"
    yield f'  - {{scope: agent_run, match: {name}, max_cost: "{money_text(_above(agent.dearest))}"}}'
    if agent.cache_hit_rate:
        yield f"  # {safe(agent.name)}: prompt-cache hit rate {percent(agent.cache_hit_rate)}"
        yield f"  - {{scope: agent, match: {name}, min_cache_hit_rate: {_below(agent.cache_hit_rate)}}}"


def _above(cost: Decimal) -> Decimal:
    """A cost with headroom, rounded up; of what costs nothing, the least that is not nothing."""
    with exact_money():
        limit = cost * (1 + HEADROOM)
        if not limit:
            return ZERO
        return limit.quantize(Decimal(1).scaleb(limit.adjusted() - _DIGITS + 1), ROUND_CEILING)


def _below(rate: Decimal) -> str:
    with exact_money():
        lowest = (rate * (1 - HEADROOM)).quantize(_RATE_STEP, ROUND_FLOOR)
        return f"{money_text(lowest * 100)}%"


def _smallest(cost: Decimal) -> str:
    """An increase that nobody needs to hear of: a hundredth of the suite."""
    with exact_money():
        share = cost / 100
        if not share:
            return "0"
        return money_text(share.quantize(Decimal(1).scaleb(share.adjusted()), ROUND_CEILING))
