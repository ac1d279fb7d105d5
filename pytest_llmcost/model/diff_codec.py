"""What the gate says as builtin types, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.model.baseline import CacheCount
from pytest_llmcost.model.codec import amount_to_json
from pytest_llmcost.model.decode import amount_from_json
from pytest_llmcost.model.diff import Cause, CauseKind, Change, RunDiff, Side, State
from pytest_llmcost.model.money import money_text, read_money
from pytest_llmcost.model.projection import AgentMonth, Per, Projection, Volume
from pytest_llmcost.model.verdict import Finding, Level

Json = dict[str, Any]


def diff_to_json(diff: RunDiff) -> Json:
    """The ``diff`` object of report.json."""
    return {
        "base": {"name": diff.base},
        "partial": diff.partial,
        "price_delta": money_text(diff.price_delta),
        "lost_prices": [{"key": key, "model": model} for key, model in diff.lost_prices],
        "new_stale": [{"key": key, "calls": calls} for key, calls in diff.new_stale],
        "totals": change_to_json(diff.totals),
        "agents": [change_to_json(change) for change in diff.agents],
        "tests": [change_to_json(change) for change in diff.tests],
        "projection": None if diff.projection is None else _projection_to_json(diff.projection),
    }


def diff_from_json(found: Mapping[str, Any]) -> RunDiff:
    """Read what ``diff_to_json`` made."""
    return RunDiff(
        base=found["base"]["name"],
        totals=_change_from_json(found["totals"]),
        tests=tuple(map(_change_from_json, found["tests"])),
        agents=tuple(map(_change_from_json, found["agents"])),
        price_delta=read_money(found["price_delta"]),
        lost_prices=tuple((row["key"], row["model"]) for row in found["lost_prices"]),
        partial=found["partial"],
        new_stale=tuple((row["key"], row["calls"]) for row in found.get("new_stale", ())),
        projection=_projection_from_json(found.get("projection")),
    )


def change_to_json(change: Change) -> Json:
    """A CHANGE of report.json."""
    return {
        "key": change.key,
        "state": change.state.value,
        "base": None if change.base is None else amount_to_json(change.base.cost),
        "head": None if change.head is None else amount_to_json(change.head.cost),
        "delta": money_text(change.delta.value),
        "delta_bounds": amount_to_json(change.delta),
        "base_figures": _figures(change.base),
        "head_figures": _figures(change.head),
        "causes": [
            {
                "cause": cause.kind.value,
                "before": cause.before,
                "after": cause.after,
                "delta": money_text(cause.delta),
                "detail": cause.detail,
            }
            for cause in change.causes
        ],
        "renamed_from": change.renamed_from,
    }


def _figures(side: Side | None) -> Json | None:
    if side is None:
        return None
    rate = side.cache_hit_rate
    figures: Json = {"calls": side.calls, "cache_hit_rate": None if rate is None else money_text(rate)}
    if side.response_cache.lookups:
        figures["response_cache"] = side.response_cache._asdict()
    return figures


def _change_from_json(found: Mapping[str, Any]) -> Change:
    return Change(
        key=found["key"],
        state=State(found["state"]),
        base=_side(found["base"], found["base_figures"]),
        head=_side(found["head"], found["head_figures"]),
        delta=amount_from_json(found["delta_bounds"]),
        causes=tuple(
            Cause(
                CauseKind(row["cause"]), row["before"], row["after"], read_money(row["delta"]), row["detail"]
            )
            for row in found["causes"]
        ),
        renamed_from=found["renamed_from"],
    )


def _side(cost: Mapping[str, Any] | None, figures: Mapping[str, Any] | None) -> Side | None:
    if cost is None or figures is None:
        return None
    rate = figures["cache_hit_rate"]
    return Side(
        cost=amount_from_json(cost),
        calls=figures["calls"],
        cache_hit_rate=None if rate is None else read_money(rate),
        response_cache=CacheCount(**figures.get("response_cache", {})),
    )


def _projection_to_json(found: Projection) -> Json:
    return {
        "agents": [
            {
                "per": month.volume.per.value,
                "per_month": month.volume.per_month,
                "base_number": month.base_number,
                "head_number": month.head_number,
                "base_is_older": month.base_is_older,
                **change_to_json(month.change),
            }
            for month in found.agents
        ],
        "totals": None if found.totals is None else change_to_json(found.totals),
    }


def _projection_from_json(found: Mapping[str, Any] | None) -> Projection | None:
    if found is None:
        return None
    return Projection(
        agents=tuple(
            AgentMonth(
                volume=Volume(row["key"], Per(row["per"]), row["per_month"]),
                base_number=row["base_number"],
                head_number=row["head_number"],
                change=_change_from_json(row),
                base_is_older=row["base_is_older"],
            )
            for row in found["agents"]
        ),
        totals=None if found["totals"] is None else _change_from_json(found["totals"]),
    )


def finding_to_json(finding: Finding) -> Json:
    """A row of ``findings`` in report.json."""
    return {
        "level": finding.level.value,
        "rule": finding.rule,
        "scope": finding.scope,
        "match": finding.match,
        "limit": finding.limit,
        "actual": finding.actual,
        "message": finding.message,
        "location": finding.location,
    }


def finding_from_json(found: Mapping[str, Any]) -> Finding:
    """Read what ``finding_to_json`` made."""
    return Finding(**{**found, "level": Level(found["level"])})
