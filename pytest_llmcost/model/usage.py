"""How much of what a call used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from pytest_llmcost.model import units
from pytest_llmcost.model.money import EXACT

_SIX_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts of billed units, as the provider stated them.

    ``input_tokens`` includes cache reads, cache writes and tool-use prompt; ``output_tokens`` includes
    reasoning. A unit that was not stated is absent, which is not the same as 0.

    Attributes:
        counts: Unit name (see ``units.UNITS``) to its count, never negative.
    """

    counts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counts = self.counts
        if counts and min(counts.values()) < 0:
            name = next(name for name, count in counts.items() if count < 0)
            raise ValueError(f"usage states a negative count: {name}={counts[name]}")
        object.__setattr__(self, "counts", MappingProxyType(dict(counts)))

    def __hash__(self) -> int:
        return hash(frozenset(self.counts.items()))

    def __reduce__(self) -> tuple[type[Usage], tuple[dict[str, int]]]:
        return Usage, (dict(self.counts),)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self.counts.items())

    def get(self, unit: str) -> int | None:
        """The count of a unit; None if it was not stated."""
        return self.counts.get(unit)

    @property
    def input_tokens(self) -> int:
        """All prompt tokens, cached or not; 0 if none were stated."""
        return self.counts.get(units.INPUT, 0)

    @property
    def output_tokens(self) -> int:
        """All generated tokens, with reasoning; 0 if none were stated."""
        return self.counts.get(units.OUTPUT, 0)

    @property
    def cache_read_tokens(self) -> int:
        """Prompt tokens that the provider read from its prompt cache; 0 if none were stated."""
        return self.counts.get(units.CACHE_READ, 0)

    @property
    def cache_write_tokens(self) -> int:
        """Prompt tokens that the provider wrote to its prompt cache; 0 if none were stated."""
        return self.counts.get(units.CACHE_WRITE, 0)


NO_USAGE = Usage()


def total_usage(usages: Iterable[Usage]) -> Usage:
    """Sum usages unit by unit; a unit is in the sum if any part states it."""
    counts: dict[str, int] = {}
    for usage in usages:
        for name, count in usage.counts.items():
            counts[name] = counts.get(name, 0) + count
    return Usage(counts)


def cache_hit_rate(usage: Usage) -> Decimal | None:
    """The share of prompt tokens that came from the provider's prompt cache.

    Args:
        usage: The sum over generation calls (no embeddings, no rerank).

    Returns:
        A ratio from 0 to 1, rounded to 6 places; None if no prompt tokens were stated.
    """
    return hit_ratio(usage.cache_read_tokens, usage.input_tokens)


def hit_ratio(read: int, prompt: int) -> Decimal | None:
    """The share of what a cache had, rounded to 6 places; None of nothing."""
    if not prompt:
        return None
    # More reads than prompt are impossible, and stated all the same.
    return EXACT.quantize(EXACT.divide(min(read, prompt), prompt), _SIX_PLACES)
