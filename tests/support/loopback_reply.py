"""What a provider on loopback is asked and what it replies, the same for all wire formats."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

INPUT, CACHED, OUTPUT = 1200, 1000, 34
EMBEDDED = 12
ANSWER = "The answer is forty-two."
PIECES = re.findall(r"\S+\s*", ANSWER)
VECTOR = [1.0, 2.0]
CREATED = 1_790_000_000

SSE = "text/event-stream"
NDJSON = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request.

    Attributes:
        path: Without behaviours and without the query.
        query: What stands behind ``?``.
        body: The JSON object that was sent; empty if there was none.
        named: What the route's pattern found in the path, such as ``model``.
        flavour: Whose dialect is spoken where several providers share a format: openai, groq or mistral.
        polls: How often this path was asked for.
    """

    path: str
    query: str
    body: Mapping[str, Any]
    named: Mapping[str, str]
    flavour: str
    polls: Callable[[], int]

    def model(self, default: str) -> str:
        """The model of the path, of the body, or the default."""
        return str(self.named.get("model") or self.body.get("model") or default)


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: a JSON object, or the frames of a stream.

    Attributes:
        answer: The JSON object; None for a stream.
        frames: Each a whole event.
        content_type: Of the body.
        headers: More headers.
    """

    answer: dict[str, Any] | None = None
    frames: tuple[bytes, ...] = ()
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def streamed(frames: Iterable[bytes], content_type: str = SSE) -> Reply:
    return Reply(frames=tuple(frames), content_type=content_type)


def data(found: object) -> bytes:
    """A server-sent event without a name."""
    return b"data: " + json.dumps(found).encode() + b"\n\n"


def event(kind: str, found: Mapping[str, object]) -> bytes:
    """A server-sent event that states its name twice, as most providers do."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **found})}\n\n".encode()


def line(found: object) -> bytes:
    """One line of a stream of lines."""
    return json.dumps(found).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Route:
    """Paths of one kind, and who replies there."""

    method: str
    pattern: re.Pattern[str]
    replies: Callable[[Ask], Reply]


def post(pattern: str, replies: Callable[[Ask], Reply]) -> Route:
    """The pattern is searched for, anchored at the end, so that any base URL works."""
    return Route("POST", re.compile(rf"{pattern}/?$"), replies)


def get(pattern: str, replies: Callable[[Ask], Reply]) -> Route:
    return Route("GET", re.compile(rf"{pattern}/?$"), replies)
