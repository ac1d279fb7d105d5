"""What spans state of lookups in the app's own caches: ``cache_hit`` and ``cache_layer``.

Sources: those of ``usage.span_cache_hit``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pytest_llmcost.attribution.span_agents import id_of
from pytest_llmcost.usage.span_cache_hit import HIT_KEYS, WHOLE_KEYS, cache_hit, whole_metadata
from pytest_llmcost.usage.span_kinds import kind_of_span

_PREFIXES = ("langfuse.observation.metadata.", "traceloop.association.properties.", "")
_LAYER, _KEY = (
    (*(prefix + plain for prefix in _PREFIXES), f"llm.cache.{short}")
    for plain, short in (("cache_layer", "layer"), ("cache_key", "key"))
)
_STATING = frozenset({*HIT_KEYS, *WHOLE_KEYS})
_INPUTS = (
    *("langfuse.observation.input", "input.value", "gen_ai.input.messages", "gen_ai.prompt"),
    "traceloop.entity.input",
)
_MODELS = (
    *("langfuse.observation.model.name", "gen_ai.request.model", "gen_ai.response.model"),
    "llm.model_name",
)


class StatedLookup(NamedTuple):
    """What a span states of a lookup.

    Attributes:
        hit: Whether the cache had the answer.
        layer: Which cache.
        key: What the span itself calls the request's key.
        request: What else tells the request from others: the span's name and input.
        model: Which was or would have been asked.
        is_generation: Whether the span stands for one request to a model.
    """

    hit: bool
    layer: str | None
    key: str | None
    request: str | None
    model: str | None
    is_generation: bool


def may_state_lookup(attributes: Mapping[str, Any]) -> bool:
    """Whether it is worth asking ``stated_lookup``; most spans have nothing of the kind."""
    return not _STATING.isdisjoint(attributes)


def stated_lookup(name: str, attributes: Mapping[str, Any]) -> StatedLookup | None:
    """The lookup that a span states; None if it states none.

    A generation that a cache has answered is no call.

    Args:
        name: Of the span.
        attributes: Of the span, as it ends.
    """
    hit = cache_hit(attributes)
    if hit is None:
        return None
    whole = whole_metadata(attributes)
    given = next((attributes[key] for key in _INPUTS if attributes.get(key)), None)
    return StatedLookup(
        hit=hit,
        layer=_first(attributes, _LAYER) or id_of(whole.get("cache_layer")),
        key=_first(attributes, _KEY) or id_of(whole.get("cache_key")),
        request=None if given is None else f"{name}\0{given}",
        model=_first(attributes, _MODELS),
        is_generation=kind_of_span(attributes) is not None,
    )


def _first(attributes: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((found for key in keys if (found := id_of(attributes.get(key))) is not None), None)
