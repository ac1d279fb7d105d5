"""Measured calls and test results, priced and added up: the report of a run."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pytest_llmcost.attribution.notices import agent_notices, is_moot, traced_notices
from pytest_llmcost.config.configuration import Configuration
from pytest_llmcost.model.call import Call, MeasuredCall, Source
from pytest_llmcost.model.codec import card_to_json
from pytest_llmcost.model.price import RateCard
from pytest_llmcost.model.report import (
    Meta,
    Notice,
    NoticeKind,
    Observed,
    PricingMeta,
    RunReport,
    Selection,
    TestResult,
)
from pytest_llmcost.model.rollup import (
    by_agent,
    by_model,
    by_test,
    counted,
    last_attempts,
    last_lookups,
    rollup,
)
from pytest_llmcost.pricing.dated_notices import dated_notices
from pytest_llmcost.pricing.genai import NAME
from pytest_llmcost.pricing.notices import price_notices
from pytest_llmcost.pricing.price_call import price_calls
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.replay.health import (
    age_notices,
    deprecated_notices,
    miss_notices,
    unplayed_notices,
    warm_notices,
)
from pytest_llmcost.replay.notices import replay_notices

if TYPE_CHECKING:
    from pytest_llmcost.model.cache import CacheEvent, CacheLookup

_PASSED = "passed"


class Facts(NamedTuple):
    """What a report states beside its calls.

    Attributes:
        version: Of this plugin.
        created_at: UTC.
        rootdir: The project's root.
        commit: Of the project; None outside git.
        branch: Of the project; None outside git.
        selection: Which part of the suite ran.
        results: What pytest said of each test.
        faults: Faults of ours, and what was lost to crashes: any makes the run incomplete.
        notices: What was noticed while capturing.
        observed: What was seen beside calls.
        unplayed: By cassette, the interactions that no test has played.
        lookups: In the app's own caches.
        re_record: What is typed to record tests again, ``{tests}`` in it; None where nobody knows.
    """

    version: str
    created_at: datetime
    rootdir: str
    commit: str | None = None
    branch: str | None = None
    selection: Selection = Selection(full=True, collected=0, ran=0)
    results: tuple[TestResult, ...] = ()
    faults: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    observed: Observed = Observed()
    unplayed: Mapping[str, Sequence[int]] = MappingProxyType({})
    lookups: "tuple[CacheLookup, ...]" = ()
    re_record: str | None = None


def assemble(
    calls: Sequence[MeasuredCall], facts: Facts, configuration: Configuration, table: PriceTable
) -> RunReport:
    """Make the report.

    Args:
        calls: In the order in which they are listed.
        facts: Everything else that is known.
        configuration: What llmcost.yaml says.
        table: The prices.
    """
    priced = price_calls(_estimated(calls), table)
    cards = _cards(priced)
    mocked = configuration.include_mocked
    last = last_attempts(priced, facts.results)
    the_counted = counted(priced, last=last, include_mocked=mocked)
    events = _cache_events(priced, facts, table, include_mocked=mocked)
    looked_up = last_lookups(events, priced, facts.results)
    totals = rollup(priced, last=last, include_mocked=mocked, events=looked_up)
    return RunReport(
        meta=Meta(
            version=facts.version,
            created_at=facts.created_at,
            commit=facts.commit,
            branch=facts.branch,
            rootdir=facts.rootdir,
            complete=not facts.faults,
            include_mocked=mocked,
            selection=facts.selection,
            pricing=_pricing_meta(cards, configuration, table, needed=bool(priced)),
        ),
        totals=totals,
        tests=by_test(priced, facts.results, last=last, include_mocked=mocked, events=looked_up),
        agents=by_agent(priced, last=last, include_mocked=mocked, totals=totals, events=looked_up),
        models=by_model(priced, last=last, include_mocked=mocked, totals=totals, events=looked_up),
        calls=tuple(priced),
        rate_cards=cards,
        notices=(
            *_fault_notices(facts.faults),
            *(notice for notice in facts.notices if not is_moot(notice, the_counted)),
            *price_notices(priced, table.rules, include_mocked=mocked),
            *_of_replays(the_counted, facts, configuration, table),
            *dated_notices(the_counted, table),
            *(traced_notices(the_counted) if Source.TRACED in totals.sources else ()),
            *agent_notices(the_counted, configuration.agents, full=facts.selection.full),
        ),
        observed=_of_calling_fixtures(facts.observed, priced),
        cache_events=events,
    )


def _estimated(calls: Sequence[MeasuredCall]) -> Sequence[MeasuredCall]:
    if all(call.drift is None for call in calls):
        return calls  # and what estimates need is not loaded
    from pytest_llmcost.replay.estimate import estimated

    return estimated(calls)


def _cache_events(
    calls: Sequence[Call], facts: Facts, table: PriceTable, *, include_mocked: bool
) -> "tuple[CacheEvent, ...]":
    """By test, in the order of the tests; those of no test come last."""
    if not facts.lookups:
        return ()
    from pytest_llmcost.pricing.savings import cache_events

    place = {result.nodeid: index for index, result in enumerate(facts.results)}
    ordered = sorted(facts.lookups, key=lambda one: (place.get(one.origin.nodeid or "", len(place)), one.at))
    return tuple(cache_events(ordered, calls, table, include_mocked=include_mocked))


def _of_replays(
    calls: Sequence[Call], facts: Facts, configuration: Configuration, table: PriceTable
) -> Iterator[Notice]:
    """What is to say of recordings; a run that was cut short has left some unplayed for that alone."""
    today, re_record = facts.created_at.date(), facts.re_record
    yield from replay_notices(calls, table, re_record)
    if facts.selection.full and all(result.outcome == _PASSED for result in facts.results):
        yield from unplayed_notices(calls, facts.unplayed, re_record)
    yield from age_notices(calls, configuration.replay.max_age, today, re_record)
    yield from deprecated_notices(calls, table.is_deprecated, re_record)
    yield from warm_notices(calls)
    yield from miss_notices(calls)


def _of_calling_fixtures(observed: Observed, calls: Sequence[Call]) -> Observed:
    calling = {call.measured.origin.fixture for call in calls}
    return observed._replace(set_ups={name: n for name, n in observed.set_ups.items() if name in calling})


def _fault_notices(faults: Sequence[str]) -> list[Notice]:
    return [
        Notice(NoticeKind.FAULT, f"the run is not complete, calls may be missing: {fault}")
        for fault in faults
    ]


def _cards(calls: Sequence[Call]) -> dict[str, RateCard]:
    lookups = [call.lookup for call in calls] + [sub.lookup for call in calls for sub in call.sub_calls]
    cards = {lookup.card.name: lookup.card for lookup in lookups if lookup.card}
    return {name: cards[name] for name in sorted(cards)}


def _pricing_meta(
    cards: Mapping[str, RateCard], configuration: Configuration, table: PriceTable, *, needed: bool
) -> PricingMeta:
    return PricingMeta(
        source=NAME,
        version=table.bundled.version if needed else None,
        as_of=table.as_of,
        rate_card_sha256=fingerprint(cards),
        overrides_sha256=configuration.sha256,
    )


def fingerprint(cards: Mapping[str, RateCard]) -> str:
    """Of the rates of cards, wherever they are from."""
    canonical = json.dumps(
        {name: card_to_json(card)["rates"] for name, card in cards.items()},
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()
