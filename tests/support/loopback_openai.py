"""OpenAI's wire formats, with what Groq and Mistral do otherwise in the stream of the same format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loopback_reply import (
    ANSWER,
    CACHED,
    CREATED,
    EMBEDDED,
    INPUT,
    OUTPUT,
    PIECES,
    VECTOR,
    Ask,
    Reply,
    data,
    event,
    get,
    post,
    streamed,
)

_MODEL = "gpt-4o-mini"
# VECTOR as 32-bit floats in base64, which is how OpenAI's own SDK asks for it.
_ENCODED = "AACAPwAAAEA="


def chat_usage() -> dict[str, Any]:
    return {
        "prompt_tokens": INPUT,
        "completion_tokens": OUTPUT,
        "total_tokens": INPUT + OUTPUT,
        "prompt_tokens_details": {"cached_tokens": CACHED, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def chat_object(model: str, body: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": ANSWER}
    finish = "stop"
    if tools := body.get("tools"):
        # The tool that the tests offer takes an answer; who offers tools expects to see one used.
        arguments = {"name": tools[0]["function"]["name"], "arguments": '{"answer": "forty-two"}'}
        message = {"role": "assistant", "content": None}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": arguments}]
        finish = "tool_calls"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": CREATED,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": chat_usage(),
    }


def response_object(model: str, status: str = "completed") -> dict[str, Any]:
    text = {"type": "output_text", "text": ANSWER, "annotations": []}
    output = [{"type": "message", "id": "msg_1", "role": "assistant", "status": status, "content": [text]}]
    usage = {
        "input_tokens": INPUT,
        "output_tokens": OUTPUT,
        "total_tokens": INPUT + OUTPUT,
        "input_tokens_details": {"cached_tokens": CACHED},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    done = status == "completed"
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": CREATED,
        "model": model,
        "status": status,
        "output": output if done else [],
        "usage": usage if done else None,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


def _chat(ask: Ask) -> Reply:
    model = ask.model(_MODEL)
    if not ask.body.get("stream"):
        return Reply(chat_object(model, dict(ask.body)))
    with_usage = (ask.body.get("stream_options") or {}).get("include_usage")
    return streamed(_chat_events(model, ask.flavour, with_usage=bool(with_usage)))


def _chat_events(model: str, flavour: str, *, with_usage: bool) -> Iterator[bytes]:
    def frame(choices: list[dict[str, Any]], **more: object) -> bytes:
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}
        return data({**head, "choices": choices, **more})

    for piece in PIECES:
        delta = {"role": "assistant", "content": piece}
        yield frame([{"index": 0, "delta": delta, "finish_reason": None}])
    last = [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    # Both state usage without being asked, Groq at a place of its own.
    if flavour == "groq":
        yield frame(last, x_groq={"id": "req_1", "usage": chat_usage()})
    elif flavour == "mistral":
        yield frame(last, usage=chat_usage())
    else:
        yield frame(last)
        if with_usage:
            yield frame([], usage=chat_usage())
    yield b"data: [DONE]\n\n"


def _completion(ask: Ask) -> Reply:
    head = {"id": "cmpl-1", "object": "text_completion", "created": CREATED, "model": ask.model(_MODEL)}

    def found(text: str, finish: str | None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "text": text, "finish_reason": finish, "logprobs": None}]}

    if not ask.body.get("stream"):
        return Reply({**found(ANSWER, "stop"), "usage": chat_usage()})
    frames = [data(found(piece, None)) for piece in PIECES] + [data(found("", "stop"))]
    if (ask.body.get("stream_options") or {}).get("include_usage"):
        frames.append(data({**head, "choices": [], "usage": chat_usage()}))
    return streamed([*frames, b"data: [DONE]\n\n"])


def _response(ask: Ask) -> Reply:
    model = ask.model(_MODEL)
    if ask.body.get("background"):
        return Reply(response_object(model, "queued"))
    return streamed(_response_events(model)) if ask.body.get("stream") else Reply(response_object(model))


def _response_events(model: str) -> Iterator[bytes]:
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    steps: list[tuple[str, dict[str, object]]] = [
        ("response.created", {"response": response_object(model, "in_progress")}),
        ("response.output_item.added", {"output_index": 0, "item": item}),
        ("response.content_part.added", {**where, "part": part}),
        *(("response.output_text.delta", {**where, "delta": piece, "logprobs": []}) for piece in PIECES),
        ("response.output_text.done", {**where, "text": ANSWER, "logprobs": []}),
        ("response.completed", {"response": response_object(model)}),
    ]
    for number, (kind, found) in enumerate(steps):
        yield event(kind, {"sequence_number": number, **found})


def _poll(ask: Ask) -> Reply:
    return Reply(response_object(_MODEL, "completed" if ask.polls() >= 3 else "in_progress"))


def _models(_: Ask) -> Reply:
    listed = [{"id": _MODEL, "object": "model", "created": 1, "owned_by": "loopback"}]
    return Reply({"object": "list", "data": listed})


def _embeddings(ask: Ask) -> Reply:
    vector: object = _ENCODED if ask.body.get("encoding_format") == "base64" else VECTOR
    row = {"object": "embedding", "index": 0, "embedding": vector}
    usage = {"prompt_tokens": EMBEDDED, "total_tokens": EMBEDDED}
    found = {"id": "embd-1", "object": "list", "data": [row], "model": ask.model(_MODEL), "usage": usage}
    return Reply(found)


ROUTES = (
    # Azure names a deployment in the path; the response states the model behind it.
    post(r"/(?:chat|fim)/completions", _chat),
    post(r"/v\d+/completions", _completion),
    post(r"/responses", _response),
    get(r"/responses/[^/]+", _poll),
    post(r"/embeddings", _embeddings),
    get(r"/models", _models),
)
