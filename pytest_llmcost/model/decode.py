"""Calls, and what stands beside them, from the JSON that ``rows`` and ``codec`` write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from sys import intern
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
from pytest_llmcost.model.fallback import fallback_from_json
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
# What many calls say alike is one object: a big report is slow for its size in memory.
_origin = lru_cache(maxsize=64)(Origin)
_models = lru_cache(maxsize=1024)(ModelIds)


def parse_time(text: str) -> datetime:
    """Read what ``time_text`` wrote."""
    return datetime.fromisoformat(text)


def amount_from_json(found: Mapping[str, Any]) -> Amount:
    """Read what ``amount_to_json`` wrote."""
    low, value, high = found["low"], found["value"], found["high"]
    if low == value == high:
        usd = read_money(value)
        return Amount(usd, usd, usd)
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
    drift, bounds, fallback = found("drift"), found("estimate"), found("fallback")
    request, model = row["request"], row["model"]
    # In the order of the fields: with their names, a call takes three times as long to make.
    return MeasuredCall(
        _origin(
            _name(found("nodeid")),
            _PHASES[row["phase"]],
            _name(found("fixture")),
            row["attempt"],
            _name(found("agent")),
            found("agent_run"),
            tuple(found("agent_path", ())),
            tuple(found("agent_runs", ())),
        ),
        intern(row["provider"]),
        intern(row["host"]),
        _APIS[row["api"]],
        _models(model["requested"], model["billed"]),
        row.get("stream", False),
        SOURCES[row["source"]],
        usage_from_json(found("own_usage", row["usage"])),
        found("incomplete"),
        RequestSize(request["sha256"], request["parts"], request.get("about_tokens")),
        parse_time(row["started_at"]),
        row.get("stale", False),
        row.get("leak", False),
        found("context", {}),
        tuple(found("doubts", ())),
        None if stated is None else read_money(stated),
        tuple([SubCall(sub["kind"], sub["model"], _usage(sub["usage"])) for sub in found("sub_calls", ())]),
        CassetteRef(intern(cassette["path"]), cassette["interaction"]) if cassette else None,
        row["http_status"],
        None if answered is None else parse_time(answered),
        row["latency"],
        found("call_site"),
        tuple(found("failed_attempts", ())),
        None if drift is None else drift_from_json(drift),
        usage_from_json(found("recorded_usage")),
        None if bounds is None else Bounds(_usage(bounds["low"]), _usage(bounds["high"])),
        _name(found("cache_miss")),
        found("attributes") or _NO_ATTRIBUTES,
        _ROLES[found("role", "app")],
        None if fallback is None else fallback_from_json(fallback),
        tuple(found("lookups", ())),
    )


def priced_from_json(row: Mapping[str, Any]) -> tuple[Amount, Mapping[str, Decimal], Status, str | None]:
    """The cost of a row of report.json, its components, and how well it is known.

    Raises:
        KeyError, TypeError, ValueError: If the row is not of that form.
    """
    components = {unit: read_money(usd) for unit, usd in row["components"].items()}
    return amount_from_json(row["cost"]), components, STATUSES[row["status"]], row["status_detail"]


class CallRows:
    """Reads the calls of one report.

    Args:
        cards: The rate cards of the report, by name.
    """

    def __init__(self, cards: Mapping[str, RateCard]) -> None:
        self._cards = cards
        self._lookups: dict[tuple[str | None, ...], Lookup] = {}
        self._like: dict[int, Lookup] = {}

    def call(self, row: Mapping[str, Any]) -> Call:
        """Read what ``ReportRows.call`` wrote.

        Raises:
            KeyError, TypeError, ValueError: If the row is not of that form.
        """
        sub_calls = row["sub_calls"]
        cost, components, status, detail = priced_from_json(row)
        return Call(
            row["id"],
            measured_from_json(row),
            cost,
            components,
            status,
            detail,
            self.lookup(row["price"]),
            tuple(map(self._sub_call, sub_calls)) if sub_calls else (),
        )

    def _sub_call(self, row: Mapping[str, Any]) -> PricedSubCall:
        return PricedSubCall(
            row["kind"],
            row["model"],
            _usage(row["usage"]),
            amount_from_json(row["cost"]),
            self.lookup(row["price"]),
        )

    def lookup(self, found: Mapping[str, Any]) -> Lookup:
        """How a price was found; it raises what ``call`` does."""
        source, name, matched, origin = found["source"], found["card"], found["matched"], found["origin"]
        key = (source, name, matched, origin, *found["trail"])
        known = self._lookups.get(key)
        if known is None:
            card = self._cards[name] if name else None
            known = self._lookups[key] = Lookup(_PRICE_SOURCES[source], card, matched, origin, key[4:])
        return known

    def like(self, lookup: Lookup) -> Lookup:
        """What a row says that says the same as one of another report, which has cards of its own.

        Args:
            lookup: Read from the other one; it has to live as long as this.

        Raises:
            KeyError: If this report has no card of that name.
        """
        known = self._like.get(id(lookup))
        if known is None:
            card = lookup.card and self._cards[lookup.card.name]
            known = self._like[id(lookup)] = lookup._replace(card=card)
        return known


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
