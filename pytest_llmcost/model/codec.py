"""What stands beside calls in report.json, as builtin types; ``rows`` writes the calls themselves.

``decode`` reads what is written here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.money import money_text
from pytest_llmcost.model.price import RateCard
from pytest_llmcost.model.report import Notice, Observed

Json = dict[str, Any]


def time_text(moment: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat('T', 'milliseconds')[: -len('+00:00')]}Z"


def amount_to_json(amount: Amount) -> Json:
    """Low, value and high as strings; high is None where the amount has no upper bound."""
    value = money_text(amount.value)
    if amount.low is amount.value is amount.high:
        return {"low": value, "value": value, "high": value}
    high = None if amount.high is None else money_text(amount.high)
    return {"low": money_text(amount.low), "value": value, "high": high}


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
        "set_ups": dict(seen.set_ups),
    }
