"""The one rule for every limit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmcost.budgets.intervals import Interval, Outcome, judge_lower, judge_upper
from pytest_llmcost.model.amount import Amount

PASS, WARN, FAIL = Outcome.PASS, Outcome.WARN, Outcome.FAIL


def interval(low, high):
    return Interval(Decimal(low), None if high is None else Decimal(high))


@pytest.mark.parametrize(
    ("low", "high", "upper", "lower"),
    [
        # Against a limit of 10.
        (9, 9, PASS, FAIL),
        (10, 10, PASS, PASS),
        (11, 11, FAIL, PASS),
        (8, 9, PASS, FAIL),
        (9, 10, PASS, WARN),
        (9, 11, WARN, WARN),
        (10, 11, WARN, PASS),
        (11, 12, FAIL, PASS),
        (0, None, WARN, WARN),
        (10, None, WARN, PASS),
        (11, None, FAIL, PASS),
        (-5, -1, PASS, FAIL),
        ("9.999999999999", "9.999999999999", PASS, FAIL),
        ("10.000000000001", "10.000000000001", FAIL, PASS),
    ],
)
def test_against_a_limit_of_ten(low, high, upper, lower):
    """What is certain fails, what is possible warns; without an upper bound no upper limit is kept for sure."""
    assert judge_upper(interval(low, high), Decimal(10)) is upper
    assert judge_lower(interval(low, high), Decimal(10)) is lower


@given(st.integers(-50, 50), st.integers(0, 50), st.integers(-50, 50))
def test_lower_limits_mirror_upper_ones(low, width, limit):
    """Whatever holds above holds below with the signs turned."""
    figure, turned = interval(low, low + width), interval(-low - width, -low)
    assert judge_lower(figure, Decimal(limit)) is judge_upper(turned, Decimal(-limit))


def test_an_estimate_is_judged_by_its_bounds():
    """The best guess may be past a limit while what is certain is not: that warns."""
    estimate = Interval.of(Amount(Decimal(8), Decimal(11), Decimal(12)))
    assert judge_upper(estimate, Decimal(10)) is WARN
    assert judge_upper(estimate, Decimal(12)) is PASS
    assert judge_upper(estimate, Decimal(7)) is FAIL
