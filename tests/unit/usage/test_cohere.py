"""Cohere: what it bills is less than what it processes."""

from __future__ import annotations

import pytest
from exchanges import COHERE, counts, json_lines, read, sse

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, NotACall

BILLED = {"input_tokens": 12, "output_tokens": 65}
# The preamble that Cohere puts in front is processed, cached and not billed.
USAGE = {"billed_units": BILLED, "tokens": {"input_tokens": 212, "output_tokens": 67}, "cached_tokens": 208}


def test_chat_of_version_2():
    """Billed units, without the tokens of Cohere's own; an answer names no model."""
    body = {"id": "c1", "finish_reason": "COMPLETE", "message": {"content": []}, "usage": USAGE}
    reading = read(f"{COHERE}/v2/chat", body, {"model": "command-r7b-12-2024", "messages": []})
    assert counts(reading) == BILLED
    assert (reading.provider, reading.api, reading.stated.response_id) == ("cohere", Api.COHERE_CHAT, "c1")
    assert (reading.model.requested, reading.model.billed) == ("command-r7b-12-2024", None)


@pytest.mark.parametrize(
    ("path", "api"), [("v1/chat", Api.COHERE_CHAT), ("v1/generate", Api.COHERE_GENERATE)]
)
def test_version_1(path, api):
    """There it stands under meta."""
    reading = read(f"{COHERE}/{path}", {"response_id": "c1", "text": "Hi", "meta": USAGE})
    assert (counts(reading), reading.api, reading.stated.response_id) == (BILLED, api, "c1")


VERSION_2 = (
    {"type": "message-start", "id": "c1", "delta": {"message": {"role": "assistant"}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hi"}}}},
    {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": USAGE}},
)
VERSION_1 = (
    {"is_finished": False, "event_type": "stream-start", "generation_id": "g1"},
    {"is_finished": False, "event_type": "text-generation", "text": "Hi"},
    {"is_finished": True, "event_type": "stream-end", "response": {"response_id": "c1", "meta": USAGE}},
)
STREAMS = {
    "version 2": ("v2/chat", sse(*VERSION_2)),
    "version 1, lines": ("v1/chat", json_lines(*VERSION_1)),
    "version 1, events": ("v1/chat", sse(*VERSION_1, done=False)),
}


@pytest.mark.parametrize("name", STREAMS)
def test_stream(name):
    """The last event states the usage."""
    path, body = STREAMS[name]
    reading = read(f"{COHERE}/{path}", body)
    assert (counts(reading), reading.stated.response_id, reading.stream) == (BILLED, "c1", True)
    assert reading.stated.incomplete is None


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_stream_cut(name, kept):
    """Before that nothing is stated."""
    path, body = STREAMS[name]
    stated = read(f"{COHERE}/{path}", body[: int(len(body) * kept)], ended=False).stated
    assert (stated.usage, stated.incomplete) == (None, CUT)


def test_stream_cut_after_its_first_line():
    """One line alone is a JSON object like any other."""
    assert read(f"{COHERE}/v1/chat", json_lines(VERSION_1[0]), ended=False).stated.incomplete == CUT


def test_stream_that_failed():
    """The last event says so."""
    body = sse(VERSION_2[0], {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "x"}})
    assert read(f"{COHERE}/v2/chat", body).stated.incomplete == FAILED


@pytest.mark.parametrize("path", ["v1/embed", "v2/embed"])
def test_embed(path):
    """Input only."""
    meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 208}}
    reading = read(f"{COHERE}/{path}", {"id": "e1", "embeddings": {}, "meta": meta})
    assert (counts(reading), reading.api.generates) == ({"input_tokens": 208}, False)
    assert reading.stated.doubts == ()


@pytest.mark.parametrize("billed", [{"images": 2}, {"input_tokens": 3, "image_tokens": 500}])
def test_embedded_images_are_a_doubt(billed):
    """They have a price of their own, which no table has."""
    stated = read(f"{COHERE}/v2/embed", {"meta": {"billed_units": billed}}).stated
    assert stated.doubts == ("no price for the images of an embedding",)


@pytest.mark.parametrize("path", ["v1/rerank", "v2/rerank"])
def test_rerank(path):
    """Billed by the search unit."""
    reading = read(
        f"{COHERE}/{path}", {"id": "r1", "results": [], "meta": {"billed_units": {"search_units": 2}}}
    )
    assert (counts(reading), reading.api.generates) == ({"rerank_searches": 2}, False)


@pytest.mark.parametrize("path", ["v2/chat", "v2/embed", "v2/rerank"])
def test_no_usage(path):
    """Cohere's own host is proof enough that it was a call."""
    stated = read(f"{COHERE}/{path}", {"id": "x"}).stated
    assert (stated.usage, stated.incomplete) == (None, NO_USAGE_STATED)
    assert read(f"{COHERE}/{path}", {"message": "no"}, status=404) is NotACall.HTTP_ERROR


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("https://app.example.org/v1/chat", {"reply": "Hi"}),
        ("https://app.example.org/v1/chat", b"data: {}\n\n"),
        ("https://app.example.org/v1/chat", b""),
    ],
)
def test_path_of_another_service(url, answer):
    """Anybody may have such a path: without Cohere's host the answer has to be Cohere's."""
    assert read(url, answer, {"model": "m"}) is None


def test_cohere_behind_a_gateway():
    """Its answer is proof too; the price is unknown until hosts: names the host."""
    reading = read("https://llm.internal/cohere/v2/chat", {"usage": USAGE}, {"model": "command-a"})
    assert (reading.provider, counts(reading)) == ("llm.internal", BILLED)
