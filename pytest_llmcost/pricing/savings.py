"""What a hit in a cache of the app saved: what the same request's last real call cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.cache import CacheEvent, CacheLookup
from pytest_llmcost.model.call import Api, Call, MeasuredCall, ModelIds, RequestSize, Source
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.pricing.price_call import price_call

if TYPE_CHECKING:
    from pytest_llmcost.pricing.prices import Prices

_Named = tuple[str | None, str | None]


def cache_events(
    lookups: Iterable[CacheLookup], calls: Sequence[Call], table: Prices, *, include_mocked: bool
) -> list[CacheEvent]:
    """Find out what each lookup saved.

    What the app itself says goes before the cost of a call of this run. Where neither is known, the saving
    is None, and never $0.

    Args:
        lookups: In the order in which they are listed.
        calls: Of the run.
        table: The prices.
        include_mocked: Whether mocked calls count as real ones.
    """
    by_key: dict[str, list[Call]] = {}
    for call in calls:
        if include_mocked or call.measured.source is not Source.MOCKED:
            # A traced call has no request of which there is a hash.
            for key in {*call.measured.lookups, call.measured.request.sha256} - {""}:
                by_key.setdefault(key, []).append(call)
    providers = {call.measured.model.name: call.measured.provider for call in calls}
    return [_event(lookup, by_key.get(lookup.key or "", ()), providers, table) for lookup in lookups]


def _event(
    lookup: CacheLookup, candidates: Sequence[Call], providers: dict[str, str], table: Prices
) -> CacheEvent:
    call = _last_before(lookup, candidates) if lookup.hit else _first_after(lookup, candidates)
    provider, model = _named(lookup, call, providers)
    event = CacheEvent(lookup, provider, model, call=None if call is None else call.id)
    if not lookup.hit:
        return event
    if lookup.saved_cost is not None:
        usage = lookup.saved_usage or (None if call is None else call.usage)
        return event._replace(saved=Amount.exactly(lookup.saved_cost), saved_usage=usage)
    if lookup.saved_usage is not None:
        cost = _priced(lookup, lookup.saved_usage, provider, model, table)
        return event._replace(saved=cost, saved_usage=lookup.saved_usage)
    return event if call is None else event._replace(saved=call.cost, saved_usage=call.usage)


def _last_before(lookup: CacheLookup, candidates: Sequence[Call]) -> Call | None:
    """The real call whose answer the cache gave; one of another process may come later."""
    before = [call for call in candidates if call.measured.started_at <= lookup.at]
    if before:
        return max(before, key=lambda call: call.measured.started_at)
    return min(candidates, key=lambda call: call.measured.started_at, default=None)


def _first_after(lookup: CacheLookup, candidates: Sequence[Call]) -> Call | None:
    """The call that was made as the cache had no answer; a span tells of a lookup after its call."""
    after = [call for call in candidates if call.measured.started_at >= lookup.at]
    if after:
        return min(after, key=lambda call: call.measured.started_at)
    return max(candidates, key=lambda call: call.measured.started_at, default=None)


def _named(lookup: CacheLookup, call: Call | None, providers: dict[str, str]) -> _Named:
    """Provider and model of the request."""
    if call is not None:
        return call.measured.provider, call.measured.model.name
    if lookup.model is None:
        return None, None
    if lookup.model in providers:
        return providers[lookup.model], lookup.model
    provider, slash, model = lookup.model.partition("/")
    return (provider, model) if slash and provider and model else (None, lookup.model)


def _priced(
    lookup: CacheLookup, usage: Usage, provider: str | None, model: str | None, table: Prices
) -> Amount | None:
    """USD of tokens that were not used; None where nobody has a price."""
    if provider is None or model is None:
        return None
    as_if = MeasuredCall(
        origin=lookup.origin,
        provider=provider,
        host="",
        api=Api.CUSTOM,
        model=ModelIds(model, None),
        stream=False,
        source=Source.REPLAYED,
        usage=usage,
        incomplete=None,
        request=RequestSize("", {}),
        started_at=lookup.at,
    )
    return price_call("", as_if, table).cost
