"""Usage times rate card: the arithmetic of an invoice, and nothing else."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache, reduce
from itertools import combinations
from typing import NamedTuple

from pytest_llmcost.model.money import EXACT, ZERO
from pytest_llmcost.model.price import Rate, RateCard
from pytest_llmcost.model.units import INPUT, REQUESTS, UNITS, Unit
from pytest_llmcost.model.usage import Usage


class Line(NamedTuple):
    """One line of the invoice.

    Attributes:
        unit: What is billed, without the parts that have a line of their own.
        quantity: How many of it.
        usd: USD for ``per`` units, in the tier of the request.
        per: How many units that buys.
        amount: ``quantity * usd / per``, in USD, exact.
    """

    unit: str
    quantity: int
    usd: Decimal
    per: int
    amount: Decimal


class Invoice(NamedTuple):
    """The priced lines of a usage, and what could not be priced.

    Attributes:
        lines: In the order of the rate card.
        problems: Each says which unit has no price, or why the usage is impossible; empty if all is priced.
    """

    lines: tuple[Line, ...]
    problems: tuple[str, ...] = ()

    @property
    def amount(self) -> Decimal:
        """The sum of the lines, in USD."""
        return reduce(EXACT.add, [line.amount for line in self.lines], ZERO)


def invoice(usage: Usage, card: RateCard) -> Invoice:
    """Price a usage.

    A priced unit is billed without those of its parts that the card prices too: cache reads are taken out
    of the input, if they have a rate. A part without a rate is billed at the rate of what contains it
    (reasoning as output), except where that would be wrong (``Unit.own_price``): that is a problem.

    Args:
        usage: Counts, ``input_tokens`` with everything cached.
        card: Rates in USD.

    Returns:
        The lines. With problems, they are a lower bound.
    """
    counts = usage.counts
    form = form_of(tuple(card.rates), tuple(counts), tuple(map(bool, counts.values())))
    quantities = _leaf_quantities(counts, form)
    problems = [] if form.all_priced else [*_unpriced(usage, card), *_ambiguous(usage, card)]
    impossible = [pair for pair in form.nested if counts[pair[0]] > counts[pair[1]]]
    if impossible or (quantities and min(quantities.values()) < 0):
        problems += _impossible(counts, impossible) or _overdrawn(quantities, form)
        lines = _least(usage, card)
    else:
        lines = _lines(quantities, form, card, usage)
    return Invoice(tuple(lines), tuple(problems))


class Form(NamedTuple):
    """What follows from the names of units alone: the same for most calls of a model.

    Attributes:
        leaves: Each priced unit that is stated, with those to take out of it; parts before what holds them.
        in_order: The same units in the order of the card.
        nested: Pairs of stated units, a part and what holds it.
        all_priced: Whether nothing is without a price, and nothing ambiguous, whatever the counts are.
    """

    leaves: tuple[tuple[str, tuple[str, ...]], ...]
    in_order: tuple[str, ...]
    nested: tuple[tuple[str, str], ...]
    all_priced: bool


@lru_cache(maxsize=1024)
def form_of(rated: tuple[str, ...], stated: tuple[str, ...], used: tuple[bool, ...]) -> Form:
    """The form of a usage at a card.

    Args:
        rated: The units of the card, in its order.
        stated: The units of the usage.
        used: Of each whether its count is more than 0.
    """
    priced = [UNITS[name] for name in rated if name in UNITS and name != REQUESTS and name in stated]
    priced.sort(key=lambda unit: -len(unit.dimensions))
    leaves = tuple(
        (unit.name, tuple(other.name for other in priced if unit.contains(other))) for unit in priced
    )
    known = [UNITS[name] for name in stated if name in UNITS]
    nested = tuple((part.name, whole.name) for part in known for whole in known if whole.contains(part))
    some = [name for name, is_used in zip(stated, used, strict=True) if is_used]
    rest = [UNITS.get(name) for name in some if name not in rated]
    in_rated = [UNITS[name] for name in rated if name in UNITS]
    covered = all(
        unit and not unit.own_price and any(other.contains(unit) for other in in_rated) for unit in rest
    )
    apart = all(
        left.contains(right) or right.contains(left) or not left.overlaps(right)
        for left, right in combinations([UNITS[name] for name in some if name in rated and name in UNITS], 2)
    )
    in_order = tuple(name for name in rated if name in {unit.name for unit in priced})
    return Form(leaves, in_order, nested, covered and apart)


def _unpriced(usage: Usage, card: RateCard) -> Iterable[str]:
    for name, count in usage:
        if not count or name in card.rates:
            continue
        unit = UNITS.get(name)
        priced = [UNITS[other] for other in card.rates if other in UNITS]
        containers = [other for other in priced if unit and other.contains(unit)]
        if unit is None or not containers:
            yield f"no price for {name} ({count:,})"
        elif unit.own_price and not _is_covered(unit, usage, card):
            yield f"no price of its own for {name} ({count:,})"


def _is_covered(unit: Unit, usage: Usage, card: RateCard) -> bool:
    # audio_seconds needs a price of its own, unless all of it was stated and priced as input_audio_seconds.
    parts = [
        other for other in card.rates if other in UNITS and unit.contains(UNITS[other]) and usage.get(other)
    ]
    return sum(usage.get(part) or 0 for part in parts) == usage.get(unit.name)


def _ambiguous(usage: Usage, card: RateCard) -> Iterable[str]:
    """Units that overlap by an amount which the usage does not state, such as cached and audio input."""
    stated = [UNITS[name] for name in card.rates if name in UNITS and usage.get(name)]
    for index, left in enumerate(stated):
        for right in stated[index + 1 :]:
            if left.contains(right) or right.contains(left) or not left.overlaps(right):
                continue
            both = left.dimensions | right.dimensions
            if not any(UNITS[name].dimensions == both for name, _ in usage if name in UNITS):
                yield f"not stated how much of {left.name} is also {right.name}"


def _impossible(counts: Mapping[str, int], pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [
        f"impossible usage: {part} ({counts[part]:,}) exceeds {whole} ({counts[whole]:,})"
        for part, whole in pairs
    ]


def _overdrawn(quantities: Mapping[str, int], form: Form) -> list[str]:
    return [
        f"the parts of {unit} add up to more than {unit}" for unit in form.in_order if quantities[unit] < 0
    ]


def _leaf_quantities(counts: Mapping[str, int], form: Form) -> dict[str, int]:
    quantities: dict[str, int] = {}
    for name, inside in form.leaves:
        quantity = counts[name]
        for other in inside:
            quantity -= quantities[other]
        quantities[name] = quantity
    return quantities


def _lines(quantities: Mapping[str, int], form: Form, card: RateCard, usage: Usage) -> list[Line]:
    rates, input_tokens = card.rates, usage.input_tokens
    lines = [
        _line(name, quantity, rates[name], input_tokens)
        for name in form.in_order
        if (quantity := quantities[name])
    ]
    if REQUESTS in rates:
        lines.append(_line(REQUESTS, 1, rates[REQUESTS], input_tokens))
    return lines


def _line(unit: str, quantity: int, rate: Rate, input_tokens: int) -> Line:
    usd, per = rate.at(input_tokens), rate.per
    return Line(unit, quantity, usd, per, EXACT.divide(EXACT.multiply(usd, quantity), per))


def _least(usage: Usage, card: RateCard) -> list[Line]:
    """The least that an impossible usage can have cost: the prompt at its lowest rate, and the output."""
    units = [UNITS[name] for name in card.rates if name in UNITS]
    lines = []
    for top in units:
        if top.per != UNITS[INPUT].per or any(other.contains(top) for other in units):
            continue
        rates = [card.rates[other.name] for other in units if other is top or top.contains(other)]
        cheapest = min(rates, key=lambda rate: rate.at(usage.input_tokens))
        if quantity := usage.get(top.name):
            lines.append(_line(top.name, quantity, cheapest, usage.input_tokens))
    return lines
