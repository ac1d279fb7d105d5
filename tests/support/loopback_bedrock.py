"""Bedrock: converse for any model, and invoke with a body of the model's own vendor."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from aws_event_stream import CONTENT_TYPE, message
from loopback_anthropic import message_object, message_steps
from loopback_reply import ANSWER, CACHED, EMBEDDED, INPUT, OUTPUT, PIECES, VECTOR, Ask, Reply, post, streamed

_READ, _WRITE = "cacheReadInputToken", "cacheWriteInputToken"


def _usage(ending: str) -> dict[str, int]:
    """Of converse (``ending`` is s) and of Nova's own body (Count); input is what was not read from the cache."""
    return {
        "inputTokens": INPUT - CACHED,
        "outputTokens": OUTPUT,
        "totalTokens": INPUT + OUTPUT,
        f"{_READ}{ending}": CACHED,
        f"{_WRITE}{ending}": 0,
    }


def _answer(ending: str) -> dict[str, Any]:
    said = {"role": "assistant", "content": [{"text": ANSWER}]}
    return {"output": {"message": said}, "stopReason": "end_turn", "usage": _usage(ending)}


def _steps(ending: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "messageStart", {"role": "assistant"}
    for piece in PIECES:
        yield "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}}
    yield "contentBlockStop", {"contentBlockIndex": 0}
    yield "messageStop", {"stopReason": "end_turn"}
    yield "metadata", {"usage": _usage(ending), "metrics": {"latencyMs": 5}}


def _converse(_: Ask) -> Reply:
    return Reply({**_answer("s"), "metrics": {"latencyMs": 5}})


def _converse_stream(_: Ask) -> Reply:
    return streamed((message(kind, found) for kind, found in _steps("s")), CONTENT_TYPE)


def _vendor(ask: Ask) -> str:
    """anthropic, amazon or meta: what stands before the model's name, behind a region."""
    model = ask.named["model"]
    return next(name for name in ("anthropic", "amazon", "meta") if f"{name}." in model)


def _invoke(ask: Ask) -> Reply:
    if "embed" in ask.named["model"]:
        headers = {"x-amzn-bedrock-input-token-count": str(EMBEDDED)}
        return Reply({"embedding": VECTOR, "inputTextTokenCount": EMBEDDED}, headers=headers)
    vendor = _vendor(ask)
    read = CACHED if vendor != "meta" else 0
    counted = {"input": INPUT - read, "output": OUTPUT, "cache-read-input": read}
    headers = {f"x-amzn-bedrock-{name}-token-count": str(number) for name, number in counted.items()}
    answers = {
        "anthropic": lambda: message_object(_claude(ask)),
        "amazon": lambda: _answer("Count"),
        "meta": lambda: _llama(ANSWER, "stop"),
    }
    return Reply(answers[vendor](), headers=headers)


def _claude(ask: Ask) -> str:
    """The id that Claude states, which is not the one of the path."""
    return ask.named["model"].rpartition("anthropic.")[2].partition("-v1")[0]


def _llama(text: str, stop: str | None) -> dict[str, Any]:
    counted = {"prompt_token_count": INPUT, "generation_token_count": OUTPUT}
    return {"generation": text, **counted, "stop_reason": stop}


def _invoke_stream(ask: Ask) -> Reply:
    vendor = _vendor(ask)
    read = CACHED if vendor != "meta" else 0
    found: list[dict[str, Any]] = {
        "anthropic": lambda: [{"type": kind, **step} for kind, step in message_steps(_claude(ask))],
        "amazon": lambda: [{kind: step} for kind, step in _steps("Count")],
        "meta": lambda: [_llama(piece, None) for piece in PIECES] + [_llama("", "stop")],
    }[vendor]()
    # Bedrock adds its own count to the last chunk.
    found[-1]["amazon-bedrock-invocationMetrics"] = {
        "inputTokenCount": INPUT - read,
        "outputTokenCount": OUTPUT,
        "invocationLatency": 9,
        "firstByteLatency": 5,
        **({f"{_READ}Count": read, f"{_WRITE}Count": 0} if read else {}),
    }
    return streamed((message("chunk", {"bytes": _base64(chunk)}) for chunk in found), CONTENT_TYPE)


def _base64(chunk: object) -> str:
    return base64.b64encode(json.dumps(chunk).encode()).decode()


_NAMED = "/model/(?P<model>[^/]+)"
ROUTES = (
    post(f"{_NAMED}/converse", _converse),
    post(f"{_NAMED}/converse-stream", _converse_stream),
    post(f"{_NAMED}/invoke", _invoke),
    post(f"{_NAMED}/invoke-with-response-stream", _invoke_stream),
)
