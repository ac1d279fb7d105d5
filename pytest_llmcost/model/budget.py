"""The limits that teams set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pytest_llmcost.model.verdict import Level


class BudgetScope(StrEnum):
    """Of what a budget limits the cost: all together, or each match alone."""

    SUITE = "suite"
    TEST = "test"
    CALL = "call"
    AGENT = "agent"
    AGENT_RUN = "agent_run"
    MODEL = "model"
    FEATURE = "feature"
    USER = "user"
    SESSION = "session"
    ORG = "org"


class LimitKey(StrEnum):
    """What is limited."""

    MAX_COST = "max_cost"
    MAX_CALLS = "max_calls"
    MAX_INPUT_TOKENS = "max_input_tokens"
    MAX_OUTPUT_TOKENS = "max_output_tokens"
    MAX_TOTAL_TOKENS = "max_total_tokens"
    MAX_INCREASE = "max_increase"
    MIN_CACHE_HIT_RATE = "min_cache_hit_rate"
    MAX_CACHE_HIT_DROP = "max_cache_hit_drop"
    MIN_RESPONSE_CACHE_HIT_RATE = "min_response_cache_hit_rate"
    MAX_RESPONSE_CACHE_HIT_DROP = "max_response_cache_hit_drop"

    @property
    def is_relative(self) -> bool:
        """Whether it is judged against a baseline."""
        return self is LimitKey.MAX_INCREASE or self.is_drop

    @property
    def is_drop(self) -> bool:
        """Whether it is about how far a hit rate fell."""
        return self is LimitKey.MAX_CACHE_HIT_DROP or self is LimitKey.MAX_RESPONSE_CACHE_HIT_DROP

    @property
    def is_of_response_cache(self) -> bool:
        """Whether it is about the caches of the app, and not about calls."""
        return self is LimitKey.MIN_RESPONSE_CACHE_HIT_RATE or self is LimitKey.MAX_RESPONSE_CACHE_HIT_DROP

    @property
    def is_lower(self) -> bool:
        """Whether less is worse: to loosen it is to lower it."""
        return self is LimitKey.MIN_CACHE_HIT_RATE or self is LimitKey.MIN_RESPONSE_CACHE_HIT_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One rule: a row of ``budgets:``, or a marker.

    Attributes:
        scope: Of what.
        match: With ``*`` and ``?``; ``*`` for all.
        limits: USD, counts, or ratios (10 % is 0.1, 5 percentage points are 0.05).
        ignore_increase_below: USD; a smaller increase is never a finding. None where the rule does not say.
        level: Of its findings.
        location: ``llmcost.yaml:12``, or the test with the marker.
    """

    scope: BudgetScope
    match: str
    limits: Mapping[LimitKey, Decimal]
    ignore_increase_below: Decimal | None = None
    level: Level = Level.ERROR
    location: str
