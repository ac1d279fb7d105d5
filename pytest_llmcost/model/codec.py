"""Calls as builtin types and back: for report.json, and for the way from a worker to the controller."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import (
    Api,
    Call,
    CassetteRef,
    MeasuredCall,
    ModelIds,
    Origin,
    Phase,
    PricedSubCall,
    RequestSize,
    Source,
    Status,
    SubCall,
)
from pytest_llmcost.model.money import money_text
from pytest_llmcost.model.price import Lookup, PriceSource, Rate, RateCard, Tier
from pytest_llmcost.model.report import Notice, NoticeKind, Observed
from pytest_llmcost.model.usage import Usage

Json = dict[str, Any]


def time_text(moment: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Read what ``time_text`` wrote."""
    return datetime.fromisoformat(text)


def amount_to_json(amount: Amount) -> Json:
    """Low, value and high as strings; high is None where the amount has no upper bound."""
    return {
        "low": money_text(amount.low),
        "value": money_text(amount.value),
        "high": None if amount.high is None else money_text(amount.high),
    }


def amount_from_json(found: Mapping[str, Any]) -> Amount:
    """Read what ``amount_to_json`` wrote."""
    high = found["high"]
    return Amount(Decimal(found["low"]), Decimal(found["value"]), None if high is None else Decimal(high))


def usage_to_json(usage: Usage | None) -> dict[str, int] | None:
    """Unit to count; None where nothing was stated."""
    return None if usage is None else dict(usage)


def usage_from_json(found: Mapping[str, int] | None) -> Usage | None:
    """Read what ``usage_to_json`` wrote."""
    return None if found is None else Usage(found)


def measured_to_json(call: MeasuredCall) -> Json:
    """A call before pricing, as the row of report.json without what pricing adds."""
    origin, cassette = call.origin, call.cassette
    return {
        "nodeid": origin.nodeid,
        "phase": origin.phase.value,
        "fixture": origin.fixture,
        "attempt": origin.attempt,
        "agent": origin.agent,
        "agent_run": origin.agent_run,
        "agent_path": list(origin.agent_path),
        "role": "app",
        "attributes": {},
        "call_site": None,
        "provider": call.provider,
        "host": call.host,
        "api": call.api.value,
        "model": {"requested": call.model.requested, "billed": call.model.billed},
        "stream": call.stream,
        "source": call.source.value,
        "stale": call.stale,
        "leak": call.leak,
        "usage": usage_to_json(call.usage),
        "recorded_usage": None,
        "incomplete": call.incomplete,
        "context": dict(call.context),
        "doubts": list(call.doubts),
        "stated_cost": None if call.stated_cost is None else money_text(call.stated_cost),
        "sub_calls": [
            {"kind": sub.kind, "model": sub.model, "usage": usage_to_json(sub.usage)}
            for sub in call.sub_calls
        ],
        "request": {"sha256": call.request.sha256, "parts": dict(call.request.parts)},
        "cassette": cassette and {"path": cassette.path, "interaction": cassette.interaction},
        "http_status": call.http_status,
        "started_at": time_text(call.started_at),
        "answered_at": None if call.answered_at is None else time_text(call.answered_at),
        "latency": call.latency,
    }


def measured_from_json(row: Mapping[str, Any]) -> MeasuredCall:
    """Read what ``measured_to_json`` wrote.

    Raises:
        KeyError, TypeError, ValueError: If the row is not of that form.
    """
    cassette = row["cassette"]
    return MeasuredCall(
        origin=Origin(
            nodeid=row["nodeid"],
            phase=Phase(row["phase"]),
            fixture=row["fixture"],
            attempt=row["attempt"],
            agent=row["agent"],
            agent_run=row["agent_run"],
            agent_path=tuple(row["agent_path"]),
        ),
        provider=row["provider"],
        host=row["host"],
        api=Api(row["api"]),
        model=ModelIds(row["model"]["requested"], row["model"]["billed"]),
        stream=row["stream"],
        source=Source(row["source"]),
        stale=row["stale"],
        leak=row["leak"],
        usage=usage_from_json(row.get("own_usage", row["usage"])),
        incomplete=row["incomplete"],
        context=dict(row["context"]),
        doubts=tuple(row["doubts"]),
        stated_cost=None if row["stated_cost"] is None else Decimal(row["stated_cost"]),
        sub_calls=tuple(SubCall(sub["kind"], sub["model"], Usage(sub["usage"])) for sub in row["sub_calls"]),
        request=RequestSize(row["request"]["sha256"], dict(row["request"]["parts"])),
        cassette=CassetteRef(cassette["path"], cassette["interaction"]) if cassette else None,
        http_status=row["http_status"],
        started_at=parse_time(row["started_at"]),
        answered_at=None if row["answered_at"] is None else parse_time(row["answered_at"]),
        latency=row["latency"],
    )


def call_to_json(call: Call) -> Json:
    """A row of ``calls`` in report.json."""
    row = measured_to_json(call.measured)
    row["sub_calls"] = [
        {
            "kind": sub.kind,
            "model": sub.model,
            "usage": usage_to_json(sub.usage),
            "cost": amount_to_json(sub.cost),
            "price": _lookup_to_json(sub.lookup),
        }
        for sub in call.sub_calls
    ]
    if call.sub_calls:
        # The row includes what happened inside the call; pricing needs the call's own part again.
        row["own_usage"] = row["usage"]
        row["usage"] = usage_to_json(call.usage)
    return {
        "id": call.id,
        **row,
        "cost": amount_to_json(call.cost),
        "components": {unit: money_text(usd) for unit, usd in call.components.items()},
        "status": call.status.value,
        "status_detail": call.status_detail,
        "price": _lookup_to_json(call.lookup),
    }


def call_from_json(row: Mapping[str, Any], cards: Mapping[str, RateCard]) -> Call:
    """Read what ``call_to_json`` wrote.

    Raises:
        KeyError, TypeError, ValueError: If the row is not of that form.
    """
    return Call(
        id=row["id"],
        measured=measured_from_json(row),
        cost=amount_from_json(row["cost"]),
        components={unit: Decimal(usd) for unit, usd in row["components"].items()},
        status=Status(row["status"]),
        status_detail=row["status_detail"],
        lookup=_lookup_from_json(row["price"], cards),
        sub_calls=tuple(
            PricedSubCall(
                sub["kind"],
                sub["model"],
                Usage(sub["usage"]),
                amount_from_json(sub["cost"]),
                _lookup_from_json(sub["price"], cards),
            )
            for sub in row["sub_calls"]
        ),
    )


def _lookup_to_json(lookup: Lookup) -> Json:
    return {
        "source": lookup.source.value,
        "card": lookup.card.name if lookup.card else None,
        "matched": lookup.matched,
        "origin": lookup.origin,
        "trail": list(lookup.trail),
    }


def _lookup_from_json(found: Mapping[str, Any], cards: Mapping[str, RateCard]) -> Lookup:
    card = cards[found["card"]] if found["card"] else None
    return Lookup(
        PriceSource(found["source"]), card, found["matched"], found["origin"], tuple(found["trail"])
    )


def card_to_json(card: RateCard) -> Json:
    """A value of ``rate_cards`` in report.json."""
    return {
        "source": card.source.value,
        "origin": card.origin,
        "matched": card.matched,
        "as_of": card.as_of.isoformat(),
        "since": None if card.since is None else card.since.isoformat(),
        "rates": {
            unit: {
                "usd": money_text(rate.usd),
                "per": rate.per,
                "tiers": [{"above": tier.above, "usd": money_text(tier.usd)} for tier in rate.tiers],
            }
            for unit, rate in card.rates.items()
        },
        "doubts": list(card.doubts),
    }


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
                Decimal(rate["usd"]),
                rate["per"],
                tuple(Tier(tier["above"], Decimal(tier["usd"])) for tier in rate["tiers"]),
            )
            for unit, rate in found["rates"].items()
        },
        doubts=tuple(found["doubts"]),
    )


def notice_to_json(notice: Notice) -> Json:
    """A row of ``notices`` in report.json."""
    return {"kind": notice.kind.value, "message": notice.message, "paste": notice.paste}


def notice_from_json(row: Mapping[str, Any]) -> Notice:
    """Read what ``notice_to_json`` wrote."""
    return Notice(NoticeKind(row["kind"]), row["message"], row["paste"])


def observed_to_json(seen: Observed) -> Json:
    """The ``observed`` object of report.json."""
    return {
        "imported": list(seen.imported),
        "not_captured": list(seen.not_captured),
        "cassettes": seen.cassettes,
        "interactions": seen.interactions,
        "not_calls": dict(seen.not_calls),
        "child_processes": seen.child_processes,
    }


def observed_from_json(found: Mapping[str, Any]) -> Observed:
    """Read what ``observed_to_json`` wrote."""
    return Observed(
        imported=tuple(found["imported"]),
        not_captured=tuple(found["not_captured"]),
        cassettes=found["cassettes"],
        interactions=found["interactions"],
        not_calls=dict(found["not_calls"]),
        child_processes=found["child_processes"],
    )
