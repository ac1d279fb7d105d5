"""An amount of money that may be known only within bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pytest_llmcost.model.money import EXACT, ZERO, exact_money, money_text, parse_money

Number = int | float | str | Decimal


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Amount:
    """A cost in USD with ``low <= value <= high``.

    Compared with a number it answers for the whole interval: ``cost <= limit`` holds if the upper bound
    keeps the limit, and so never while a part of the cost is unknown.

    Attributes:
        low: What is certain.
        value: The best single figure.
        high: The upper bound; None where a part of the cost is unknown.
    """

    low: Decimal
    value: Decimal
    high: Decimal | None

    @classmethod
    def exactly(cls, value: Decimal) -> Amount:
        """An amount that is known: low, value and high are the same."""
        return cls(value, value, value)

    @classmethod
    def at_least(cls, known: Decimal) -> Amount:
        """An amount of which only a part is known; it has no upper bound."""
        return cls(known, known, None)

    @property
    def is_exact(self) -> bool:
        """Whether the bounds leave no doubt."""
        return self.low == self.high

    def __repr__(self) -> str:
        if self.high is None:
            return (
                f"<at least ${money_text(self.low)}, the rest is unknown>" if self.low else "<unknown cost>"
            )
        if self.is_exact:
            return f"<${money_text(self.value)}>"
        return f"<${money_text(self.value)}, from ${money_text(self.low)} to ${money_text(self.high)}>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Amount):
            return (self.low, self.value, self.high) == (other.low, other.value, other.high)
        if isinstance(other, Number):
            try:
                return self.is_exact and self.value == _decimal(other)
            except ValueError:
                return False
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.value) if self.is_exact else hash((self.low, self.value, self.high))

    def __le__(self, limit: Number) -> bool:
        return self.high is not None and self.high <= _decimal(limit)

    def __lt__(self, limit: Number) -> bool:
        return self.high is not None and self.high < _decimal(limit)

    def __ge__(self, limit: Number) -> bool:
        return self.low >= _decimal(limit)

    def __gt__(self, limit: Number) -> bool:
        return self.low > _decimal(limit)

    def __add__(self, other: Amount) -> Amount:
        return total([self, other])


def _decimal(number: object) -> Decimal:
    if isinstance(number, str):
        return parse_money(number)
    if isinstance(number, Decimal | int):
        return Decimal(number)
    if isinstance(number, float):
        return Decimal(str(number))  # a float is what its digits say: 0.1 is a tenth
    raise TypeError(f"an amount is compared with a number, not with {type(number).__name__}")


NOTHING = Amount.exactly(ZERO)


def total(amounts: Iterable[Amount]) -> Amount:
    """Sum amounts; the sum has an upper bound only if every part has one."""
    found = list(amounts)
    if not found:
        return NOTHING
    known = ZERO
    for amount in found:
        if not amount.low is amount.value is amount.high:
            break
        known = EXACT.add(known, amount.value)
    else:
        return Amount.exactly(known)
    low = value = high = ZERO
    bounded = True
    with exact_money():
        for amount in found:
            low += amount.low
            value += amount.value
            if amount.high is None:
                bounded = False
            else:
                high += amount.high
    return Amount(low, value, high if bounded else None)
