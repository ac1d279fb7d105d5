"""What a unit costs: rates, rate cards, and how a card was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class PriceSource(StrEnum):
    """Where the cost of a call comes from."""

    FREE = "free"
    YAML = "yaml"
    STATED = "stated"
    CORRECTION = "correction"
    GENAI_PRICES = "genai-prices"
    NONE = "none"


class Tier(NamedTuple):
    """A rate for requests above a size.

    Attributes:
        above: The rate holds when the whole request has more input tokens than this.
        usd: USD for ``Rate.per`` units.
    """

    above: int
    usd: Decimal


class Rate(NamedTuple):
    """The price of one unit.

    Attributes:
        usd: USD for ``per`` units.
        per: How many units that buys.
        tiers: Cliffs in ascending order: the last one that the request passes holds for all of it.
    """

    usd: Decimal
    per: int
    tiers: tuple[Tier, ...] = ()

    def at(self, input_tokens: int) -> Decimal:
        """USD for ``per`` units in a request with that many input tokens."""
        usd = self.usd
        for above, price in self.tiers:
            if input_tokens > above:
                usd = price
        return usd


@dataclass(frozen=True, slots=True)
class RateCard:
    """All rates of one model in one context at one date.

    Attributes:
        name: ``provider/model@context``, unique in a report.
        source: Which kind of table it is from.
        origin: That table, as a person would look it up: ``genai-prices 0.2.3`` or ``llmcost.yaml:12``.
        matched: The key of the table that matched, as ``provider/model``.
        as_of: The date for which the rates were looked up.
        since: Since when the table has had these rates; None where it does not say.
        rates: Unit name to its rate.
        doubts: Why the rates may not be the right ones for the call (an unknown tier).
        corrected: Unit to where its rate is from, for the units whose rate is not from ``origin``.
    """

    name: str
    source: PriceSource
    origin: str
    matched: str
    as_of: date
    since: date | None
    rates: Mapping[str, Rate]
    doubts: tuple[str, ...] = ()
    corrected: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rates", MappingProxyType(dict(self.rates)))
        object.__setattr__(self, "corrected", MappingProxyType(dict(self.corrected)))


class Lookup(NamedTuple):
    """The answer of a price table for one call.

    Attributes:
        source: Where the cost comes from; ``NONE`` if nobody knows the model.
        card: The rates; None where the source is free or none. Beside a stated cost, those that it was
            not made with, for comparison.
        matched: The key that matched, as the table writes it.
        origin: The table or statement that answered, for a person to look up.
        trail: What was asked, in order, and what came of it.
    """

    source: PriceSource
    card: RateCard | None = None
    matched: str | None = None
    origin: str | None = None
    trail: tuple[str, ...] = ()
