"""Where the bundled table lacks a price or has a wrong one: rows of our own, dated and with a source.

A row comes after the YAML and the provider's own statement, and before genai-prices. The rows are data, in
``correction_rows``; a test for each of them fails as soon as genai-prices says something else than it did
when the row was written, so that a row goes when it is no longer needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pytest_llmcost.model.money import exact_money
from pytest_llmcost.model.price import PriceSource, Rate, RateCard, Tier
from pytest_llmcost.pricing.genai import GenaiPrices, Match, listed_id
from pytest_llmcost.pricing.rules import has_wildcard, key_matches

TABLE = "corrections"


class Card(NamedTuple):
    """The whole rate card of a model that genai-prices does not know, or knows wrongly."""

    rates: Mapping[str, Rate]


class SameAs(NamedTuple):
    """Another id of a model that genai-prices knows, as ``provider/model``."""

    key: str


class Added(NamedTuple):
    """Rates that genai-prices lacks on a card that it has."""

    rates: Mapping[str, Rate]


class Derived(NamedTuple):
    """A rate that is a multiple of another one of the card, in every tier."""

    unit: str
    of: str
    factor: Decimal


class Premium(NamedTuple):
    """A factor on every rate of tokens; fees are not multiplied."""

    factor: Decimal


_NO_PREMIUM = Premium(Decimal(1))
Change = Card | SameAs | Added | Derived | Premium
ANY = "*"


class Correction(NamedTuple):
    """One row.

    Attributes:
        keys: ``provider/model`` as a provider writes it, or as genai-prices resolves it; ``*`` at the end.
        change: What holds in place of genai-prices, or beside it.
        source: Who says so, for a person to look up.
        reason: What genai-prices lacks or has wrong.
        checked: When the source was read.
        since: The first day on which the row holds; None for always.
        when: The key of the context and its value for which alone the row holds; ``*`` is any value.
        but: Ids that genai-prices resolves to one of the keys, and that the row is not about.
        upstream: What genai-prices says of ``keys``, in USD by unit; None if it does not know them.
    """

    keys: tuple[str, ...]
    change: Change
    source: str
    reason: str
    checked: date
    since: date | None = None
    when: tuple[str, str] | None = None
    but: tuple[str, ...] = ()
    upstream: Mapping[str, str] | None = None

    @property
    def origin(self) -> str:
        """The row as a person would look it up."""
        return f"correction of {self.checked}: {self.source}"

    def holds(self, names: Sequence[str], context: Mapping[str, str], day: date) -> bool:
        """Whether the row is about one of the names, in a context and on a day."""
        if self.since is not None and day < self.since:
            return False
        if self.when is not None and self.when[1] not in {ANY, context.get(self.when[0])}:
            return False
        if self.when is not None and self.when[0] not in context:
            return False
        return self.is_about(names)

    def is_about(self, names: Sequence[str]) -> bool:
        """Whether one of the names is a key of the row."""
        if any(name in self.but for name in names):
            return False
        return any(key_matches(key, name) for key in self.keys for name in names)


class CorrectedPrices:
    """genai-prices with the corrections in front of it; it answers what ``GenaiPrices`` answers.

    Args:
        bundled: The table behind the rows.
        rows: The rows; those that come with the plugin, unless others are given.
    """

    def __init__(self, bundled: GenaiPrices, rows: Sequence[Correction] | None = None) -> None:
        self.bundled = bundled
        self._given = rows
        self._by_provider: dict[str, list[Correction]] | None = None

    @property
    def version(self) -> str:
        """The version of genai-prices."""
        return self.bundled.version

    @property
    def name(self) -> str:
        """genai-prices with its version."""
        return self.bundled.name

    def resolve(self, provider: str, model: str) -> Match | None:
        """Which model of the tables an id means; None if neither knows it."""
        found = self.bundled.resolve(provider, model)
        if found is not None:
            return found
        listed = listed_id(provider, model)
        name = f"{provider}/{listed}"
        rows = self._rows(provider)
        known = any(
            isinstance(row.change, Card | SameAs) and row.when is None and row.is_about([name])
            for row in rows
        )
        return Match(provider, listed, TABLE) if known else None

    def card(self, provider: str, model: str, context: Mapping[str, str], day: date) -> RateCard | None:
        """The rates of a model on a day; see ``GenaiPrices.card``."""
        names = self._names(provider, model)
        rows = [row for row in self._rows(provider) if row.holds(names, context, day)]
        handled = {row.when[0] for row in rows if row.when}
        rest = {key: value for key, value in context.items() if key not in handled}
        found = self._standard(rows, (provider, model), names[0], rest, day)
        for row in rows:
            found = found and _changed(found, row)
        return found

    def is_deprecated(self, provider: str, model: str) -> bool:
        """Whether the provider has announced the end of a model."""
        return self.bundled.is_deprecated(provider, model)

    def owners(self, model: str) -> list[str]:
        """The providers under which a table lists a model id, in the order of their ids."""
        ours = {
            owner
            for row in self._all()
            for owner, _, listed in (key.partition("/") for key in row.keys)
            if row.when is None and isinstance(row.change, Card | SameAs) and listed == model
        }
        return sorted({*ours, *self.bundled.owners(model)})

    def names(self) -> list[str]:
        """Every ``provider/model`` that a table lists."""
        ours = [key for row in self._all() for key in row.keys if not has_wildcard(key)]
        return [*self.bundled.names(), *ours]

    def contexts(self, provider: str, model: str) -> list[dict[str, str]]:
        """The contexts that have prices of their own for a model; ``*`` stands for any value."""
        names = self._names(provider, model)
        ours = [
            {row.when[0]: row.when[1]}
            for row in self._rows(provider)
            if row.when and row.change != _NO_PREMIUM and row.is_about(names)
        ]
        return [*self.bundled.contexts(provider, model), *ours]

    def starts(self, provider: str, model: str) -> list[date]:
        """The days on which prices of a model begin, in order."""
        names = self._names(provider, model)
        ours = {row.since for row in self._rows(provider) if row.since and row.is_about(names)}
        return sorted({*ours, *self.bundled.starts(provider, model)})

    def has_start(self, after: date, until: date) -> bool:
        """See ``GenaiPrices.has_start``."""
        return self.bundled.has_start(after, until)

    def newest_start(self, day: date) -> date | None:
        """See ``GenaiPrices.newest_start``."""
        return self.bundled.newest_start(day)

    def _standard(
        self,
        rows: Sequence[Correction],
        asked: tuple[str, str],
        name: str,
        context: Mapping[str, str],
        day: date,
    ) -> RateCard | None:
        whole = [row for row in rows if isinstance(row.change, Card | SameAs)]
        if not whole:
            return self.bundled.card(*asked, context, day)
        # A row of a context is more than one of all, and a later one more than an earlier one.
        row = max(whole, key=lambda row: (row.when is not None, row.since or date.min))
        if isinstance(row.change, SameAs):
            provider, _, model = row.change.key.partition("/")
            card = self.bundled.card(provider, model, context, day)
            origin = f"{row.origin}; it is {row.change.key} of {self.bundled.name}"
            return card and replace(card, source=PriceSource.CORRECTION, origin=origin, matched=name)
        rates = row.change.rates if isinstance(row.change, Card) else {}
        return RateCard(
            name="",
            source=PriceSource.CORRECTION,
            origin=row.origin,
            matched=name,
            as_of=day,
            since=row.since,
            rates=rates,
            doubts=tuple(f"no price for {key}={value}" for key, value in sorted(context.items())),
        )

    def _names(self, provider: str, model: str) -> list[str]:
        """An id as its provider lists it, and as genai-prices resolves it."""
        match = self.bundled.resolve(provider, model)
        return [f"{provider}/{listed_id(provider, model)}", *([match.key] if match else [])]

    def _rows(self, provider: str) -> list[Correction]:
        if self._by_provider is None:
            self._by_provider = {}
            for row in self._all():
                for owner in dict.fromkeys(key.partition("/")[0] for key in row.keys):
                    self._by_provider.setdefault(owner, []).append(row)
        return self._by_provider.get(provider, [])

    def _all(self) -> Sequence[Correction]:
        if self._given is not None:
            return self._given
        from pytest_llmcost.pricing.correction_rows import ROWS

        return ROWS


def _changed(card: RateCard, row: Correction) -> RateCard:
    """A card with a row's rates beside or in place of its own, each with its origin."""
    change = row.change
    rates: dict[str, Rate] = {}
    if isinstance(change, Added):
        rates = dict(change.rates)
    elif isinstance(change, Derived) and change.of in card.rates:
        rates = {change.unit: multiplied(card.rates[change.of], change.factor)}
    elif isinstance(change, Premium) and change.factor != 1:
        rates = {
            unit: multiplied(rate, change.factor)
            for unit, rate in card.rates.items()
            if unit.endswith("_tokens")
        }
    if not rates:
        return card
    return replace(
        card,
        rates={**card.rates, **rates},
        corrected={**card.corrected, **dict.fromkeys(rates, row.origin)},
    )


def multiplied(rate: Rate, factor: Decimal) -> Rate:
    """A rate with all its tiers times a factor."""
    with exact_money():
        tiers = tuple(Tier(tier.above, tier.usd * factor) for tier in rate.tiers)
        return Rate(rate.usd * factor, rate.per, tiers)
