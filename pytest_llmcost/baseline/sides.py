"""One side of a comparison: entries with their prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from pytest_llmcost.baseline.entries import as_measured, entry_of
from pytest_llmcost.model.amount import Amount, total
from pytest_llmcost.model.baseline import CacheCount, Entry, Mark
from pytest_llmcost.model.call import Call
from pytest_llmcost.model.diff import Side
from pytest_llmcost.model.price import PriceSource
from pytest_llmcost.model.units import CACHE_READ, INPUT
from pytest_llmcost.model.usage import Usage, hit_ratio
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.prices import Prices

NO_LOOKUPS = CacheCount()


class Priced(NamedTuple):
    """An entry at the prices of the comparison.

    Attributes:
        entry: What was used.
        kind: The same number for entries that used the same.
        cost: USD.
        components: Unit to USD, sub-calls left out; empty for a cost that the provider stated.
        is_priced: Whether a price is known.
    """

    entry: Entry
    kind: int
    cost: Amount
    components: Mapping[str, Decimal]
    is_priced: bool


@dataclass(slots=True)
class Pricer:
    """Prices entries; each one that is asked for again costs nothing.

    What a run has used is known with its price: the same usage of the base costs the same.

    Args:
        prices: Where prices are looked up.
    """

    prices: Prices
    _kinds: dict[tuple[object, ...], int] = field(default_factory=dict)
    _found: dict[int, Priced] = field(default_factory=dict)

    def of_call(self, call: Call) -> Priced:
        """A call of the run: at the price that it has, unless that is one of another day."""
        entry = entry_of(call)
        kind = self._kind(entry)
        if kind in self._found:
            known = self._found[kind]
            return Priced(entry, kind, known.cost, known.components, known.is_priced)
        own = Priced(entry, kind, call.cost, call.components, call.lookup.source is not PriceSource.NONE)
        if call.cost.high is None:
            return self._keep(own)
        today = self._at_todays_prices(entry, kind)  # with "as_of: recorded" a call has those of its own day
        return self._keep(own if today.cost.value == call.cost.value else today)

    def _keep(self, priced: Priced) -> Priced:
        self._found.setdefault(priced.kind, priced)
        return priced

    def of_calls(self, calls: Iterable[Call]) -> list[Priced]:
        """Calls of the run."""
        return [self.of_call(call) for call in calls]

    def price(self, entry: Entry) -> Priced:
        """The entry at the prices of the run."""
        kind = self._kind(entry)
        known = self._found.get(kind)
        if known is None:
            return self._keep(self._at_todays_prices(entry, kind))
        return Priced(entry, kind, known.cost, known.components, known.is_priced)

    def _at_todays_prices(self, entry: Entry, kind: int) -> Priced:
        call = price_call("", as_measured(entry), self.prices)
        is_priced = call.lookup.source is not PriceSource.NONE
        return Priced(entry, kind, call.cost, call.components, is_priced)

    def price_all(self, entries: Mapping[Entry, int]) -> list[Priced]:
        """One for each call."""
        return [priced for entry, number in entries.items() for priced in [self.price(entry)] * number]

    def _kind(self, entry: Entry) -> int:
        return self._kinds.setdefault(_used(entry), len(self._kinds))


def side_of(calls: Sequence[Priced], lookups: CacheCount = NO_LOOKUPS) -> Side:
    """The figures of some calls, and of the lookups beside them."""
    return Side(
        cost=total(call.cost for call in calls),
        calls=len(calls),
        cache_hit_rate=hit_rate(call.entry for call in calls),
        response_cache=lookups,
    )


def hit_rate(entries: Iterable[Entry]) -> Decimal | None:
    """The prompt-cache hit rate of the generation calls."""
    prompt = read = 0
    for entry in entries:
        if not entry.api.generates:
            continue
        counts = entry.usage.counts
        prompt += counts.get(INPUT, 0)
        read += counts.get(CACHE_READ, 0)
        for sub_call in entry.sub_calls:
            prompt += sub_call.usage.input_tokens
            read += sub_call.usage.cache_read_tokens
    return hit_ratio(read, prompt)


def _used(entry: Entry) -> tuple[object, ...]:
    """What ``used`` leaves of an entry, as a key that is quick to make."""
    # An estimate is what it was made from: it may move a little with what else is in a run.
    counts = dict(entry.edit) if entry.edit else entry.usage.counts
    if 0 in counts.values():
        counts = {unit: count for unit, count in counts.items() if count}
    return (
        entry.provider,
        entry.model,
        entry.requested,
        entry.api.value,
        entry.context,
        frozenset(counts.items()),
        entry.stated_cost,
        entry.sub_calls,
        entry.mark if entry.mark.is_of_usage else None,
    )


def used(entry: Entry) -> Entry:
    """An entry as far as usage goes: whether a price was known then is no part of it, nor who made it.

    A unit that is stated as 0 is one that was not used: some servers leave it out then.
    """
    mark = entry.mark if entry.mark.is_of_usage else Mark.NONE
    usage = entry.usage
    if 0 in usage.counts.values():
        usage = Usage({unit: count for unit, count in usage if count})
    return entry._replace(agent=None, mark=mark, usage=usage, within=())
