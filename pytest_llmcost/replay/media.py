"""Pictures, files and sounds in a prompt: their bytes say nothing of their tokens, so they are set apart."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any, NamedTuple

# What stands in the place of one begins with a character that no prompt has.
MARK = "\x1amedia "
_HOLDERS = frozenset(
    {
        *("image_url", "source", "inlineData", "inline_data", "fileData", "file_data", "input_audio"),
        *("image", "document", "video", "video_url", "audio", "file", "s3Location", "input_image"),
    }
)
_BY_NAME = frozenset({"file_id", "fileId", "fileUri", "file_uri", "file_data", "file_url"})
_BYTES = frozenset({"data", "bytes"})
_LINKS = frozenset({"url", "image_url", "uri", "video_url"})
_TELLING = _BY_NAME | _BYTES | _LINKS
_ARGUMENTS = frozenset({"arguments", "args", "input", "output", "response"})
# In the bytes of a request that may hold any of these.
HINT = re.compile(
    rb'"(?:image_url|input_image|inline_?[dD]ata|file_?[dD]ata|input_audio|input_file|file_?[iI]d|file_?[uU]ri'
    rb'|image|document|video|audio|source|file)"'
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_=\s-]+")
# A union in the place of a tuple is made anew at each look.
_LISTS, _NESTED = (list, tuple), (dict, list, tuple)
_SHORTEST = 32
_LOOKED_AT = 4_096
_HEAD = 131_072
_PNG, _GIF, _JPEG = b"\x89PNG\r\n\x1a\n", b"GIF8", b"\xff\xd8"
_FIRST_FRAME, _LAST_FRAME, _NO_FRAMES = 0xC0, 0xCF, frozenset({0xC4, 0xC8, 0xCC})
_SHOWN_HASH = 12


class Medium(NamedTuple):
    """One of them.

    Attributes:
        sha256: Of what stands in the request, shortened.
        size: Of a picture, ``640x480``; None if it is not known.
        detail: How closely the model shall look at it, as OpenAI has it; None for as it likes.
    """

    sha256: str
    size: str | None
    detail: str | None = None

    @property
    def cost_key(self) -> str:
        """The same for two that have as many tokens."""
        return f"{self.size or self.sha256} {self.detail or ''}"


def set_apart(value: Any, found: list[Medium]) -> Any:
    """A JSON value with a mark in the place of each medium.

    Args:
        value: Of a request; not touched.
        found: Takes what was set apart.
    """
    return _set_apart(value, None, found, held=False)


def mark_of(sha256: str) -> str:
    """What stands in the place of a medium with a hash."""
    return f"{MARK}{sha256[:_SHOWN_HASH]}"


def _set_apart(value: Any, key: object, found: list[Medium], *, held: bool) -> Any:
    """The value itself, if it holds no medium: prompts are long, and few of them do."""
    if isinstance(value, str):
        if not _is_medium(value, key, held=held):
            return value
        medium = Medium(
            hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:_SHOWN_HASH], _size(value)
        )
        found.append(medium)
        return mark_of(medium.sha256)
    if isinstance(value, dict):
        if value.get("type") == "text" and isinstance(value.get("data"), str):
            return {**value, "data": None, "text": value["data"]}  # a document of plain text
        return _members_apart(value, found, held=held)
    if isinstance(value, _LISTS):
        return [part if _is_plain(part, key) else _set_apart(part, key, found, held=held) for part in value]
    return value


def _members_apart(value: dict[Any, Any], found: list[Medium], *, held: bool) -> dict[Any, Any]:
    first, apart = len(found), value
    for name, part in value.items():
        # The quick answer for most of a prompt, as in _is_plain().
        if isinstance(part, str):
            if name not in _TELLING and not part.startswith("data:"):
                continue
        elif not isinstance(part, _NESTED) or (name in _ARGUMENTS and isinstance(part, dict)):
            continue
        new = _set_apart(part, name, found, held=held or name in _HOLDERS)
        if new is not part:
            apart = {**apart, name: new}
    detail = value.get("detail")
    if isinstance(detail, str) and detail != "auto":
        found[first:] = [medium._replace(detail=detail) for medium in found[first:]]
    return apart


def _is_plain(part: Any, key: object) -> bool:
    """Whether something is no medium for certain; it is the quick answer for most of a prompt."""
    if isinstance(part, str):
        return key not in _TELLING and not part.startswith("data:")
    return not isinstance(part, _NESTED)


def _is_medium(text: str, key: object, *, held: bool) -> bool:
    if key in _BY_NAME or text.startswith("data:"):
        return held or text.startswith("data:") or key in {"file_id", "fileId"}
    if key in _LINKS:
        return held and "://" in text[:_SHORTEST]
    if key in _BYTES:
        return len(text) >= _SHORTEST and _BASE64.fullmatch(text, 0, _LOOKED_AT) is not None
    return False


def _size(text: str) -> str | None:
    """Width and height of a picture in base64."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        head = base64.b64decode(text[: _HEAD // 3 * 4], validate=False)
    except (binascii.Error, ValueError):
        return None
    if head.startswith(_PNG):
        return f"{int.from_bytes(head[16:20])}x{int.from_bytes(head[20:24])}"
    if head.startswith(_GIF):
        return f"{int.from_bytes(head[6:8], 'little')}x{int.from_bytes(head[8:10], 'little')}"
    return _jpeg_size(head) if head.startswith(_JPEG) else None


def _jpeg_size(head: bytes) -> str | None:
    place = 2
    while place + 9 <= len(head) and head[place] == 0xFF:  # noqa: PLR2004  # a marker begins with it
        marker, length = head[place + 1], int.from_bytes(head[place + 2 : place + 4])
        if _FIRST_FRAME <= marker <= _LAST_FRAME and marker not in _NO_FRAMES:
            return (
                f"{int.from_bytes(head[place + 7 : place + 9])}x{int.from_bytes(head[place + 5 : place + 7])}"
            )
        place += 2 + max(length, 2)
    return None
