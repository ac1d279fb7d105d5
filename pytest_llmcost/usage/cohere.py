"""Cohere: chat of both versions, generate, embed and rerank."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.model.units import INPUT, OUTPUT, RERANK_SEARCHES
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import child, count, stated, text
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

_FAILURES = frozenset({"ERROR", "ERROR_TOXIC"})


def read_chat(body: Event, _context: Context) -> Stated:
    """Read an answer of chat or generate that came in one piece."""
    if body.get("is_finished") is False:  # a stream that was cut after its first line
        return Stated(incomplete=CUT)
    whole = child(body, "response") or body
    return _stated(whole, _billed_units(whole))


def read_chat_events(events: Events, _context: Context) -> Stated:
    """Read a streamed answer, whose last event states the usage.

    That is ``message-end`` in version 2, and ``stream-end`` with the whole response in version 1.
    """
    response_id: str | None = None
    failed = False
    for event in events:
        if event is None:
            continue
        response_id = response_id or text(event, "id") or text(event, "generation_id")
        delta, whole = child(event, "delta"), child(event, "response")
        failed = failed or _has_failed(event) or _has_failed(delta)
        if text(event, "type") == "message-end":
            return _stated({**delta, "id": response_id}, _billed_units(delta), failed=failed)
        if event.get("is_finished") is True:
            return _stated({"id": response_id, **whole}, _billed_units(whole), failed=failed)
    return Stated(response_id=response_id, incomplete=FAILED if failed else CUT)


def read_embed(body: Event, _context: Context) -> Stated:
    """Read embeddings: text is billed by token, an image by a token of another price."""
    billed = _billed_units(body)
    images = count(billed, "images") or count(billed, "image_tokens")
    return _stated(body, billed, doubts=("no price for the images of an embedding",) if images else ())


def read_rerank(body: Event, _context: Context) -> Stated:
    """Read a rerank, billed by the search unit: a query with up to 100 documents, as Cohere counts them."""
    searches = count(_billed_units(body), "search_units")
    usage = None if searches is None else Usage({RERANK_SEARCHES: searches})
    return Stated(usage=usage, incomplete=None if usage else NO_USAGE_STATED, response_id=text(body, "id"))


def _billed_units(body: Event) -> Mapping[str, Any]:
    """What Cohere bills, beside what it has processed.

    ``tokens`` counts Cohere's own preamble too, which is not billed: a question of 12 tokens is 212 there.
    ``cached_tokens`` counts among those, so it says nothing of the billed ones. Source: docs.cohere.com, how
    does Cohere's pricing work.
    """
    found = child(body, "usage") or child(body, "meta")
    return child(found, "billed_units")


def _has_failed(event: Event) -> bool:
    return text(event, "finish_reason") in _FAILURES or bool(event.get("error"))


def _stated(
    body: Event, billed: Mapping[str, Any], *, failed: bool = False, doubts: tuple[str, ...] = ()
) -> Stated:
    counts = stated(**{INPUT: count(billed, "input_tokens"), OUTPUT: count(billed, "output_tokens")})
    unstated = FAILED if failed else NO_USAGE_STATED
    return Stated(
        usage=Usage(counts) if counts else None,
        incomplete=None if counts else unstated,
        response_id=text(body, "response_id") or text(body, "id"),
        doubts=doubts,
    )


CHAT = WireFormat(read_chat, read_chat_events)
EMBED = WireFormat(read_embed)
RERANK = WireFormat(read_rerank)
