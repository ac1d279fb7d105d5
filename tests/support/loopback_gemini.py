"""Gemini: Google's own API and Vertex, where the verb stands behind a colon."""

from __future__ import annotations

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
    data,
    post,
    streamed,
)

_MODEL = "gemini-2.5-flash"


def _usage(output: int) -> dict[str, Any]:
    return {
        "promptTokenCount": INPUT,
        "cachedContentTokenCount": CACHED,
        "candidatesTokenCount": output,
        "totalTokenCount": INPUT + output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": INPUT}],
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": CACHED}],
    }


def _content(model: str, text: str, output: int, finish: str | None = "STOP") -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": _usage(output),
        "modelVersion": model,
        "responseId": "response-1",
    }


def _generate(ask: Ask) -> Reply:
    return Reply(_content(ask.model(_MODEL), ANSWER, OUTPUT))


def _stream(ask: Ask) -> Reply:
    # Every chunk states the usage so far; the last one holds.
    model = ask.model(_MODEL)
    frames = [data(_content(model, piece, number + 1, None)) for number, piece in enumerate(PIECES[:-1])]
    return streamed([*frames, data(_content(model, PIECES[-1], OUTPUT))])


def _embed(_: Ask) -> Reply:
    return Reply({"embedding": {"values": VECTOR}, "usageMetadata": {"promptTokenCount": EMBEDDED}})


def _embed_batch(_: Ask) -> Reply:
    return Reply({"embeddings": [{"values": VECTOR}], "usageMetadata": {"promptTokenCount": EMBEDDED}})


def _predict(_: Ask) -> Reply:
    embeddings = {"values": VECTOR, "statistics": {"token_count": EMBEDDED, "truncated": False}}
    return Reply({"predictions": [{"embeddings": embeddings}], "metadata": {"billableCharacterCount": 44}})


def _interaction(ask: Ask) -> Reply:
    usage = {
        "total_tokens": INPUT + OUTPUT,
        "total_input_tokens": INPUT,
        "total_cached_tokens": CACHED,
        "total_output_tokens": OUTPUT,
        "total_tool_use_tokens": 0,
        "total_thought_tokens": 0,
    }
    begun = {"id": "interaction-1", "object": "interaction", "model": ask.model(_MODEL)}
    done = {**begun, "status": "completed", "usage": usage}
    output = {"type": "model_output", "content": [{"type": "text", "text": ANSWER}]}
    if not ask.body.get("stream"):
        return Reply({**done, "steps": [output]})
    steps: list[tuple[str, dict[str, Any]]] = [
        ("interaction.created", {"interaction": {**begun, "status": "in_progress"}}),
        ("step.start", {"index": 0, "step": {"type": "model_output", "content": []}}),
        *(("step.delta", {"index": 0, "delta": {"type": "text", "text": piece}}) for piece in PIECES),
        ("step.stop", {"index": 0}),
        ("interaction.completed", {"interaction": done}),
    ]
    return streamed(data({"event_type": kind, **found}) for kind, found in steps)


_NAMED = r"/models/(?P<model>[^/:]+)"
ROUTES = (
    post(rf"{_NAMED}:generateContent", _generate),
    post(rf"{_NAMED}:streamGenerateContent", _stream),
    post(rf"{_NAMED}:embedContent", _embed),
    post(rf"{_NAMED}:batchEmbedContents", _embed_batch),
    post(rf"{_NAMED}:predict", _predict),
    post("/v1(?:beta)?/interactions", _interaction),
)
