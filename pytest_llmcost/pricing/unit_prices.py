"""What one of each unit costs, for the usages that state the same units: most calls of a suite do.

The quick way of ``kernel.invoice``, to the same amounts. It has no answer where a closer look is due:
cliffs that the request may pass, units without a price, impossible counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, Inexact
from typing import NamedTuple

from pytest_llmcost.model.money import EXACT, ZERO
from pytest_llmcost.model.price import RateCard
from pytest_llmcost.model.units import INPUT, REQUESTS
from pytest_llmcost.pricing.kernel import form_of

_one = Context(prec=EXACT.prec, traps=[Inexact])
_multiply, _add = EXACT.multiply, EXACT.add


class UnitPrices(NamedTuple):
    """Prices of single units at one card, for usages that state the same units in the same order.

    Attributes:
        card: Whose they are.
        units: In the order of the card: the name, USD for one of it, its place in the usage, and the places
            of what is inside of it and has a price of its own.
        request: USD for the request itself; None if it has no fee.
        pairs: Places of a part and of what holds it, where ``units`` does not compare the two.
        most_input: The place of the input tokens, and how many the prices hold for; None without cliffs.
    """

    card: RateCard
    units: tuple[tuple[str, Decimal, int, tuple[int, ...]], ...]
    request: Decimal | None
    pairs: tuple[tuple[int, int], ...]
    most_input: tuple[int, int] | None

    def cost(self, values: Sequence[int]) -> tuple[Decimal, dict[str, Decimal]] | None:
        """As ``KnownPrices.cost``, of the counts alone."""
        _, units, request, pairs, most_input = self
        if most_input is not None and values[most_input[0]] > most_input[1]:
            return None
        for part, whole in pairs:
            if values[part] > values[whole]:
                return None
        total = request
        amounts: dict[str, Decimal] = {}
        for name, usd, place, inside in units:
            count = values[place]
            for part in inside:
                count -= values[part]
            if count > 0:
                amount = amounts[name] = _multiply(usd, count)
                total = amount if total is None else _add(total, amount)
            elif count < 0:
                return None
        if request is not None:
            amounts[REQUESTS] = request
        return total or ZERO, amounts


class KnownPrices:
    """Prices of single units, as far as calls have asked for them."""

    def __init__(self) -> None:
        # By the identity of a card, which is kept with them, and the units of a usage; where these are not
        # enough, also by which of them are used.
        self._of_units: dict[tuple[int, tuple[str, ...]], tuple[RateCard, UnitPrices | None]] = {}
        self._of_used: dict[tuple[int, tuple[str, ...], tuple[bool, ...]], UnitPrices | None] = {}

    def cost(self, counts: Mapping[str, int], card: RateCard) -> tuple[Decimal, dict[str, Decimal]] | None:
        """The cost of a usage, and what each unit has of it, in USD; see ``kernel.invoice``.

        Returns:
            None if it needs a closer look.
        """
        stated, values = tuple(counts), tuple(counts.values())
        try:
            _, prices = self._of_units[id(card), stated]
        except KeyError:
            prices = unit_prices(card, stated, (True,) * len(stated))
            self._of_units[id(card), stated] = card, prices
        if prices is None and 0 in values:
            used = tuple(map(bool, values))
            try:
                prices = self._of_used[id(card), stated, used]
            except KeyError:
                prices = self._of_used[id(card), stated, used] = unit_prices(card, stated, used)
        return prices.cost(values) if prices else None


def unit_prices(card: RateCard, stated: tuple[str, ...], used: tuple[bool, ...]) -> UnitPrices | None:
    """The prices for usages that state some units.

    Args:
        card: Rates in USD.
        stated: The units.
        used: Of each whether its count is more than 0.

    Returns:
        None if such a usage needs a closer look each time.
    """
    form = form_of(tuple(card.rates), stated, used)
    if card.doubts or not form.all_priced:
        return None
    inside = dict(form.leaves)
    parts: dict[str, tuple[str, ...]] = {}
    for name, all_parts in form.leaves:
        # What is inside of a part is taken out with it.
        deeper = {part for outer in all_parts for part in inside[outer]}
        parts[name] = tuple(part for part in all_parts if part not in deeper)
        if sum(1 + len(inside[part]) for part in parts[name]) != len(all_parts):
            return None  # a part of two parts
    limits = [tier.above for rate in card.rates.values() for tier in rate.tiers]
    try:
        single = {name: _one.divide(rate.usd, rate.per) for name, rate in card.rates.items()}
    except Inexact:
        return None
    units = tuple(
        (name, single[name], stated.index(name), tuple(map(stated.index, parts[name])))
        for name in form.in_order
    )
    apart = [(part, whole) for part, whole in form.nested if part not in inside.get(whole, ())]
    return UnitPrices(
        card,
        units,
        single.get(REQUESTS),
        tuple((stated.index(part), stated.index(whole)) for part, whole in apart),
        (stated.index(INPUT), min(limits)) if limits and INPUT in stated else None,
    )
