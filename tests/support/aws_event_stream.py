"""The binary event stream of AWS, written from its specification.

A message is: its length and that of its headers (4 bytes each, big endian), a CRC of these 8 bytes, the headers,
the payload, and a CRC of all before.
"""

from __future__ import annotations

import json
import struct
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7
_FRAMING = 16


def message(kind: str, payload: object) -> bytes:
    """An event with a JSON payload."""
    headers = b"".join(
        _header(name, value)
        for name, value in (
            (":event-type", kind),
            (":content-type", "application/json"),
            (":message-type", "event"),
        )
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", _FRAMING + len(headers) + len(body), len(headers))
    begun = prelude + struct.pack(">I", crc32(prelude)) + headers + body
    return begun + struct.pack(">I", crc32(begun))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return struct.pack(f">B{len(name)}sBH", len(name), name.encode(), _STRING, len(text)) + text
