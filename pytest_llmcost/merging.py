"""The reports of shards, joined into one.

A suite that is split over CI jobs leaves a report in each. Joined they say what the whole costs: the calls
are numbered anew and added up anew; what the gate said of a part says nothing of the whole and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from pytest_llmcost.assembly import fingerprint
from pytest_llmcost.attribution.notices import is_moot
from pytest_llmcost.capture.observed import together
from pytest_llmcost.errors import ComparisonError
from pytest_llmcost.model.cache import CacheEvent
from pytest_llmcost.model.call import Call, Origin
from pytest_llmcost.model.price import RateCard
from pytest_llmcost.model.report import Meta, NoticeKind, RunReport, Selection, TestResult
from pytest_llmcost.model.rollup import (
    by_agent,
    by_model,
    by_test,
    counted,
    last_attempts,
    last_lookups,
    rollup,
)


class Shard(NamedTuple):
    """The report of a part.

    Attributes:
        name: Its file, as the user names it.
        report: What it says.
        label: Of the job of a matrix; empty where the shards are parts of one run.
    """

    name: str
    report: RunReport
    label: str = ""


def merge(shards: Sequence[Shard]) -> RunReport:
    """Join reports.

    Args:
        shards: At least one. Those with labels are runs of one suite in different surroundings: each test is
            there once for each of them.

    Raises:
        ComparisonError: If they are not parts of one run.
    """
    _check_alike(shards)
    _check_apart(shards)
    results = tuple(_result(shard, test.result) for shard in shards for test in shard.report.tests)
    calls = tuple(_calls(shards))
    events = tuple(_cache_events(shards))
    lookups = last_lookups(events, calls, results)
    cards = _cards(shards)
    meta = _meta(shards, len(results), cards)
    last = last_attempts(calls, results)
    mocked = meta.include_mocked
    the_counted = counted(calls, last=last, include_mocked=mocked)
    notices = (
        notice
        for shard in shards
        for notice in shard.report.notices
        if notice.kind is not NoticeKind.BUDGET and not is_moot(notice, the_counted)
    )
    return RunReport(
        meta=meta,
        totals=rollup(calls, last=last, include_mocked=mocked, events=lookups),
        tests=by_test(calls, results, last=last, include_mocked=mocked, events=lookups),
        agents=by_agent(calls, last=last, include_mocked=mocked, events=lookups),
        models=by_model(calls, last=last, include_mocked=mocked, events=lookups),
        calls=calls,
        rate_cards=cards,
        notices=tuple(dict.fromkeys(notices)),
        observed=together(shard.report.observed for shard in shards),
        marked={
            _nodeid(shard, nodeid): replace(budget, match=_nodeid(shard, nodeid))
            for shard in shards
            for nodeid, budget in shard.report.marked.items()
        },
        cache_events=events,
    )


def _check_alike(shards: Sequence[Shard]) -> None:
    first = shards[0]
    for other in shards[1:]:
        for what, one, two in _facts(first.report.meta, other.report.meta):
            if one != two:
                raise ComparisonError(
                    f"{first.name} and {other.name} are not parts of one run: {what} is {_said(one)} and"
                    f" {_said(two)}; merge the reports of one commit and one configuration"
                )


def _said(fact: object) -> str:
    return "not known" if fact is None else str(fact)


def _facts(one: Meta, two: Meta) -> Iterator[tuple[str, object, object]]:
    yield "the commit", one.commit, two.commit
    yield "as_of of the prices", one.pricing.as_of, two.pricing.as_of
    yield "include_mocked", one.include_mocked, two.include_mocked
    if one.pricing.version and two.pricing.version:  # None where a part needed no price
        yield f"the version of {one.pricing.source}", one.pricing.version, two.pricing.version


def _check_apart(shards: Sequence[Shard]) -> None:
    for number, shard in enumerate(shards):
        for earlier in shards[:number]:
            if earlier.report.meta == shard.report.meta and earlier.report.calls == shard.report.calls:
                raise ComparisonError(
                    f"{earlier.name} and {shard.name} are the same report; name each shard once"
                )
    owners: dict[str, Shard] = {}
    for shard in shards:
        for test in shard.report.tests:
            nodeid = _nodeid(shard, test.result.nodeid)
            owner = owners.setdefault(nodeid, shard)
            if owner is not shard:
                raise ComparisonError(
                    f"{nodeid} is in {owner.name} and in {shard.name}, and would count twice; name each shard"
                    " once, or say --matrix if each job ran it in surroundings of its own"
                )


def _nodeid(shard: Shard, nodeid: str) -> str:
    return f"{nodeid} @{shard.label}" if shard.label else nodeid


def _result(shard: Shard, result: TestResult) -> TestResult:
    return result._replace(nodeid=_nodeid(shard, result.nodeid))


def _calls(shards: Sequence[Shard]) -> Iterator[Call]:
    """All calls under new numbers; runs of agents are told apart by their shard."""
    number = 0
    for place, shard in enumerate(shards, start=1):
        for call in shard.report.calls:
            number += 1
            origin = _origin(call.measured.origin, shard, place)
            yield call._replace(id=f"c{number}", measured=call.measured._replace(origin=origin))


def _origin(origin: Origin, shard: Shard, place: int) -> Origin:
    return origin._replace(
        nodeid=None if origin.nodeid is None else _nodeid(shard, origin.nodeid),
        agent_run=None if origin.agent_run is None else f"{place}-{origin.agent_run}",
        agent_runs=tuple(run and f"{place}-{run}" for run in origin.agent_runs),
    )


def _cache_events(shards: Sequence[Shard]) -> Iterator[CacheEvent]:
    """All lookups, with the new numbers of the calls that they spared."""
    before = 0
    for place, shard in enumerate(shards, start=1):
        numbers = {call.id: f"c{number}" for number, call in enumerate(shard.report.calls, start=before + 1)}
        for event in shard.report.cache_events:
            origin = _origin(event.lookup.origin, shard, place)
            call = None if event.call is None else numbers.get(event.call)
            yield event._replace(lookup=event.lookup._replace(origin=origin), call=call)
        before += len(shard.report.calls)


def _cards(shards: Sequence[Shard]) -> Mapping[str, RateCard]:
    found: dict[str, RateCard] = {}
    owners: dict[str, str] = {}
    for shard in shards:
        for name, card in shard.report.rate_cards.items():
            known = found.setdefault(name, card)
            owner = owners.setdefault(name, shard.name)
            if known.rates != card.rates:
                raise ComparisonError(
                    f"{owner} and {shard.name} have other prices for {name}; run all shards with one"
                    " llmcost.yaml and one version of genai-prices"
                )
    return {name: found[name] for name in sorted(found)}


def _meta(shards: Sequence[Shard], ran: int, cards: Mapping[str, RateCard]) -> Meta:
    metas = [shard.report.meta for shard in shards]
    newest = max(metas, key=lambda meta: meta.created_at)
    version = next((meta.pricing.version for meta in metas if meta.pricing.version), None)
    branches = {meta.branch for meta in metas}
    return newest._replace(
        branch=newest.branch if len(branches) == 1 else None,
        complete=all(meta.complete for meta in metas),
        selection=Selection(
            # Nobody has said whether all parts are here; in a matrix each ran everything.
            full=all(meta.selection.full for meta in metas),
            collected=sum(meta.selection.collected for meta in metas),
            ran=ran,
        ),
        pricing=newest.pricing._replace(version=version, rate_card_sha256=fingerprint(cards)),
    )
