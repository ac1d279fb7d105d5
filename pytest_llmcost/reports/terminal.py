"""The section of the terminal: what a developer reads after each run."""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import NamedTuple

from pytest_llmcost.model.call import Call, Source
from pytest_llmcost.model.report import Notice, NoticeKind, Rollup, RunReport
from pytest_llmcost.model.rollup import rollup_in
from pytest_llmcost.model.verdict import Level
from pytest_llmcost.reports.breakdowns import (
    USAGE_COLUMNS,
    agents_table,
    models_table,
    purpose_tables,
    usage_cells,
)
from pytest_llmcost.reports.calls import OUTSIDE, calls_table, fallback_lines
from pytest_llmcost.reports.empty import empty_state
from pytest_llmcost.reports.explain_command import explain_command
from pytest_llmcost.reports.provenance import (
    doubts_text,
    fallbacks_text,
    judges_text,
    price_tables,
    saved_by_replaying,
    sources_text,
)
from pytest_llmcost.reports.stale import stale_lines
from pytest_llmcost.reports.table import table
from pytest_llmcost.reports.text import (
    HIT_RATE,
    MoneyStyle,
    common_folder,
    folded,
    percent,
    plural,
    safe,
    shorten,
)

_TOP = 10
_LAYER = 12  # of a cache in the headline
ALARMING = frozenset(
    {NoticeKind.FAULT, NoticeKind.LEAK, NoticeKind.VCR, NoticeKind.NOT_CAPTURED, NoticeKind.SPEND_CAP}
)


class Detail(IntEnum):
    """How much to show: ``-q``, nothing, ``-v``, ``-vv``."""

    QUIET = -1
    NORMAL = 0
    TESTS = 1
    CALLS = 2


class Tone(StrEnum):
    """How a line is coloured; its words say the same."""

    PLAIN = "plain"
    BOLD = "bold"
    WARNING = "warning"
    ERROR = "error"


class Line(NamedTuple):
    """A line of the section."""

    text: str
    tone: Tone = Tone.PLAIN


def section(
    report: RunReport,
    *,
    detail: Detail,
    width: int,
    report_path: str,
    accepted: str | None = None,
    told: frozenset[NoticeKind] = ALARMING,
    texts: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[Line]:
    """Render the section.

    Args:
        report: The run.
        detail: How much to show.
        width: Of the terminal, in columns.
        report_path: Where report.json was written, as the user would type it.
        accepted: What was accepted as the baseline; None if nothing was.
        told: Notices that are shown however little else is.
        texts: By the hash of a request, its lines that changed since it was recorded.
    """
    alarms = [notice for notice in report.notices if notice.kind in told]
    if not report.calls:
        return [
            *_plain(empty_state(report)),
            *_plain(_wrapped(_response_cache(report), width)),
            *notice_lines(alarms, width),
            *_end(report, width, accepted, None),
        ]
    if not report.totals.calls and detail < Detail.CALLS:
        none = _plain(_wrapped([*_none_counts(report), *_response_cache(report)], width))
        return [*none, *notice_lines(alarms, width), *_end(report, width, accepted, None)]
    style = MoneyStyle.of(report.totals.cost)
    lines = [Line(text, Tone.BOLD) for text in _wrapped(_headline(report, style), width)]
    if detail is Detail.QUIET:
        return [*lines, *notice_lines(alarms, width), *_end(report, width, accepted, report_path)]
    lines += _plain(_wrapped(_provenance(report, style), width))
    if report.diff is not None:
        from pytest_llmcost.reports.gate_section import change_lines

        changes = change_lines(report.diff, style, width, everything=detail >= Detail.TESTS)
        lines += _plain(["", *changes])
        if report.diff.projection is not None:
            from pytest_llmcost.reports.projection import month_lines

            lines += _plain(["", *month_lines(report.diff.projection, width)])
    if report.diff is None or detail >= Detail.TESTS:
        lines += _plain(["", *_tests(report, style, detail, width)])
    lines += _plain(list(_breakdowns(report, style, detail, width)))
    if detail is Detail.CALLS:
        lines += _plain(["", *calls_table(report.calls, style, width)])
        lines += _plain([line for said in fallback_lines(report.calls) for line in folded(said, width)])
        lines += _plain(list(stale_lines(report.calls, texts)))
    if notices := _notices(report, detail):
        lines += [Line(""), *notice_lines(notices, width)]
    if report.findings:
        lines += [Line(""), *_gate(report, style, width, with_causes=False)]
    steps = [f"every cent: {explain_command(report, report_path)}", f"report: {report_path}"]
    return [*lines, Line(""), *_plain(_wrapped(steps, width)), *_accept(report, accepted)]


def _end(report: RunReport, width: int, accepted: str | None, report_path: str | None) -> list[Line]:
    findings = list(_gate(report, MoneyStyle.of(report.totals.cost), width, with_causes=True))
    steps = _accept(report, accepted)
    if findings and not steps and report_path is not None:
        steps = [Line(f"every cent: {explain_command(report, report_path)}")]
    return [*findings, *steps]


# Most runs have no gate, and need nothing of what words its judgement.
def _accept(report: RunReport, accepted: str | None) -> list[Line]:
    if accepted is None and not report.findings:
        return []
    from pytest_llmcost.reports.gate_section import next_steps

    return _plain(next_steps(report, accepted))


def _gate(report: RunReport, style: MoneyStyle, width: int, *, with_causes: bool) -> Iterator[Line]:
    if not report.findings:
        return
    from pytest_llmcost.reports.gate_section import finding_lines

    for text, level in finding_lines(report, style, with_causes=with_causes):
        tone = Tone.ERROR if level is Level.ERROR else Tone.WARNING
        for line in folded(text, width):
            yield Line(line, tone)


def _none_counts(report: RunReport) -> list[str]:
    mocked = report.totals.sources.get(Source.MOCKED, 0)
    return [
        f"no call that counts in {plural(len(report.tests), 'test')}",
        f"{mocked:,} mocked and left out",
        "to count them: include_mocked: true in llmcost.yaml",
    ]


def _plain(lines: Sequence[str]) -> list[Line]:
    return [Line(line) for line in lines]


def _headline(report: RunReport, style: MoneyStyle) -> list[str]:
    totals = report.totals
    volume = f" in {plural(len(report.tests), 'test')}" if report.tests else ""
    parts = [
        f"{style.amount(totals.cost)} to run live, {style.amount(totals.spent)} spent now",
        f"{plural(totals.calls, 'call')}{volume}",
    ]
    if report.limits or report.findings:
        parts.append(_verdict(report))
    if report.diff is not None:
        from pytest_llmcost.reports.gate_section import headline_parts

        parts += headline_parts(report.diff, style)
    if totals.cache_hit_rate is not None and not any(part.startswith(HIT_RATE) for part in parts):
        parts.append(f"{HIT_RATE} {percent(totals.cache_hit_rate)}")
    parts += _response_cache(report)
    saved = saved_by_replaying(report, style)
    if saved is not None:
        parts.append(f"{saved} saved by replaying")
    return parts if report.meta.complete else ["NOT COMPLETE", *parts]


def _response_cache(report: RunReport) -> list[str]:
    if report.totals.response_cache is None:
        return []
    from pytest_llmcost.reports.response_cache import response_cache_parts  # most runs have no lookup

    return response_cache_parts(report, name=lambda layer: shorten(safe(layer), _LAYER))


def _verdict(report: RunReport) -> str:
    if not report.findings:
        return f"{plural(report.limits, 'limit')} kept"
    errors = sum(finding.level is Level.ERROR for finding in report.findings)
    warnings = len(report.findings) - errors
    said = [f"{errors} FAILED"] if errors else []
    return ", ".join([*said, *([plural(warnings, "warning")] if warnings else [])])


def _provenance(report: RunReport, style: MoneyStyle) -> list[str]:
    roles = [judges_text(report, style), fallbacks_text(report, style)]
    parts = [sources_text(report), *filter(None, [doubts_text(report), *roles])]
    tables = [safe(name) for name in price_tables(report)]
    if tables:
        parts.append(f"prices: {', '.join(tables)}, as of {report.meta.pricing.as_of}")
    return parts


def _wrapped(parts: Sequence[str], width: int) -> list[str]:
    """Parts joined by bars, with a new line where the width ends."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(part) + 3 <= width:
            lines[-1] += f" | {part}"
        else:
            lines.append(part)
    return lines


def _tests(report: RunReport, style: MoneyStyle, detail: Detail, width: int) -> Iterator[str]:
    called = [test for test in report.tests if test.rollup.calls]
    folder = common_folder([test.result.nodeid for test in called])
    rows = [(safe(test.result.nodeid.removeprefix(folder)), test.rollup) for test in called]
    rows += _elsewhere(report)
    # What has no upper bound may be the dearest of all.
    rows.sort(key=lambda row: (row[1].cost.high is not None, row[1].cost.value.copy_negate(), row[0]))
    shown = rows if detail >= Detail.TESTS else rows[:_TOP]
    cells = [(name, usage_cells(found, style)) for name, found in shown]
    cells.append(("total", usage_cells(report.totals, style)))
    yield from table(f"test in {safe(folder)}" if folder else "test", USAGE_COLUMNS, cells, width)
    if len(shown) < len(rows):
        yield f"{plural(len(rows) - len(shown), 'more row')} (show all: -v)"
    silent = sum(1 for test in report.tests if not test.rollup.calls)
    if silent:
        yield f"{plural(silent, 'test')} made no call that counts"


def _elsewhere(report: RunReport) -> list[tuple[str, Rollup]]:
    """Rows for calls of wider fixtures and outside any test, so that the rows sum to the total."""
    listed = {test.result.nodeid for test in report.tests}
    groups: dict[str, list[Call]] = {}
    for call in report.calls:
        origin = call.measured.origin
        if origin.nodeid in listed:
            continue
        name = f"fixture {origin.fixture}" if origin.fixture else origin.nodeid or OUTSIDE
        groups.setdefault(safe(name), []).append(call)
    rows = [(name, rollup_in(report, calls)) for name, calls in groups.items()]
    return [row for row in rows if row[1].calls]


def _breakdowns(report: RunReport, style: MoneyStyle, detail: Detail, width: int) -> Iterator[str]:
    if any(agent.name is not None for agent in report.agents):
        yield from ("", *agents_table(report, style, width))
    if len(report.models) > 1 or detail >= Detail.TESTS:
        yield from ("", *models_table(report, style, width))
    if detail >= Detail.TESTS:
        yield from purpose_tables(report, style, width, everything=detail is Detail.CALLS)


def _notices(report: RunReport, detail: Detail) -> list[Notice]:
    """Those of a level; that recordings began warm is so in most suites, and nothing to act upon."""
    more = detail >= Detail.TESTS
    return [notice for notice in report.notices if more or notice.kind is not NoticeKind.WARM]


def notice_lines(notices: Sequence[Notice], width: int) -> Iterator[Line]:
    """Notices with what to paste, folded to the width."""
    for notice in notices:
        for text in folded(f"{notice.kind.value}: {safe(notice.message)}", width):
            yield Line(text, Tone.WARNING)
        for line in (notice.paste or "").splitlines():
            yield Line(f"    {safe(line)}")
