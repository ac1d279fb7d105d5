"""From an exchange to a reading: what holds for every wire format."""

from __future__ import annotations

import json
import sys

import pytest
from exchanges import ANTHROPIC, OPENAI_CHAT, read

from pytest_llmcost.usage.fields import count, text, usd

USAGE = {"prompt_tokens": 12, "completion_tokens": 3}
ANSWER = {"model": "m", "usage": USAGE}


@pytest.mark.parametrize(
    "url", ["http://[broken/v1/chat/completions", "/v1/chat/completions", "", "::", "http://"]
)
def test_no_url_raises(url):
    """A URL that names no host is nothing of ours."""
    assert read(url, ANSWER) is None


@pytest.mark.parametrize(
    "request_body", [b"", b"\xff\xfe", b"[1]", b"null", b"model=gpt-4o", b'{"model": 4}']
)
def test_request_that_cannot_be_read(request_body):
    """The answer alone is enough."""
    reading = read(OPENAI_CHAT, ANSWER, request_body)
    assert (reading.model.requested, reading.model.billed) == (None, "m")
    assert reading.request_parts == {}


def test_lone_surrogates_in_a_prompt_are_measured():
    """JSON may hold half a character."""
    reading = read(OPENAI_CHAT, ANSWER, b'{"messages": "\\ud83d"}')
    assert reading.request_parts == {"messages": 5}


def test_hosts_of_the_yaml_decide_the_provider():
    """A gateway speaks for whom the user says; without a word the host itself stands there."""
    url = "http://llm.internal:8080/v1/chat/completions"
    assert read(url, ANSWER, hosts={"llm.internal:8080": "openai"}).provider == "openai"
    assert read(url, ANSWER).provider == "llm.internal:8080"


def test_stream_is_what_was_asked_for_or_what_came():
    """A replayed body may be empty, and a server may not stream although it was asked to."""
    assert read(OPENAI_CHAT, b"", {"stream": True, "model": "m"}).stream
    assert read(ANTHROPIC, b"data: {}\n\n").stream
    assert not read(OPENAI_CHAT, ANSWER, {"stream": "yes", "model": "m"}).stream


@pytest.mark.parametrize(
    "value",
    [None, [], "text", 7, {"n": None}, {"n": "7 tokens"}, {"n": "²"}, {"n": [7]}, {"n": float("inf")}],
)
def test_fields_of_any_json(value):
    """A field of the wrong type is absent."""
    assert count(value, "n") is None


def test_fields():
    """Counts, texts and amounts as JSON writes them."""
    assert [count({"n": number}, "n") for number in (7, 7.0, "7", 0, 7.5, -7)] == [7, 7, 7, 0, None, None]
    assert [text({"t": value}, "t") for value in ("a", "", 7, None)] == ["a", None, None, None]
    assert [str(usd({"c": value}, "c")) for value in (0.1, "0.10", 1, -1, "x", "nan")] == [
        "0.1", "0.10", "1", "None", "None", "None"
    ]  # fmt: skip


def test_body_that_no_decoder_reads_says_which_to_install(monkeypatch):
    """Brotli is not in the standard library; such a call is incomplete, and says why."""
    import brotli

    body = brotli.compress(json.dumps(ANSWER).encode())
    headers = {"content-encoding": "br"}
    assert read(OPENAI_CHAT, body, {"model": "m"}, headers=headers).stated.incomplete is None
    monkeypatch.setitem(sys.modules, "brotli", None)
    stated = read(OPENAI_CHAT, body, {"model": "m"}, headers=headers).stated
    assert (stated.usage, stated.incomplete) == (
        None,
        "the response is compressed (br) and cannot be read without brotli: install it",
    )
