"""Tables for the terminal: tabulate draws them, the first column gives way to the width."""

from collections.abc import Sequence
from typing import NamedTuple

from pytest_llmcost.reports.text import columns, shorten

_GAP = 2
# tabulate draws a column wider than its heading by this much.
_HEADING_PADDING = 2
_NARROWEST_NAME = 16


class Column(NamedTuple):
    """A column of numbers or short words.

    Attributes:
        title: Its heading.
        from_width: Shown only where the terminal has at least this many columns.
        numeric: Whether it is set to the right.
    """

    title: str
    from_width: int = 0
    numeric: bool = True


def table(
    name: str, shown: Sequence[Column], rows: Sequence[tuple[str, Sequence[str]]], width: int
) -> list[str]:
    """Draw a table that fits a width.

    Args:
        name: Heading of the first column.
        shown: The other columns.
        rows: The name and the cells of each row, free of control characters.
        width: Of the terminal.

    Returns:
        Lines; numbers are never cut, names lose their middle.
    """
    from tabulate import tabulate

    kept = [index for index, column in enumerate(shown) if column.from_width <= width]
    cells = [[row[index] for index in kept] for _, row in rows]
    titles = [shown[index].title for index in kept]
    taken = sum(
        _GAP + max(columns(title) + _HEADING_PADDING, *(columns(row[place]) for row in cells), 0)
        for place, title in enumerate(titles)
    )
    room = max(width - taken, _NARROWEST_NAME)
    drawn = tabulate(
        [[shorten(label, room), *row] for (label, _), row in zip(rows, cells, strict=True)],
        headers=[name, *titles],
        tablefmt="simple",
        colalign=["left", *("right" if shown[index].numeric else "left" for index in kept)],
        disable_numparse=True,
    )
    return [line.rstrip() for line in drawn.splitlines()]
