"""Ollama's own API: one JSON object, or a stream of lines of which the last states the usage."""

from __future__ import annotations

from typing import Any

from loopback_reply import (
    ANSWER,
    EMBEDDED,
    INPUT,
    NDJSON,
    OUTPUT,
    PIECES,
    VECTOR,
    Ask,
    Reply,
    line,
    post,
    streamed,
)

_MODEL = "llama3.2"
# Nanoseconds; a client may divide by them.
_TIMES = {"total_duration": 9, "load_duration": 1, "prompt_eval_duration": 3, "eval_duration": 5}


def _head(ask: Ask, *, done: bool) -> dict[str, Any]:
    head = {"model": ask.model(_MODEL), "created_at": "2026-11-23T12:00:00Z", "done": done}
    counted = {"done_reason": "stop", **_TIMES, "prompt_eval_count": INPUT, "eval_count": OUTPUT}
    return {**head, **counted} if done else head


def _said(ask: Ask, text: str) -> dict[str, Any]:
    if ask.path.endswith("/chat"):
        return {"message": {"role": "assistant", "content": text}}
    return {"response": text}


def _generate(ask: Ask) -> Reply:
    # It streams unless told otherwise.
    if ask.body.get("stream") is False:
        return Reply({**_head(ask, done=True), **_said(ask, ANSWER)})
    frames = [line({**_head(ask, done=False), **_said(ask, piece)}) for piece in PIECES]
    return streamed([*frames, line({**_head(ask, done=True), **_said(ask, "")})], NDJSON)


def _embed(ask: Ask) -> Reply:
    times = {"total_duration": 9, "load_duration": 1}
    return Reply({"model": ask.model(_MODEL), "embeddings": [VECTOR], **times, "prompt_eval_count": EMBEDDED})


ROUTES = (post("/api/(?:chat|generate)", _generate), post("/api/embed", _embed))
