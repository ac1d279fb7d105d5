"""The table of all calls: what ``-vv`` and ``llmcost scan`` show."""

from collections.abc import Sequence

from pytest_llmcost.model.call import Call
from pytest_llmcost.model.fallback import Fallback
from pytest_llmcost.model.shown import plural
from pytest_llmcost.reports.table import Column, table
from pytest_llmcost.reports.text import MoneyStyle, common_folder, safe, shorten

OUTSIDE = "(outside any test)"


def _call_columns(*, with_sites: bool, with_seconds: bool) -> tuple[Column, ...]:
    """Cassette files that nothing was run for have no call sites, and replayed calls take no time."""
    sites = (Column("called from", numeric=False, from_width=80),) if with_sites else ()
    seconds = (Column("seconds", from_width=176),) if with_seconds else ()
    return (
        Column("model", numeric=False, from_width=140 if with_sites else 110),
        Column("agent", numeric=False, from_width=160),
        *sites,
        Column("source", numeric=False, from_width=100 if with_sites else 80),
        Column("input", from_width=100 if with_sites else 80),
        Column("cached", from_width=140),
        Column("output", from_width=100 if with_sites else 80),
        Column("status", numeric=False, from_width=130),
        *seconds,
        Column("cost"),
    )


_MODEL_WIDTH = 32
_SITE_WIDTH = 28


def calls_table(calls: Sequence[Call], style: MoneyStyle, width: int) -> list[str]:
    """One row for each call, named by its id and test."""
    folder = common_folder([place for place in map(_where, calls) if "/" in place])
    with_sites = any(call.measured.call_site for call in calls)
    with_seconds = any(call.measured.latency is not None for call in calls)
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
                    *([_seconds(measured.latency)] if with_seconds else []),
                    style.amount(call.cost),
                ],
            )
        )
    columns = _call_columns(with_sites=with_sites, with_seconds=with_seconds)
    return table(f"call in {safe(folder)}" if folder else "call", columns, rows, width)


def fallback_lines(calls: Sequence[Call]) -> list[str]:
    """Below an empty line, one for each call that took the place of one that had failed; none without."""
    found = [
        f"{call.id} {safe(_where(call))}: {safe(name)} took the place of {safe(fallback_text(found))}"
        for call in calls
        if (found := call.measured.fallback) is not None
        and (name := f"{call.measured.provider}/{call.measured.model.name}")
    ]
    return ["", *found] if found else []


def fallback_text(fallback: Fallback) -> str:
    """Which models failed, how, and how long that took."""
    tried = "; ".join(f"{one.name}, {attempts_text(one.statuses)}" for one in fallback.tried)
    return tried if fallback.after is None else f"{tried}; sent {fallback.after:,.3f} s after the first"


def attempts_text(statuses: Sequence[int]) -> str:
    """``2 attempts: HTTP 429, no response``."""
    told = ", ".join(f"HTTP {status}" if status else "no response" for status in statuses)
    return f"{plural(len(statuses), 'attempt')}: {told}"


def _seconds(latency: float | None) -> str:
    return "-" if latency is None else f"{latency:.2f}"


def _where(call: Call) -> str:
    origin, cassette = call.measured.origin, call.measured.cassette
    if origin.nodeid is not None:
        return origin.nodeid
    if origin.fixture is not None:
        return f"fixture {origin.fixture}"
    if cassette is None:
        return OUTSIDE
    return cassette.path if cassette.interaction is None else f"{cassette.path} #{cassette.interaction}"
