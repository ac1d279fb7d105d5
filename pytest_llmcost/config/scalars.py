"""Numbers, days and choices of the YAML, each with its own error."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from pytest_llmcost.config.document import Value, suggestion
from pytest_llmcost.model.money import parse_money

Choice = TypeVar("Choice", bound=StrEnum)
_MOST_DIGITS = 18
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})


def dollars(value: Value, unit: str) -> Decimal:
    """A price: a number that is not negative, exactly as typed.

    Args:
        value: Where it stands.
        unit: For messages, such as ``USD per million tokens``.
    """
    number = _number(value, f'a price in {unit}, such as "1.25"')
    if number < 0:
        value.fail(f"{value.name} is a price in {unit} and cannot be negative; found {value.text()!r}")
    return number


def factor(value: Value) -> Decimal:
    """A factor on prices."""
    number = _number(value, 'a factor, such as "0.85"')
    if number < 0:
        value.fail(f"{value.name} is a factor and cannot be negative; found {value.text()!r}")
    return number


def _number(value: Value, wanted: str) -> Decimal:
    typed = value.text(wanted)
    try:
        return parse_money(typed)
    except ValueError:
        value.fail_type(wanted)


def whole_number(value: Value, wanted: str) -> int:
    """A count that is not negative; underscores are allowed."""
    typed = value.text(wanted).replace("_", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) <= _MOST_DIGITS):
        value.fail_type(wanted)
    return int(typed)


def day(value: Value) -> date:
    """A day as YYYY-MM-DD."""
    wanted = "a day, such as 2026-11-23"
    try:
        return date.fromisoformat(value.text(wanted))
    except ValueError:
        value.fail_type(wanted)


def flag(value: Value) -> bool:
    """A switch: true or false."""
    typed = value.text("true or false")
    if typed in _TRUE:
        return True
    if typed not in _FALSE:
        value.fail_type("true or false")
    return False


def choice(value: Value, kind: type[Choice]) -> Choice:
    """One of a few words."""
    allowed = [member.value for member in kind]
    typed = value.text(f"one of {', '.join(allowed)}")
    if typed not in allowed:
        value.fail(f"{value.name}: unknown value {typed!r}{suggestion(typed, allowed)}")
    return kind(typed)
