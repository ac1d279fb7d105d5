"""What a month costs: volumes of production at the mean cost of what the tests run."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pytest_llmcost.model.diff import Change


class Per(StrEnum):
    """What a volume counts."""

    RUN = "run"
    CALL = "call"


class Volume(NamedTuple):
    """How often an agent works in production.

    Attributes:
        agent: Its name.
        per: Whether its runs or its calls are counted.
        per_month: How many there are in a month.
    """

    agent: str
    per: Per
    per_month: int


class AgentMonth(NamedTuple):
    """What an agent costs in a month.

    Attributes:
        volume: How often it works.
        base_number: Runs or calls of the base that the mean is of.
        head_number: The same of the run.
        change: Its sides are USD a month; a side that has no run of the agent is absent.
        base_is_older: Whether the base was written when runs were not kept, and so has no mean.
    """

    volume: Volume
    base_number: int
    head_number: int
    change: Change
    base_is_older: bool = False


class Projection(NamedTuple):
    """What the agents with a volume cost in a month.

    Attributes:
        agents: Those that a test on both sides runs, in the order of the YAML.
        totals: Their sum; None unless all of them are on both sides.
    """

    agents: tuple[AgentMonth, ...]
    totals: Change | None
