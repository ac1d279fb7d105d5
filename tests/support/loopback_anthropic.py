"""Anthropic messages: its own API and Vertex; Bedrock wraps the same objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loopback_reply import ANSWER, CACHED, INPUT, OUTPUT, PIECES, Ask, Reply, event, post, streamed

_MODEL = "claude-sonnet-4-5"


def message_usage() -> dict[str, Any]:
    return {
        "input_tokens": INPUT - CACHED,
        "cache_read_input_tokens": CACHED,
        "cache_creation_input_tokens": 0,
        "output_tokens": OUTPUT,
    }


def message_object(model: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": ANSWER}]
    reason = "end_turn"
    if tools := (body or {}).get("tools"):
        # Who offers tools expects to see one used.
        answer = {"answer": "forty-two"}
        content = [{"type": "tool_use", "id": "toolu_1", "name": tools[0]["name"], "input": answer}]
        reason = "tool_use"
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": message_usage(),
    }


def message_steps(model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a stream: name and data."""
    begun = {**message_usage(), "output_tokens": 1}
    start = {**message_object(model), "content": [], "stop_reason": None, "usage": begun}
    yield "message_start", {"message": start}
    yield "content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}
    for piece in PIECES:
        yield "content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": piece}}
    yield "content_block_stop", {"index": 0}
    ending = {"stop_reason": "end_turn", "stop_sequence": None}
    yield "message_delta", {"delta": ending, "usage": {"output_tokens": OUTPUT}}
    yield "message_stop", {}


def _messages(ask: Ask) -> Reply:
    model = ask.model(_MODEL)
    if ask.body.get("stream"):
        return streamed(event(kind, found) for kind, found in message_steps(model))
    return Reply(message_object(model, dict(ask.body)))


def _count(_: Ask) -> Reply:
    return Reply({"input_tokens": INPUT})


_VERTEX = r"/publishers/anthropic/models/(?P<model>[^/:]+)"
ROUTES = (
    post(r"/v\d+/messages", _messages),
    post(r"/v\d+/messages/count_tokens", _count),
    post(rf"{_VERTEX}:(?:rawPredict|streamRawPredict)", _messages),
)
