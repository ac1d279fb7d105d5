"""Where each wire format keeps the parts of a prompt."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    text = compact_json(value)
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
