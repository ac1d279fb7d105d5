"""Markdown that fits: tables lose rows at their end, sections go whole, and what is left out is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_llmcost.reports.markdown_escape import cell
from pytest_llmcost.reports.text import plural

# Room for the sentence that says what was left out.
_RESERVE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table.

    Attributes:
        columns: Title of each; one that begins with a bar, as ``|Cost``, is set to the right.
        rows: Cells, as Markdown of ours.
        more: What a row is, where some are left out: ``changed test``.
        last: The row of the sum; None if there is none.
        left_out: Rows that were left out before, for readers' sake.
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    more: str
    last: Sequence[str] | None = None
    left_out: int = 0

    def lines(self, most: int | None = None) -> list[str]:
        """The table with at most so many rows, and a line for those that are left out."""
        shown = self.rows if most is None else self.rows[:most]
        ends = [_row(self.last)] if self.last is not None else []
        missing = self.left_out + len(self.rows) - len(shown)
        note = ["", f"{plural(missing, f'more {self.more}')} not shown here."] if missing else []
        return [*self._head(), *map(_row, shown), *ends, *note]

    def _head(self) -> list[str]:
        titles = [title.removeprefix("|") for title in self.columns]
        aligned = ["--:" if title.startswith("|") else ":--" for title in self.columns]
        return [_row(titles), f"|{'|'.join(aligned)}|"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page.

    Attributes:
        title: Text of ours.
        body: A table, or lines that stay together.
        folded: Whether it is closed until the reader opens it.
    """

    title: str
    body: Table | Sequence[str]
    folded: bool = False

    def text(self, most: int | None = None) -> str:
        """The section with at most so many rows of its table."""
        body = self.body.lines(most) if isinstance(self.body, Table) else self.body
        if self.folded:
            parts = [f"<details><summary>{self.title}</summary>", "", *body, "", "</details>"]
        elif self.title:
            parts = [f"#### {self.title}", "", *body]
        else:
            parts = list(body)
        return "\n".join(parts)


def fit(head: str, sections: Sequence[Section], foot: str, most_bytes: int) -> str:
    """The page: what does not fit is left out from the end, in whole rows and sections.

    Args:
        head: Always there.
        sections: The most important first.
        foot: Always there.
        most_bytes: In UTF-8; a text of so many bytes has at most so many characters.
    """
    parts = [head]
    room = most_bytes - _size(head) - _size(foot) - _RESERVE
    dropped = []
    for section in sections:
        text = _fitting(section, room)
        if text is None:
            dropped.append(section.title or "a table")
            continue
        parts.append(text)
        room -= _size(text)
    if dropped:
        parts.append(f"Left out, as the page would be too long: {', '.join(dropped)}.")
    return "\n\n".join([*parts, foot]) + "\n"


def _fitting(section: Section, room: int) -> str | None:
    text = section.text()
    if _size(text) <= room:
        return text
    if not isinstance(section.body, Table):
        return None
    low, high = 0, len(section.body.rows)
    while low < high:  # the most rows that fit
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _size(section.text(middle)) <= room else (low, middle - 1)
    return section.text(low) if low else None


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace")) + 2


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(cell, cells))} |"
