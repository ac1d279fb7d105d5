"""What a month costs, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_llmcost.model.amount import NOTHING
from pytest_llmcost.model.diff import Change
from pytest_llmcost.model.projection import AgentMonth, Projection, Volume
from pytest_llmcost.reports.gate_section import share, signed
from pytest_llmcost.reports.table import Column, table
from pytest_llmcost.reports.text import MoneyStyle, plural, safe

_COLUMNS = (Column("mean of", from_width=80), Column("before"), Column("now"), Column("change"))


def month_style(projection: Projection) -> MoneyStyle:
    """How amounts of months are shown: they are larger than those of the suite."""
    sides = [side for month in projection.agents for side in (month.change.base, month.change.head)]
    return MoneyStyle.of(
        max((side.cost for side in sides if side), key=lambda cost: cost.value, default=NOTHING)
    )


def volume_text(volume: Volume) -> str:
    """``120,000 runs``."""
    return plural(volume.per_month, volume.per.value)


def seen_text(month: AgentMonth, arrow: str = " -> ") -> str:
    """What the means are of: ``3 runs``, ``3 -> 4 runs``."""
    sides = ((month.change.base, month.base_number), (month.change.head, month.head_number))
    numbers = list(dict.fromkeys(number for side, number in sides if side is not None))
    noun = month.volume.per.value if numbers == [1] else f"{month.volume.per.value}s"
    return f"{arrow.join(f'{number:,}' for number in numbers)} {noun}"


def month_lines(projection: Projection, width: int) -> list[str]:
    """One row for each agent, and their sum."""
    style = month_style(projection)
    rows = [
        (
            f"{safe(month.volume.agent)}, {volume_text(month.volume)}",
            [seen_text(month), *_cells(month.change, style)],
        )
        for month in projection.agents
    ]
    if projection.totals is not None and len(rows) > 1:
        rows.append(("total", ["", *_cells(projection.totals, style)]))
    return table("a month at", _COLUMNS, rows, width)


def _cells(change: Change, style: MoneyStyle) -> Sequence[str]:
    before, now = (style.amount(side.cost) if side else "-" for side in (change.base, change.head))
    if change.base is None or change.head is None:
        return [before, now, "-"]
    percentage = share(change)
    return [before, now, signed(change.delta, style) + (f" ({percentage})" if percentage else "")]
