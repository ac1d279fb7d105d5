"""A provider on 127.0.0.1: real HTTP, known usage, and every way in which a response can go wrong.

It speaks the wire formats of the modules ``loopback_*`` beside this one, whole or streamed.
How it misbehaves is the first part of the path: ``http://127.0.0.1:PORT/gzip,slow/v1/chat/completions``.

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
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import loopback_acme
import loopback_anthropic
import loopback_bedrock
import loopback_cohere
import loopback_gemini
import loopback_media
import loopback_mistral
import loopback_ollama
import loopback_openai
from loopback_reply import ANSWER, CACHED, EMBEDDED, INPUT, OUTPUT, Ask, Reply, Route

__all__ = ["ANSWER", "CACHED", "EMBEDDED", "INPUT", "OUTPUT", "Loopback"]

_ROUTES: tuple[Route, ...] = (
    *loopback_openai.ROUTES,
    *loopback_anthropic.ROUTES,
    *loopback_gemini.ROUTES,
    *loopback_mistral.ROUTES,
    *loopback_bedrock.ROUTES,
    *loopback_cohere.ROUTES,
    *loopback_ollama.ROUTES,
    *loopback_acme.ROUTES,
    *loopback_media.ROUTES,
)
_PLAIN = {"gzip", "br", "zstd", "deflate", "lying", "slow", "stall", "cut", "redirect", "flaky", "no-usage"}
_BEHAVIOURS = re.compile(rf"(?:{'|'.join(sorted(_PLAIN))}|binary|broken-sse|status-\d+)")
_PAUSE = 0.02
_STALL = 30.0


class Loopback:
    """A running server; use it as a context manager.

    Args:
        flavour: Whose dialect it speaks where several providers share a format: openai, groq or mistral.

    Attributes:
        seen: How many requests came to each path, behaviours included.
    """

    def __init__(self, flavour: str = "openai") -> None:
        self.flavour = flavour
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
        path, _, query = self.path.partition("?")
        loopback.seen[path] += 1
        behaviours, rest = _split(path)
        status = next((int(name[7:]) for name in behaviours if name.startswith("status-")), 0)
        if "flaky" in behaviours and loopback.seen[path] == 1:
            status = 500
        if status:
            self._send(status, _error(rest, status), behaviours)
        elif "redirect" in behaviours:
            self._send(307, {}, behaviours, location=rest)
        elif "binary" in behaviours:
            self._send_bytes(200, bytes(range(256)) * 4, "application/octet-stream", behaviours)
        elif (reply := self._reply(rest, query, request)) is None:
            self._send(404, _error(rest, 404), behaviours)
        elif reply.answer is None:
            self._stream(list(reply.frames), reply.content_type, behaviours)
        else:
            if "no-usage" in behaviours:
                del reply.answer["usage"]
            self._send(200, reply.answer, behaviours, **reply.headers)

    def _reply(self, path: str, query: str, request: dict[str, Any]) -> Reply | None:
        loopback = self.server.loopback
        for route in _ROUTES:
            if route.method == self.command and (found := route.pattern.search(path)):
                polls = partial(loopback.poll, path)
                named = {name: unquote(value) for name, value in found.groupdict().items()}
                return route.replies(Ask(path, query, request, named, loopback.flavour, polls))
        return None

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

    def _stream(self, frames: list[bytes], content_type: str, behaviours: set[str]) -> None:
        if "broken-sse" in behaviours:
            frames = [b"data: {not json\n\n", b"nonsense\n\n", b"data: \xff\xfe\n\n", frames[0][:20]]
        if "no-usage" in behaviours:
            frames = [frame for frame in frames if b'"usage"' not in frame]
        whole = self._begin(200, b"".join(frames), content_type, behaviours, {})
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


def _split(path: str) -> tuple[set[str], str]:
    """The behaviours, and the path without them."""
    first, slash, rest = path[1:].partition("/")
    names = set(first.split(","))
    if all(_BEHAVIOURS.fullmatch(name) for name in names):
        return names, slash + rest
    return set(), path


def _error(path: str, status: int) -> dict[str, Any]:
    error = {"type": "loopback_error", "message": f"status {status} as asked", "code": None, "param": None}
    return {"type": "error", "error": error} if path.startswith("/v1/messages") else {"error": error}
