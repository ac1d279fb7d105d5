"""Money, counts, rates and untrusted names as text for people."""

from __future__ import annotations

import re
import unicodedata
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
_ELLIPSIS = "..."
# Format, control, surrogate and separator characters: they move the cursor or hide text.
# At the start of a line, GitHub Actions takes two colons for a command; a line may begin at any word.
_COMMAND = re.compile(r"(^|\s)::")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"})


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
                return f"${amount.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,}"
            step = Decimal(1).scaleb(-self.digits)
            if ZERO < amount < step:
                return f"<${step:f}"
            return f"${amount.quantize(step, ROUND_HALF_EVEN):f}"

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


def safe(text: str) -> str:
    """A name of anybody's making, fit for a terminal: characters that hide or move text are spelled out."""
    if text.isascii() and text.isprintable():
        return _COMMAND.sub(r"\1:\\x3a", text)
    spelled = "".join(_spelled(char) if unicodedata.category(char) in _INVISIBLE else char for char in text)
    return _COMMAND.sub(r"\1:\\x3a", spelled)


def _spelled(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def common_folder(nodeids: Sequence[str]) -> str:
    """The folder that all tests lie in, with its slash; empty for the root or for no tests."""
    folders = [nodeid.partition("::")[0].split("/")[:-1] for nodeid in nodeids]
    shared = 0
    while folders and all(len(folder) > shared for folder in folders):
        if len({folder[shared] for folder in folders}) > 1:
            break
        shared += 1
    return "".join(f"{name}/" for name in folders[0][:shared]) if folders else ""


def columns(text: str) -> int:
    """How many terminal columns a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def shorten(text: str, width: int) -> str:
    """Cut the middle out of a text, so that both its ends stay readable.

    Args:
        text: Free of control characters.
        width: Terminal columns, at least 1.
    """
    if columns(text) <= width:
        return text
    if width <= len(_ELLIPSIS):
        return _ELLIPSIS[:width]
    room = width - len(_ELLIPSIS)
    head, tail = room // 2, room - room // 2
    return f"{_take(text, head)}{_ELLIPSIS}{_take(text[::-1], tail)[::-1]}"


def _take(text: str, width: int) -> str:
    if text.isascii():
        return text[:width]
    taken, used = "", 0
    for char in text:
        used += columns(char)
        if used > width:
            break
        taken += char
    return taken
