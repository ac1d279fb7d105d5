"""Untrusted text in GitHub's Markdown: a code span for a name, a fence for lines, and nothing else.

In a code span nothing is read: no link, tag, mention, emphasis or reference. What ends one is as many
backticks as began it, a line's end, and in a table a pipe; all three are met here (GitHub Flavored Markdown,
"Code spans" and "Tables").
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_llmcost.reports.text import shorten, spelled

_TICKS = re.compile("`+")
_NUMBER = r"[-+]?\$?\d{1,3}(?:,\d{3})*(?:\.\d+)?(?:%|pp)?"
# The words that limits and figures of ours are written with; whoever writes others gets a code span.
_WORDS = (
    "calls?|tokens|input|output|unknown|complete|not|at|least|a|an|known|no|price|system|tools|messages|bytes"
    "|repeats?|identical|failed|attempts?|before"
)
_ESTIMATE = "estimated: the recording is of an older request"
_FIGURE = re.compile(
    rf"(?:[~≥<>] ?)?(?:{_NUMBER}|{_WORDS})(?:,? (?:±\d+%|->|\(?{_NUMBER}\)?|{_WORDS})){{0,12}}"
    rf"(?:, {_ESTIMATE})?|{_ESTIMATE}"
)
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#~&@])")
_LONGEST = 200
_COMMAND = 300
_LONGEST_FIGURE = 120
_MOST_IN_LINES = 300


def code(text: str, *, width: int = _LONGEST) -> str:
    """A name of anybody's making as a code span, fit for a table too.

    Args:
        text: Anything.
        width: Columns; a longer name loses its middle.
    """
    shown = shorten(spelled(text), width)
    if not shown:
        return "(empty)"
    fence = "`" * (max(map(len, _TICKS.findall(shown)), default=0) + 1)
    # One space on both sides is dropped by the reader, unless there is nothing but spaces.
    if shown.strip(" ") and (shown[0] in "` " or shown[-1] in "` "):
        shown = f" {shown} "
    return f"{fence}{shown}{fence}"


def command(text: str) -> str:
    """A command as a code span, which is pasted as a whole."""
    return code(text, width=_COMMAND)


def code_in_lines(nodeid: str, *, width: int) -> str:
    """The name of a test as code spans below each other: broken at its colons and before its parameters.

    Args:
        nodeid: Anything.
        width: Columns of a line; what is longer in one piece loses its middle.
    """
    if len(nodeid) > _MOST_IN_LINES:
        return code(nodeid, width=width)
    name, bracket, parameters = nodeid.partition("[")
    parts = [*((part, "::") for part in name.split("::")), (bracket + parameters, "")]
    lines: list[str] = []
    joint = ""
    for part, before in reversed(parts):  # the test and its parameters stay together where they can
        if lines and len(part) + len(joint) + len(lines[0]) <= width:
            lines[0] = part + joint + lines[0]
        elif part:
            lines.insert(0, part)
        joint = before
    return "<br>".join(code(line, width=width) for line in lines) or code(nodeid)


def cell(text: str) -> str:
    """Markdown of ours as a cell of a table: pipes inside do not end it."""
    return text.replace("|", "\\|")


def figure(text: str, *, width: int = _LONGEST) -> str:
    """A figure as our own reports write it, such as ``$0.015`` or ``+10%``; anything else as a code span."""
    shown = text.strip()
    if len(shown) > _LONGEST_FIGURE or not _FIGURE.fullmatch(shown):
        return code(text, width=width)
    return plain(shown.replace("->", "→"))


def plain(text: str) -> str:
    """Text of our own making: what Markdown would read in it is escaped."""
    return _SPECIAL.sub(r"\\\1", text)


def fenced(lines: Iterable[str]) -> list[str]:
    """Lines of anybody's making as a block of code.

    Args:
        lines: Each stays a line.
    """
    shown = [spelled(line) for line in lines]
    longest = max((len(run) for line in shown for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(longest + 1, 3)
    return [f"{fence}text", *shown, fence]
