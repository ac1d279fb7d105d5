"""An amount is an interval, and compares as one."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest

from pytest_llmcost.model.amount import NOTHING, Amount, total

CENT = Amount.exactly(Decimal("0.01"))
AT_LEAST_A_CENT = Amount.at_least(Decimal("0.01"))
ABOUT_A_CENT = Amount(Decimal("0.008"), Decimal("0.01"), Decimal("0.012"))


@pytest.mark.parametrize("limit", ["0.01", 0.01, Decimal("0.01"), Decimal("0.0100")])
def test_exact_amount_compares_as_a_number(limit):
    """Digits count, whatever the type."""
    assert CENT == limit
    assert CENT <= limit
    assert CENT >= limit
    assert not CENT < limit
    assert not CENT > limit
    assert limit >= CENT


def test_three_times_ten_cents_keep_a_limit_of_thirty():
    """What floats get wrong."""
    assert total([Amount.exactly(Decimal("0.1"))] * 3) <= 0.3


@pytest.mark.parametrize(
    ("limit", "keeps", "exceeds"),
    [
        ("0.013", True, False),
        ("0.012", True, False),
        ("0.011", False, False),
        ("0.008", False, False),
        ("0.007", False, True),
    ],
)
def test_estimate_keeps_or_exceeds_a_limit_only_as_a_whole(limit, keeps, exceeds):
    """In between it does neither."""
    assert (ABOUT_A_CENT <= limit, ABOUT_A_CENT > limit) == (keeps, exceeds)
    assert ABOUT_A_CENT != "0.01"


def test_unknown_part_keeps_no_limit():
    """What has no upper bound is below nothing, and not equal to its known part."""
    assert not AT_LEAST_A_CENT <= 1_000_000
    assert not AT_LEAST_A_CENT < float("inf")
    assert AT_LEAST_A_CENT >= "0.01"
    assert AT_LEAST_A_CENT != "0.01"
    assert AT_LEAST_A_CENT != CENT
    assert Amount.at_least(Decimal(0)) != 0


@pytest.mark.parametrize("other", ["a cent", "", None, [], object(), float("nan"), "nan"])
def test_amount_is_unequal_to_what_is_no_number(other):
    """A comparison for equality never raises."""
    assert CENT != other
    assert (CENT == other) is False


@pytest.mark.parametrize("other", [CENT, None, []])
def test_order_is_defined_against_numbers_only(other):
    """Two intervals have no order; the error says so."""
    with pytest.raises(TypeError, match="compared with a number"):
        CENT <= other


def test_limit_that_is_no_number_is_an_error():
    """A typing mistake in a test is not a pass."""
    with pytest.raises(ValueError, match="'1 cent' is not a number"):
        CENT <= "1 cent"


def test_equal_amounts_have_equal_hashes():
    """Trailing zeros make no difference."""
    assert len({CENT, Amount.exactly(Decimal("0.010")), AT_LEAST_A_CENT}) == 2
    assert hash(CENT) == hash(Decimal("0.01"))


def test_sum_has_an_upper_bound_only_if_every_part_has_one():
    """One unpriced call leaves the total open."""
    assert total([CENT, ABOUT_A_CENT]) == Amount(Decimal("0.018"), Decimal("0.02"), Decimal("0.022"))
    assert CENT + AT_LEAST_A_CENT == Amount.at_least(Decimal("0.02"))
    assert total([]) == NOTHING


def test_sum_is_exact_in_a_coarse_context():
    """The caller's decimal context does not round our money."""
    with localcontext() as coarse:
        coarse.prec = 2
        found = Amount.exactly(Decimal("1.2345")) + Amount.exactly(Decimal("0.00001"))
    assert found == "1.23451"
