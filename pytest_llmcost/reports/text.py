"""Untrusted names as text for people; ``model.shown`` has money, counts and rates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from pytest_llmcost.model.shown import UNKNOWN, MoneyStyle, exact_usd, percent, plural

__all__ = [
    "HIT_RATE",
    "UNKNOWN",
    "MoneyStyle",
    "columns",
    "common_folder",
    "common_place",
    "exact_usd",
    "folded",
    "percent",
    "plural",
    "safe",
    "shorten",
    "spelled",
]
HIT_RATE = "prompt cache hit rate"
_ELLIPSIS = "..."
# Format, control, surrogate and separator characters: they move the cursor or hide text.
# At the start of a line, GitHub Actions takes two colons for a command; a line may begin at any word.
_COMMAND = re.compile(r"(^|\s)::")
# Its runner still obeys commands of the older form, wherever in a line they stand: ##[add-mask]text.
_OLD_COMMAND = "##["
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"})


def safe(text: str) -> str:
    """A name of anybody's making, fit for a terminal: characters that hide or move text are spelled out."""
    return _COMMAND.sub(r"\1:\\x3a", spelled(text)).replace(_OLD_COMMAND, "#\\x23[")


def spelled(text: str) -> str:
    """A text in one line, without characters that hide or move what stands beside them."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(char) if unicodedata.category(char) in _INVISIBLE else char for char in text)


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


def common_place(nodeids: Sequence[str]) -> str:
    """What all names of tests begin with: their file and its colons, else their folder."""
    files = {nodeid.partition("::")[0] for nodeid in nodeids}
    whole = all("::" in nodeid for nodeid in nodeids)
    return f"{files.pop()}::" if whole and len(files) == 1 else common_folder(nodeids)


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


def folded(text: str, width: int, indent: str = "  ") -> list[str]:
    """A text in lines that fit; a name is not cut."""
    from textwrap import wrap

    return wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
