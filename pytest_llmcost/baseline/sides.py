"""One side of a comparison: entries with their prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from pytest_llmcost.baseline.entries import as_measured, entry_of
from pytest_llmcost.model.amount import Amount, total
from pytest_llmcost.model.baseline import CacheCount, Entry, Mark
from pytest_llmcost.model.call import Call, MeasuredCall
from pytest_llmcost.model.diff import Side
from pytest_llmcost.model.price import Lookup, PriceSource
from pytest_llmcost.model.units import CACHE_READ, INPUT, OUTPUT
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
        input: Tokens of its prompt.
        output: Tokens of its answer.
        prompt: Tokens that count for the cache hit rate: of a generation call, with those inside it.
        cached: How many of them were read from a prompt cache.
    """

    entry: Entry
    kind: int
    cost: Amount
    components: Mapping[str, Decimal]
    is_priced: bool
    input: int
    output: int
    prompt: int
    cached: int


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
    _todays: dict[tuple[object, ...], Lookup] = field(default_factory=dict)

    def of_call(self, call: Call) -> Priced:
        """A call of the run: at the price that it has, if that is one of today."""
        entry = entry_of(call)
        kind = self._kind(entry)
        known = self._found.get(kind)
        if known is not None:
            return _alike(entry, known)
        if not self._is_of_today(call, entry):
            # As it was measured, which an entry is not: an estimate lies between bounds.
            return self._keep(self._at_todays_prices(entry, kind, call.measured._replace(answered_at=None)))
        is_priced = call.lookup.source is not PriceSource.NONE
        return self._keep(Priced(entry, kind, call.cost, call.components, is_priced, *_tokens(entry)))

    def _is_of_today(self, call: Call, entry: Entry) -> bool:
        """Whether a call has the price of today; with ``as_of: recorded`` it has that of its own day."""
        if call.sub_calls:
            return False  # each of them has a price of its own
        key = (entry.provider, entry.model, entry.requested, entry.api, entry.context, entry.stated_cost)
        today = self._todays.get(key)
        if today is None:
            today = self._todays[key] = self.prices.look_up(as_measured(entry))
        return today.card is call.lookup.card and today.source is call.lookup.source

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
            return self._keep(self._at_todays_prices(entry, kind, as_measured(entry)))
        return _alike(entry, known)

    def _at_todays_prices(self, entry: Entry, kind: int, measured: MeasuredCall) -> Priced:
        call = price_call("", measured, self.prices)
        is_priced = call.lookup.source is not PriceSource.NONE
        return Priced(entry, kind, call.cost, call.components, is_priced, *_tokens(entry))

    def price_all(self, entries: Mapping[Entry, int]) -> list[Priced]:
        """One for each call."""
        found: list[Priced] = []
        for entry, number in entries.items():
            priced = self.price(entry)
            found += [priced] * number if number > 1 else (priced,)
        return found

    def _kind(self, entry: Entry) -> int:
        return self._kinds.setdefault(_used(entry), len(self._kinds))


def _alike(entry: Entry, known: Priced) -> Priced:
    """An entry that used the same as another."""
    return Priced(entry, known.kind, known.cost, known.components, known.is_priced, *_tokens(entry))


def _tokens(entry: Entry) -> tuple[int, int, int, int]:
    """Its tokens as ``Priced`` has them."""
    count = entry.usage.counts.get
    prompt, answer = count(INPUT, 0), count(OUTPUT, 0)
    if not entry.api.generates:
        return prompt, answer, 0, 0
    cached = count(CACHE_READ, 0)
    if not entry.sub_calls:
        return prompt, answer, prompt, cached
    inside = [sub_call.usage for sub_call in entry.sub_calls]
    whole = prompt + sum(usage.input_tokens for usage in inside)
    return prompt, answer, whole, cached + sum(usage.cache_read_tokens for usage in inside)


def side_of(calls: Sequence[Priced], lookups: CacheCount = NO_LOOKUPS) -> Side:
    """The figures of some calls, and of the lookups beside them."""
    return Side(total([call.cost for call in calls]), len(calls), hit_rate(calls), lookups)


def side_of_all(
    sides: Iterable[Side | None], calls: Sequence[Priced], lookups: CacheCount = NO_LOOKUPS
) -> Side:
    """The figures of all calls, of which those of each part are known."""
    cost = total([side.cost for side in sides if side is not None])
    return Side(cost, len(calls), hit_rate(calls), lookups)


def hit_rate(calls: Sequence[Priced]) -> Decimal | None:
    """The prompt-cache hit rate of the generation calls."""
    return hit_ratio(sum([call.cached for call in calls]), sum([call.prompt for call in calls]))


def _used(entry: Entry) -> tuple[object, ...]:
    """What ``used`` leaves of an entry, as a key that is quick to make."""
    _, provider, model, api, usage, requested, context, stated_cost, sub_calls, mark, edit, _ = entry
    # An estimate is what it was made from: it may move a little with what else is in a run.
    counts = dict(edit) if edit else usage.counts
    if 0 in counts.values():
        counts = {unit: count for unit, count in counts.items() if count}
    doubt = mark if mark is not Mark.NONE and mark.is_of_usage else None
    return provider, model, requested, api, context, frozenset(counts.items()), stated_cost, sub_calls, doubt


def used(entry: Entry) -> Entry:
    """An entry as far as usage goes: whether a price was known then is no part of it, nor who made it.

    A unit that is stated as 0 is one that was not used: some servers leave it out then.
    """
    mark = entry.mark if entry.mark.is_of_usage else Mark.NONE
    usage = entry.usage
    if 0 in usage.counts.values():
        usage = Usage({unit: count for unit, count in usage if count})
    return entry._replace(agent=None, mark=mark, usage=usage, within=())
