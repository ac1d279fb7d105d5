"""The table of docs/libraries.md: made from what the matrix found, and read back to be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from families import ENVIRONMENTS, FAMILIES, Family, Group
from matrix import MODES, ORDERS, Matrix

KINDS = ("sync", "async", "sync, streamed", "async, streamed")
_HEAD = ("library", "what", "tested", *KINDS, *MODES)
_NONE, _YES, _NO = "–", "yes", "**no**"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table.

    Attributes:
        title: The library.
        what: What of it is called.
        version: The version that was tested last.
        found: yes, no or – for each kind of call and for each mode.
    """

    title: str
    what: str
    version: str
    found: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.title, self.what

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.title, self.what, self.version, *self.found)


def rows(matrix: Matrix, family: Family, environment: str | None) -> Iterator[Row]:
    """What a family's sessions found in an environment."""
    for group in family.groups:
        right = _right(matrix, family, group)
        # What is never seen live is no fault of the kind of call.
        kinds = (_word([good for (of, _), good in right.items() if of == kind]) for kind in KINDS)
        modes = [_word([good for (_, of), good in right.items() if of == mode]) for mode in MODES]
        if not group.live:
            modes[0] = _NO
        yield Row(group.title(environment), group.what, group.version, (*kinds, *modes))


def _right(matrix: Matrix, family: Family, group: Group) -> dict[tuple[str, str], bool]:
    """Whether all scenarios of a kind are right in a mode, in both orders."""
    found: dict[tuple[str, str], bool] = {}
    for scenario in family.scenarios:
        if scenario.group is not group:
            continue
        for mode in MODES:
            good = not any(matrix.cell(family, order, mode).problems(scenario) for order in ORDERS)
            key = (scenario.kind, mode)
            found[key] = found.get(key, True) and good
    return found


def _word(found: list[bool]) -> str:
    if not found:
        return _NONE
    return _YES if all(found) else _NO


def updated(text: str, found: list[Row]) -> str:
    """The text of the docs with these rows; those of other environments stay."""
    before, table, after = _split(text)
    kept = {row.key: row for row in map(_parse, table[2:])} | {row.key: row for row in found}
    ordered = [kept[key] for key in _keys() if key in kept]
    lines = [_line(_HEAD), "|---" * len(_HEAD) + "|", *(_line(row.cells) for row in ordered)]
    return "\n".join([*before, *lines, *after])


def differences(text: str, found: list[Row]) -> list[str]:
    """Where the docs say something else; versions may differ."""
    _, table, _ = _split(text)
    said = {row.key: row for row in map(_parse, table[2:])}
    wrong = [f"nothing tests this: {_line(said[key].cells)}" for key in said if key not in _keys()]
    for row in found:
        there = said.get(row.key)
        if there is None:
            wrong.append(f"not in the table: {_line(row.cells)}")
        elif there.found != row.found:
            wrong.append(f"found {_line(row.cells)}, where the table says {_line(there.cells)}")
    return wrong


def _keys() -> list[tuple[str, str]]:
    """Every row that there can be, in the order of the table."""
    return [
        (group.title(environment), group.what)
        for environment, names in ENVIRONMENTS.items()
        for name in names
        for group in FAMILIES[name].groups
    ]


def _split(text: str) -> tuple[list[str], list[str], list[str]]:
    """The lines before the table, its own, and those after it; it is the table that begins with our head."""
    lines = text.split("\n")
    start = lines.index(_line(_HEAD))
    end = start
    while end < len(lines) and lines[end].startswith("|"):
        end += 1
    return lines[:start], lines[start:end], lines[end:]


def _parse(line: str) -> Row:
    title, what, version, *found = (cell.strip() for cell in line.strip("|").split("|"))
    return Row(title, what, version, tuple(found))


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
