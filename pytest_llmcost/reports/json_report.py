"""A report as the text of report.json; ``json_reader`` reads it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_llmcost.model.codec import (
    card_to_json,
    notice_to_json,
    observed_to_json,
    time_text,
)
from pytest_llmcost.model.report import FORMAT, Meta, RunReport
from pytest_llmcost.model.rows import ReportRows
from pytest_llmcost.model.typed import UNTYPED
from pytest_llmcost.model.verdict import Finding

if TYPE_CHECKING:
    from pytest_llmcost.model.budget import Budget
    from pytest_llmcost.model.cache import CacheEvent
    from pytest_llmcost.model.diff import RunDiff

Json = dict[str, Any]
_encode = json.JSONEncoder(ensure_ascii=True).encode
TOOL = "pytest-llmcost"


def render_json(report: RunReport, measured: Mapping[int, str] = MappingProxyType({})) -> str:
    """The report as the text of report.json, format 1: one line for each test, call and the like.

    Args:
        report: The run.
        measured: By the identity of a measured call, what ``measured_row`` has written of it already.
    """
    sections = (f"{_encode(name)}: {text}" for name, text in _sections(report, measured))
    return "{\n" + ",\n".join(sections) + "\n}\n"


def _sections(report: RunReport, measured: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """The parts of the report; money, prices and rates are strings. Rows are made one by one."""
    yield "meta", _object(_meta_to_json(report.meta))
    rows = ReportRows()
    yield "totals", _object(json.loads(rows.totals(report.totals)))
    yield "tests", _lines(map(rows.test, report.tests))
    yield "agents", _lines(map(rows.agent, report.agents))
    yield "models", _lines(map(rows.model, report.models))
    yield "calls", _lines(rows.call(call, measured.get(id(call.measured))) for call in report.calls)
    yield "cache_events", _rows(map(_event_to_json, report.cache_events))
    yield "rate_cards", _object({name: card_to_json(card) for name, card in report.rate_cards.items()})
    yield "diff", "null" if report.diff is None else _object(_diff_to_json(report.diff))
    yield "findings", _encode(list(map(_finding_to_json, report.findings)))
    yield "verdict", _encode(report.verdict.value)
    yield "limits", _encode(report.limits)
    yield "markers", _object({name: _marker_to_json(report.marked[name]) for name in sorted(report.marked)})
    yield "notices", _rows(map(notice_to_json, report.notices))
    yield "observed", _object(observed_to_json(report.observed))


# The standard library's indent would cost ten times as much as the whole encoding.
def _object(members: Json) -> str:
    if not members:
        return "{}"
    return "{\n " + ",\n ".join(f"{_encode(key)}: {_encode(part)}" for key, part in members.items()) + "\n}"


def _rows(rows: Iterable[Json]) -> str:
    return _lines(map(_encode, rows))


def _lines(rows: Iterable[str]) -> str:
    text = ",\n ".join(rows)
    return f"[\n {text}\n]" if text else "[]"


def _diff_to_json(diff: RunDiff) -> Json:
    from pytest_llmcost.model.diff_codec import diff_to_json  # most runs have no gate

    return diff_to_json(diff)


def _event_to_json(event: CacheEvent) -> Json:
    from pytest_llmcost.model.cache_codec import event_to_json  # most runs have no lookup

    return event_to_json(event)


def _finding_to_json(finding: Finding) -> Json:
    from pytest_llmcost.model.diff_codec import finding_to_json

    return finding_to_json(finding)


def _marker_to_json(budget: Budget) -> Json:
    from pytest_llmcost.budgets.markers import budget_to_json

    return budget_to_json(budget)


def _meta_to_json(meta: Meta) -> Json:
    return {
        "format": FORMAT,
        "tool": TOOL,
        "version": meta.version,
        "created_at": time_text(meta.created_at),
        "commit": meta.commit,
        "branch": meta.branch,
        "currency": "USD",
        "rootdir": meta.rootdir,
        "complete": meta.complete,
        "include_mocked": meta.include_mocked,
        "selection": {
            "full": meta.selection.full,
            "collected": meta.selection.collected,
            "ran": meta.selection.ran,
        },
        "pricing": {
            "source": meta.pricing.source,
            "version": meta.pricing.version,
            "as_of": meta.pricing.as_of,
            "rate_card_sha256": meta.pricing.rate_card_sha256,
            "overrides_sha256": meta.pricing.overrides_sha256,
        },
        **({} if meta.typed == UNTYPED else {"typed": meta.typed._asdict()}),
    }
