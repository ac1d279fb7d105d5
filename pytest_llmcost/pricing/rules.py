"""What the YAML's ``pricing:`` section says, as values."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pytest_llmcost.model.price import Rate


class AsOf(StrEnum):
    """Which day's prices hold, where it is not one fixed day."""

    TODAY = "today"
    RECORDED = "recorded"


class UnknownModel(StrEnum):
    """What a model without a price is worth in a gate; its cost is never zero."""

    FAIL = "fail"
    WARN = "warn"


class ProviderReported(StrEnum):
    """What to do with a cost that the provider states itself."""

    PREFER = "prefer"
    COMPARE = "compare"
    IGNORE = "ignore"


class DatedRates(NamedTuple):
    """One row of a model in the YAML.

    Attributes:
        start: The first day on which the row holds; None for always.
        rates: Unit to rate, as typed.
        multiply: Factor on the card of ``base`` or of the model itself; None if there is none.
        base: ``provider/model`` whose card is taken; None for none.
        line: Line of the row in the YAML file.
    """

    start: date | None
    rates: Mapping[str, Rate]
    multiply: Decimal | None
    base: str | None
    line: int


class ModelRule(NamedTuple):
    """A key under ``models:`` with its rows, the oldest first."""

    key: str
    rows: tuple[DatedRates, ...]
    line: int

    def on(self, day: date) -> DatedRates | None:
        """The row that holds on a day; None if the first one starts later."""
        held = [row for row in self.rows if row.start is None or row.start <= day]
        return held[-1] if held else None


class Alias(NamedTuple):
    """A key under ``aliases:`` and the ``provider/model`` that it stands for."""

    key: str
    target: str
    line: int


class FreeRule(NamedTuple):
    """An entry under ``free:``: calls of that ``provider/model`` cost nothing."""

    key: str
    line: int


class PricingRules(NamedTuple):
    """The ``pricing:`` section.

    Attributes:
        path: The YAML file as users name it; None without a file.
        as_of: A fixed day, or how to find it.
        unknown_model: What an unpriced call is worth.
        provider_reported: What to do with a stated cost.
        models: Own prices.
        aliases: Other names of priced models.
        free: What costs nothing.
    """

    path: str | None = None
    as_of: date | AsOf = AsOf.TODAY
    unknown_model: UnknownModel = UnknownModel.FAIL
    provider_reported: ProviderReported = ProviderReported.PREFER
    models: tuple[ModelRule, ...] = ()
    aliases: tuple[Alias, ...] = ()
    free: tuple[FreeRule, ...] = ()

    def place(self, line: int) -> str:
        """``file:line`` for messages."""
        return f"{self.path}:{line}"


_WILDCARDS = "*?"


def key_matches(key: str, model: str) -> bool:
    """Whether a key of the YAML names a ``provider/model``.

    Args:
        key: As typed; ``*`` (any text) and ``?`` (one character) count at its end only.
        model: ``provider/model``, compared as it is.
    """
    stem = key.rstrip(_WILDCARDS)
    if stem == key:
        return key == model
    if not model.startswith(stem):
        return False
    tail, wildcards = model[len(stem) :], key[len(stem) :]
    at_least = wildcards.count("?")
    return len(tail) >= at_least if "*" in wildcards else len(tail) == at_least


def has_wildcard(key: str) -> bool:
    """Whether a key ends in a wildcard."""
    return key != key.rstrip(_WILDCARDS)
