"""Lookups in the caches that an app has in front of its models."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from pytest_llmcost.model.amount import Amount, total
from pytest_llmcost.model.call import Origin
from pytest_llmcost.model.money import ZERO
from pytest_llmcost.model.usage import Usage, hit_ratio, total_usage

UNNAMED = "(not named)"


class CacheLookup(NamedTuple):
    """One lookup, before anything is priced.

    Attributes:
        origin: Who asked.
        layer: The cache that had the answer; None on a miss, and where nobody named it.
        hit: Whether there was an answer.
        at: When, UTC.
        key: Hash of what tells the request from others; None where nobody said.
        model: Of the request, as the app named it; None where nobody did.
        saved_usage: What the hit saved, as the app says; None where it does not.
        saved_cost: USD that it saved, as the app says; None where it does not.
        attributes: For what and for whom, as those of a call.
    """

    origin: Origin
    layer: str | None
    hit: bool
    at: datetime
    key: str | None = None
    model: str | None = None
    saved_usage: Usage | None = None
    saved_cost: Decimal | None = None
    attributes: Mapping[str, str] = MappingProxyType({})


class CacheEvent(NamedTuple):
    """A lookup with what it saved.

    Attributes:
        lookup: Which.
        provider: Of the model; None where nobody knows.
        model: Whose call it spares, or did not; None where nobody knows.
        saved: USD that the same request's last real call cost; None for a miss, and where nobody knows.
        saved_usage: What that call used; None likewise.
        call: The id of that call; None where there is none in this run.
    """

    lookup: CacheLookup
    provider: str | None = None
    model: str | None = None
    saved: Amount | None = None
    saved_usage: Usage | None = None
    call: str | None = None


class CacheRollup(NamedTuple):
    """Lookups added up.

    Attributes:
        lookups: How many.
        hits: How many of them had an answer.
        layers: Hits by the layer that had the answer; they add up to all hits.
        saved: USD that the hits saved; without an upper bound where nobody knows that of each.
        saved_usage: What the calls that they spared would have used, as far as it is known.
        unknown: Hits of which nobody knows what they saved.
    """

    lookups: int
    hits: int
    layers: Mapping[str, int]
    saved: Amount
    saved_usage: Usage
    unknown: int = 0

    @property
    def rate(self) -> Decimal | None:
        """Response-cache hit rate from 0 to 1; None without lookups."""
        return hit_ratio(self.hits, self.lookups)

    def rate_of(self, layer: str) -> Decimal | None:
        """The share of all lookups that a layer has answered; these add up to ``rate``."""
        return hit_ratio(self.layers.get(layer, 0), self.lookups)


def cache_rollup(events: Iterable[CacheEvent]) -> CacheRollup | None:
    """Add lookups up; None where there is none."""
    found = list(events)
    if not found:
        return None
    hits = [event for event in found if event.lookup.hit]
    layers: dict[str, int] = {}
    for event in hits:
        layer = event.lookup.layer or UNNAMED
        layers[layer] = layers.get(layer, 0) + 1
    return CacheRollup(
        lookups=len(found),
        hits=len(hits),
        layers={layer: layers[layer] for layer in sorted(layers)},
        saved=total([Amount.at_least(ZERO) if event.saved is None else event.saved for event in hits]),
        saved_usage=total_usage(event.saved_usage for event in hits if event.saved_usage is not None),
        unknown=sum(event.saved is None for event in hits),
    )
