"""Money as text and back, exactly."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest

from pytest_llmcost.model.money import exact_money, money_text, parse_money


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("0.000", "0"),
        ("1.50", "1.5"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("1E-7", "0.0000001"),
        ("0.123456789012345678", "0.123456789012345678"),
        ("-0.5", "-0.5"),
    ],
)
def test_money_text(amount, text):
    """Plain digits: no exponent, no zeros at the end."""
    assert money_text(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("text", "number"), [("0.15", "0.15"), (" 1 ", "1"), ("1e-6", "0.000001"), ("1_000", "1000")]
)
def test_parse_money(text, number):
    """Exactly what was typed."""
    assert parse_money(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "nan",
        "Infinity",
        "-inf",
        "1,5",
        "$5",
        "16:30",
        "1e51",
        "1e999999999",
        "1e-999999999",
        "0." + "1" * 99,
    ],
)
def test_parse_money_refuses(text):
    """No number, no finite number, or one that would fill the memory when it is written out."""
    with pytest.raises(ValueError):
        parse_money(text)


def test_sums_are_exact_in_any_context():
    """The app under test may have set three digits of precision in this thread."""
    with localcontext() as coarse:
        coarse.prec = 3
        with exact_money():
            assert Decimal("0.123456789012345678") * 1_000_001 == Decimal("123456.912469134690345678")
        assert money_text(Decimal("0.123456")) == "0.123456"
        assert parse_money("0.123456") == Decimal("0.123456").copy_abs()
