"""About how many tokens a text is, without a tokenizer: words, numbers, marks and line ends are counted.

Only differences of it are used, against a count that the provider has stated: a tokenizer would bring nothing
then, and a count of bytes takes dense text (code, numbers, tables) for what it is not. English has about four
bytes to one of these.
"""

from __future__ import annotations

import re
from typing import Any

from pytest_llmcost.replay.media import MARK
from pytest_llmcost.usage.request_parts import compact_json

_PIECE = re.compile(r"[A-Za-z]+|[0-9]+|[^\S\n]+|\n\s*|[^\x00-\x7f]+|[^\w\s]+|_+")
# A single space counts nothing: in ASCII it is left out.
_ASCII_PIECE = re.compile(r"[A-Za-z]+|[0-9]+|[^\S\n]{2,}|\n\s*|[^\w\s]+|_+")
# A word up to this length is mostly one token.
_WORD, _MORE = 7, 5
_DIGITS, _MARKS, _CAPITALS = 3, 4, 3
_PER_BYTE_BEYOND_ASCII, _UNSURE_PER_BYTE = 0.30, 0.40
_NUMBERS, _BEYOND_ASCII = re.compile(r"[0-9]{2,}"), re.compile(r"[^\x00-\x7f]+")
_LONGEST_KNOWN, _MOST_KNOWN = 24, 8_192
# Around each message: its role and its end; around each call of a tool, and what it gave back.
_PER_MESSAGE, _PER_TOOL_USE = 6, 8
_TOOL_USES = frozenset(
    {
        *("tool_use", "tool_result", "function_call", "function_call_output", "custom_tool_call"),
        *("functionCall", "functionResponse", "function_response", "toolUse", "toolResult", "function"),
        "tool_call_id",
    }
)
# What models do not read as text.
_UNREAD = frozenset(
    {
        *("id", "tool_call_id", "tool_use_id", "toolUseId", "call_id", "callId", "item_id", "type", "role"),
        *("signature", "thoughtSignature", "thought_signature", "encrypted_content"),
        *("status", "object", "finish_reason", "refusal", "index", "data", "detail"),
    }
)
_CACHE_MARKS = frozenset({"cache_control", "cachePoint"})
# Most messages have a role and a content.
_USUAL = 2
# A union in the place of a tuple is made anew at each look.
_LISTS = (list, tuple)
_ARGUMENTS = frozenset({"arguments", "args", "input", "response", "output"})


def tokens_of_text(text: str) -> float:
    """About how many tokens."""
    pieces = (_ASCII_PIECE if text.isascii() else _PIECE).findall(text)
    return sum(map(_KNOWN_PIECES.__getitem__, pieces))


def unsure_of_text(text: str) -> float:
    """How many tokens more it may be where tokenizers differ most: single digits, and other scripts."""
    digits = sum(len(number) - -(-len(number) // _DIGITS) for number in _NUMBERS.findall(text))
    if text.isascii():
        return float(digits)
    beyond = sum(len(piece.encode("utf-8", "surrogatepass")) for piece in _BEYOND_ASCII.findall(text))
    return digits + beyond * _UNSURE_PER_BYTE


def _tokens_of_piece(piece: str) -> float:
    first, length = piece[0], len(piece)
    if not first.isascii():
        return len(piece.encode("utf-8", "surrogatepass")) * _PER_BYTE_BEYOND_ASCII
    if first.isalpha():
        if length <= _WORD and not (length > _CAPITALS and piece.isupper()):
            return 1.0
        return 1 + (length - _CAPITALS) / 3 if piece.isupper() else 1 + (length - _WORD) / _MORE
    if first.isdigit():
        return float(-(-length // _DIGITS))
    if first.isspace():
        return 0.0 if length == 1 and first != "\n" else 1.0
    return max(1.0, length / _MARKS)


class _Pieces(dict[str, float]):
    """About how many tokens the words and marks are that texts repeat; a lookup takes a tenth of a count."""

    def __missing__(self, piece: str) -> float:
        count = _tokens_of_piece(piece)
        if len(piece) <= _LONGEST_KNOWN and len(self) < _MOST_KNOWN:
            self[piece] = count
        return count


_KNOWN_PIECES = _Pieces()


def tokens_of_messages(messages: Any) -> float:
    """About how many tokens the messages of a prompt are."""
    return sum(frame_of(message) + tokens_of_text(text_of(message)) for message in messages)


def frame_of(message: Any) -> int:
    """About how many tokens stand around the text of a message."""
    return _PER_MESSAGE + _PER_TOOL_USE * _tool_uses(message)


def _tool_uses(value: Any) -> int:
    if isinstance(value, dict):
        kind = value.get("type")
        if (isinstance(kind, str) and kind in _TOOL_USES) or not _TOOL_USES.isdisjoint(value):
            return 1
        found = 0
        for part in value.values():
            if isinstance(part, list):
                found += _tool_uses(part)
        return found
    return sum(map(_tool_uses, value)) if isinstance(value, _LISTS) else 0


def tokens_of_tool(tool: Any) -> float:
    """About how many tokens the JSON of a tool is; providers write tools anew, more briefly."""
    return tokens_of_text(compact_json(tool))


def text_of(value: Any) -> str:
    """All text of a message that the model reads, a line for each piece of it."""
    if isinstance(value, dict) and len(value) == _USUAL and "role" in value:
        content = value.get("content")
        if isinstance(content, str):
            return "" if content.startswith(MARK) else content
    found: list[str] = []
    _add_texts(value, None, found)
    return "\n".join(found)


def _token_of_id(number: int) -> str:
    """A word that counts as one token and is another one for another id."""
    return "t" + "".join(chr(ord("a") + int(digit)) for digit in str(abs(number)))


def _add_texts(value: Any, key: object, found: list[str]) -> None:
    if isinstance(value, str):
        if key not in _UNREAD and not value.startswith(MARK):
            found.append(value)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name in _ARGUMENTS and isinstance(part, dict):
                found.append(compact_json(part))
            elif name not in _CACHE_MARKS:
                _add_texts(part, name, found)
    elif isinstance(value, _LISTS):
        if value and all(type(part) is int for part in value):
            found.append(" ".join(map(_token_of_id, value)))  # a prompt of token ids
            return
        for part in value:
            _add_texts(part, key, found)
