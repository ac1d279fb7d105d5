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
_UNIT_NAMES = {"output_reasoning_tokens": REASONING}
# What a provider's own id has around the one that genai-prices lists. Gemini's SDKs write the resource path
# in front, Vertex's OpenAI-compatible endpoint the publisher; Bedrock takes ARNs, where an application's own
# profile names no model; Hugging Face's router takes the provider behind it.
_AROUND_THE_ID = (
    ("google", re.compile(r"^(?:publishers/[^/]+/)?models/|^google/")),
    ("aws", re.compile(r"^arn:[^/]*:(?:foundation-model|inference-profile)/")),
    ("huggingface", re.compile(r":[^:/]+$")),
)


class Match(NamedTuple):
    """A model of the table that an id was resolved to."""

    provider: str
    model: str

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
        known = {key: value for key, value in context.items() if direct and _prices(info, key, value, moment)}
        price = info.get_prices(moment, known)
        return RateCard(
            name="",
            source=PriceSource.GENAI_PRICES,
            origin=f"{NAME} {self.version}",
            matched=f"{owner.id}/{info.id}",
            as_of=day,
            since=_since(info, day),
            rates=dict(self._rates(price)),
            doubts=tuple(
                f"{NAME} {self.version} has no price for {key}={value}"
                for key, value in sorted(context.items())
                if key not in known
            ),
        )

    def _find(self, provider: str, model: str) -> tuple[Provider, ModelInfo] | None:
        asked = (provider, model)
        if asked not in self._found:
            self._found[asked] = self._search(provider, _listed_id(provider, model))
        return self._found[asked]

    def _search(self, provider: str, model: str) -> tuple[Provider, ModelInfo] | None:
        # By exact id only: genai-prices' own provider match would take "my-openai-gateway" for OpenAI.
        owner = next((candidate for candidate in self._providers if candidate.id == provider), None)
        info = owner.find_model(model, all_providers=self._providers) if owner else None
        return (owner, info) if owner and info else None

    def _rates(self, price: ModelPrice) -> Iterator[tuple[str, Rate]]:
        for price_key, value in vars(price).items():
            if value is None or price_key.startswith("_") or price_key not in self._unit_of_price:
                continue
            unit, per = self._unit_of_price[price_key]
            yield unit, _rate(value, per)


def _listed_id(provider: str, model: str) -> str:
    for owner, around in _AROUND_THE_ID:
        if provider.startswith(owner):
            model = around.sub("", model, count=1)
    return model.removeprefix("models/")


def _rate(value: Any, per: int) -> Rate:
    tiers = getattr(value, "tiers", None)
    if tiers is None:
        return Rate(value, per)
    return Rate(value.base, per, tuple(Tier(tier.start, tier.price) for tier in tiers))


def _prices(info: ModelInfo, key: str, value: str, moment: datetime) -> bool:
    return any(
        variant.when == {key: value} and (variant.constraint is None or variant.constraint.active(moment))
        for variant in info.price_variants or ()
    )


def _since(info: ModelInfo, day: date) -> date | None:
    if not isinstance(info.prices, list):
        return None
    starts = [getattr(row.constraint, "start_date", None) for row in info.prices]
    return max((start for start in starts if start is not None and start <= day), default=None)
