"""Calls as builtin types: for report.json, and for the way from a worker to the controller.

``decode`` reads what is written here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import Call, MeasuredCall
from pytest_llmcost.model.money import money_text
from pytest_llmcost.model.price import Lookup, RateCard
from pytest_llmcost.model.report import Notice, Observed
from pytest_llmcost.model.usage import Usage

Json = dict[str, Any]
# A row that a worker sends lacks these where they say nothing.
_LEFT_OUT_IF_EMPTY = frozenset(
    {
        *(
            "fixture",
            "agent",
            "agent_run",
            "agent_path",
            "agent_runs",
            "attributes",
            "call_site",
            "stream",
            "stale",
            "leak",
        ),
        *("recorded_usage", "incomplete", "context", "doubts", "stated_cost", "sub_calls", "cassette"),
        *("answered_at", "nodeid", "failed_attempts"),
    }
)


def time_text(moment: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    text = moment.astimezone(UTC).isoformat("T", "milliseconds")
    return text.replace("+00:00", "Z")


def amount_to_json(amount: Amount) -> Json:
    """Low, value and high as strings; high is None where the amount has no upper bound."""
    value = money_text(amount.value)
    if amount.low is amount.value is amount.high:
        return {"low": value, "value": value, "high": value}
    high = None if amount.high is None else money_text(amount.high)
    return {"low": money_text(amount.low), "value": value, "high": high}


def usage_to_json(usage: Usage | None) -> dict[str, int] | None:
    """Unit to count; None where nothing was stated."""
    return None if usage is None else dict(usage.counts)


def measured_to_json(call: MeasuredCall) -> Json:
    """A call before pricing, without what ``decode`` fills in by itself."""
    return {name: value for name, value in _row(call).items() if value or name not in _LEFT_OUT_IF_EMPTY}


def _row(call: MeasuredCall) -> Json:
    """The row of report.json without what pricing adds."""
    origin, cassette, model, request = call.origin, call.cassette, call.model, call.request
    return {
        "nodeid": origin.nodeid,
        "phase": origin.phase.value,
        "fixture": origin.fixture,
        "attempt": origin.attempt,
        "agent": origin.agent,
        "agent_run": origin.agent_run,
        "agent_path": list(origin.agent_path),
        "agent_runs": list(origin.agent_runs),
        "role": "app",
        "attributes": {},
        "call_site": call.call_site,
        "provider": call.provider,
        "host": call.host,
        "api": call.api.value,
        "model": {"requested": model.requested, "billed": model.billed},
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
        "request": {"sha256": request.sha256, "parts": dict(request.parts)},
        "cassette": cassette and {"path": cassette.path, "interaction": cassette.interaction},
        "http_status": call.http_status,
        "started_at": time_text(call.started_at),
        "answered_at": None if call.answered_at is None else time_text(call.answered_at),
        "latency": call.latency,
        "failed_attempts": list(call.failed_attempts),
    }


def call_to_json(call: Call) -> Json:
    """A row of ``calls`` in report.json."""
    row = {"id": call.id, **_row(call.measured)}
    if call.sub_calls:
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
        # The row includes what happened inside the call; pricing needs the call's own part again.
        row["own_usage"] = row["usage"]
        row["usage"] = usage_to_json(call.usage)
    row["cost"] = amount_to_json(call.cost)
    row["components"] = {unit: money_text(usd) for unit, usd in call.components.items()}
    row["status"] = call.status.value
    row["status_detail"] = call.status_detail
    row["price"] = _lookup_to_json(call.lookup)
    return row


def _lookup_to_json(lookup: Lookup) -> Json:
    return {
        "source": lookup.source.value,
        "card": lookup.card.name if lookup.card else None,
        "matched": lookup.matched,
        "origin": lookup.origin,
        "trail": list(lookup.trail),
    }


def card_to_json(card: RateCard) -> Json:
    """A value of ``rate_cards`` in report.json; ``corrected`` only where something was."""
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
        **({"corrected": dict(card.corrected)} if card.corrected else {}),
    }


def notice_to_json(notice: Notice) -> Json:
    """A row of ``notices`` in report.json."""
    return {"kind": notice.kind.value, "message": notice.message, "paste": notice.paste}


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
