"""report.json read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pytest_llmcost.errors import ReportError
from pytest_llmcost.model.amount import NOTHING
from pytest_llmcost.model.codec import amount_to_json
from pytest_llmcost.model.decode import (
    SOURCES,
    STATUSES,
    CallRows,
    amount_from_json,
    card_from_json,
    notice_from_json,
    observed_from_json,
    parse_time,
    usage_from_json,
)
from pytest_llmcost.model.money import read_money
from pytest_llmcost.model.report import (
    FORMAT,
    AgentCost,
    Meta,
    ModelCost,
    PricingMeta,
    Rollup,
    RunReport,
    Selection,
    TestCost,
    TestResult,
)
from pytest_llmcost.model.typed import Typed
from pytest_llmcost.model.usage import NO_USAGE
from pytest_llmcost.model.verdict import Finding
from pytest_llmcost.reports.json_calls import KnownCalls, read_calls
from pytest_llmcost.reports.json_report import TOOL

if TYPE_CHECKING:
    from pytest_llmcost.model.budget import Budget
    from pytest_llmcost.model.cache import CacheEvent, CacheRollup
    from pytest_llmcost.model.call import Call
    from pytest_llmcost.model.diff import RunDiff

_MOST_QUOTED = 300
_NOTHING_SPENT = amount_to_json(NOTHING)
_RERUN = "run pytest --llm-cost again to write a new one"
_WRONG = (ValueError, TypeError, KeyError, ArithmeticError, AttributeError, RecursionError)
# How ``render_json`` writes the calls: a line for each. No string of JSON has the end of a line in it.
_FIRST_CALL, _AFTER_CALLS = '\n"calls": [\n ', '\n],\n"cache_events": '


def parse_report(text: str, path: str, known: KnownCalls | None = None) -> RunReport:
    """Read report.json.

    Args:
        text: Its content.
        path: The file, as users name it.
        known: The calls of another report that is read too: what both say is read once. None for no other.

    Raises:
        ReportError: If it is malformed, or of a newer format.
    """
    with suppress(*_WRONG):  # which is told below
        return _read_call_by_call(text, known)
    try:
        found = json.loads(text)
        form = found["meta"]["format"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ReportError(f"{path}: not a report of {TOOL}; {_RERUN}") from error
    if not _is_known(form):
        raise ReportError(
            f"{path}: format {_cut(repr(form))} is newer than this version reads ({FORMAT}); upgrade {TOOL}"
        )
    try:
        return _report_from_json(found, lambda rows: map(rows.call, found["calls"]))
    except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError) as error:
        what = f"{type(error).__name__}: {_cut(str(error))}"
        raise ReportError(f"{path}: damaged ({what}); {_RERUN}") from error


def _is_known(form: object) -> bool:
    return isinstance(form, int) and form <= FORMAT


def _read_call_by_call(text: str, known: KnownCalls | None) -> RunReport:
    """Read a report whose text is as ``render_json`` wrote it.

    Calls are most of a report. One after the other they take half the time, and half the memory, of
    all at once.

    Raises:
        ValueError, TypeError, KeyError, ...: If it has another form, or anything is wrong with it.
    """
    start = text.index(_FIRST_CALL) + len(_FIRST_CALL)
    end = text.rindex(_AFTER_CALLS, start)
    found = json.loads(text[:start] + text[end:])
    if found["calls"] or not _is_known(found["meta"]["format"]):
        raise ValueError("not the calls of a report")
    return _report_from_json(found, lambda rows: read_calls(text, start, end, rows, known))


def _cut(text: str) -> str:
    """What an error quotes of the file, which may be anybody's."""
    from pytest_llmcost.reports.text import shorten, spelled

    return shorten(spelled(text[:_MOST_QUOTED]), _MOST_QUOTED // 2)


def _report_from_json(found: Mapping[str, Any], calls: Callable[[CallRows], Iterable[Call]]) -> RunReport:
    cards = {name: card_from_json(name, card) for name, card in found["rate_cards"].items()}
    return RunReport(
        meta=_meta_from_json(found["meta"]),
        totals=_rollup_from_json(found["totals"]),
        tests=tuple(
            TestCost(
                TestResult(row["nodeid"], row["outcome"], row["duration"], row["attempts"]),
                _rollup_from_json(row),
            )
            for row in found["tests"]
        ),
        agents=tuple(map(_agent_from_json, found["agents"])),
        models=tuple(
            ModelCost(row["provider"], row["model"], _rollup_from_json(row)) for row in found["models"]
        ),
        calls=tuple(calls(CallRows(cards))),
        rate_cards=cards,
        notices=tuple(notice_from_json(row) for row in found["notices"]),
        observed=observed_from_json(found["observed"]),
        diff=_diff(found["diff"]),
        findings=tuple(map(_finding, found["findings"])),
        limits=found.get("limits", 0),
        cache_events=tuple(map(_event, found.get("cache_events", ()))),
        marked={nodeid: _marker(nodeid, row) for nodeid, row in found.get("markers", {}).items()},
    )


def _event(found: Mapping[str, Any]) -> CacheEvent:
    from pytest_llmcost.model.cache_codec import event_from_json

    return event_from_json(found)


def _diff(found: Mapping[str, Any] | None) -> RunDiff | None:
    from pytest_llmcost.model.diff_codec import diff_from_json

    return None if found is None else diff_from_json(found)


def _finding(found: Mapping[str, Any]) -> Finding:
    from pytest_llmcost.model.diff_codec import finding_from_json

    return finding_from_json(found)


def _marker(nodeid: str, found: Mapping[str, Any]) -> Budget:
    from pytest_llmcost.budgets.markers import budget_from_json

    return budget_from_json(nodeid, found)


def _meta_from_json(found: Mapping[str, Any]) -> Meta:
    pricing, selection = found["pricing"], found["selection"]
    return Meta(
        version=found["version"],
        created_at=parse_time(found["created_at"]),
        commit=found["commit"],
        branch=found["branch"],
        rootdir=found["rootdir"],
        complete=found["complete"],
        include_mocked=found["include_mocked"],
        selection=Selection(selection["full"], selection["collected"], selection["ran"]),
        pricing=PricingMeta(
            pricing["source"],
            pricing["version"],
            pricing["as_of"],
            pricing["rate_card_sha256"],
            pricing["overrides_sha256"],
        ),
        typed=Typed(**found.get("typed", {})),
    )


def _agent_from_json(found: Mapping[str, Any]) -> AgentCost:
    own = _rollup_from_json(found)
    whole = found.get("with_sub_agents")  # reports of older versions have none
    return AgentCost(
        found["name"], found["runs"], own, own.cost if whole is None else amount_from_json(whole)
    )


def _rollup_from_json(found: Mapping[str, Any]) -> Rollup:
    rate = found["cache_hit_rate"]
    spent = found["spent"]
    return Rollup(
        found["calls"],
        amount_from_json(found["cost"]),
        NOTHING if spent == _NOTHING_SPENT else amount_from_json(spent),  # by most tests
        usage_from_json(found["usage"]) or NO_USAGE,
        None if rate is None else read_money(rate),
        {SOURCES[name]: number for name, number in found["sources"].items()},
        {STATUSES[name]: number for name, number in found["statuses"].items()},
        _response_cache(found.get("response_cache")),
    )


def _response_cache(found: Mapping[str, Any] | None) -> CacheRollup | None:
    if found is None:
        return None
    from pytest_llmcost.model.cache_codec import rollup_from_json

    return rollup_from_json(found)
