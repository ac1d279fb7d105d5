"""Streams that are no server-sent events: AWS event streams, JSON lines, and arrays that grow.

A stream may be cut anywhere and hold anything: what was whole before is given, and nothing raises.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_llmcost.usage.body import event_data, is_event_stream, json_object

# A message of an AWS event stream: total length, length of the headers, CRC-32 of both; headers; payload;
# CRC-32 of it all. Source: Smithy's specification of application/vnd.amazon.eventstream.
_PRELUDE = struct.Struct(">III")
_CHECKED_BY_PRELUDE = 8
_CHECKSUM_BYTES = 4
_FEWEST_BYTES = _PRELUDE.size + _CHECKSUM_BYTES
_LENGTH = struct.Struct(">H")
# Header types by number, with the bytes of their value; those of _HAS_LENGTH state it in two bytes.
_VALUE_BYTES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_HAS_LENGTH = frozenset({6, 7})

EXCEPTION = "exception"

_decoder = json.JSONDecoder()
_BETWEEN_ITEMS = " \t\r\n,"


def streamed_events(body: bytes) -> Iterator[dict[str, Any] | None] | None:
    """The events of a streamed body, whatever form it has.

    Args:
        body: Without content encodings, possibly cut.

    Returns:
        The JSON object of each event, or None for an event that is none. A message of an AWS event stream
        stands under its event type, as boto3 gives it. None if the body is no stream.
    """
    if is_event_stream(body):
        return event_data(body)
    if is_aws_event_stream(body):
        return ({kind: payload} for kind, payload in aws_messages(body))
    text = body.lstrip()
    if text.startswith(b"["):
        return array_items(text)
    first, line_end, _ = text.partition(b"\n")
    if line_end and first.startswith(b"{") and json_object(first) is not None:
        return json_lines(text)
    return None


def is_aws_event_stream(body: bytes) -> bool:
    """Whether a body begins with a message of an AWS event stream: the checksum of its prelude is right."""
    if len(body) < _PRELUDE.size:
        return False
    checksum: int = _PRELUDE.unpack_from(body)[2]
    return zlib.crc32(body[:_CHECKED_BY_PRELUDE]) == checksum


def aws_messages(body: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The messages of an AWS event stream that are whole.

    The checksums of later messages are not looked at: cassettes are edited by hand.

    Returns:
        Event type, or ``exception`` for an error that came in place of an event; and the JSON object of the
        payload, empty if it is none.
    """
    start = 0
    while start + _FEWEST_BYTES <= len(body):
        total, headers_bytes, _ = _PRELUDE.unpack_from(body, start)
        end = start + total
        payload_start = start + _PRELUDE.size + headers_bytes
        payload_end = end - _CHECKSUM_BYTES
        if total < _FEWEST_BYTES or end > len(body) or payload_start > payload_end:
            return
        headers = _headers(body[start + _PRELUDE.size : payload_start])
        is_event = headers.get(":message-type", "event") == "event"
        kind = headers.get(":event-type", "") if is_event else EXCEPTION
        yield kind, json_object(body[payload_start:payload_end]) or {}
        start = end


def _headers(data: bytes) -> dict[str, str]:
    """The headers of a message whose value is text; as far as they can be read."""
    found: dict[str, str] = {}
    place = 0
    try:
        while place < len(data):
            name_end = place + 1 + data[place]
            name, kind = data[place + 1 : name_end], data[name_end]
            place = name_end + 1
            if kind in _HAS_LENGTH:
                size = _LENGTH.unpack_from(data, place)[0]
                place += _LENGTH.size
                found[name.decode("utf-8", "replace")] = data[place : place + size].decode("utf-8", "replace")
                place += size
            else:
                place += _VALUE_BYTES[kind]
    except (IndexError, KeyError, struct.error):
        pass
    return found


def json_lines(body: bytes) -> Iterator[dict[str, Any] | None]:
    """The JSON object of each line; None for a line that is none."""
    for line in body.split(b"\n"):
        if line.strip():
            yield json_object(line)


def array_items(body: bytes) -> Iterator[dict[str, Any] | None]:
    """The objects of a JSON array, up to where it is cut; None for an item that is no object."""
    text = body.lstrip().decode("utf-8", "replace")
    place = 1
    while True:
        while place < len(text) and text[place] in _BETWEEN_ITEMS:
            place += 1
        try:
            item, place = _decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return
        yield item if isinstance(item, dict) else None
