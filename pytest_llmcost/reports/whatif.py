"""The terminal output of ``llmcost whatif``."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.money import exact_money
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.pricing.switch import Switch
from pytest_llmcost.reports.table import Column, table
from pytest_llmcost.reports.text import MoneyStyle, common_folder, plural, safe

_COLUMNS = (Column("now"), Column("then"), Column("change"))
_CAVEAT = (
    "The usage is that of the run. Another model may write longer or shorter answers, split text into other"
    " tokens, and cache prompts by other rules: run the tests against it before you rely on this."
)


def render_whatif(
    before: RunReport, after: RunReport, switches: Mapping[Switch, int], width: int
) -> list[str]:
    """The costs of each test and of all, before and after.

    Args:
        before: The run.
        after: The run with other models.
        switches: With the number of calls that each has changed.
        width: Of the terminal.
    """
    from textwrap import wrap

    style = MoneyStyle.of(max(before.totals.cost, after.totals.cost, key=lambda cost: cost.value))
    pairs = zip(before.tests, after.tests, strict=True)
    found = [
        (one.result.nodeid, one.rollup.cost, two.rollup.cost)
        for one, two in pairs
        if one.rollup.cost != two.rollup.cost
    ]
    found.sort(key=lambda row: (-abs(row[2].value - row[1].value), row[0]))
    folder = common_folder([nodeid for nodeid, _, _ in found])
    rows = [(safe(nodeid.removeprefix(folder)), _cells(now, then, style)) for nodeid, now, then in found]
    rows.append(("total", _cells(before.totals.cost, after.totals.cost, style)))
    lines = [
        f"{safe(one.old)} -> {safe(one.new)}: {plural(number, 'call')}" for one, number in switches.items()
    ]
    lines += ["", *table(f"test in {safe(folder)}" if folder else "test", _COLUMNS, rows, width)]
    same = len(before.tests) - len(found)
    lines += [f"{plural(same, 'test')} as before"] if same else []
    lines += [f"prices as of {before.meta.pricing.as_of}", "", *wrap(_CAVEAT, width)]
    return lines


def _cells(now: Amount, then: Amount, style: MoneyStyle) -> list[str]:
    return [style.amount(now), style.amount(then), _share(now, then)]


def _share(now: Amount, then: Amount) -> str:
    if now == then:
        return "0%"
    if now.high is None or then.high is None or not now.value:
        return "-"
    with exact_money():
        ratio = (then.value - now.value) / now.value * 100
    return f"{ratio:+.0f}%" if abs(ratio) >= 1 else f"{ratio:+.1f}%"
