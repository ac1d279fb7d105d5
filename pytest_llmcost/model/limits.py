"""Limits as people type them, in the YAML and in markers."""

from __future__ import annotations

import re
from decimal import Decimal

from pytest_llmcost.model.budget import LimitKey
from pytest_llmcost.model.money import ZERO, exact_money, parse_money

_HUNDRED = Decimal(100)
_COUNTS = frozenset(
    {
        *(LimitKey.MAX_CALLS, LimitKey.MAX_INPUT_TOKENS),
        *(LimitKey.MAX_OUTPUT_TOKENS, LimitKey.MAX_TOTAL_TOKENS),
    }
)
_COUNT = re.compile(r"\d[\d_]{0,17}")


def parse_limit(key: LimitKey, typed: str) -> Decimal:
    """Read a limit.

    Args:
        key: What is limited.
        typed: The value as it was typed.

    Returns:
        USD, a count, or a ratio: 10 % is 0.1, 5 percentage points are 0.05.

    Raises:
        ValueError: With what is allowed.
    """
    if key is LimitKey.MAX_COST:
        return parse_dollars(typed)
    if key in _COUNTS:
        return _count(typed)
    if key is LimitKey.MAX_INCREASE:
        return _with_unit(typed, "%", "an increase in percent, such as 10%")
    if key.is_drop:
        return _with_unit(typed, "pp", "a drop in percentage points, such as 5pp")
    return _rate(typed)


def parse_dollars(typed: str) -> Decimal:
    """An amount in USD; a dollar sign may stand in front.

    Raises:
        ValueError: With what is allowed.
    """
    wanted = 'an amount in USD, such as "0.015"'
    number = _number(typed.strip().removeprefix("$"), wanted)
    if number < ZERO:
        raise ValueError(f"{wanted}, and cannot be negative")
    return number


def _count(typed: str) -> Decimal:
    if not _COUNT.fullmatch(typed.strip()):
        raise ValueError("a whole number, such as 8")
    return Decimal(typed.strip().replace("_", ""))


def _rate(typed: str) -> Decimal:
    wanted = "a rate, such as 70% or 0.7"
    text = typed.strip()
    with exact_money():
        number = _number(text.removesuffix("%"), wanted)
        ratio = number / _HUNDRED if text.endswith("%") else number
    if not ZERO <= ratio <= 1:
        hint = f": write {text}%" if not text.endswith("%") and ZERO <= number <= _HUNDRED else ""
        raise ValueError(f"{wanted}, from 0 to 100%{hint}")
    return ratio


def _with_unit(typed: str, unit: str, wanted: str) -> Decimal:
    text = typed.strip()
    if not text.endswith(unit):
        raise ValueError(f"{wanted}: a number without {unit} could mean two things")
    with exact_money():
        number = _number(text.removesuffix(unit), wanted) / _HUNDRED
    if number < ZERO:
        raise ValueError(f"{wanted}, and cannot be negative")
    return number


def _number(text: str, wanted: str) -> Decimal:
    try:
        return parse_money(text)
    except ValueError as error:
        raise ValueError(wanted) from error
