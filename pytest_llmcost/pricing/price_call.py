"""A measured call and a price table make a priced call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pytest_llmcost.model.amount import NOTHING, Amount
from pytest_llmcost.model.call import Bounds, Call, MeasuredCall, PricedSubCall, Status, SubCall
from pytest_llmcost.model.money import exact_money
from pytest_llmcost.model.price import Lookup, PriceSource
from pytest_llmcost.model.usage import NO_USAGE, Usage
from pytest_llmcost.pricing.kernel import invoice
from pytest_llmcost.pricing.unit_prices import KnownPrices

if TYPE_CHECKING:
    from pytest_llmcost.pricing.prices import Prices

_UNPRICED = "no price for {provider}/{model}"
# Names of this module: members of an enum are found through its metaclass, which takes time.
_EXACT, _STATED = Status.EXACT, PriceSource.STATED
_UNKNOWN = frozenset({Status.INCOMPLETE, Status.UNPRICED, Status.PARTIAL})


class _Part(NamedTuple):
    """The cost of one usage at one lookup."""

    cost: Amount
    components: Mapping[str, Decimal] = MappingProxyType({})
    problems: tuple[str, ...] = ()


def price_calls(calls: Iterable[MeasuredCall], table: Prices) -> list[Call]:
    """Price calls in order; their ids are ``c1``, ``c2``, ..."""
    known = KnownPrices()
    return [price_call(f"c{number}", call, table, known) for number, call in enumerate(calls, start=1)]


def price_call(call_id: str, call: MeasuredCall, table: Prices, known: KnownPrices | None = None) -> Call:
    """Price one call.

    Args:
        call_id: Its id in the report.
        call: What was measured.
        table: The prices.
        known: Keeps prices of single units for the next call of the kind.

    Returns:
        The call; what is not known makes its upper bound None, never its cost 0.
    """
    lookup = table.look_up(call)
    card, usage = lookup.card, call.usage
    if (
        known is not None
        and card is not None
        and usage is not None
        and lookup.source is not _STATED
        # Else there is more to the cost than usage times card.
        and not (call.stale or call.incomplete or call.sub_calls or call.doubts or call.bounds)
    ):
        found = known.cost(usage.counts, card)
        if found is not None:
            cost, components = found
            return Call(call_id, call, Amount(cost, cost, cost), components, _EXACT, None, lookup, ())
    return _closely(call_id, call, table, lookup)


def _closely(call_id: str, call: MeasuredCall, table: Prices, lookup: Lookup) -> Call:
    own = _part(call.usage or NO_USAGE, lookup, call.stated_cost)
    if call.bounds is not None:
        own = _within(own, call.bounds, lookup)
    cost, problems = own.cost, own.problems
    sub_calls: tuple[PricedSubCall, ...] = ()
    if call.sub_calls or call.doubts:
        inside = [_priced_sub_call(call, sub_call, table, lookup) for sub_call in call.sub_calls]
        sub_calls = tuple(sub_call for sub_call, _ in inside)
        problems = (*problems, *call.doubts, *(p for _, found in inside for p in found))
    status, detail = _status(call, lookup, problems)
    if sub_calls or status in _UNKNOWN:
        cost = _cost(status, cost, [sub_call.cost for sub_call in sub_calls])
    return Call(call_id, call, cost, own.components, status, detail, lookup, sub_calls)


def _part(usage: Usage, lookup: Lookup, stated: Decimal | None) -> _Part:
    if lookup.source is PriceSource.FREE:
        return _Part(NOTHING)
    if lookup.source is PriceSource.STATED and stated is not None:
        return _Part(Amount.exactly(stated))
    if lookup.card is None:
        return _Part(Amount.at_least(NOTHING.value))
    bill = invoice(usage, lookup.card)
    components = {line.unit: line.amount for line in bill.lines}
    problems = (*bill.problems, *lookup.card.doubts)
    amount = Amount.at_least(bill.amount) if problems else Amount.exactly(bill.amount)
    return _Part(amount, components, problems)


def _within(own: _Part, bounds: Bounds, lookup: Lookup) -> _Part:
    """An estimated part with the costs between which it lies."""
    if own.cost.high is None or lookup.card is None:
        return own
    value = own.cost.value
    ends = [_part(usage, lookup, None).cost for usage in bounds]
    low = min(value, *(end.low for end in ends))
    high = None if any(end.high is None for end in ends) else max(value, *(end.value for end in ends))
    return own._replace(cost=Amount(low, value, high))


def _priced_sub_call(
    call: MeasuredCall, sub_call: SubCall, table: Prices, main: Lookup
) -> tuple[PricedSubCall, tuple[str, ...]]:
    if main.source in {PriceSource.FREE, PriceSource.STATED}:
        # Free covers the whole call, and the provider's statement includes what it did inside.
        return PricedSubCall(sub_call.kind, sub_call.model, sub_call.usage, NOTHING, main), ()
    lookup = table.look_up_model(call, sub_call.model) if sub_call.model else main
    part = _part(sub_call.usage, lookup, None)
    problems = part.problems
    if lookup.source is PriceSource.NONE:
        problems = (f"no price for {call.provider}/{sub_call.model} ({sub_call.kind})",)
    return PricedSubCall(sub_call.kind, sub_call.model, sub_call.usage, part.cost, lookup), problems


def _status(call: MeasuredCall, lookup: Lookup, problems: tuple[str, ...]) -> tuple[Status, str | None]:
    source = lookup.source
    if source is PriceSource.FREE:
        return Status.FREE, f"declared free by {lookup.matched}" if lookup.matched else lookup.origin
    if call.incomplete:
        return Status.INCOMPLETE, call.incomplete
    if source is PriceSource.NONE:
        return Status.UNPRICED, lookup.origin or _UNPRICED.format(
            provider=call.provider, model=call.model.name
        )
    if problems and source is not PriceSource.STATED:
        return Status.PARTIAL, "; ".join(problems)
    if call.stale:
        return Status.ESTIMATED, "the request changed since it was recorded"
    return (Status.REPORTED, lookup.origin) if source is PriceSource.STATED else (Status.EXACT, None)


def _cost(status: Status, own: Amount, inside: list[Amount]) -> Amount:
    low, value, high = own.low, own.value, own.high
    with exact_money():
        for amount in inside:
            low, value = low + amount.low, value + amount.value
            high = None if high is None or amount.high is None else high + amount.high
    return Amount(low, value, None if status in _UNKNOWN else high)
