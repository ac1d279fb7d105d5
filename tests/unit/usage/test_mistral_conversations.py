"""Mistral's conversations."""

from __future__ import annotations

import pytest
from exchanges import counts, read, sse

from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED

URL = "https://api.mistral.ai/v1/conversations"
USAGE = {"prompt_tokens": 188, "completion_tokens": 55, "connector_tokens": 7112, "total_tokens": 7355}
OUTPUTS = [
    {"type": "tool.execution", "name": "web_search"},
    {"type": "message.output", "model": "mistral-medium-2508"},
]
EVENTS = (
    {"type": "conversation.response.started", "conversation_id": "conv_1"},
    {"type": "message.output.delta", "model": "mistral-medium-2508", "content": "Hi"},
    {"type": "conversation.response.done", "usage": {**USAGE, "connectors": {"web_search": 1}}},
)


@pytest.mark.parametrize("path", ["", "/conv_1", "/conv_1/restart"])
def test_counts(path):
    """What connectors put into the prompt comes on top of it."""
    reading = read(
        URL + path, {"conversation_id": "conv_1", "outputs": OUTPUTS, "usage": USAGE}, {"inputs": "Hi"}
    )
    assert counts(reading) == {"input_tokens": 7300, "output_tokens": 55}
    assert 7300 + 55 == USAGE["total_tokens"]
    assert (reading.provider, reading.model.billed) == ("mistral", "mistral-medium-2508")


def test_connectors_have_fees():
    """A search is a unit; what no table knows is a doubt."""
    usage = {**USAGE, "connectors": {"web_search": 2, "image_generation": 1, "document_library": 0}}
    reading = read(URL, {"outputs": OUTPUTS, "usage": usage})
    assert counts(reading)["web_searches"] == 2
    assert reading.stated.doubts == ("no price for the connector image_generation",)


def test_stream():
    """The last event states the usage."""
    reading = read(URL, sse(*EVENTS, done=False))
    assert counts(reading) == {"input_tokens": 7300, "output_tokens": 55, "web_searches": 1}
    assert (reading.model.billed, reading.stated.response_id) == ("mistral-medium-2508", "conv_1")


@pytest.mark.parametrize(
    ("events", "incomplete"),
    [(EVENTS[:2], CUT), ((*EVENTS[:2], {"type": "conversation.response.error", "code": 1}), FAILED)],
)
def test_stream_that_does_not_end(events, incomplete):
    """Nothing was stated."""
    stated = read(URL, sse(*events, done=False)).stated
    assert (stated.usage, stated.incomplete) == (None, incomplete)


def test_no_usage():
    """Mistral's own host is proof enough that it was a call."""
    assert read(URL, {"outputs": None}).stated.incomplete == NO_USAGE_STATED


def test_conversations_of_others():
    """OpenAI's are stored objects, and free."""
    assert read("https://api.openai.com/v1/conversations", {"id": "conv_1"}) is None
    assert read("https://api.openai.com/v1/conversations/conv_1/items", {"data": []}) is None
