"""report.json: written from a report and read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pytest_llmcost.errors import ReportError
from pytest_llmcost.model.call import Source, Status
from pytest_llmcost.model.codec import (
    amount_from_json,
    amount_to_json,
    call_from_json,
    call_to_json,
    card_from_json,
    card_to_json,
    notice_from_json,
    notice_to_json,
    observed_from_json,
    observed_to_json,
    parse_time,
    time_text,
    usage_from_json,
    usage_to_json,
)
from pytest_llmcost.model.money import money_text
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
from pytest_llmcost.model.usage import NO_USAGE

Json = dict[str, Any]
_encode = json.JSONEncoder(ensure_ascii=True).encode
TOOL = "pytest-llmcost"
_RERUN = "run pytest --llm-cost again to write a new one"


def render_json(report: RunReport) -> str:
    """The report as the text of report.json, format 1: one line for each test, call and the like."""
    found = report_to_json(report)
    sections = (f"{_encode(name)}: {_section(value)}" for name, value in found.items())
    return "{\n" + ",\n".join(sections) + "\n}\n"


def _section(value: object) -> str:
    # The standard library's indent would cost ten times as much as the whole encoding.
    if isinstance(value, list) and value:
        return "[\n " + ",\n ".join(map(_encode, value)) + "\n]"
    if isinstance(value, dict) and value:
        return "{\n " + ",\n ".join(f"{_encode(key)}: {_encode(part)}" for key, part in value.items()) + "\n}"
    return _encode(value)


def report_to_json(report: RunReport) -> Json:
    """The report as builtin types; money, prices and rates are strings."""
    return {
        "meta": _meta_to_json(report.meta),
        "totals": _rollup_to_json(report.totals),
        "tests": [
            {
                "nodeid": test.result.nodeid,
                "outcome": test.result.outcome,
                "duration": test.result.duration,
                "attempts": test.result.attempts,
                **_rollup_to_json(test.rollup),
            }
            for test in report.tests
        ],
        "agents": [
            {"name": agent.name, "runs": agent.runs, **_rollup_to_json(agent.rollup)}
            for agent in report.agents
        ],
        "models": [
            {"provider": row.provider, "model": row.model, **_rollup_to_json(row.rollup)}
            for row in report.models
        ],
        "calls": [call_to_json(call) for call in report.calls],
        "cache_events": [],
        "rate_cards": {name: card_to_json(card) for name, card in report.rate_cards.items()},
        "diff": None,
        "findings": [],
        "verdict": "pass",
        "notices": [notice_to_json(notice) for notice in report.notices],
        "observed": observed_to_json(report.observed),
    }


def parse_report(text: str, path: str) -> RunReport:
    """Read report.json.

    Args:
        text: Its content.
        path: The file, as users name it.

    Raises:
        ReportError: If it is malformed, or of a newer format.
    """
    try:
        found = json.loads(text)
        form = found["meta"]["format"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ReportError(f"{path}: not a report of {TOOL}; {_RERUN}") from error
    if not isinstance(form, int) or form > FORMAT:
        raise ReportError(
            f"{path}: format {form!r} is newer than this version reads ({FORMAT}); upgrade {TOOL}"
        )
    try:
        return _report_from_json(found)
    except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError) as error:
        raise ReportError(f"{path}: damaged ({type(error).__name__}: {error}); {_RERUN}") from error


def _report_from_json(found: Mapping[str, Any]) -> RunReport:
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
        agents=tuple(AgentCost(row["name"], row["runs"], _rollup_from_json(row)) for row in found["agents"]),
        models=tuple(
            ModelCost(row["provider"], row["model"], _rollup_from_json(row)) for row in found["models"]
        ),
        calls=tuple(call_from_json(row, cards) for row in found["calls"]),
        rate_cards=cards,
        notices=tuple(notice_from_json(row) for row in found["notices"]),
        observed=observed_from_json(found["observed"]),
    )


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
    }


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
    )


def _rollup_to_json(found: Rollup) -> Json:
    rate = found.cache_hit_rate
    return {
        "calls": found.calls,
        "cost": amount_to_json(found.cost),
        "spent": amount_to_json(found.spent),
        "usage": usage_to_json(found.usage),
        "cache_hit_rate": None if rate is None else money_text(rate),
        "response_cache": None,
        "sources": {source.value: number for source, number in found.sources.items()},
        "statuses": {status.value: number for status, number in found.statuses.items()},
    }


def _rollup_from_json(found: Mapping[str, Any]) -> Rollup:
    rate = found["cache_hit_rate"]
    return Rollup(
        calls=found["calls"],
        cost=amount_from_json(found["cost"]),
        spent=amount_from_json(found["spent"]),
        usage=usage_from_json(found["usage"]) or NO_USAGE,
        cache_hit_rate=None if rate is None else Decimal(rate),
        sources={Source(name): number for name, number in found["sources"].items()},
        statuses={Status(name): number for name, number in found["statuses"].items()},
    )
