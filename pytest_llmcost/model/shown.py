"""Money, counts and rates as text for people."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.money import ZERO, exact_money, money_text

UNKNOWN = "unknown"
_FINE = 6
_COARSE = 4
# From a dime upwards four decimals tell a test's share of the total.
_COARSE_FROM = Decimal("0.1")
_WHOLE_DOLLARS_FROM = Decimal(1)
_FIRST_SURROGATE, _LAST_SURROGATE = 0xD800, 0xDFFF


class MoneyStyle(NamedTuple):
    """How many decimals the amounts of one report have, so that they can be compared down a column."""

    digits: int

    @classmethod
    def of(cls, total: Amount) -> MoneyStyle:
        """The style for a report whose total this is."""
        return cls(_COARSE if total.value >= _COARSE_FROM else _FINE)

    def usd(self, amount: Decimal) -> str:
        """An amount that is known: ``$1,234.56``, ``$0.0213``, ``<$0.0001``."""
        with exact_money():
            if not amount:
                return "$0"
            if amount >= _WHOLE_DOLLARS_FROM:
                return f"${self.rounded(amount):,}"
            step = Decimal(1).scaleb(-self.digits)
            if ZERO < amount < step:
                return f"<${step:f}"
            return f"${self.rounded(amount):f}"

    def rounded(self, amount: Decimal) -> Decimal:
        """An amount with the decimals that it is shown with."""
        with exact_money():
            step = Decimal("0.01") if amount >= _WHOLE_DOLLARS_FROM else Decimal(1).scaleb(-self.digits)
            return amount.quantize(step, ROUND_HALF_EVEN)

    def amount(self, amount: Amount) -> str:
        """An amount with its doubt: ``$0.0213``, ``~$0.0213 ±4%``, ``≥ $0.0412``, ``unknown``."""
        if amount.high is None:
            if not amount.low:
                return UNKNOWN
            step = Decimal(1).scaleb(-self.digits)
            return f"≥ {self.usd(amount.low)}" if amount.low >= step else "> $0"
        if amount.is_exact:
            return self.usd(amount.value)
        with exact_money():
            error = max(amount.high - amount.value, amount.value - amount.low)
            share = f" ±{error / amount.value * 100:.0f}%" if amount.value else ""
        return f"~{self.usd(amount.value)}{share}"


def exact_usd(amount: Decimal) -> str:
    """All digits of an amount, as on an invoice."""
    return f"${money_text(amount)}"


def percent(rate: Decimal | None) -> str:
    """A rate as ``62.0%``; a dash where there is none."""
    if rate is None:
        return "-"
    with exact_money():
        return f"{rate * 100:.1f}%"


def plural(number: int, noun: str) -> str:
    """``1 call``, ``2 calls``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def first_of(names: Sequence[str], most: int) -> str:
    """The first names of a list, and how many more there are: ``a, b and 3 more``."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def yaml_text(name: str) -> str:
    """A name of anybody's making in YAML's double quotes, which it cannot break out of."""
    return f'"{"".join(map(_escaped, name))}"'


def _escaped(character: str) -> str:
    code = ord(character)
    if _FIRST_SURROGATE <= code <= _LAST_SURROGATE:  # half a character, which no file can hold
        return "\\uFFFD"
    if character in '"\\':
        return f"\\{character}"
    if character.isascii() and character.isprintable():
        return character
    return f"\\U{code:08X}"
