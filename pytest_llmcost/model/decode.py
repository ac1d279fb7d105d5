"""Calls, and what stands beside them, from the JSON that ``rows`` and ``codec`` write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import (
    Api,
    Bounds,
    Call,
    CassetteRef,
    MeasuredCall,
    ModelIds,
    Origin,
    Phase,
    PricedSubCall,
    RequestSize,
    Role,
    Source,
    Status,
    SubCall,
)
from pytest_llmcost.model.drift import drift_from_json
from pytest_llmcost.model.money import read_money
from pytest_llmcost.model.price import Lookup, PriceSource, Rate, RateCard, Tier
from pytest_llmcost.model.report import Notice, NoticeKind, Observed
from pytest_llmcost.model.usage import Usage

# A big report has many rows: to call an enum takes several times as long as to look its member up.
_APIS = {api.value: api for api in Api}
_PHASES = {phase.value: phase for phase in Phase}
SOURCES = {source.value: source for source in Source}
STATUSES = {status.value: status for status in Status}
_PRICE_SOURCES = {source.value: source for source in PriceSource}


def parse_time(text: str) -> datetime:
    """Read what ``time_text`` wrote."""
    return datetime.fromisoformat(text)


def amount_from_json(found: Mapping[str, Any]) -> Amount:
    """Read what ``amount_to_json`` wrote."""
    low, value, high = found["low"], found["value"], found["high"]
    if low == value == high:
        return Amount.exactly(read_money(value))
    return Amount(read_money(low), read_money(value), None if high is None else read_money(high))


_ROLES = {role.value: role for role in Role}
_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


def usage_from_json(found: Mapping[str, int] | None) -> Usage | None:
    """Read the counts of a row."""
    return None if found is None else _usage(found)


def _usage(found: Mapping[str, int]) -> Usage:
    for count in found.values():
        if type(count) is not int:  # neither a float nor a switch
            raise TypeError(f"{count!r} is no count")
    return Usage(found)


def _name(found: object) -> str | None:
    if found is not None and not isinstance(found, str):
        raise TypeError(f"{found!r} is no name")
    return found


def _per(found: object) -> int:
    if type(found) is not int or found < 1:
        raise ValueError(f"a price for {found!r} units")
    return found


def origin_from_json(row: Mapping[str, Any]) -> Origin:
    """Who made a call, from its row."""
    found = row.get
    return Origin(
        nodeid=_name(found("nodeid")),
        phase=_PHASES[row["phase"]],
        fixture=_name(found("fixture")),
        attempt=row["attempt"],
        agent=_name(found("agent")),
        agent_run=found("agent_run"),
        agent_path=tuple(found("agent_path", ())),
        agent_runs=tuple(found("agent_runs", ())),
    )


def measured_from_json(row: Mapping[str, Any]) -> MeasuredCall:
    """Read what ``measured_row`` wrote, or a row of report.json.

    Raises:
        KeyError, TypeError, ValueError: If the row is not of that form.
    """
    found = row.get
    cassette, stated, answered = found("cassette"), found("stated_cost"), found("answered_at")
    drift, bounds = found("drift"), found("estimate")
    return MeasuredCall(
        origin=origin_from_json(row),
        provider=row["provider"],
        host=row["host"],
        api=_APIS[row["api"]],
        model=ModelIds(row["model"]["requested"], row["model"]["billed"]),
        stream=row.get("stream", False),
        source=SOURCES[row["source"]],
        stale=row.get("stale", False),
        leak=row.get("leak", False),
        usage=usage_from_json(found("own_usage", row["usage"])),
        incomplete=found("incomplete"),
        context=found("context", {}),
        doubts=tuple(found("doubts", ())),
        stated_cost=None if stated is None else read_money(stated),
        sub_calls=tuple(
            [SubCall(sub["kind"], sub["model"], _usage(sub["usage"])) for sub in found("sub_calls", ())]
        ),
        request=RequestSize(
            row["request"]["sha256"], row["request"]["parts"], row["request"].get("about_tokens")
        ),
        cassette=CassetteRef(cassette["path"], cassette["interaction"]) if cassette else None,
        http_status=row["http_status"],
        started_at=parse_time(row["started_at"]),
        answered_at=None if answered is None else parse_time(answered),
        latency=row["latency"],
        call_site=found("call_site"),
        failed_attempts=tuple(found("failed_attempts", ())),
        drift=None if drift is None else drift_from_json(drift),
        recorded_usage=usage_from_json(found("recorded_usage")),
        cache_miss=_name(found("cache_miss")),
        bounds=None if bounds is None else Bounds(_usage(bounds["low"]), _usage(bounds["high"])),
        attributes=found("attributes") or _NO_ATTRIBUTES,
        role=_ROLES[found("role", "app")],
        lookups=tuple(found("lookups", ())),
    )


def call_from_json(row: Mapping[str, Any], cards: Mapping[str, RateCard]) -> Call:
    """Read what ``ReportRows.call`` wrote.

    Raises:
        KeyError, TypeError, ValueError: If the row is not of that form.
    """
    return Call(
        id=row["id"],
        measured=measured_from_json(row),
        cost=amount_from_json(row["cost"]),
        components={unit: read_money(usd) for unit, usd in row["components"].items()},
        status=STATUSES[row["status"]],
        status_detail=row["status_detail"],
        lookup=_lookup_from_json(row["price"], cards),
        sub_calls=tuple(
            PricedSubCall(
                sub["kind"],
                sub["model"],
                _usage(sub["usage"]),
                amount_from_json(sub["cost"]),
                _lookup_from_json(sub["price"], cards),
            )
            for sub in row["sub_calls"]
        ),
    )


def _lookup_from_json(found: Mapping[str, Any], cards: Mapping[str, RateCard]) -> Lookup:
    card = cards[found["card"]] if found["card"] else None
    return Lookup(
        _PRICE_SOURCES[found["source"]], card, found["matched"], found["origin"], tuple(found["trail"])
    )


def card_from_json(name: str, found: Mapping[str, Any]) -> RateCard:
    """Read what ``card_to_json`` wrote."""
    return RateCard(
        name=name,
        source=PriceSource(found["source"]),
        origin=found["origin"],
        matched=found["matched"],
        as_of=date.fromisoformat(found["as_of"]),
        since=None if found["since"] is None else date.fromisoformat(found["since"]),
        rates={
            unit: Rate(
                read_money(rate["usd"]),
                _per(rate["per"]),
                tuple(Tier(tier["above"], read_money(tier["usd"])) for tier in rate["tiers"]),
            )
            for unit, rate in found["rates"].items()
        },
        doubts=tuple(found["doubts"]),
        corrected=dict(found.get("corrected", {})),
    )


def notice_from_json(row: Mapping[str, Any]) -> Notice:
    """Read what ``notice_to_json`` wrote."""
    return Notice(NoticeKind(row["kind"]), row["message"], row["paste"])


def observed_from_json(found: Mapping[str, Any]) -> Observed:
    """Read what ``observed_to_json`` wrote."""
    return Observed(
        imported=tuple(found["imported"]),
        not_captured=tuple(found["not_captured"]),
        cassettes=found["cassettes"],
        interactions=found["interactions"],
        not_calls=dict(found["not_calls"]),
        child_processes=found["child_processes"],
        set_ups=dict(found.get("set_ups", {})),
    )
