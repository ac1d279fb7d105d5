"""Where each wire format keeps the parts of a prompt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from json.encoder import encode_basestring as _written
from typing import Any

SYSTEM, TOOLS, MESSAGES = "system", "tools", "messages"
_PARTS = {
    SYSTEM: ("system", "instructions", "systemInstruction", "system_instruction", "preamble"),
    TOOLS: ("tools", "toolConfig"),
    MESSAGES: (
        *("messages", "input", "prompt", "contents", "content", "chat_history", "message"),
        *("requests", "instances", "texts", "inputs", "inputText", "query", "documents"),
    ),
}
PART_OF: Mapping[str, str] = {key: part for part, keys in _PARTS.items() for key in keys}
# One encoder for all: json.dumps() with options makes one at each call.
compact_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# Shorter texts are written down as quickly as they are measured; sizes of the longest are not remembered.
_LONG, _LONGEST = 1_024, 65_536
_NAMED_ESCAPES = b'"\\\n\r\t\b\f'
_UNESCAPED = bytes({*range(256)} - {*range(0x20), *_NAMED_ESCAPES})


def request_sizes(request: Mapping[str, Any]) -> dict[str, int]:
    """Sizes of a prompt's parts, in bytes of compact JSON; what a request lacks is absent."""
    sizes: dict[str, int] = {}
    for key, value in request.items():
        part = PART_OF.get(key)
        if part is not None and value:
            sizes[part] = sizes.get(part, 0) + compact_size(value)
    return {part: sizes[part] for part in _PARTS if part in sizes}


def compact_size(value: Any) -> int:
    """Bytes of compact JSON."""
    if isinstance(value, str):
        if len(value) < _LONG:
            return _size_of_json(_written(value))
        return (_known_size if len(value) <= _LONGEST else _size_of_text)(value)
    if isinstance(value, dict):
        return _size_of_object(value)
    if isinstance(value, tuple):
        return 2 + max(len(value) - 1, 0) + sum(map(compact_size, value))
    return _size_of_json(compact_json(value))


def _size_of_object(value: dict[Any, Any]) -> int:
    """Of a message, mostly: its texts are measured one by one, the longest without being written down."""
    size, rest = 1 + max(len(value), 1), {}
    for key, part in value.items():
        if isinstance(part, str) and isinstance(key, str):
            size += _size_of_json(_written(key)) + 1 + compact_size(part)
        else:
            rest[key] = part
    # Without the braces and commas around them, which are counted.
    return size + _size_of_json(compact_json(rest)) - 1 - len(rest) if rest else size


def _size_of_json(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _size_of_text(text: str) -> int:
    """Of a JSON string: a backslash before some characters, six bytes for a control without a name."""
    written = text.encode("utf-8", "surrogatepass")
    escaped = written.translate(None, _UNESCAPED)
    return 2 + len(written) + len(escaped) + 4 * len(escaped.translate(None, _NAMED_ESCAPES))


# A system prompt is that of many calls.
_known_size = lru_cache(maxsize=32)(_size_of_text)
