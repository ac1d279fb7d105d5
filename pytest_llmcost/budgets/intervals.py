"""The one rule for every limit: what is certain fails, what is possible warns."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pytest_llmcost.model.amount import Amount


class Outcome(StrEnum):
    """What a limit says of a figure."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


class Interval(NamedTuple):
    """A figure that may be known only within bounds.

    Attributes:
        low: What is certain.
        high: The upper bound; None where it is unknown.
    """

    low: Decimal
    high: Decimal | None

    @classmethod
    def of(cls, amount: Amount) -> Interval:
        """The bounds of an amount."""
        return cls(amount.low, amount.high)

    @classmethod
    def exactly(cls, figure: Decimal | int) -> Interval:
        """A figure without doubt."""
        return cls(Decimal(figure), Decimal(figure))


def judge_upper(figure: Interval, limit: Decimal) -> Outcome:
    """A figure that must not be above a limit: fail if low > limit, pass if high <= limit, else warn."""
    if figure.low > limit:
        return Outcome.FAIL
    return Outcome.PASS if figure.high is not None and figure.high <= limit else Outcome.WARN


def judge_lower(figure: Interval, limit: Decimal) -> Outcome:
    """A figure that must not be below a limit: fail if high < limit, pass if low >= limit, else warn."""
    if figure.high is not None and figure.high < limit:
        return Outcome.FAIL
    return Outcome.PASS if figure.low >= limit else Outcome.WARN
