"""Exact money: one decimal context, one way to read and to write an amount."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from decimal import Context, Decimal, DecimalException, localcontext

# The app under test may have set a coarse decimal context of its own in this thread, and some
# price tables state 18 decimals per million tokens: 60 digits keep every product and sum exact.
# Its methods do one operation each; for several, ``exact_money`` reads better and costs more to enter.
EXACT = Context(prec=60)
# No price is beyond: written out, 1e999999999 would have a gigabyte of digits.
_MOST_DIGITS = 50

_WRITTEN = re.compile(r"-?[0-9]{1,60}(?:\.[0-9]{1,200})?", re.ASCII).fullmatch

ZERO = Decimal(0)


def exact_money() -> AbstractContextManager[Context]:
    """Do decimal arithmetic without rounding, whatever context the caller's thread has."""
    return localcontext(EXACT)  # which enters a copy


def money_text(amount: Decimal) -> str:
    """Write an amount or a rate as plain digits.

    Args:
        amount: USD, or USD per some number of units.

    Returns:
        Digits without exponent or trailing zeros, such as ``0.0123``.
    """
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text


def parse_money(text: str) -> Decimal:
    """Read an amount or a rate exactly as typed.

    Args:
        text: Digits, with an optional exponent.

    Returns:
        The finite number.

    Raises:
        ValueError: If the text is no finite number.
    """
    try:
        number = Decimal(text.strip())
    except DecimalException as error:
        raise ValueError(f"{text!r} is not a number") from error
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    if abs(number.adjusted()) > _MOST_DIGITS or len(number.as_tuple().digits) > _MOST_DIGITS:
        raise ValueError(f"{text!r} is out of range")
    return number


def read_money(text: str) -> Decimal:
    """Read what ``money_text`` wrote, and nothing else: a file may be anybody's.

    Raises:
        ValueError: If it is not plain digits: written out, 1e999999999 would have a gigabyte of them.
        TypeError: If it is no text.
    """
    if not _WRITTEN(text):
        raise ValueError(f"{text[:20]!r} is no amount")
    return Decimal(text)
