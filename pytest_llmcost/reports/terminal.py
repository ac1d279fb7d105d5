"""The section of the terminal: what a developer reads after each run."""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum, StrEnum
from shlex import quote
from types import MappingProxyType
from typing import NamedTuple

from pytest_llmcost.model.call import Call, Source
from pytest_llmcost.model.report import Notice, NoticeKind, Rollup, RunReport
from pytest_llmcost.model.rollup import rollup_in
from pytest_llmcost.model.verdict import Level
from pytest_llmcost.reports.empty import empty_state
from pytest_llmcost.reports.provenance import doubts_text, price_tables, sources_text
from pytest_llmcost.reports.stale import stale_lines
from pytest_llmcost.reports.table import Column, table
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
_OUTSIDE = "(outside any test)"
_NO_AGENT = "(no agent)"
_ALARMING = frozenset({NoticeKind.FAULT, NoticeKind.LEAK, NoticeKind.VCR, NoticeKind.NOT_CAPTURED})


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
    texts: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[Line]:
    """Render the section.

    Args:
        report: The run.
        detail: How much to show.
        width: Of the terminal, in columns.
        report_path: Where report.json was written, as the user would type it.
        accepted: What was accepted as the baseline; None if nothing was.
        texts: By the hash of a request, its lines that changed since it was recorded.
    """
    if not report.calls:
        alarms = [notice for notice in report.notices if notice.kind in _ALARMING]
        return [*_plain(empty_state(report)), *notice_lines(alarms, width), *_end(report, width, accepted)]
    if not report.totals.calls and detail < Detail.CALLS:
        alarms = [notice for notice in report.notices if notice.kind in _ALARMING]
        none = _plain(_wrapped(_none_counts(report), width))
        return [*none, *notice_lines(alarms, width), *_end(report, width, accepted)]
    style = MoneyStyle.of(report.totals.cost)
    lines = [Line(text, Tone.BOLD) for text in _wrapped(_headline(report, style), width)]
    if detail is Detail.QUIET:
        lines += notice_lines([n for n in report.notices if n.kind in _ALARMING], width)
        return [*lines, *_end(report, width, accepted)]
    lines += _plain(_wrapped(_provenance(report), width))
    if report.diff is not None:
        from pytest_llmcost.reports.gate_section import change_lines

        changes = change_lines(report.diff, style, width, everything=detail >= Detail.TESTS)
        lines += _plain(["", *changes])
    if report.diff is None or detail >= Detail.TESTS:
        lines += _plain(["", *_tests(report, style, detail, width)])
    if any(agent.name is not None for agent in report.agents):
        lines += _plain(["", *_agents(report, style, width)])
    if len(report.models) > 1 or detail >= Detail.TESTS:
        lines += _plain(["", *models_table(report, style, width)])
    if detail is Detail.CALLS:
        lines += _plain(["", *calls_table(report.calls, style, width)])
        lines += _plain(list(stale_lines(report.calls, texts)))
    if report.notices:
        lines += [Line(""), *notice_lines(report.notices, width)]
    if report.findings:
        lines += [Line(""), *_gate(report, style, width, with_causes=False)]
    lines += [Line(""), *_plain(_wrapped(_next_steps(report, report_path), width))]
    return [*lines, *_accept(report, accepted)]


def _end(report: RunReport, width: int, accepted: str | None) -> list[Line]:
    style = MoneyStyle.of(report.totals.cost)
    return [*_gate(report, style, width, with_causes=True), *_accept(report, accepted)]


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
    parts = [
        f"{style.amount(totals.cost)} to run live, {style.amount(totals.spent)} spent now",
        plural(totals.calls, "call"),
    ]
    if report.tests:
        parts[1] += f" in {plural(len(report.tests), 'test')}"
    if report.limits or report.findings:
        parts.append(_verdict(report))
    if report.diff is not None:
        from pytest_llmcost.reports.gate_section import headline_parts

        parts += headline_parts(report.diff, style)
    if totals.cache_hit_rate is not None and not any(part.startswith(HIT_RATE) for part in parts):
        parts.append(f"{HIT_RATE} {percent(totals.cache_hit_rate)}")
    return parts if report.meta.complete else ["NOT COMPLETE", *parts]


def _verdict(report: RunReport) -> str:
    if not report.findings:
        return f"{plural(report.limits, 'limit')} kept"
    errors = sum(finding.level is Level.ERROR for finding in report.findings)
    warnings = len(report.findings) - errors
    said = [f"{errors} FAILED"] if errors else []
    return ", ".join([*said, *([plural(warnings, "warning")] if warnings else [])])


def _provenance(report: RunReport) -> list[str]:
    parts = [sources_text(report), *filter(None, [doubts_text(report)])]
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


_USAGE_COLUMNS = (
    Column("calls"),
    Column("input", from_width=80),
    Column("cache hit", from_width=90),
    Column("output", from_width=80),
    Column("cost"),
)


def _usage_cells(found: Rollup, style: MoneyStyle) -> list[str]:
    return [
        f"{found.calls:,}",
        f"{found.usage.input_tokens:,}",
        percent(found.cache_hit_rate),
        f"{found.usage.output_tokens:,}",
        style.amount(found.cost),
    ]


def _tests(report: RunReport, style: MoneyStyle, detail: Detail, width: int) -> Iterator[str]:
    called = [test for test in report.tests if test.rollup.calls]
    folder = common_folder([test.result.nodeid for test in called])
    rows = [(safe(test.result.nodeid.removeprefix(folder)), test.rollup) for test in called]
    rows += _elsewhere(report)
    # What has no upper bound may be the dearest of all.
    rows.sort(key=lambda row: (row[1].cost.high is not None, row[1].cost.value.copy_negate(), row[0]))
    shown = rows if detail >= Detail.TESTS else rows[:_TOP]
    cells = [(name, _usage_cells(found, style)) for name, found in shown]
    cells.append(("total", _usage_cells(report.totals, style)))
    yield from table(f"test in {safe(folder)}" if folder else "test", _USAGE_COLUMNS, cells, width)
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
        name = f"fixture {origin.fixture}" if origin.fixture else origin.nodeid or _OUTSIDE
        groups.setdefault(safe(name), []).append(call)
    rows = [(name, rollup_in(report, calls)) for name, calls in groups.items()]
    return [row for row in rows if row[1].calls]


def _agents(report: RunReport, style: MoneyStyle, width: int) -> list[str]:
    columns = (Column("runs"), *_USAGE_COLUMNS)
    rows = [
        (
            safe(agent.name) if agent.name is not None else _NO_AGENT,
            [f"{agent.runs:,}" if agent.name is not None else "-", *_usage_cells(agent.rollup, style)],
        )
        for agent in report.agents
        if agent.rollup.calls
    ]
    return table("agent", columns, rows, width)


def models_table(report: RunReport, style: MoneyStyle, width: int) -> list[str]:
    """One row for each model whose calls count."""
    rows = [
        (safe(f"{row.provider}/{row.model}"), _usage_cells(row.rollup, style))
        for row in report.models
        if row.rollup.calls
    ]
    return table("model", _USAGE_COLUMNS, rows, width)


def _call_columns(*, with_sites: bool) -> tuple[Column, ...]:
    """Cassette files that nothing was run for have no call sites."""
    sites = (Column("called from", numeric=False, from_width=80),) if with_sites else ()
    return (
        Column("model", numeric=False, from_width=140 if with_sites else 110),
        Column("agent", numeric=False, from_width=160),
        *sites,
        Column("source", numeric=False, from_width=100 if with_sites else 80),
        Column("input", from_width=100 if with_sites else 80),
        Column("cached", from_width=140),
        Column("output", from_width=100 if with_sites else 80),
        Column("status", numeric=False, from_width=130),
        Column("cost"),
    )


_MODEL_WIDTH = 32
_SITE_WIDTH = 28


def calls_table(calls: Sequence[Call], style: MoneyStyle, width: int) -> list[str]:
    """One row for each call, named by its id and test."""
    folder = common_folder([place for place in map(_where, calls) if "/" in place])
    with_sites = any(call.measured.call_site for call in calls)
    rows = []
    for call in calls:
        measured = call.measured
        usage = call.usage
        stated = measured.usage is not None
        rows.append(
            (
                f"{call.id} {safe(_where(call).removeprefix(folder))}",
                [
                    shorten(safe(f"{measured.provider}/{measured.model.name}"), _MODEL_WIDTH),
                    safe(measured.origin.agent or "-"),
                    *([shorten(safe(measured.call_site or "-"), _SITE_WIDTH)] if with_sites else []),
                    measured.source.value,
                    f"{usage.input_tokens:,}" if stated else "?",
                    f"{usage.cache_read_tokens:,}" if stated else "?",
                    f"{usage.output_tokens:,}" if stated else "?",
                    call.status.value,
                    style.amount(call.cost),
                ],
            )
        )
    columns = _call_columns(with_sites=with_sites)
    return table(f"call in {safe(folder)}" if folder else "call", columns, rows, width)


def _where(call: Call) -> str:
    origin, cassette = call.measured.origin, call.measured.cassette
    if origin.nodeid is not None:
        return origin.nodeid
    if origin.fixture is not None:
        return f"fixture {origin.fixture}"
    if cassette is None:
        return _OUTSIDE
    return cassette.path if cassette.interaction is None else f"{cassette.path} #{cassette.interaction}"


def notice_lines(notices: Sequence[Notice], width: int) -> Iterator[Line]:
    """Notices with what to paste, folded to the width."""
    for notice in notices:
        for text in folded(f"{notice.kind.value}: {safe(notice.message)}", width):
            yield Line(text, Tone.WARNING)
        for line in (notice.paste or "").splitlines():
            yield Line(f"    {safe(line)}")


def _next_steps(report: RunReport, report_path: str) -> list[str]:
    dearest = max(report.calls, key=lambda call: call.cost.value)
    nodeid = dearest.measured.origin.nodeid
    # A name with characters that cannot be typed is reached by the id of its call.
    typeable = nodeid is not None and safe(nodeid) == nodeid
    target = quote(nodeid) if typeable and nodeid else dearest.id
    return [f"every cent: llmcost explain {target}", f"report: {report_path}"]
