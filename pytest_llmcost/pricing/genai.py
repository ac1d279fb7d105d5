"""The bundled price table: genai-prices, asked through a private snapshot.

The snapshot is ours alone: the app under test may use genai-prices too, and may have set or updated the
process-wide one. Importing genai-prices takes about 0.1 s, so it waits until a price is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_llmcost.model.price import PriceSource, Rate, RateCard, Tier
from pytest_llmcost.model.units import REASONING

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider

# Prices may depend on the time of day (DeepSeek): noon UTC makes every run of a day give the same figure.
NOON = time(12, tzinfo=UTC)
NAME = "genai-prices"
_TUNED = "ft:"
_STANDARD = {"service_tier": "default"}
_UNIT_NAMES = {"output_reasoning_tokens": REASONING}
# What a provider's own id has around the one that genai-prices lists. Gemini's SDKs write the resource path
# in front, Vertex's OpenAI-compatible endpoint the publisher; Bedrock takes ARNs, where an application's own
# profile names no model; Hugging Face's router takes the provider behind it.
_AROUND_THE_ID = (
    ("google", r"^(?:publishers/[^/]+/)?models/|^google/"),
    ("aws", r"^arn:[^/]*:(?:foundation-model|inference-profile)/"),
    ("huggingface", r":[^:/]+$"),
)


class Match(NamedTuple):
    """A model of a table that an id was resolved to."""

    provider: str
    model: str
    table: str = NAME

    @property
    def key(self) -> str:
        """``provider/model`` as the table lists it."""
        return f"{self.provider}/{self.model}"


class GenaiPrices:
    """The price table that comes with the plugin."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[Provider, ModelInfo] | None] = {}

    @cached_property
    def version(self) -> str:
        """The installed version, such as ``0.2.3``."""
        from importlib.metadata import version

        return version(NAME)

    @property
    def name(self) -> str:
        """The table with its version, as users look it up."""
        return f"{NAME} {self.version}"

    @cached_property
    def _providers(self) -> list[Provider]:
        from genai_prices.data import providers

        return providers

    @cached_property
    def _unit_of_price(self) -> dict[str, tuple[str, int]]:
        from genai_prices.data_units import unit_data

        return {
            raw.get("price_key", usage_key): (_UNIT_NAMES.get(usage_key, usage_key), raw["per"])
            for usage_key, raw in unit_data.items()
        }

    def resolve(self, provider: str, model: str) -> Match | None:
        """Which model of the table an id means.

        Args:
            provider: A provider id of genai-prices, compared as it is.
            model: A model id as the provider writes it.

        Returns:
            The match; None if the table does not know the provider or the model.
        """
        found = self._find(provider, model)
        return Match(found[0].id, found[1].id) if found else None

    def card(self, provider: str, model: str, context: Mapping[str, str], day: date) -> RateCard | None:
        """The rates of a model on a day.

        Args:
            provider: A provider id of genai-prices.
            model: A model id as the provider writes it.
            context: Tier and the like, such as ``{"service_tier": "flex"}``; empty for standard prices.
            day: The day whose prices hold, at 12:00 UTC.

        Returns:
            The card, with a doubt for a context that the table does not price; None if the model is unknown.
        """
        found = self._find(provider, model)
        if found is None:
            return None
        owner, info = found
        moment = datetime.combine(day, NOON)
        direct = any(info is candidate for candidate in owner.models)
        rows = [when for when in _variants(info, moment) if when.items() <= context.items()] if direct else []
        known = {key: value for when in rows for key, value in when.items()}
        # Of two rows that hold at once, genai-prices would take the first.
        together = known if rows and known not in rows else {}
        price = info.get_prices(moment, known)
        return RateCard(
            name="",
            source=PriceSource.GENAI_PRICES,
            origin=self.name,
            matched=f"{owner.id}/{info.id}",
            as_of=day,
            since=_since(info, day),
            rates=dict(self._rates(price)),
            doubts=tuple(
                f"{self.name} has no price for {key}={value}"
                for key, value in sorted(context.items())
                if key not in known
            )
            + ((f"{self.name} has no price for {_and(together)} together",) if together else ()),
        )

    def is_deprecated(self, provider: str, model: str) -> bool:
        """Whether the provider has announced the end of a model."""
        found = self._find(provider, model)
        return found is not None and bool(found[1].deprecated)

    def owners(self, model: str) -> list[str]:
        """The providers that list a model id themselves, in the order of their ids."""
        return sorted(owner.id for owner in self._providers if owner.find_model(model) is not None)

    def names(self) -> list[str]:
        """Every ``provider/model`` that is listed."""
        return [f"{owner.id}/{model.id}" for owner in self._providers for model in owner.models]

    def contexts(self, provider: str, model: str) -> list[dict[str, str]]:
        """The contexts that have other prices for a model, such as ``{"service_tier": "flex"}``."""
        found = self._find(provider, model)
        if found is None or not any(found[1] is listed for listed in found[0].models):
            return []
        variants = [variant.when for variant in found[1].price_variants or ()]
        distinct = {tuple(sorted(when.items())) for when in variants if when != _STANDARD}
        return [dict(context) for context in sorted(distinct)]

    def starts(self, provider: str, model: str) -> list[date]:
        """The days on which prices of a model begin, in order; empty where it has always had the same."""
        found = self._find(provider, model)
        if found is None:
            return []
        return sorted(set(_dated(found[1])))

    def has_start(self, after: date, until: date) -> bool:
        """Whether a price of any model begins after a day and not after another one."""
        return any(after < start <= until for start in self._starts())

    def newest_start(self, day: date) -> date | None:
        """The newest day, up to the given one, on which a price of any model begins; None if there is none.

        Some price begins nearly every week: the table was packaged soon after that day, or before it where
        the change had been announced.
        """
        return max((start for start in self._starts() if start <= day), default=None)

    def _starts(self) -> Iterator[date]:
        for owner in self._providers:
            for model in owner.models:
                yield from _dated(model)

    def _find(self, provider: str, model: str) -> tuple[Provider, ModelInfo] | None:
        asked = (provider, model)
        if asked not in self._found:
            self._found[asked] = self._search(provider, listed_id(provider, model))
        return self._found[asked]

    def _search(self, provider: str, model: str) -> tuple[Provider, ModelInfo] | None:
        # By exact id only: genai-prices' own provider match would take "my-openai-gateway" for OpenAI.
        owner = next((candidate for candidate in self._providers if candidate.id == provider), None)
        info = owner.find_model(model, all_providers=self._providers) if owner else None
        if owner is None or info is None:
            return None
        # A model that was tuned is dearer than the one that it was made of.
        is_base = model.startswith(_TUNED) and not info.id.startswith(_TUNED)
        return None if is_base else (owner, info)

    def _rates(self, price: ModelPrice) -> Iterator[tuple[str, Rate]]:
        for price_key, value in vars(price).items():
            if value is None or price_key.startswith("_") or price_key not in self._unit_of_price:
                continue
            unit, per = self._unit_of_price[price_key]
            yield unit, _rate(value, per)


def _dated(info: ModelInfo) -> Iterator[date]:
    rows = info.prices if isinstance(info.prices, list) else []
    for row in (*rows, *(info.price_variants or ())):
        start = getattr(row.constraint, "start_date", None)
        if start is not None:
            yield start


def listed_id(provider: str, model: str) -> str:
    """A model id without what its provider writes around the one that is listed."""
    for owner, around in _AROUND_THE_ID:
        if provider.startswith(owner):
            model = re.sub(around, "", model, count=1)
    if provider == "azure":
        # Azure's own names of these models have no dot, as its deployments once could not have one.
        # It writes those of others in either case (DeepSeek-V3).
        model = re.sub(r"^gpt-35(?=-)", "gpt-3.5", model.lower())
    return model.removeprefix("models/")


def _rate(value: Any, per: int) -> Rate:
    tiers = getattr(value, "tiers", None)
    if tiers is None:
        return Rate(value, per)
    return Rate(value.base, per, tuple(Tier(tier.start, tier.price) for tier in tiers))


def _variants(info: ModelInfo, moment: datetime) -> list[Mapping[str, str]]:
    """The contexts that have prices of their own at a moment."""
    return [
        variant.when
        for variant in info.price_variants or ()
        if variant.constraint is None or variant.constraint.active(moment)
    ]


def _and(context: Mapping[str, str]) -> str:
    return " and ".join(f"{key}={value}" for key, value in sorted(context.items()))


def _since(info: ModelInfo, day: date) -> date | None:
    if not isinstance(info.prices, list):
        return None
    starts = [getattr(row.constraint, "start_date", None) for row in info.prices]
    return max((start for start in starts if start is not None and start <= day), default=None)
