"""Embeddings: input only."""

from __future__ import annotations

import pytest
from exchanges import OPENAI_EMBEDDINGS, read, sse

from pytest_llmcost.usage.reading import NO_USAGE_STATED


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 8, "total_tokens": 8}, 8),
        ({"total_tokens": 8}, 8),
        ({"prompt_tokens": 0, "total_tokens": 0}, 0),
    ],
    ids=["OpenAI", "Voyage", "nothing embedded"],
)
def test_input(usage, tokens):
    """A provider may state only the total."""
    reading = read(OPENAI_EMBEDDINGS, {"data": [], "model": "text-embedding-3-small", "usage": usage})
    assert dict(reading.stated.usage) == {"input_tokens": tokens}
    assert not reading.api.generates


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": -1}, "8"])
def test_no_usage(usage):
    """Ollama's old endpoint states nothing."""
    stated = read(OPENAI_EMBEDDINGS, {"embedding": [0.1], "usage": usage}).stated
    assert (stated.usage, stated.incomplete) == (None, NO_USAGE_STATED)


def test_event_stream_is_no_embedding():
    """A body of the wrong kind does not raise."""
    assert read(OPENAI_EMBEDDINGS, sse({"usage": {"prompt_tokens": 8}})).stated.usage is None
