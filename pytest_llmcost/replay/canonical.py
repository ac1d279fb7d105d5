"""A request as text: the same for two that are the same to the letter, whatever the order of their keys.

Prompts are long, and are written down twice for each comparison: a hash stands for a long text in them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _name
from typing import Any

# One encoder for all: json.dumps() with options makes one at each call.
_sorted_json = json.JSONEncoder(separators=(",", ":"), sort_keys=True, check_circular=False).encode
# A text is long from so many characters on; hashes of the longest are not remembered.
_LONG, _LONGEST = 1_024, 65_536
# No prompt begins with it.
_MARK = "\x00"
# Longer lists have short texts, mostly: to look at each of them takes longer than to write them down.
_MOST_ITEMS = 24
# From a request down to the text of a part of a message.
_DEPTH = 5
_NESTED = (list, dict)


def canonical(request: Mapping[str, Any], known: dict[int, str] | None = None) -> str:
    """Its keys, sorted, with the JSON of their values, and hashes in the place of long texts.

    Args:
        request: A JSON object; not touched.
        known: Remembers what the values are as text, by their identity, for requests that share some of them;
            they must live as long as it does.

    Raises:
        RecursionError: If it is nested too deep.
    """
    known = {} if known is None else known
    return "\n".join([f"{_name(key)}:{_text_of(request[key], known)}" for key in sorted(request)])


def _text_of(value: Any, known: dict[int, str]) -> str:
    if not isinstance(value, _NESTED):
        return repr(_abridged_text(value) if isinstance(value, str) else value)
    text = known.get(id(value))
    if text is None:
        text = known[id(value)] = _sorted_json(_abridged(value, _DEPTH))
    return text


def digest(text: str) -> str:
    """The hash of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# A system prompt is that of many calls, and of both sides of each.
_known_digest = lru_cache(maxsize=32)(digest)


def _abridged_text(value: str) -> str:
    if len(value) < _LONG:
        return value
    return _MARK + (_known_digest if len(value) <= _LONGEST else digest)(value)


def _abridged(value: Any, depth: int) -> Any:
    """The value itself, if nothing in it is long."""
    if isinstance(value, list):
        if not depth or len(value) > _MOST_ITEMS:
            return value
        return [
            _abridged_text(part) if isinstance(part, str) else _abridged(part, depth - 1) for part in value
        ]
    return _abridged_members(value, depth) if isinstance(value, dict) else value


def _abridged_members(value: dict[Any, Any], depth: int) -> dict[Any, Any]:
    # Below a message or a part of one: what is nested deeper are schemas and arguments of tools.
    kinds = list if depth < _DEPTH else _NESTED
    abridged = value
    for name, part in value.items():
        if isinstance(part, str):
            if len(part) < _LONG:
                continue
            new = _abridged_text(part)
        elif isinstance(part, kinds):
            new = _abridged(part, depth - 1)
        else:
            continue
        if new is not part:
            abridged = {**abridged, name: new}
    return abridged
