"""Embeddings of the Gemini API and of Vertex."""

from __future__ import annotations

import pytest
from exchanges import GEMINI, VERTEX, counts, read

from pytest_llmcost.usage.reading import NO_USAGE_STATED

EMBED = GEMINI.replace("gemini-2.5-flash", "gemini-embedding-2")


@pytest.mark.parametrize("verb", ["embedContent", "batchEmbedContents"])
def test_gemini_api(verb):
    """gemini-embedding-2 states its tokens."""
    body = {"embeddings": [{"values": [0.1]}], "usageMetadata": {"promptTokenCount": 4}}
    reading = read(EMBED.replace("generateContent", verb), body, {"requests": []})
    assert counts(reading) == {"input_tokens": 4}
    assert (reading.model.requested, reading.api.generates) == ("gemini-embedding-2", False)


def test_model_that_states_nothing():
    """gemini-embedding-001 does not."""
    stated = read(EMBED.replace("generateContent", "embedContent"), {"embedding": {"values": [0.1]}}).stated
    assert (stated.usage, stated.incomplete) == (None, NO_USAGE_STATED)


def prediction(tokens):
    return {"embeddings": {"values": [0.1], "statistics": {"token_count": tokens, "truncated": False}}}


def test_vertex_predict():
    """Each embedding states the tokens of its text."""
    url = f"{VERTEX}/google/models/text-embedding-005:predict"
    reading = read(url, {"predictions": [prediction(4), prediction(7)]}, {"instances": []})
    assert counts(reading) == {"input_tokens": 11}
    assert (reading.provider, reading.model.requested) == ("google", "text-embedding-005")


@pytest.mark.parametrize("predictions", [None, [], [prediction(4), {}], "x"])
def test_vertex_predict_without_statistics(predictions):
    """A sum with a gap is no sum."""
    url = f"{VERTEX}/google/models/text-embedding-005:predict"
    stated = read(url, {"predictions": predictions}).stated
    assert (stated.usage, stated.incomplete) == (None, NO_USAGE_STATED)


@pytest.mark.parametrize("model", ["acme/models/embedding-1", "endpoints/123"])
def test_other_predictions_are_nothing_of_ours(model):
    """Models of one's own have the same verb."""
    assert read(f"{VERTEX}/{model}:predict", {"predictions": [prediction(4)]}) is None
