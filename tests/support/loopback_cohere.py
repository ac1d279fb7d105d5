"""Cohere: chat of both versions, embeddings and rerank."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loopback_reply import (
    ANSWER,
    CACHED,
    EMBEDDED,
    INPUT,
    OUTPUT,
    PIECES,
    VECTOR,
    Ask,
    Reply,
    event,
    line,
    post,
    streamed,
)


# What is processed and not billed: Cohere's own words before the prompt.
_PREAMBLE = 200


def _usage() -> dict[str, Any]:
    billed = {"input_tokens": INPUT, "output_tokens": OUTPUT}
    processed = {"input_tokens": _PREAMBLE + INPUT, "output_tokens": OUTPUT}
    return {"billed_units": billed, "tokens": processed, "cached_tokens": CACHED}


def _meta(**counted: int) -> dict[str, Any]:
    return {"api_version": {"version": "2"}, "billed_units": counted}


def _chat(ask: Ask) -> Reply:
    if ask.body.get("stream"):
        return streamed(_events())
    message = {"role": "assistant", "content": [{"type": "text", "text": ANSWER}]}
    return Reply({"id": "chat-1", "finish_reason": "COMPLETE", "message": message, "usage": _usage()})


def _events() -> Iterator[bytes]:
    opened = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    text = {"type": "text", "text": ""}
    yield event("message-start", {"id": "chat-1", "delta": {"message": opened}})
    yield event("content-start", {"index": 0, "delta": {"message": {"content": text}}})
    for piece in PIECES:
        yield event("content-delta", {"index": 0, "delta": {"message": {"content": {"text": piece}}}})
    yield event("content-end", {"index": 0})
    yield event("message-end", {"id": "chat-1", "delta": {"finish_reason": "COMPLETE", "usage": _usage()}})


def _chat_v1(ask: Ask) -> Reply:
    answer = {
        "response_id": "response-1",
        "generation_id": "generation-1",
        "text": ANSWER,
        "chat_history": [],
        "finish_reason": "COMPLETE",
        "meta": {"api_version": {"version": "1"}, **_usage()},
    }
    if not ask.body.get("stream"):
        return Reply(answer)
    return streamed(_lines(answer), "application/stream+json")


def _lines(answer: dict[str, Any]) -> Iterator[bytes]:
    yield line({"is_finished": False, "event_type": "stream-start", "generation_id": "generation-1"})
    for piece in PIECES:
        yield line({"is_finished": False, "event_type": "text-generation", "text": piece})
    end = {"is_finished": True, "event_type": "stream-end", "finish_reason": "COMPLETE", "response": answer}
    yield line(end)


def _embed(_: Ask) -> Reply:
    found = {"id": "embed-1", "texts": ["hi"], "embeddings": {"float": [VECTOR]}}
    return Reply({**found, "response_type": "embeddings_by_type", "meta": _meta(input_tokens=EMBEDDED)})


def _embed_v1(_: Ask) -> Reply:
    found = {"id": "embed-1", "texts": ["hi"], "embeddings": [VECTOR]}
    return Reply({**found, "response_type": "embeddings_floats", "meta": _meta(input_tokens=EMBEDDED)})


def _rerank(_: Ask) -> Reply:
    found = [{"index": 0, "relevance_score": 0.9}]
    return Reply({"id": "rerank-1", "results": found, "meta": _meta(search_units=1)})


ROUTES = (
    post("/v2/chat", _chat),
    post("/v1/chat", _chat_v1),
    post("/v2/embed", _embed),
    post("/v1/embed", _embed_v1),
    post(r"/v\d/rerank", _rerank),
)
