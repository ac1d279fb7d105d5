"""Telling of a lookup in a cache that the app has in front of its models: ``cache_event("L1", hit=True)``."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple


class Lookup(NamedTuple):
    """What the app says of one lookup; see ``cache_event``."""

    layer: str | None
    hit: bool
    key: str | bytes | None = None
    entry: str | bytes | None = None
    model: str | None = None
    saved_tokens: Mapping[str, int] | None = None
    saved_cost: Decimal | str | float | None = None


def cache_event(
    layer: str | None,
    hit: bool,
    *,
    key: str | bytes | None = None,
    entry: str | bytes | None = None,
    model: str | None = None,
    saved_tokens: Mapping[str, int] | None = None,
    saved_cost: Decimal | str | float | None = None,
) -> None:
    """Tell that the app looked an answer up in a cache of its own, in front of the model.

    Such a cache makes no HTTP call when it hits, so that nothing else shows it. The lookup belongs to the
    test, fixture and agent that a call made here would belong to. Without ``--llm-cost`` nothing happens; it
    costs a microsecond, and it never raises.

    One request is one lookup. Where its layers are asked in turn, either tell once, of the layer that had the
    answer; or tell of each and give all of them the same ``key``.

    Args:
        layer: The cache that had the answer (``"L1"``, ``"semantic"``); on a miss it does not matter.
        hit: Whether there was an answer.
        key: What tells the request from others; only its hash is kept. The first call after a miss with a key
            is the one that the cache spares when it hits with that key, and its cost is what that saves.
        entry: The key of the request whose answer was found, where a semantic cache found that of another.
        model: Of the request, ``gpt-4o`` or ``openai/gpt-4o``.
        saved_tokens: What a hit saved, where the app knows better: ``{"input_tokens": 900, "output_tokens":
            120}``, priced as the model's.
        saved_cost: What a hit saved in USD, where the app knows better.

    Example:
        >>> answer = cache.get(prompt)
        >>> cache_event("L1", answer is not None, key=prompt)
    """
    heard(Lookup(layer, hit, key, entry, model, saved_tokens, saved_cost))


def heard(lookup: Lookup) -> None:
    """Takes each lookup that the app tells of; while a session captures, it stands in for this function."""
