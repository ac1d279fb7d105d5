"""Calls and tests as the text of JSON objects: rows of report.json, and what workers send to the controller.

The text is written here directly, in the form of the standard library's encoder: making a dict of forty keys
for every call and encoding it takes four times as long. ``decode`` and ``json_reader`` read it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

# What the encoder does to a string, where it need not find out first that it is one.
from json.encoder import encode_basestring_ascii
from typing import TypeVar

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import Call, MeasuredCall, Origin, PricedSubCall, RequestSize, SubCall
from pytest_llmcost.model.codec import time_text
from pytest_llmcost.model.drift import drift_to_json
from pytest_llmcost.model.fallback import Fallback, fallback_to_json
from pytest_llmcost.model.money import money_text
from pytest_llmcost.model.price import Lookup
from pytest_llmcost.model.report import AgentCost, ModelCost, Rollup, TestCost
from pytest_llmcost.model.usage import Usage

_CACHE_MISS = '"cache_miss"'
_LOOKUPS = '"lookups"'
_encode = json.JSONEncoder(ensure_ascii=True).encode
# Most strings are said of many calls: models, tests, files, where a price is from.
_quoted = lru_cache(maxsize=1024)(encode_basestring_ascii)
Part = TypeVar("Part")
Name = TypeVar("Name", bound=str)


def measured_row(call: MeasuredCall) -> str:
    """A call before pricing."""
    return f"{{{_members(call, call.usage, ', '.join(map(_sub_call, call.sub_calls)))}}}"


class ReportRows:
    """Writes the rows of one report, which has to live as long.

    Calls of one model share how their price was found, those of one usage their cost: each is written once.
    """

    def __init__(self) -> None:
        # By identity: to hash an amount or a rate card takes as long as to write it.
        self._written: dict[int, str] = {}

    def _once(self, write: Callable[[Part], str], part: Part) -> str:
        text = self._written.get(id(part))
        if text is None:
            text = self._written[id(part)] = write(part)
        return text

    def call(self, call: Call, measured: str | None = None) -> str:
        """A row of ``calls``.

        Args:
            call: Which.
            measured: What ``measured_row`` has written of it; None if nobody has kept that.
        """
        if call.sub_calls:
            # The row includes what happened inside the call; pricing needs the call's own part again.
            inside = ", ".join(map(_priced_sub_call, call.sub_calls))
            own_usage = f'"own_usage": {_usage(call.measured.usage)}, '
            members = f"{_members(call.measured, call.usage, inside)}, {own_usage}"
        else:
            members = f"{(measured or measured_row(call.measured))[1:-1]}, "
        return (
            f'{{"id": {encode_basestring_ascii(call.id)}, {members}"cost": {self._once(_amount, call.cost)}, '
            f'"components": {self._once(_components, call.components)}, '
            f'"status": "{call.status}", "status_detail": {_text(call.status_detail)}, '
            f'"price": {self._once(_lookup, call.lookup)}}}'
        )

    def test(self, test: TestCost) -> str:
        """A row of ``tests``."""
        nodeid, outcome, duration, attempts = test.result
        return (
            f'{{"nodeid": {encode_basestring_ascii(nodeid)}, "outcome": {_quoted(outcome)}, '
            f'"duration": {_encode(duration)}, "attempts": {attempts}, {self._sums(test.rollup)}}}'
        )

    def agent(self, agent: AgentCost) -> str:
        """A row of ``agents``."""
        whole = self._once(_amount, agent.with_sub_agents)
        return (
            f'{{"name": {_text(agent.name)}, "runs": {agent.runs}, {self._sums(agent.rollup)}, '
            f'"with_sub_agents": {whole}}}'
        )

    def model(self, row: ModelCost) -> str:
        """A row of ``models``."""
        names = f'"provider": {_quoted(row.provider)}, "model": {_quoted(row.model)}'
        return f"{{{names}, {self._sums(row.rollup)}}}"

    def totals(self, found: Rollup) -> str:
        """The object ``totals``."""
        return f"{{{self._sums(found)}}}"

    def _sums(self, found: Rollup) -> str:
        return (
            f'"calls": {found.calls}, "cost": {self._once(_amount, found.cost)}, '
            f'"spent": {self._once(_amount, found.spent)}, "usage": {_usage(found.usage)}, '
            f'"cache_hit_rate": {_money(found.cache_hit_rate)}, '
            f'"response_cache": {_response_cache(found)}, '
            f'"sources": {_counts(found.sources)}, "statuses": {_counts(found.statuses)}'
        )


def _response_cache(found: Rollup) -> str:
    if found.response_cache is None:
        return "null"
    from pytest_llmcost.model.cache_codec import rollup_to_json  # most runs have no lookup

    return _encode(rollup_to_json(found.response_cache))


def _members(call: MeasuredCall, usage: Usage | None, sub_calls: str) -> str:
    """What both rows say of a call."""
    model, request = call.model, call.request
    return (
        f'{_origin(call.origin)}, "role": "{call.role}", '
        f'"attributes": {_encode(dict(call.attributes)) if call.attributes else "{}"}, '
        f'"call_site": {_text(call.call_site)}, "provider": {_quoted(call.provider)}, '
        f'"host": {_quoted(call.host)}, "api": "{call.api}", '
        f'"model": {{"requested": {_text(model.requested)}, "billed": {_text(model.billed)}}}, '
        f'"stream": {_flag(call.stream)}, "source": "{call.source}", '
        f'"stale": {_flag(call.stale)}, "leak": {_flag(call.leak)}, '
        f'"usage": {_usage(usage)}, "recorded_usage": {_usage(call.recorded_usage)}, '
        f'"incomplete": {_text(call.incomplete)}, '
        f'"context": {_encode(dict(call.context)) if call.context else "{}"}, '
        f'"doubts": {_texts(call.doubts)}, "stated_cost": {_money(call.stated_cost)}, '
        f'"sub_calls": [{sub_calls}], '
        f'"request": {_request(request)}, '
        f'"cassette": {_cassette(call)}, "http_status": {call.http_status:d}, '
        f'"started_at": {_time(call.started_at)}, '
        f'"answered_at": {_answered(call.answered_at)}, '
        f'"latency": {"null" if call.latency is None else _encode(call.latency)}, '
        f'"failed_attempts": {_encode(list(call.failed_attempts)) if call.failed_attempts else "[]"}'
        f"{'' if call.fallback is None else _fallback(call.fallback)}"
        f"{_drift(call) if call.drift is not None else ''}"
        f"{'' if call.cache_miss is None else f', {_CACHE_MISS}: {_quoted(call.cache_miss)}'}"
        f"{f', {_LOOKUPS}: {_texts(call.lookups)}' if call.lookups else ''}"
    )


def _drift(call: MeasuredCall) -> str:
    """What few calls have: how far the request has moved, and the bounds of the estimate."""
    drift = "null" if call.drift is None else _encode(drift_to_json(call.drift))
    if call.bounds is None:
        return f', "drift": {drift}'
    low, high = _usage(call.bounds.low), _usage(call.bounds.high)
    return f', "drift": {drift}, "estimate": {{"low": {low}, "high": {high}}}'


def _fallback(fallback: Fallback) -> str:
    return f', "fallback": {_encode(fallback_to_json(fallback))}'


def _request(request: RequestSize) -> str:
    about = "" if request.about_tokens is None else f', "about_tokens": {request.about_tokens}'
    return f'{{"sha256": "{request.sha256}", "parts": {_counts(request.parts)}{about}}}'


@lru_cache(maxsize=16)
def _origin(origin: Origin) -> str:
    """Who made a call; calls in a row mostly have the same."""
    return (
        f'"nodeid": {_text(origin.nodeid)}, "phase": "{origin.phase}", '
        f'"fixture": {_text(origin.fixture)}, "attempt": {origin.attempt}, '
        f'"agent": {_text(origin.agent)}, "agent_run": {_text(origin.agent_run)}, '
        f'"agent_path": {_texts(origin.agent_path)}, "agent_runs": {_texts(origin.agent_runs)}'
    )


def _text(value: str | None) -> str:
    return "null" if value is None else _quoted(value)


def _texts(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, values))}]"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _time(moment: datetime | None) -> str:
    return "null" if moment is None else f'"{time_text(moment)}"'


# Each test that replays a cassette hears the same.
_answered = lru_cache(maxsize=64)(_time)


def _money(amount: Decimal | None) -> str:
    return "null" if amount is None else f'"{money_text(amount)}"'


def _counts(counts: Mapping[Name, int]) -> str:
    return f"{{{', '.join([f'{_quoted(name)}: {count}' for name, count in counts.items()])}}}"


def _usage(usage: Usage | None) -> str:
    return "null" if usage is None else _counts(usage.counts)


def _cassette(call: MeasuredCall) -> str:
    found = call.cassette
    if found is None:
        return "null"
    place = "null" if found.interaction is None else found.interaction
    return f'{{"path": {_quoted(found.path)}, "interaction": {place}}}'


def _sub_call(sub: SubCall | PricedSubCall) -> str:
    return f"{{{_sub_members(sub)}}}"


def _priced_sub_call(sub: PricedSubCall) -> str:
    return f'{{{_sub_members(sub)}, "cost": {_amount(sub.cost)}, "price": {_lookup(sub.lookup)}}}'


def _sub_members(sub: SubCall | PricedSubCall) -> str:
    return f'"kind": {_quoted(sub.kind)}, "model": {_text(sub.model)}, "usage": {_usage(sub.usage)}'


def _amount(amount: Amount) -> str:
    value = _money(amount.value)
    if amount.low is amount.value is amount.high:
        return f'{{"low": {value}, "value": {value}, "high": {value}}}'
    return f'{{"low": {_money(amount.low)}, "value": {value}, "high": {_money(amount.high)}}}'


def _components(components: Mapping[str, Decimal]) -> str:
    return f"{{{', '.join([f'{_quoted(unit)}: {_money(usd)}' for unit, usd in components.items()])}}}"


def _lookup(lookup: Lookup) -> str:
    card = lookup.card.name if lookup.card else None
    return (
        f'{{"source": "{lookup.source}", "card": {_text(card)}, "matched": {_text(lookup.matched)}, '
        f'"origin": {_text(lookup.origin)}, "trail": {_texts(lookup.trail)}}}'
    )
