"""What the gate says, for the terminal: changes with their causes, findings, and the next command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from pytest_llmcost.model.amount import Amount, total
from pytest_llmcost.model.budget import LimitKey
from pytest_llmcost.model.diff import Cause, CauseKind, Change, RunDiff, State
from pytest_llmcost.model.keys import is_of, is_test
from pytest_llmcost.model.money import exact_money
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.verdict import Finding, Level
from pytest_llmcost.reports.table import Column, table
from pytest_llmcost.reports.text import (
    HIT_RATE,
    UNKNOWN,
    MoneyStyle,
    common_folder,
    folded,
    percent,
    plural,
    safe,
)

_TOP = 10
_MOST_CAUSES = 3
_MOST_TESTS_OF_A_FINDING = 3
_COLUMNS = (Column("before", from_width=80), Column("now"), Column("change"))
_WHY = "    "
_TOKENS = " tokens"
_OF_PRICES = frozenset({"pricing.unknown_model", "lost_price"})
_AGAINST_THE_BASELINE = frozenset({*(key.value for key in LimitKey if key.is_relative), "lost_price"})
_WORDS = {Level.ERROR: "FAIL", Level.WARNING: "WARN"}


def signed(amount: Amount, style: MoneyStyle) -> str:
    """``+$0.0012``, ``-$0.0012``, ``≥ +$0.0012``; ``unknown`` where it may be more or less."""
    if amount.high is None and amount.value <= 0:
        return UNKNOWN
    sign = "-" if amount.value < 0 else "+"
    text = f"{sign}{style.usd(amount.value.copy_abs())}" if amount.value else "$0"
    return text if amount.high is not None else f"≥ {text}"


def share(change: Change) -> str:
    """The change in percent of the base: ``+16%``; empty where there is no base, or a part is unknown."""
    if change.base is None or not change.base.cost.value or change.delta.high is None:
        return ""
    with exact_money():
        ratio = change.delta.value / change.base.cost.value * 100
        return f"{ratio:+.0f}%" if abs(ratio) >= 1 or not ratio else f"{ratio:+.1f}%"


def headline_parts(diff: RunDiff, style: MoneyStyle) -> list[str]:
    """The difference from the baseline, for the headline."""
    totals = diff.totals
    if totals.base is None or not any(change.state.is_on_both_sides for change in diff.tests):
        return [f"nothing to compare in {safe(diff.base)}"]
    if totals.state is State.UNCHANGED:
        return ["as in the baseline" if not diff.partial else "as in the baseline, as far as it ran"]
    percentage = share(totals)
    moved = signed(totals.delta, style)
    moved = "unknown change" if moved == UNKNOWN else moved
    parts = [f"{moved}{f' ({percentage})' if percentage else ''} against the baseline"]
    before = totals.base.cache_hit_rate
    now = totals.head.cache_hit_rate if totals.head else None
    if before is not None and now is not None and before != now:
        parts.append(f"{HIT_RATE} {percent(before)} -> {percent(now)}")
    return parts


def change_lines(diff: RunDiff, style: MoneyStyle, width: int, *, everything: bool) -> Iterator[str]:
    """The tests that changed, the biggest increase first, and what else differs."""
    changed = [change for change in diff.tests if change.state is State.CHANGED]
    changed.sort(key=lambda change: (change.delta.high is not None, -change.delta.value, change.key))
    new = [change for change in diff.tests if change.state is State.NEW]
    shown = changed if everything else changed[:_TOP]
    if shown:
        folder = common_folder([change.key for change in shown if is_test(change.key)])
        rows = [(_name(change, folder), _cells(change, style)) for change in shown]
        lines = list(table(f"changed in {safe(folder)}" if folder else "changed", _COLUMNS, rows, width))
        head = len(lines) - len(rows)
        yield from lines[:head]
        for line, change in zip(lines[head:], shown, strict=True):
            yield line
            yield from _why_lines(change, style, width)
    if len(changed) > len(shown):
        yield f"{plural(len(changed) - len(shown), 'more changed test')} (show all: -v)"
    yield from _others(diff, new, style)
    if diff.price_delta:
        moved = signed(Amount.exactly(diff.price_delta), style)
        said = f"prices moved since the baseline: {moved} for the same usage; that is no change of the code"
        yield from folded(said, width)


def _others(diff: RunDiff, new: Sequence[Change], style: MoneyStyle) -> Iterator[str]:
    tests = [change for change in new if is_test(change.key)]
    beside = [change for change in new if not is_test(change.key)]
    for changes, name in ((tests, plural(len(tests), "new test")), (beside, "new beside the tests")):
        if changes:
            cost = total(change.head.cost for change in changes if change.head)
            yield f"{name}: {style.amount(cost)}, not counted as an increase"
    counts = [
        (sum(change.state is State.GONE for change in diff.tests), "gone"),
        (sum(change.state is State.NOT_RUN for change in diff.tests), "of the baseline not run to the end"),
        (sum(change.renamed_from is not None for change in diff.tests), "renamed"),
        (sum(change.state is State.UNCHANGED for change in diff.tests), "unchanged"),
    ]
    said = [f"{number:,} {word}" for number, word in counts if number]
    if said:
        yield f"tests: {', '.join(said)}"


def _name(change: Change, folder: str) -> str:
    return safe(change.key.removeprefix(folder))


def _cells(change: Change, style: MoneyStyle) -> list[str]:
    before, now = (style.amount(side.cost) if side else "-" for side in (change.base, change.head))
    percentage = share(change)
    return [before, now, signed(change.delta, style) + (f" ({percentage})" if percentage else "")]


def _why_lines(change: Change, style: MoneyStyle, width: int) -> list[str]:
    """The causes of a change below it, so that neither its name nor they are cut."""
    return folded(f"{_WHY}{why(change, style)}", width, f"{_WHY}  ")


def why(change: Change, style: MoneyStyle) -> str:
    """The biggest causes, each with its figures and dollars, and the sum of the others."""
    known = change.delta.high is not None
    room = _MOST_CAUSES if len(change.causes) <= _MOST_CAUSES else _MOST_CAUSES - 1
    said = [_cause(cause, style, known=known) for cause in change.causes[:room]]
    others = change.causes[room:]
    if others:
        rest = total(Amount.exactly(cause.delta) for cause in others)
        said.append(f"{len(others)} more: {_dollars(rest.value, style, known=known)}")
    return "; ".join(said)


def _dollars(delta: Decimal, style: MoneyStyle, *, known: bool) -> str:
    # Of a call without a price only its known part is in the difference: that is no saving.
    return signed((Amount.exactly if known else Amount.at_least)(delta), style)


def _cause(cause: Cause, style: MoneyStyle, *, known: bool) -> str:
    dollars = _dollars(cause.delta, style, known=known)
    name = "" if cause.kind is CauseKind.MODEL else f"{cause.kind.value} "
    figures = f"{safe(before_text(cause))} -> {safe(cause.after)}" if cause.before != cause.after else ""
    text = f"{name}{figures}".strip() or cause.kind.value
    detail = f" ({safe(cause.detail)})" if cause.detail else ""
    return f"{text}{detail}: {dollars}"


def before_text(cause: Cause) -> str:
    """The figure of the base; its unit stands behind that of the head."""
    return cause.before.removesuffix(_TOKENS) if cause.after.endswith(_TOKENS) else cause.before


def finding_lines(report: RunReport, style: MoneyStyle, *, with_causes: bool) -> Iterator[tuple[str, Level]]:
    """One line for each finding, the worst first; with the causes where nothing else shows them."""
    wide = max((len(finding.rule) for finding in report.findings), default=0)
    told: set[str] = set()
    for finding in report.findings:
        place = f"  {safe(finding.location)}" if finding.location else ""
        yield (
            f"{_WORDS[finding.level]}  {finding.rule:<{wide}}  {safe(finding.message)}{place}",
            finding.level,
        )
        if with_causes and report.diff is not None:
            for change in _of_finding(finding, report.diff):
                if change.key not in told:  # once is enough
                    told.add(change.key)
                    yield f"      {safe(change.key)}: {why(change, style)}", finding.level


def _of_finding(finding: Finding, diff: RunDiff) -> list[Change]:
    """The tests that explain a finding, the biggest increase first."""
    if not finding.rule.startswith(("max_", "min_")):
        return []  # it is explained by what it says
    changed = [change for change in diff.tests if change.state is State.CHANGED and change.delta.value > 0]
    if finding.scope in {"test", "call"}:
        changed = [change for change in changed if is_of(change.key, finding.match)]
    return sorted(changed, key=lambda change: -change.delta.value)[:_MOST_TESTS_OF_A_FINDING]


def next_steps(report: RunReport, accepted: str | None) -> list[str]:
    """What to do next, the command to type last, if the gate has anything to say."""
    rules = {finding.rule for finding in report.findings}
    said = ["give the model its price: pricing: in llmcost.yaml"] if rules & _OF_PRICES else []
    if accepted is not None:
        return [*said, f"accepted: {safe(accepted)}"]
    if rules & _AGAINST_THE_BASELINE:
        said.append(f'accept the new cost: {safe(report.meta.typed.accepting())} --llm-cost-reason="..."')
    return said
