"""Whether a span says that a cache of the app had the answer, in any of the ways in which that is written.

Sources: metadata of Langfuse's observations (SDK 5 writes each value as JSON, 3 and 4 as it is),
OpenInference's ``metadata``, OpenLLMetry's association properties, ``llm.cache.hit`` of NeMo Guardrails, and
the plain names. Sentry's ``cache.hit`` is of any cache at all, and is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Attributes = Mapping[str, Any]
HIT_KEYS = (
    *("langfuse.observation.metadata.cache_hit", "traceloop.association.properties.cache_hit"),
    *("cache_hit", "llm.cache.hit", "gen_ai.cache.hit"),
)
# All metadata as JSON in one attribute.
WHOLE_KEYS = ("langfuse.observation.metadata", "metadata")
_MEMBER = "cache_hit"
_NOTHING: Attributes = MappingProxyType({})
_YES_OR_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def cache_hit(attributes: Attributes) -> bool | None:
    """Whether there was an answer; None where the span speaks of no lookup.

    Args:
        attributes: Of the span.
    """
    hit = next((found for key in HIT_KEYS if (found := _truth(attributes.get(key))) is not None), None)
    return _truth(whole_metadata(attributes).get(_MEMBER)) if hit is None else hit


def whole_metadata(attributes: Attributes) -> Attributes:
    """What stands beside ``cache_hit`` in metadata that is one text; empty where it has none."""
    for key in WHOLE_KEYS:
        text = attributes.get(key)
        if isinstance(text, str) and f'"{_MEMBER}"' in text:
            try:
                found = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict):
                return found
    return _NOTHING


def _truth(value: object) -> bool | None:
    """``true`` as a bool, as a number, as text, or as JSON text; None for anything else, null too."""
    if isinstance(value, int):
        return bool(value) if value in {0, 1} else None
    return _YES_OR_NO.get(value.strip().strip('"').lower()) if isinstance(value, str) else None
