"""Response bodies as text: content encodings undone, JSON told from event streams by the bytes themselves.

Headers are not trusted: cassettes often lack them, and some say gzip over plain text.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
# A hostile body may inflate to any size; no recorded response comes near this.
_MOST_BYTES = 256 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Compressed bytes may begin with a brace, but no 256 of them are free of control characters.
_TEXT_START = re.compile(rb'[\s]*[{\["a-z:]')
_CONTROL_CHARACTERS = bytes({*range(0x20), 0x7F} - {*b"\t\n\f\r"})
_LOOKED_AT = 256
# json.loads() looks for the encoding first, and for white space at both ends with a regular expression.
_raw_decode = json.JSONDecoder().raw_decode
_JSON_SPACE = " \t\n\r"
_END_MARK = rb"(?:^|[\r\n])data: ?\[DONE\]\s*(?:[\r\n]|$)"


def plain_bytes(body: bytes, content_encoding: str) -> bytes:
    """Undo content encodings as far as the bytes go.

    Args:
        body: As received, possibly cut.
        content_encoding: The header; only a hint.

    Returns:
        The plain body; what cannot be decoded is returned as it is.
    """
    if body.startswith(_GZIP_MAGIC):
        return _gunzip(body)
    if body.startswith(_ZSTD_MAGIC):
        return _decode_with(_zstd, body)
    # The header is asked for these only: nothing in the bytes tells them.
    if not content_encoding or _is_text(body):
        return body
    if "br" in content_encoding:
        return _decode_with(_brotli, body)
    if "deflate" in content_encoding:
        return _inflate(body, zlib.MAX_WBITS) or _inflate(body, -zlib.MAX_WBITS) or body
    return body


def _gunzip(body: bytes) -> bytes:
    # A server that flushes often may send several gzip members, one after the other.
    plain = bytearray()
    while body.startswith(_GZIP_MAGIC) and len(plain) < _MOST_BYTES:
        engine = zlib.decompressobj(_GZIP_WINDOW)
        try:
            plain += engine.decompress(body, _MOST_BYTES)
        except zlib.error:
            return bytes(plain + _inflate_piecewise(body, _GZIP_WINDOW))
        body = engine.unused_data
    return bytes(plain)


def _inflate(body: bytes, window: int) -> bytes:
    # A decompressor object gives back what a cut stream still holds; zlib.decompress() would raise.
    engine = zlib.decompressobj(window)
    try:
        return engine.decompress(body, _MOST_BYTES)
    except zlib.error:
        return _inflate_piecewise(body, window)


def _inflate_piecewise(body: bytes, window: int) -> bytes:
    engine = zlib.decompressobj(window)
    plain = bytearray()
    try:
        for start in range(0, len(body), 256):
            plain += engine.decompress(body[start : start + 256], _MOST_BYTES)
    except zlib.error:
        pass
    return bytes(plain)


def _zstd(body: bytes) -> bytes:
    import zstandard

    plain: bytes = zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress(body)
    return plain


def _brotli(body: bytes) -> bytes:
    import brotli

    plain: bytes = brotli.Decompressor().process(body)
    return plain


def _decode_with(decoder: Callable[[bytes], bytes], body: bytes) -> bytes:
    try:
        return decoder(body) or body
    except Exception:  # noqa: BLE001  # each decoder has errors of its own, and may not be installed
        return body


def _is_text(body: bytes) -> bool:
    start = body[:_LOOKED_AT].removeprefix(_BYTE_ORDER_MARK)
    # Deleting them takes a fifth of the time that a regular expression needs to look for one.
    return not start or bool(
        _TEXT_START.match(start) and len(start.translate(None, _CONTROL_CHARACTERS)) == len(start)
    )


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object that a body holds; None if it holds something else."""
    try:
        text = body.decode().lstrip(_JSON_SPACE)
        value, end = _raw_decode(text)
    except (ValueError, RecursionError):
        return _json_in_any_encoding(body)
    return value if isinstance(value, dict) and not text[end:].strip(_JSON_SPACE) else None


def _json_in_any_encoding(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def form_field(body: bytes, name: str) -> str | None:
    """The text of a field of a multipart form, as uploads of audio and pictures are sent; None without it."""
    if not body.startswith(b"--"):
        return None
    marker = f'name="{name}"'.encode()
    _, found, rest = body.partition(marker)
    if not found:
        return None
    value = rest.partition(b"\r\n\r\n")[2].partition(b"\r\n")[0][:_LOOKED_AT]
    return value.decode("utf-8", "replace") or None


def is_event_stream(body: bytes) -> bool:
    """Whether the body is a stream of server-sent events."""
    return (
        body.removeprefix(_BYTE_ORDER_MARK)
        .lstrip()[:6]
        .startswith((b"data:", b"event:", b"id:", b"retry:", b":"))
    )


def event_data(body: bytes) -> Iterator[dict[str, Any] | None]:
    """The data of each server-sent event.

    A value is the JSON object of an event, or None for data that is no JSON object (``[DONE]``, a cut
    event). Lines may end in LF, CRLF or CR; several data lines of one event are joined by a line feed. Where
    that is no JSON, each line is an event: some servers, and editors of cassettes, leave the empty lines out.

    Args:
        body: The stream, possibly cut anywhere.
    """
    data: list[bytes] = []
    body = body.removeprefix(_BYTE_ORDER_MARK)
    for line in body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif not line and data:
            yield from _joined(data)
            data = []
    if data:
        yield from _joined(data)


def _joined(data: list[bytes]) -> Iterator[dict[str, Any] | None]:
    whole = json_object(b"\n".join(data))
    yield from [whole] if whole is not None or len(data) == 1 else map(json_object, data)


def ends_with_done(body: bytes) -> bool:
    """Whether an OpenAI-style stream reached its end mark, ``[DONE]``."""
    return re.search(_END_MARK, body[-_LOOKED_AT:]) is not None
