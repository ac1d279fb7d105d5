"""A provider on 127.0.0.1: real HTTP, known usage, and every way in which a response can go wrong.

It speaks OpenAI chat, responses and embeddings and Anthropic messages, as JSON or as server-sent events.
How it misbehaves stands in the path, before ``/v1``: ``http://127.0.0.1:PORT/gzip,slow/v1/chat/completions``.

======================= ======================================================================================
gzip br zstd deflate    the body in this content encoding
lying                   says gzip over a plain body
slow                    pauses between chunks
stall                   sends half a body, and then nothing for a long time
cut                     closes the connection in the middle of the body, also of a stream
redirect                307 to the same path without the behaviours
status-N                answers N with the provider's error object
flaky                   the first request of a process to this path is answered 500
no-usage                states no usage
binary                  a body that is neither JSON nor text
broken-sse              a stream with events that are no JSON, no end mark and no usage
======================= ======================================================================================
"""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

INPUT, CACHED, OUTPUT = 1200, 1000, 34
EMBEDDED = 12
ANSWER = "The answer is forty-two."
_PIECES = re.findall(r"\S+\s*", ANSWER)
_PAUSE = 0.02
_STALL = 30.0


class Loopback:
    """A running server; use it as a context manager.

    Attributes:
        seen: How many requests came to each path, behaviours included.
    """

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.released = threading.Event()
        self._polls: Counter[str] = Counter()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.loopback = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> int:
        """How many requests came in all."""
        return sum(self.seen.values())

    def url(self, path: str = "", *behaviours: str) -> str:
        """A URL below ``/v1``, with behaviours."""
        before = f"/{','.join(behaviours)}" if behaviours else ""
        return f"{self.origin}{before}/v1{path}"

    def forget(self) -> None:
        """Count anew, polls and failures of flaky paths too."""
        self.seen.clear()
        self._polls.clear()

    def poll(self, path: str) -> int:
        """Count the polls of a background response."""
        self._polls[path] += 1
        return self._polls[path]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    loopback: Loopback

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that close early are a part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        body = self._request_body()
        try:
            found = json.loads(body)
        except ValueError:
            found = {}
        self._answer(found if isinstance(found, dict) else {})

    def _request_body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, request: dict[str, Any]) -> None:
        loopback = self.server.loopback
        path = self.path.partition("?")[0]
        loopback.seen[path] += 1
        before, _, rest = path.partition("/v1")
        behaviours = set(before.strip("/").split(",")) - {""}
        status = next((int(name[7:]) for name in behaviours if name.startswith("status-")), 0)
        if "flaky" in behaviours and loopback.seen[path] == 1:
            status = 500
        if status:
            self._send(status, _error(rest, status), behaviours)
        elif "redirect" in behaviours:
            self._send(307, {}, behaviours, location=f"/v1{rest}")
        elif "binary" in behaviours:
            self._send_bytes(200, bytes(range(256)) * 4, "application/octet-stream", behaviours)
        else:
            self._speak(rest, request, behaviours)

    def _speak(self, path: str, request: dict[str, Any], behaviours: set[str]) -> None:
        model = str(request.get("model") or "gpt-4o-mini")
        if self.command == "GET" and path.startswith("/responses/"):
            done = self.server.loopback.poll(path) >= 3
            return self._send(200, response_object(model, "completed" if done else "in_progress"), behaviours)
        if path == "/models":
            listed = [{"id": model, "object": "model", "created": 1, "owned_by": "loopback"}]
            return self._send(200, {"object": "list", "data": listed}, behaviours)
        if path == "/messages/count_tokens":
            return self._send(200, {"input_tokens": INPUT}, behaviours)
        if path == "/embeddings":
            return self._send(200, embeddings_object(model, request), behaviours)
        if path == "/responses" and request.get("background"):
            return self._send(200, response_object(model, "queued"), behaviours)
        objects: dict[str, Callable[[str], dict[str, Any]]] = {
            "/chat/completions": chat_object,
            "/responses": response_object,
            "/messages": message_object,
        }
        if path not in objects:
            return self._send(404, _error(path, 404), behaviours)
        if request.get("stream"):
            return self._stream(list(events(path, model, request)), behaviours)
        answer = objects[path](model)
        if "no-usage" in behaviours:
            del answer["usage"]
        return self._send(200, answer, behaviours)

    def _send(self, status: int, answer: dict[str, Any], behaviours: set[str], **headers: str) -> None:
        self._send_bytes(status, json.dumps(answer).encode(), "application/json", behaviours, **headers)

    def _send_bytes(
        self, status: int, body: bytes, content_type: str, behaviours: set[str], **headers: str
    ) -> None:
        body = self._begin(status, body, content_type, behaviours, headers)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        # Who cannot decode the first chunk reads no second one.
        half = len(body) // 2 if "lying" not in behaviours else len(body)
        self._write(body[:half], behaviours)
        if "cut" in behaviours:
            self.close_connection = True
            return
        if "stall" in behaviours:
            self.server.loopback.released.wait(_STALL)
        self._write(body[half:], behaviours)

    def _stream(self, frames: list[bytes], behaviours: set[str]) -> None:
        if "broken-sse" in behaviours:
            frames = [b"data: {not json\n\n", b"nonsense\n\n", b"data: \xff\xfe\n\n", frames[0][:20]]
        if "no-usage" in behaviours:
            frames = [frame for frame in frames if b'"usage"' not in frame]
        whole = self._begin(200, b"".join(frames), "text/event-stream", behaviours, {})
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        plain = whole == b"".join(frames)
        size = max(1, len(whole) // 6)
        chunks = frames if plain else [whole[at : at + size] for at in range(0, len(whole), size)]
        for number, chunk in enumerate(chunks):
            if number == len(chunks) // 2 and "cut" in behaviours:
                self.close_connection = True
                return
            if number == len(chunks) // 2 and "stall" in behaviours:
                self.server.loopback.released.wait(_STALL)
            self._write(b"%x\r\n%b\r\n" % (len(chunk), chunk), behaviours)
        self._write(b"0\r\n\r\n", behaviours)

    def _begin(
        self, status: int, body: bytes, content_type: str, behaviours: set[str], headers: dict[str, str]
    ) -> bytes:
        self.send_response(status)
        self.send_header("content-type", content_type)
        for name, value in headers.items():
            self.send_header(name, value)
        if "lying" in behaviours:
            self.send_header("content-encoding", "gzip")
        for name, encode in _ENCODINGS.items():
            if name in behaviours:
                self.send_header("content-encoding", name)
                return encode(body)
        return body

    def _write(self, data: bytes, behaviours: set[str]) -> None:
        self.wfile.write(data)
        self.wfile.flush()
        if "slow" in behaviours:
            time.sleep(_PAUSE)


def _brotli(body: bytes) -> bytes:
    import brotli

    return bytes(brotli.compress(body))


def _zstd(body: bytes) -> bytes:
    import zstandard

    return bytes(zstandard.ZstdCompressor().compress(body))


_ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "br": _brotli,
    "zstd": _zstd,
    "deflate": zlib.compress,
}


def _error(path: str, status: int) -> dict[str, Any]:
    error = {"type": "loopback_error", "message": f"status {status} as asked", "code": None, "param": None}
    return {"type": "error", "error": error} if path.startswith("/messages") else {"error": error}


def chat_usage() -> dict[str, Any]:
    return {
        "prompt_tokens": INPUT,
        "completion_tokens": OUTPUT,
        "total_tokens": INPUT + OUTPUT,
        "prompt_tokens_details": {"cached_tokens": CACHED, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def chat_object(model: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": ANSWER}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
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
        "created_at": 1_790_000_000,
        "model": model,
        "status": status,
        "output": output if done else [],
        "usage": usage if done else None,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


def message_usage() -> dict[str, Any]:
    return {
        "input_tokens": INPUT - CACHED,
        "cache_read_input_tokens": CACHED,
        "cache_creation_input_tokens": 0,
        "output_tokens": OUTPUT,
    }


def message_object(model: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": ANSWER}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": message_usage(),
    }


def embeddings_object(model: str, request: dict[str, Any]) -> dict[str, Any]:
    # base64 of two floats, which is how the SDK asks for them.
    vector: object = "AACAPwAAAEA=" if request.get("encoding_format") == "base64" else [1.0, 2.0]
    row = {"object": "embedding", "index": 0, "embedding": vector}
    usage = {"prompt_tokens": EMBEDDED, "total_tokens": EMBEDDED}
    return {"object": "list", "data": [row], "model": model, "usage": usage}


def events(path: str, model: str, request: dict[str, Any]) -> Iterator[bytes]:
    """The frames of a stream, each a whole event."""
    if path == "/chat/completions":
        yield from _chat_events(model, with_usage=(request.get("stream_options") or {}).get("include_usage"))
    elif path == "/responses":
        yield from _response_events(model)
    else:
        yield from _message_events(model)


def _chat_events(model: str, *, with_usage: object) -> Iterator[bytes]:
    def frame(choices: list[dict[str, Any]], **more: object) -> bytes:
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}
        return b"data: " + json.dumps({**head, "choices": choices, **more}).encode() + b"\n\n"

    for piece in _PIECES:
        delta = {"role": "assistant", "content": piece}
        yield frame([{"index": 0, "delta": delta, "finish_reason": None}])
    yield frame([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    if with_usage:
        yield frame([], usage=chat_usage())
    yield b"data: [DONE]\n\n"


def _named(kind: str, **data: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


def _response_events(model: str) -> Iterator[bytes]:
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    steps: list[tuple[str, dict[str, object]]] = [
        ("response.created", {"response": response_object(model, "in_progress")}),
        ("response.output_item.added", {"output_index": 0, "item": item}),
        ("response.content_part.added", {**where, "part": part}),
        *(("response.output_text.delta", {**where, "delta": piece, "logprobs": []}) for piece in _PIECES),
        ("response.output_text.done", {**where, "text": ANSWER, "logprobs": []}),
        ("response.completed", {"response": response_object(model)}),
    ]
    for number, (kind, data) in enumerate(steps):
        yield _named(kind, sequence_number=number, **data)


def _message_events(model: str) -> Iterator[bytes]:
    start = message_object(model)
    begun = {**message_usage(), "output_tokens": 1}
    yield _named("message_start", message={**start, "content": [], "stop_reason": None, "usage": begun})
    yield _named("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for piece in _PIECES:
        yield _named("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield _named("content_block_stop", index=0)
    ending = {"stop_reason": "end_turn", "stop_sequence": None}
    yield _named("message_delta", delta=ending, usage={"output_tokens": OUTPUT})
    yield _named("message_stop")
