"""No bytes make a reader raise, and a stream that is cut never says more than the whole."""

from __future__ import annotations

import gzip
import json

import pytest
from exchanges import ANTHROPIC, OPENAI_CHAT, OPENAI_EMBEDDINGS, OPENAI_RESPONSES, read, sse
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import json_values, wire_objects

from pytest_llmcost.usage.body import event_data, json_object, plain_bytes
from pytest_llmcost.usage.reading import NotACall

URLS = [
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    OPENAI_EMBEDDINGS,
    ANTHROPIC,
    "https://api.x.ai/v1/chat/completions",
    "http://[::1]/v1/messages",
]
urls = st.sampled_from(URLS)
encodings = st.sampled_from(["", "gzip", "br", "deflate", "zstd", "gzip, br"])


def assert_sound(reading):
    """Nothing negative, and without a final usage there is a reason."""
    if reading is None or isinstance(reading, NotACall):
        return
    stated = reading.stated
    assert stated.usage is not None or stated.incomplete
    for usage in [stated.usage, *(sub.usage for sub in stated.sub_calls)]:
        assert all(isinstance(count, int) and count >= 0 for _, count in usage or ())
    assert stated.cost is None or (stated.cost.is_finite() and stated.cost >= 0)


@given(url=urls, answer=wire_objects, request=json_values)
def test_any_json(url, answer, request):
    """JSON with the right keys and anything under them."""
    assert_sound(read(url, answer, request))


@given(
    url=urls,
    events=st.lists(wire_objects, max_size=6),
    done=st.booleans(),
    line_end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
def test_any_event_stream(url, events, done, line_end):
    """Events with anything in them, in any order."""
    typed = [
        event
        if isinstance(event.get("type"), str) and event["type"].isidentifier()
        else {**event, "type": "x"}
        for event in events
    ]
    body = sse(*typed, done=done).replace(b"\n", line_end)
    assert_sound(read(url, body))


@given(url=urls, body=st.binary(max_size=200), encoding=encodings, ended=st.booleans())
@example(url=OPENAI_CHAT, body=b"data: ", encoding="", ended=True)
@example(url=OPENAI_CHAT, body=b"\x1f\x8b", encoding="gzip", ended=True)
@example(url=OPENAI_CHAT, body=b"\x28\xb5\x2f\xfd", encoding="zstd", ended=True)
@example(url=OPENAI_CHAT, body=b'{"usage": {"prompt_tokens": ' + b"9" * 5000 + b"}}", encoding="", ended=True)
def test_any_bytes(url, body, encoding, ended):
    """Bytes of any kind under any header, as answer and as request."""
    facts = {"headers": {"content-encoding": encoding}, "ended": ended}
    assert_sound(read(url, body, body, **facts))
    assert_sound(read(url, gzip.compress(body), **facts))


@given(
    url=st.text(max_size=30) | st.text(max_size=10).map(lambda text: f"https://{text}/v1/messages"),
    method=st.text(max_size=5),
)
def test_any_url(url, method):
    """A cassette may name anything as its URL."""
    assert_sound(read(url, {"usage": {"input_tokens": 1}}, method=method))


@given(
    body=st.binary(max_size=2000),
    encoding=st.sampled_from(["gzip", "deflate", "br", "zstd"]),
    cut=st.integers(0, 2000),
)
def test_decoding_gives_a_beginning_of_the_body(body, encoding, cut):
    """Whole, the body comes back; cut, a beginning of it does, or nothing that can be read."""
    import zlib

    import brotli
    import zstandard

    encoders = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": brotli.compress,
        "zstd": zstandard.compress,
    }
    body = b'{"answer": 1}' + body
    encoded = encoders[encoding](body)
    assert plain_bytes(encoded, encoding) == body
    part = plain_bytes(encoded[:cut], encoding)
    assert body.startswith(part) or encoded.startswith(part)


CHAT = sse(
    *[
        {"id": "c1", "model": "gpt-4o", "choices": [{"delta": {"content": word}, "finish_reason": None}]}
        for word in "hello"
    ],
    {"id": "c1", "model": "gpt-4o", "choices": [{"delta": {}, "finish_reason": "stop"}]},
    {
        "id": "c1",
        "model": "gpt-4o",
        "choices": [],
        "usage": {"prompt_tokens": 1234, "completion_tokens": 567, "total_tokens": 1801},
    },
)
RUNNING = sse(
    *[
        {
            "model": "m",
            "choices": [{"delta": {"content": "x"}, "finish_reason": "stop" if n == 50 else None}],
            "usage": {"prompt_tokens": 90, "completion_tokens": n, "total_tokens": 90 + n},
        }
        for n in range(10, 51, 10)
    ]
)
MESSAGES = sse(
    {
        "type": "message_start",
        "message": {
            "model": "claude",
            "usage": {"input_tokens": 1234, "cache_read_input_tokens": 99, "output_tokens": 1},
        },
    },
    *[{"type": "content_block_delta", "delta": {"text": word}} for word in "hello"],
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 567}},
    {"type": "message_stop"},
    done=False,
)
RESPONSES = sse(
    {
        "type": "response.created",
        "response": {"id": "r1", "model": "gpt-5", "status": "in_progress", "usage": None},
    },
    *[{"type": "response.output_text.delta", "delta": word} for word in "hello"],
    {
        "type": "response.completed",
        "response": {"id": "r1", "model": "gpt-5", "usage": {"input_tokens": 1234, "output_tokens": 567}},
    },
    done=False,
)
STREAMS = {
    "chat": (OPENAI_CHAT, CHAT),
    "running usage": (OPENAI_CHAT, RUNNING),
    "messages": (ANTHROPIC, MESSAGES),
    "responses": (OPENAI_RESPONSES, RESPONSES),
}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_stream_cut_anywhere(name, line_end):
    """After each byte: the same usage as the whole, or less and incomplete; never more."""
    url, body = STREAMS[name]
    body = body.replace(b"\n", line_end)
    whole = read(url, body).stated
    assert whole.incomplete is None
    for end in range(len(body)):
        part = read(url, body[:end], ended=False).stated
        assert_sound(read(url, body[:end], ended=False))
        for unit, count in part.usage or ():
            assert count <= whole.usage.get(unit)
        if part.incomplete is None:
            assert part.usage == whole.usage


@pytest.mark.parametrize("name", STREAMS)
def test_compressed_stream_cut_anywhere(name):
    """The same through gzip."""
    url, body = STREAMS[name]
    whole, packed = read(url, body).stated, gzip.compress(body)
    for end in range(len(packed)):
        part = read(url, packed[:end], headers={"content-encoding": "gzip"}).stated
        assert all(count <= whole.usage.get(unit) for unit, count in part.usage or ())


@given(texts=st.lists(st.text(max_size=20), max_size=5), line_end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_events_come_back(texts, line_end):
    """What a server writes is what is read, by every line end."""
    body = "".join(f"data: {json.dumps({'t': text})}{line_end}{line_end}" for text in texts).encode()
    assert [event["t"] for event in event_data(body)] == texts


def object_by_json(body):
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


@given(
    value=json_values | st.dictionaries(st.text(max_size=3), json_values, max_size=3),
    before=st.sampled_from(["", " ", "\n\t\r", "\ufeff", "\xa0", "x"]),
    after=st.sampled_from(["", "\n", " \t", "\xa0", "{}", ",", "\x00"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]),
    cut=st.integers(0, 3),
)
def test_json_is_what_the_standard_library_reads(value, before, after, encoding, cut):
    """In any encoding that JSON may have, with white space around, cut, or with something behind it."""
    body = f"{before}{json.dumps(value)}{after}".encode(encoding)
    body = body[: len(body) - cut]
    assert repr(json_object(body)) == repr(object_by_json(body))
