"""The verdict of a run, its changes and its provenance as sentences in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.budget import LimitKey
from pytest_llmcost.model.call import Status
from pytest_llmcost.model.diff import Cause, CauseKind, Change, RunDiff, State
from pytest_llmcost.model.keys import is_test
from pytest_llmcost.model.money import exact_money
from pytest_llmcost.model.projection import Projection
from pytest_llmcost.model.report import RunReport, Selection
from pytest_llmcost.model.verdict import Level, Verdict
from pytest_llmcost.reports import gate_section
from pytest_llmcost.reports.markdown_escape import code, command, figure, plain
from pytest_llmcost.reports.projection import month_style, seen_text, volume_text
from pytest_llmcost.reports.provenance import (
    doubts_text,
    fallbacks_text,
    judges_text,
    price_tables,
    saved_by_replaying,
    sources_text,
)
from pytest_llmcost.reports.text import UNKNOWN, MoneyStyle, percent, plural

FAILED, WARNED, PASSED, INFORMED = "❌", "⚠️", "✅", "ℹ️"  # noqa: RUF001  # the sign for information
ARROW = "&nbsp;→&nbsp;"  # does not wrap
_MINUS = "\N{MINUS SIGN}&NoBreak;"
_DOUBTFUL = frozenset({Status.INCOMPLETE, Status.UNPRICED, Status.PARTIAL})
_LIMITS = frozenset(key.value for key in LimitKey)
_MOST_CAUSES = 2
_MOST_TABLES = 4
_SHORT_COMMIT = 7
_NAME = 44  # of an agent in a sentence
_LAYER = 22  # of a cache there
_FIGURE = 22  # of what cannot be broken in a cell
_LONG_FIGURE = 66


def title(report: RunReport) -> str:
    """One line: the verdict as a sign and in words, the amount, and the reason."""
    said = [_subject(report), *_judgement(report)]
    if not report.meta.complete:
        said.insert(0, "this run is not complete")
    return f"{_sign(report)} LLM cost: {', '.join(said)}"


def _sign(report: RunReport) -> str:
    if report.verdict is Verdict.FAIL:
        return FAILED
    stale = any(call.measured.stale or call.measured.leak for call in report.calls)
    doubtful = stale or any(report.totals.statuses.get(status) for status in _DOUBTFUL)
    partial = report.diff is not None and report.diff.partial
    if report.verdict is Verdict.WARN or doubtful or partial or not report.meta.complete:
        return WARNED
    diff = report.diff
    as_before = diff is not None and is_comparable(diff) and diff.totals.state is State.UNCHANGED
    return PASSED if report.limits or (as_before and report.calls) else INFORMED


def _subject(report: RunReport) -> str:
    if not report.calls:
        return "no LLM call seen"
    style, diff = MoneyStyle.of(report.totals.cost), report.diff
    if diff is None:
        return f"{money(report.totals.cost, style)} to run live, no baseline yet"
    if not is_comparable(diff):
        return f"{money(report.totals.cost, style)} to run live, nothing to compare with"
    if diff.totals.state is State.UNCHANGED or diff.totals.head is None:
        return "unchanged" if not diff.partial else "unchanged, as far as it ran"
    moved = delta(diff.totals, style)
    moved = "unknown change" if moved == UNKNOWN else moved
    return moved + (", as far as it ran" if diff.partial else "")


def _judgement(report: RunReport) -> Iterator[str]:
    if not report.findings:
        if report.limits:
            yield f"{plural(report.limits, 'limit')} kept"
        return
    errors = [finding for finding in report.findings if finding.level is Level.ERROR]
    exceeded = sum(finding.rule in _LIMITS for finding in errors)
    if exceeded:
        yield f"{plural(exceeded, 'limit')} exceeded"
    if len(errors) > exceeded:
        yield plural(len(errors) - exceeded, "more finding" if exceeded else "finding")
    if len(report.findings) > len(errors):
        yield plural(len(report.findings) - len(errors), "warning")


def is_comparable(diff: RunDiff) -> bool:
    """Whether any test is on both sides."""
    return diff.totals.base is not None and any(change.state.is_on_both_sides for change in diff.tests)


def money(amount: Amount, style: MoneyStyle) -> str:
    """An amount with its doubt."""
    return plain(style.amount(amount))


def from_to(change: Change, style: MoneyStyle) -> str:
    """``$0.0169 → $0.0504``; one figure where both sides show the same."""
    sides = [side.cost for side in (change.base, change.head) if side is not None]
    return ARROW.join(dict.fromkeys(money(cost, style) for cost in sides))


def delta(change: Change, style: MoneyStyle) -> str:
    """``+$0.0335 (+198%)``: the difference of the amounts as they are shown."""
    amount = _shown_delta(change, style)
    percentage = gate_section.share(change).replace("-", _MINUS)
    return signed(amount, style) + (f" ({percentage})" if percentage else "")


def _shown_delta(change: Change, style: MoneyStyle) -> Amount:
    """The delta after rounding both sides, so that who subtracts on the page gets it."""
    base, head = change.base, change.head
    if base is None or head is None or not (base.cost.is_exact and head.cost.is_exact):
        return change.delta
    with exact_money():
        if head.cost.value - base.cost.value != change.delta.value:
            return change.delta
        rounded = style.rounded(head.cost.value) - style.rounded(base.cost.value)
    return Amount.exactly(rounded) if rounded else change.delta


def signed(amount: Amount, style: MoneyStyle) -> str:
    """As in the terminal, with a minus that does not wrap: a plus costs more."""
    return plain(gate_section.signed(amount, style)).replace("-", _MINUS)


def why(change: Change, style: MoneyStyle) -> str:
    """The biggest causes of a change, each with its figures and dollars."""
    known = change.delta.high is not None
    return ", ".join(_cause(cause, style, known=known) for cause in change.causes[:_MOST_CAUSES])


def _cause(cause: Cause, style: MoneyStyle, *, known: bool) -> str:
    before, after = (figure(text, width=_room(text)) for text in _figures(cause))
    figures = f" {before} → {after}" if cause.before != cause.after else ""
    # Of a call without a price only its known part is in the difference: that is no saving.
    dollars = signed((Amount.exactly if known else Amount.at_least)(cause.delta), style)
    detail = f", {figure(cause.detail)}" if cause.detail else ""
    return f"{cause.kind.value}{figures} ({dollars}{detail})"


def _room(name: str) -> int:
    """Columns for a model id: browsers break one behind its dashes."""
    return _LONG_FIGURE if max(map(len, name.split("-"))) < _FIGURE else _FIGURE


def _figures(cause: Cause) -> tuple[str, str]:
    """What changed; the provider of a model is named where it is another."""
    before, after = gate_section.before_text(cause), cause.after
    provider, slash, model = before.partition("/")
    if cause.kind is CauseKind.MODEL and slash and after.startswith(f"{provider}/"):
        return model, after.removeprefix(f"{provider}/")
    return before, after


def _first(report: RunReport) -> str:
    update = command(report.meta.typed.accepting())
    return f"To see from now on what changes: {update}, and commit the file it writes."


def opening(report: RunReport) -> list[str]:
    """What stands under the title: amounts, cache, how many tests changed, and the main causes."""
    if not report.calls:
        return [" · ".join(parts)] if (parts := list(_response_cache(report))) else []
    style, totals, diff = MoneyStyle.of(report.totals.cost), report.totals, report.diff
    if diff is None or not is_comparable(diff):
        parts = [f"**{money(totals.cost, style)}** to run live", *_volume(report)]
        if totals.cache_hit_rate is not None:
            parts.append(f"prompt cache hit rate **{percent(totals.cache_hit_rate)}**")
        parts += _response_cache(report)
        parts += _saved(report, style)
        return [" · ".join(parts), *([] if diff is not None else [_first(report)])]
    lines = [
        " · ".join(
            [
                *_difference(report, diff, style),
                *_response_cache(report),
                *_counts(diff),
                *_saved(report, style),
            ]
        )
    ]
    if diff.totals.causes:
        lines.append(f"Why: {why(diff.totals, style)}.")
    if diff.projection is not None:
        lines += _month(diff.projection)
    if diff.price_delta:
        moved = signed(Amount.exactly(diff.price_delta), style)
        lines.append(
            f"Prices moved since the baseline: {moved} for the same usage, in none of these changes."
        )
    return lines


def _response_cache(report: RunReport) -> Iterator[str]:
    if report.totals.response_cache is None:
        return
    from pytest_llmcost.reports.response_cache import response_cache_parts  # most runs have no lookup

    for part in response_cache_parts(
        report, name=lambda layer: code(layer, width=_LAYER), strong=lambda rate: f"**{rate}**", arrow=ARROW
    ):
        yield plain(part) if part.startswith("its") else part


def _saved(report: RunReport, style: MoneyStyle) -> Iterator[str]:
    saved = saved_by_replaying(report, style)
    if saved is not None:
        yield f"{plain(saved)} saved by replaying"


def _month(projection: Projection) -> Iterator[str]:
    """One agent whole; of several the sum, with a table elsewhere."""
    style, agents = month_style(projection), projection.agents
    if len(agents) == 1:
        of = agents[0].volume
        at = f"{volume_text(of)} of {code(of.agent, width=_NAME)}"
        here = seen_text(agents[0], ARROW)
        yield f"A month at {at}: {month_text(agents[0].change, style)}, mean of {here}."
    elif agents and projection.totals is not None:
        yield f"A month of {len(agents)} agents: {month_text(projection.totals, style)}."


def month_text(change: Change, style: MoneyStyle) -> str:
    """``$1,234.00 → $1,500.00, +$266.00 (+22%)``, with what there is of it."""
    text = f"**{from_to(change, style)}**"
    if change.base is None or change.head is None:
        return f"{text} {one_side(change)}"
    return f"{text}, {delta(change, style)}" if change.state is State.CHANGED else text


def one_side(change: Change) -> str:
    """What stands beside the only figure of a month, which would read as an unchanged one."""
    return "now, with no month before" if change.base is None else "before, and no run now"


def _volume(report: RunReport) -> list[str]:
    return [f"{plural(report.totals.calls, 'call')} in {plural(len(report.tests), 'test')}"]


def _difference(report: RunReport, diff: RunDiff, style: MoneyStyle) -> Iterator[str]:
    base, head = diff.totals.base, diff.totals.head
    if base is None or head is None:
        return
    on_both = sum(change.state.is_on_both_sides for change in diff.tests if is_test(change.key))
    if money(report.totals.cost, style) == money(head.cost, style):  # bounds may differ by what nobody sees
        yield f"**{from_to(diff.totals, style)}** to run live"
    else:
        yield f"**{from_to(diff.totals, style)}** for the {plural(on_both, 'test')} on both sides"
        yield f"{money(report.totals.cost, style)} to run all live"
    if base.cache_hit_rate is not None and head.cache_hit_rate is not None:
        before, now = percent(base.cache_hit_rate), percent(head.cache_hit_rate)
        yield f"prompt cache hit rate **{now if before == now else f'{before}{ARROW}{now}'}**"


def _counts(diff: RunDiff) -> Iterator[str]:
    tests = [change for change in diff.tests if is_test(change.key)]
    changed = [change for change in tests if change.state is State.CHANGED]
    up = sum(change.delta.value > 0 for change in changed)
    down = sum(change.delta.value < 0 for change in changed)
    counts = (
        (up, "up"),
        (down, "down"),
        (len(changed) - up - down, "changed at the same cost"),
        (sum(change.state is State.UNCHANGED for change in tests), "unchanged"),
        (sum(change.renamed_from is not None for change in tests), "renamed"),
        (sum(change.state is State.NEW for change in tests), "new"),
        (sum(change.state is State.GONE for change in tests), "gone"),
        (sum(change.state is State.NOT_RUN for change in tests), "not run to the end"),
    )
    said = [f"{number:,} {word}" for number, word in counts if number]
    if said:
        yield f"tests: {', '.join(said)}"


def provenance(report: RunReport, note: str | None = None) -> str:
    """Where the figures come from, in one line.

    Args:
        report: The run.
        note: Text of ours to stand at its end.
    """
    meta = report.meta
    style = MoneyStyle.of(report.totals.cost)
    roles = (judges_text(report, style), fallbacks_text(report, style))
    parts = [text for text in (sources_text(report), doubts_text(report), *roles) if text]
    tables = price_tables(report)
    if tables:
        more = len(tables) - _MOST_TABLES
        of = ", ".join(map(code, tables[:_MOST_TABLES])) + (f" and {more:,} more" if more > 0 else "")
        parts.append(f"prices: {of} as of {code(meta.pricing.as_of)}")
    if report.diff is not None:
        parts.append(f"baseline {code(report.diff.base)}")
    if meta.commit:
        parts.append(f"commit {code(meta.commit[:_SHORT_COMMIT])}")
    if not meta.selection.full:
        parts.append(_part_of(meta.selection))
    parts.append(f"pytest-llmcost {code(meta.version)}")
    return f"<sub>{' · '.join([*parts, *([note] if note else [])])}</sub>"


def _part_of(selection: Selection) -> str:
    if selection.ran < selection.collected:
        return f"{selection.ran:,} of {plural(selection.collected, 'test')} ran"
    return f"{plural(selection.ran, 'test')} ran, and files were skipped or left out"
