"""Streams that are no server-sent events."""

from __future__ import annotations

import json

import pytest
from exchanges import aws_message, aws_stream, json_lines, sse

from pytest_llmcost.usage.event_stream import (
    EXCEPTION,
    array_items,
    aws_messages,
    is_aws_event_stream,
    streamed_events,
)

EVENTS = ({"messageStart": {"role": "assistant"}}, {"metadata": {"usage": {"inputTokens": 1}}})
# As Bedrock sent it, with its padding "p".
RECORDED = (
    b"\x00\x00\x00\x84\x00\x00\x00R\xa4!\xf9\xe3\x0b:event-type\x07\x00\x0cmessageStart\r:content-type"
    b'\x07\x00\x10application/json\r:message-type\x07\x00\x05event{"p":"abcdefg","role":"assistant"}\xe2\xd1\xe16'
)


def test_recorded_message():
    """Each event stands under its type, as boto3 gives it."""
    assert is_aws_event_stream(RECORDED)
    assert list(streamed_events(RECORDED)) == [{"messageStart": {"p": "abcdefg", "role": "assistant"}}]


def test_messages_follow_each_other():
    """And what the tests write is what they read."""
    assert list(streamed_events(aws_stream(*EVENTS))) == list(EVENTS)


@pytest.mark.parametrize("cut", range(1, 40, 7))
def test_cut_message_is_left_out(cut):
    """What was whole before stays."""
    assert list(streamed_events(aws_stream(*EVENTS)[:-cut])) == [EVENTS[0]]


def test_exception():
    """It names itself in another header."""
    body = aws_message({"message": "No"}, message_type="exception", exception_type="throttlingException")
    assert list(aws_messages(body)) == [(EXCEPTION, {"message": "No"})]


def with_headers(data):
    whole = aws_message({"a": 1})
    prelude = (len(whole) + len(data)).to_bytes(4) + len(data).to_bytes(4)
    return prelude + b"\0\0\0\0" + data + whole[12:]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x01a\x00\x01b\x01\x0b:event-type\x07\x00\x01x", "x"),
        (
            b"\x01a\x02\xff\x01b\x03\xff\xff\x01c\x04\0\0\0\0\x01d\x05"
            + b"\0" * 8
            + b"\x0b:event-type\x07\0\x01x",
            "x",
        ),
        (b"\x01a\x08" + b"\0" * 8 + b"\x01b\x09" + b"\0" * 16 + b"\x0b:event-type\x07\0\x01x", "x"),
        (b"\x01a\x06\x00\x02\xff\xfe\x0b:event-type\x07\x00\x01x", "x"),
        (b"\x01a\x63\x0b:event-type\x07\x00\x01x", ""),
        (b"\xff", ""),
        (b"\x0b:event-type\x07\xff\xff", ""),
        (b"\x0b:event-type\x07\xff", ""),
        (b"", ""),
    ],
    ids=[
        "booleans",
        "numbers",
        "time and id",
        "bytes",
        "unknown type",
        "cut",
        "too long",
        "cut length",
        "none",
    ],
)
def test_headers_of_every_type(data, kind):
    """Only the text ones are read, and none of them raises."""
    assert list(aws_messages(with_headers(data)))[0][0] == kind


@pytest.mark.parametrize(
    "lengths", [(0, 0), (15, 0), (16, 1), (20, 2**32 - 1), (2**32 - 1, 0), (12, 0)], ids=str
)
def test_impossible_lengths_end_the_stream(lengths):
    """A message of no length would be read for ever."""
    total, headers = lengths
    body = total.to_bytes(4) + headers.to_bytes(4) + b"\0" * 60
    assert list(aws_messages(body)) == []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"a": 1}', b"\x00" * 12, b"\x00" * 8, b'{\n "a": 1\n}', b"text", b"{\n", b"\n\n"]
)
def test_no_stream(body):
    """A body in one piece, or nothing that can be read."""
    assert streamed_events(body) is None


def test_lines():
    """One object a line; blank lines are passed over, and a line that is no object is None."""
    body = json_lines({"a": 1}) + b"\r\n\n[1]\n{cut"
    assert list(streamed_events(body)) == [{"a": 1}, None, None]


@pytest.mark.parametrize("indent", [None, 2])
def test_array(indent):
    """However it is written."""
    body = json.dumps([{"a": 1}, [2], {"b": {}}], indent=indent).encode()
    assert list(streamed_events(body)) == [{"a": 1}, None, {"b": {}}]
    assert list(streamed_events(b"\n " + body[:-5])) == [{"a": 1}, None]


@pytest.mark.parametrize(
    "body", [b"[", b"[]", b"[[", b"[,", b"[]]", b'["\xff"', b"[" * 200_000, b"[" + b"9" * 5000]
)
def test_array_of_anything(body):
    """None raises."""
    assert all(item is None for item in array_items(body))


def test_server_sent_events():
    """The commonest form."""
    assert list(streamed_events(sse({"a": 1}))) == [{"a": 1}, None]
