"""One side of a comparison: entries with their prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pytest_llmcost.baseline.entries import as_measured, entry_of
from pytest_llmcost.model.amount import Amount, total
from pytest_llmcost.model.baseline import Entry, Mark
from pytest_llmcost.model.call import Call
from pytest_llmcost.model.diff import Side
from pytest_llmcost.model.price import PriceSource
from pytest_llmcost.model.usage import Usage, cache_hit_rate, total_usage
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.prices import Prices


@dataclass(frozen=True, slots=True)
class Priced:
    """An entry at the prices of the comparison.

    Attributes:
        entry: What was used.
        cost: USD.
        components: Unit to USD, sub-calls left out; empty for a cost that the provider stated.
        is_priced: Whether a price is known.
    """

    entry: Entry
    cost: Amount
    components: Mapping[str, Decimal]
    is_priced: bool


@dataclass(slots=True)
class Pricer:
    """Prices entries; each one that is asked for again costs nothing.

    Args:
        prices: Where prices are looked up.
    """

    prices: Prices
    _found: dict[Entry, Priced] = field(default_factory=dict)

    def price(self, entry: Entry) -> Priced:
        """The entry at today's prices."""
        if entry not in self._found:
            call = price_call("", as_measured(entry), self.prices)
            self._found[entry] = Priced(
                entry, call.cost, call.components, call.lookup.source is not PriceSource.NONE
            )
        return self._found[entry]

    def price_call(self, call: Call) -> Priced:
        """A call of a run: at the prices that it has, unless they are those of another day."""
        entry = entry_of(call)
        found = Priced(entry, call.cost, call.components, call.lookup.source is not PriceSource.NONE)
        if call.cost.high is None:
            return found
        now = self.price(entry)  # with "as_of: recorded" a call has the prices of its own day
        return found if now.cost.value == call.cost.value else now

    def price_all(self, entries: Mapping[Entry, int]) -> list[Priced]:
        """One for each call."""
        return [priced for entry, number in entries.items() for priced in [self.price(entry)] * number]


def side_of(calls: Sequence[Priced]) -> Side:
    """The figures of some calls."""
    return Side(
        cost=total(call.cost for call in calls),
        calls=len(calls),
        cache_hit_rate=hit_rate(call.entry for call in calls),
    )


def hit_rate(entries: Iterable[Entry]) -> Decimal | None:
    """The prompt-cache hit rate of the generation calls."""
    return cache_hit_rate(
        total_usage(
            usage
            for entry in entries
            if entry.api.generates
            for usage in (entry.usage, *(sub_call.usage for sub_call in entry.sub_calls))
        )
    )


def used(entry: Entry) -> Entry:
    """An entry as far as usage goes: whether a price was known then is no part of it, nor who made it.

    A unit that is stated as 0 is one that was not used: some servers leave it out then.
    """
    mark = entry.mark if entry.mark.is_of_usage else Mark.NONE
    usage = entry.usage
    if 0 in usage.counts.values():
        usage = Usage({unit: count for unit, count in usage if count})
    return replace(entry, agent=None, mark=mark, usage=usage)
