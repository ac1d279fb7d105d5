"""Rerank by the token, as Voyage and Jina bill it; embeddings of text and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.model.units import INPUT
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import child, count, first_count, stated, stated_cost, text
from pytest_llmcost.usage.reading import NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, WireFormat


def read_rerank(body: Event, _context: Context) -> Stated:
    """Read a rerank: the tokens of the query and the documents, as their total."""
    usage = child(body, "usage") or child(child(body, "meta"), "tokens")
    tokens = count(usage, "total_tokens")
    if tokens is None:
        tokens = first_count(usage, "prompt_tokens", "input_tokens")
    return _stated(body, usage, {INPUT: tokens})


def read_multimodal(body: Event, _context: Context) -> Stated:
    """Read embeddings of text and pictures: text is billed by the token, pictures by the pixel.

    Source: Voyage's pages on multimodal embeddings and pricing; ``total_tokens`` there counts pictures too.
    """
    usage = child(body, "usage")
    pixels = [count(usage, key) for key in ("image_pixels", "video_pixels")]
    known = [number for number in pixels if number is not None]
    tokens = count(usage, "text_tokens")
    if tokens is None and not known:
        tokens = count(usage, "total_tokens")
    return _stated(body, usage, {INPUT: tokens, "input_pixels": sum(known) if known else None})


def _stated(body: Event, usage: Mapping[str, Any], counts: Mapping[str, int | None]) -> Stated:
    found = stated(**counts)
    return Stated(
        usage=Usage(found) if found else None,
        model=text(body, "model"),
        incomplete=None if found else NO_USAGE_STATED,
        response_id=text(body, "id"),
        cost=stated_cost(usage),
    )


RERANK = WireFormat(read_rerank)
MULTIMODAL = WireFormat(read_multimodal)
