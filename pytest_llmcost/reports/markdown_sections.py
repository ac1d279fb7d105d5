"""The tables of a Markdown page, the most important first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress

from pytest_llmcost.model.diff import Change, RunDiff, State
from pytest_llmcost.model.keys import is_test
from pytest_llmcost.model.projection import Projection
from pytest_llmcost.model.purposes import HASHED, PURPOSES, by_purpose
from pytest_llmcost.model.report import Rollup, RunReport
from pytest_llmcost.model.verdict import Finding, Level
from pytest_llmcost.reports.empty import empty_state
from pytest_llmcost.reports.gate_section import next_steps
from pytest_llmcost.reports.markdown_escape import code, code_in_lines, command, fenced, figure
from pytest_llmcost.reports.markdown_parts import Section, Table
from pytest_llmcost.reports.markdown_text import ARROW, FAILED, WARNED, delta, from_to, money, one_side, why
from pytest_llmcost.reports.projection import month_style, seen_text, volume_text
from pytest_llmcost.reports.text import MoneyStyle, common_place, percent

_NAME = 44  # columns; with it, four of them fit a comment
_NAME_BESIDE_CAUSES, _NAME_OF_LIMIT = 36, 40
_LONG_NAME = 80  # where it may take two lines
_MOST_ROWS = 20  # for readers' sake
_SCOPES = {
    **{
        name: name
        for name in ("suite", "test", "call", "agent", "model", "feature", "user", "session", "org")
    },
    "agent_run": "a run of agent",
}
_USAGE = ("|Calls", "|Input tokens", "|Cache hit", "|Cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """How the tables of one page are shown.

    Attributes:
        style: Of amounts.
        everything: Whether all is open and no row is left out for readers' sake.
    """

    style: MoneyStyle
    everything: bool

    @property
    def most(self) -> int | None:
        """The most rows of the main tables."""
        return None if self.everything else _MOST_ROWS

    def name(self, text: str) -> str:
        """A name, as long as the page has room for."""
        return code(text, width=_LONG_NAME if self.everything else _NAME)

    def name_in_lines(self, text: str, width: int) -> str:
        """The name of a test beside wide columns: in a comment it is broken into lines."""
        return self.name(text) if self.everything else code_in_lines(text, width=width)


def sections(report: RunReport, *, everything: bool) -> list[Section]:
    """The sections of a page.

    Args:
        report: The run.
        everything: Whether all is open and no row is left out for readers' sake.
    """
    view = _View(style=MoneyStyle.of(report.totals.cost), everything=everything)
    found = [*_findings(report, view)]
    if not report.calls:
        found.append(Section(title="", body=fenced(empty_state(report))))
    if report.diff is not None:
        found += _changed(report.diff, view)
        found += _months(report.diff.projection, view)
    compared = report.diff is not None and any(test.state.is_on_both_sides for test in report.diff.tests)
    if everything or not compared:
        found += _tests(report, view)
    found += _agents(report, view)
    found += _models(report, view)
    found += _purposes(report, view)
    if report.diff is not None and compared:
        found += _new(report.diff, view)
    return [*found, *_notices(report, view)]


def _findings(report: RunReport, view: _View) -> Iterator[Section]:
    if not report.findings:
        return
    rows = [_finding_cells(finding, view) for finding in report.findings]
    columns = ("Limit", "Of", "|Allowed", "|Now")
    yield Section(title="", body=_table(columns, rows, "finding", view.most))
    for step in next_steps(report, None):
        said, _, typed = step.partition(": ")
        yield Section(title="", body=[f"To {said}: {command(typed)}"])


def _finding_cells(finding: Finding, view: _View) -> list[str]:
    sign = FAILED if finding.level is Level.ERROR else WARNED
    scope = _SCOPES.get(finding.scope) or code(finding.scope, width=_NAME)
    place = f"<br>{code(finding.location, width=_NAME)}" if finding.location else ""
    return [
        f"{sign}&nbsp;{code(finding.rule, width=_NAME)}{place}",
        f"{scope} {view.name_in_lines(finding.match, _NAME_OF_LIMIT)}" if finding.match else scope,
        figure(finding.limit),
        f"**{figure(finding.actual)}**",
    ]


def _changed(diff: RunDiff, view: _View) -> Iterator[Section]:
    changed = [change for change in diff.tests if change.state is State.CHANGED]
    if not changed:
        return
    changed.sort(key=lambda change: (change.delta.high is not None, -change.delta.value, change.key))
    folder = _folder(changed)
    rows = [
        [
            view.name_in_lines(change.key.removeprefix(folder), _NAME_BESIDE_CAUSES),
            from_to(change, view.style),
            f"**{delta(change, view.style)}**",
            why(change, view.style),
        ]
        for change in changed
    ]
    columns = (_heading("Changed test", folder), "|Cost", "|Δ", "Why")
    yield Section(title="", body=_table(columns, rows, "changed test", view.most))


def _months(projection: Projection | None, view: _View) -> Iterator[Section]:
    if projection is None or len(projection.agents) <= 1:
        return  # one is told at the top
    style = month_style(projection)
    rows = [
        [
            f"{volume_text(month.volume)} of {view.name(month.volume.agent)}",
            seen_text(month, ARROW),
            from_to(month.change, style),
            _agent_delta(month.change, style)
            if month.change.base and month.change.head
            else one_side(month.change),
        ]
        for month in projection.agents
    ]
    totals, last = projection.totals, None
    if totals is not None:
        moved = _agent_delta(totals, style)
        last = ["**Total**", "", f"**{from_to(totals, style)}**", f"**{moved}**" if moved else ""]
    columns = ("A month at", "|Mean of", "|Cost", "|Δ")
    body = Table(
        columns=columns,
        rows=rows[: view.most],
        more="agent",
        last=last,
        left_out=len(rows) - len(rows[: view.most]),
    )
    yield Section(
        title=f"A month, by agent ({len(rows):,})",
        body=body,
        folded=totals is not None and not view.everything,
    )


def _new(diff: RunDiff, view: _View) -> Iterator[Section]:
    new = [(change, change.head) for change in diff.tests if change.state is State.NEW]
    folder = _folder([change for change, _ in new])
    rows = [
        [
            view.name(change.key.removeprefix(folder)),
            f"{side.calls:,}",
            percent(side.cache_hit_rate),
            money(side.cost, view.style),
        ]
        for change, side in sorted(new, key=lambda row: -row[1].cost.value if row[1] else 0)
        if side is not None
    ]
    if rows:
        columns = (_heading("Test", folder), "|Calls", "|Cache hit", "|Cost")
        title = f"New ({len(rows):,}), not counted as an increase"
        yield Section(title=title, body=_table(columns, rows, "new row", None), folded=not view.everything)


def _tests(report: RunReport, view: _View) -> Iterator[Section]:
    called = [test for test in report.tests if test.rollup.calls]
    if not called:
        return
    folder = common_place([test.result.nodeid for test in called])
    # What has no upper bound may be the dearest of all.
    called.sort(key=lambda test: (test.rollup.cost.high is not None, -test.rollup.cost.value))
    rows = [
        [view.name(test.result.nodeid.removeprefix(folder)), *_usage(test.rollup, view.style)]
        for test in called
    ]
    title = f"Tests with calls ({len(rows):,} of {len(report.tests):,})"
    yield Section(title=title, body=_table((_heading("Test", folder), *_USAGE), rows, "test", view.most))


def _agents(report: RunReport, view: _View) -> Iterator[Section]:
    counted = [agent for agent in report.agents if agent.runs]
    if not any(agent.name is not None for agent in counted):
        return
    changes = {change.key: change for change in report.diff.agents} if report.diff is not None else {}
    rows = [
        [
            view.name(agent.name) if agent.name is not None else "no agent",
            f"{agent.runs:,}" if agent.name is not None else "",
            money(agent.rollup.cost, view.style),
            money(agent.with_sub_agents, view.style) if agent.name is not None else "",
            percent(None if agent.rollup.response_cache is None else agent.rollup.response_cache.rate),
            _agent_delta(changes.get(agent.name or ""), view.style),
        ]
        for agent in counted
    ]
    total = _agent_delta(report.diff.totals if report.diff is not None else None, view.style)
    cost = f"**{money(report.totals.cost, view.style)}**"
    whole = report.totals.response_cache
    rows.append(
        ["**Total**", "", cost, "", percent(whole.rate if whole else None), f"**{total}**" if total else ""]
    )
    nested = any(agent.with_sub_agents != agent.rollup.cost for agent in counted)
    told = [True, True, True, nested, whole is not None, any(row[-1] for row in rows)]
    columns = tuple(compress(("Agent", "|Runs", "|Cost", "|With sub-agents", "|Response cache", "|Δ"), told))
    cells = [list(compress(row, told)) for row in rows]
    body = Table(columns=columns, rows=cells[:-1], more="agent", last=cells[-1])
    yield Section(title=f"By agent ({len(counted):,})", body=body, folded=not view.everything)


def _agent_delta(change: Change | None, style: MoneyStyle) -> str:
    return "" if change is None or change.state is not State.CHANGED else delta(change, style)


def _models(report: RunReport, view: _View) -> Iterator[Section]:
    rows = [
        [view.name(f"{row.provider}/{row.model}"), *_usage(row.rollup, view.style)]
        for row in report.models
        if row.rollup.calls
    ]
    if rows:
        body = _table(("Model", *_USAGE), rows, "model", None)
        yield Section(title=f"By model ({len(rows):,})", body=body, folded=not view.everything)


def _purposes(report: RunReport, view: _View) -> Iterator[Section]:
    """By feature, session, organisation and user, where calls or lookups state them."""
    cached = report.totals.response_cache is not None
    for attribute in PURPOSES:
        found = by_purpose(report, attribute)
        named = sum(row.value is not None for row in found)
        if not found:
            continue
        rows = [
            [
                view.name(row.value) if row.value is not None else f"no {attribute}",
                *_usage(row.rollup, view.style),
                *([percent(row.rollup.response_cache and row.rollup.response_cache.rate)] if cached else []),
            ]
            for row in found
        ]
        rest = rows.pop() if len(rows) > named else None
        title = f"By {attribute} ({named:,}{', hashed' if attribute in HASHED else ''})"
        columns = (attribute.capitalize(), *_USAGE, *(["|Response cache"] if cached else []))
        body = _table(columns, rows, "row", view.most)
        yield Section(title=title, body=replace(body, last=rest), folded=not view.everything)


def _notices(report: RunReport, view: _View) -> Iterator[Section]:
    if not report.notices:
        return
    lines = []
    for notice in report.notices:
        lines.append(f"{notice.kind.value}: {notice.message}")
        lines += [f"    {line}" for line in (notice.paste or "").splitlines()]
    yield Section(title=f"Notices ({len(report.notices):,})", body=fenced(lines), folded=not view.everything)


def _usage(found: Rollup, style: MoneyStyle) -> list[str]:
    rate = percent(found.cache_hit_rate)
    return [f"{found.calls:,}", f"{found.usage.input_tokens:,}", rate, money(found.cost, style)]


def _table(columns: tuple[str, ...], rows: Sequence[Sequence[str]], more: str, most: int | None) -> Table:
    shown = rows if most is None else rows[:most]
    return Table(columns=columns, rows=shown, more=more, left_out=len(rows) - len(shown))


def _folder(changes: Sequence[Change]) -> str:
    return common_place([change.key for change in changes if is_test(change.key)])


def _heading(noun: str, folder: str) -> str:
    return f"{noun} in {code(folder.removesuffix('::'), width=_NAME)}" if folder else noun
