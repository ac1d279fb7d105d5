"""Response bodies as text, whatever the headers say."""

from __future__ import annotations

import gzip
import json
import random
import zlib

import brotli
import pytest
import zstandard

from pytest_llmcost.usage.body import ends_with_done, event_data, is_event_stream, json_object, plain_bytes

ANSWER = json.dumps({"model": "gpt-4o", "usage": {"prompt_tokens": 12, "completion_tokens": 3}}).encode()
_NUMBERS = random.Random(7)
# Long enough that brotli's first byte is the one of "[".
EMBEDDING = json.dumps({"data": [{"embedding": [_NUMBERS.random() for _ in range(9_000)]}]}).encode()


def raw_deflate(body):
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(body) + engine.flush()


ENCODINGS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "deflate, without zlib's frame": raw_deflate,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("body", [ANSWER, EMBEDDING], ids=["answer", "embedding"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_content_encoding_is_undone(encoding, body):
    """Each content encoding in use gives the plain body back."""
    assert plain_bytes(ENCODINGS[encoding](body), encoding) == body


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_encoding_is_seen_without_a_header(encoding):
    """A cassette without headers: gzip and zstd are known by their first bytes."""
    assert plain_bytes(ENCODINGS[encoding](ANSWER), "") == ANSWER


@pytest.mark.parametrize("claimed", ["gzip", "br", "deflate", "zstd", "identity", ""])
@pytest.mark.parametrize(
    "body", [ANSWER, b"data: {}\n\n", b"event: ping\n\n", b": hi\n\n", b"retry: 3\n\n", b""]
)
def test_lying_header_is_not_believed(claimed, body):
    """vcrpy stores decoded bodies under the header of the encoded one."""
    assert plain_bytes(body, claimed) == body


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_cut_body_gives_what_has_arrived(encoding):
    """A response that broke off is decoded as far as it goes."""
    encoded = ENCODINGS[encoding](EMBEDDING)
    plain = plain_bytes(encoded[: len(encoded) // 2], encoding)
    assert 0 < len(plain) < len(EMBEDDING)
    assert EMBEDDING.startswith(plain)


def test_damaged_gzip_gives_the_part_before_the_damage():
    """Bytes that went wrong in the middle do not raise."""
    encoded = bytearray(gzip.compress(EMBEDDING))
    encoded[len(encoded) // 2 : len(encoded) // 2 + 40] = b"\x00" * 40
    assert plain_bytes(bytes(encoded), "gzip")[:1000] == EMBEDDING[:1000]


def test_several_gzip_members_and_zstd_frames_are_one_body():
    """A server that flushes after each event may send a compressed member for each."""
    assert plain_bytes(gzip.compress(b"data: 1\n\n") + gzip.compress(b"data: 2\n\n"), "gzip") == (
        b"data: 1\n\ndata: 2\n\n"
    )
    assert plain_bytes(zstandard.compress(b"data: 1\n\n") + zstandard.compress(b"data: 2\n\n"), "zstd") == (
        b"data: 1\n\ndata: 2\n\n"
    )


def test_unknown_bytes_stay_as_they_are():
    """What no decoder understands is given back."""
    assert plain_bytes(b"\x99\x98\x97", "br") == b"\x99\x98\x97"
    assert plain_bytes(b"\x28\xb5\x2f\xfd damaged", "zstd") == b"\x28\xb5\x2f\xfd damaged"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'\n\n  {"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b"[1]", None),
        (b"null", None),
        (b'{"a": 1', None),
        (b"", None),
        (b"[" * 100_000, None),
        (b'{"a": ' + b"9" * 5_000 + b"}", None),
        (b"\xff\xfe\xfd", None),
    ],
)
def test_json_object(body, expected):
    """Only a JSON object is an answer; nothing raises."""
    assert json_object(body) == expected


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_events_with_every_line_end(line_end):
    """The three line ends that the standard of server-sent events allows."""
    body = b'event: a\ndata: {"n": 1}\n\ndata: {"n": 2}\n\ndata: [DONE]\n\n'.replace(b"\n", line_end)
    assert is_event_stream(body)
    assert list(event_data(body)) == [{"n": 1}, {"n": 2}, None]
    assert ends_with_done(body)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_events_without_empty_lines_between(end):
    """A server or an editor that leaves them out: each line is an event, unless together they are one."""
    lines = ['data: {"n": 1}', 'data: {"n": 2}', "data: [DONE]", ""]
    assert list(event_data(end.join(lines).encode())) == [{"n": 1}, {"n": 2}, None]
    assert list(event_data(f'data: {{"n":{end}data: 3}}{end}{end}'.encode())) == [{"n": 3}]


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b'data: {"n":\ndata: 1}\n\n', [{"n": 1}]),
        (b'data:{"n": 1}\n\n', [{"n": 1}]),
        (b': OPENROUTER PROCESSING\n\n: again\n\ndata: {"n": 1}\n\n', [{"n": 1}]),
        (b'\xef\xbb\xbfdata: {"n": 1}\n\n', [{"n": 1}]),
        (b'\n\ndata: {"n": 1}\n\n', [{"n": 1}]),
        (b'id: 7\nretry: 10\ndata: {"n": 1}\n\n', [{"n": 1}]),
        (b'data: {"n": 1}', [{"n": 1}]),
        (b'data: {"n": 1}\n\ndata: {"n": 2', [{"n": 1}, None]),
        (b"data: [1]\n\n", [None]),
        (b"event: ping\n\n", []),
    ],
    ids=[
        "several data lines",
        "no space after the colon",
        "comments",
        "byte order mark",
        "blank lines first",
        "other fields",
        "no line end at the end",
        "cut event",
        "no object",
        "event without data",
    ],
)
def test_event_forms(body, events):
    """The forms that servers send."""
    assert is_event_stream(body)
    assert list(event_data(body)) == events


@pytest.mark.parametrize("body", [b'{"data": 1}', b"", b"<html>", b"database is locked", b"  [1]"])
def test_other_bodies_are_no_event_stream(body):
    """JSON, HTML and plain text are told apart by the bytes."""
    assert not is_event_stream(body)


def test_done_is_the_end_mark_and_not_a_word_of_the_answer():
    """A model that writes "[DONE]" does not end its stream."""
    assert not ends_with_done(b'data: {"content": "[DONE]"}\n\n')
    assert not ends_with_done(b"data: [DONE")
    assert ends_with_done(b"data: {}\n\ndata:[DONE]")
    assert ends_with_done(b"data: [DONE]\n\n: bye\n\n")
