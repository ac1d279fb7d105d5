"""Hostile answers for ``fuzz.py``: real bodies bent, and JSON made of the keys that the readers look for."""

from __future__ import annotations

import copy
import dataclasses
import gzip
import importlib
import json
import pkgutil
import random
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

import pytest_llmcost.usage
from pytest_llmcost.usage.event_stream import aws_messages, is_aws_event_stream, streamed_events
from pytest_llmcost.usage.exchange import Exchange

EXTREME = (
    *(None, True, False, 0, 1, -1, 7, 10**15, 10**15 + 1, 2**63, -(2**63), 10**400),
    *(0.0, -0.0, 12.0, 1.5, 1e308, 5e-324, float("nan"), float("inf"), float("-inf")),
    *("", "x", "9", "-1", "1e999999999", "NaN", "\ud800", "\x00", "a" * 300),
    *([], {}, [[]], [None], [{}], {"": None}),
)
_KEYS_IN_AN_OBJECT = 6
_FORMS = ("sse", "lines", "array", "aws")


@dataclass(frozen=True, slots=True)
class Seed:
    """A real exchange, and its answer taken apart.

    Attributes:
        exchange: As recorded.
        whole: The answer's JSON object; None if it is a stream or no JSON.
        events: The events of a stream; None if it is none.
        form: How the events are framed.
    """

    exchange: Exchange
    whole: Mapping[str, Any] | None
    events: Sequence[Any] | None
    form: str


def changed(record: Any, **facts: Any) -> Any:
    """A frozen record with other values, whether it is a named tuple or a dataclass."""
    return record._replace(**facts) if isinstance(record, tuple) else dataclasses.replace(record, **facts)


def seed_of(exchange: Exchange, plain: bytes) -> Seed:
    """Take an answer apart.

    Args:
        exchange: As recorded.
        plain: Its body without content encodings.
    """
    try:
        value = json.loads(plain)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return Seed(exchange, value, None, "json")
    if is_aws_event_stream(plain):
        return Seed(exchange, None, [{kind: dict(payload)} for kind, payload in aws_messages(plain)], "aws")
    events = streamed_events(plain)
    if events is None:
        return Seed(exchange, None, None, "bytes")
    start = plain.lstrip()[:1]
    return Seed(exchange, None, list(events), {b"[": "array", b"{": "lines"}.get(start, "sse"))


def vocabulary() -> list[str]:
    """Every word that a module of ``usage`` compares with: the keys and kinds of all wire formats."""
    words: set[str] = set()
    for module in pkgutil.iter_modules(pytest_llmcost.usage.__path__):
        found = importlib.import_module(f"{pytest_llmcost.usage.__name__}.{module.name}")
        spec = found.__spec__
        code = spec.loader.get_code(spec.name) if spec and spec.loader else None
        words.update(_words(code))
    return sorted(words)


def _words(code: CodeType | None) -> Iterator[str]:
    for constant in code.co_consts if code else ():
        if isinstance(constant, CodeType):
            yield from _words(constant)
        else:
            parts = constant if isinstance(constant, tuple | frozenset) else (constant,)
            # Docstrings and messages are sentences.
            yield from (part for part in parts if isinstance(part, str) and part and " " not in part)


def frame(events: Iterable[Any], form: str) -> bytes:
    """Events as a server sends them; None is an event that is no JSON object."""
    if form == "aws":
        return b"".join(_aws_message(event) for event in events if isinstance(event, dict))
    texts = ["[DONE]" if event is None else json.dumps(event) for event in events]
    if form == "array":
        return f"[{','.join(texts)}]".encode()
    if form == "lines":
        return "".join(f"{text}\n" for text in texts).encode()
    return "".join(f"data: {text}\n\n" for text in texts).encode()


def _aws_message(event: Mapping[str, Any]) -> bytes:
    kind, payload = next(iter(event.items()), ("", {}))
    name = str(kind).encode("utf-8", "replace")[:200]
    headers = b"\x0b:event-type\x07" + struct.pack(">H", len(name)) + name
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


class Inputs:
    """Bends and invents answers, all from one generator of random numbers.

    Args:
        rng: Decides everything: the same state gives the same inputs.
        seeds: Real answers.
        words: Keys and values that readers know.
    """

    def __init__(self, rng: random.Random, seeds: Sequence[Seed], words: Sequence[str]) -> None:
        self.rng = rng
        self.seeds = seeds
        self._words = words
        self._documents = [seed.whole for seed in seeds if seed.whole is not None]
        self._streams = [seed.events for seed in seeds if seed.events]
        self._scalars = (self._count, self._count, self._word, self._extreme)

    def _count(self) -> int:
        return self.rng.getrandbits(self.rng.randrange(1, 24))

    def _word(self) -> str:
        return self.rng.choice(self._words)

    def _extreme(self) -> Any:
        return copy.copy(self.rng.choice(EXTREME))

    def value(self, depth: int = 3) -> Any:
        """Any JSON."""
        kind = self.rng.random() if depth else 0.0
        if kind < 0.6:
            return self.rng.choice(self._scalars)()
        if kind < 0.7:
            return [self.value(depth - 1) for _ in range(self.rng.randrange(3))]
        return self.document(depth - 1)

    def document(self, depth: int = 3) -> dict[str, Any]:
        """An object with the keys of wire formats and anything under them."""
        return {self._word(): self.value(depth) for _ in range(self.rng.randrange(_KEYS_IN_AN_OBJECT))}

    def some_document(self) -> Mapping[str, Any]:
        """An invented object, or a real one that is bent."""
        if not self._documents or self.rng.random() < 0.4:
            return self.document()
        return self._object(self.bent(self.rng.choice(self._documents)))

    def some_events(self) -> list[Any]:
        """Invented events, or a real stream that is bent."""
        if not self._streams or self.rng.random() < 0.3:
            return [self.document() for _ in range(self.rng.randrange(4))]
        return self.bent_events(self.rng.choice(self._streams))

    def bent_events(self, events: Sequence[Any]) -> list[Any]:
        """A stream with some events changed, lost, doubled, swapped, or from another stream."""
        found = list(events)
        for _ in range(self.rng.randrange(1, 4)):
            place = self.rng.randrange(len(found)) if found else 0
            kind = self.rng.randrange(6)
            if kind == 0 or not found:
                found.insert(place, self.document())
            elif kind == 1:
                del found[place]
            elif kind == 2:
                found.insert(place, found[-1])
            elif kind == 3 and self._streams:
                found[place] = self.rng.choice(self.rng.choice(self._streams))
            elif found[place] is not None:
                found[place] = self._object(self.bent(found[place]))
        return found

    @staticmethod
    def _object(value: Any) -> dict[str, Any]:
        return value if isinstance(value, dict) else {"": value}

    def bent(self, value: Any) -> Any:
        """JSON with one to three values changed; the original is left alone."""
        for _ in range(self.rng.randrange(1, 4)):
            value = self._bend_one(value)
        return value

    def _bend_one(self, value: Any) -> Any:
        if isinstance(value, dict) and value and self.rng.random() < 0.9:
            changed = dict(value)
            # The usage stands at the end of most answers.
            keys = list(changed)
            key = keys[-1] if self.rng.random() < 0.3 else self.rng.choice(keys)
            kind = self.rng.random()
            if kind < 0.05:
                del changed[key]
            elif kind < 0.12:
                changed[self._word()] = changed[key]
            elif kind < 0.18:
                changed[self._word()] = self.value()
            else:
                changed[key] = self._bend_one(changed[key])
            return changed
        if isinstance(value, list) and value and self.rng.random() < 0.9:
            items = list(value)
            place = self.rng.randrange(len(items))
            items[place] = self._bend_one(items[place])
            return items
        if self.rng.random() < 0.01:
            return self._deep()
        return self.value(2)

    def _deep(self) -> Any:
        value: Any = self._count()
        for _ in range(self.rng.choice((20, 200, 900))):
            value = {self._word(): value} if self.rng.random() < 0.5 else [value]
        return value

    def bent_bytes(self, body: bytes) -> bytes:
        """Bytes flipped, lost, doubled, cut, spliced, or nested without end."""
        found = bytearray(body)
        for _ in range(self.rng.randrange(1, 4)):
            place = self.rng.randrange(len(found) + 1)
            size = self.rng.randrange(1, 40)
            kind = self.rng.randrange(8)
            if kind == 0:
                del found[place:]
            elif kind == 1:
                del found[place : place + size]
            elif kind == 2:
                found[place:place] = found[place : place + size]
            elif kind == 3:
                other = self.rng.choice(self.seeds).exchange.body
                found[place:] = other[self.rng.randrange(len(other) + 1) :]
            elif kind == 4:
                found[place:place] = self.rng.choice(
                    (b"9" * size, b"\r", b"\n", b"data:", b"\x00", b"\xff", b"-")
                )
            elif kind == 5 and self.rng.random() < 0.05:
                found[place:place] = self.rng.choice((b"[", b'{"a":')) * 2000
            elif place < len(found):
                found[place] = self.rng.randrange(256)
        return bytes(found)

    def packed(self, body: bytes) -> bytes:
        """The body in one or more gzip members, as a server sends it that flushes in between."""
        if self.rng.random() < 0.5:
            return gzip.compress(body, 1, mtime=0)
        place = self.rng.randrange(len(body) + 1)
        return gzip.compress(body[:place], 1, mtime=0) + gzip.compress(body[place:], 1, mtime=0)
