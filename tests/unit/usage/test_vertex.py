"""Models of others on Vertex: their own formats under Google's paths."""

from __future__ import annotations

import pytest
from exchanges import VERTEX, counts, read, sse

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.reading import NotACall

CLAUDE = f"{VERTEX}/anthropic/models/claude-sonnet-4-5@20250929"
MESSAGE = {
    "model": "claude-sonnet-4-5-20250929",
    "usage": {"input_tokens": 3, "cache_creation_input_tokens": 900, "output_tokens": 5},
}
COUNTS = {"input_tokens": 903, "cache_write_tokens": 900, "output_tokens": 5}


@pytest.mark.parametrize("verb", [":rawPredict", "%3ArawPredict", "%3arawPredict"])
@pytest.mark.parametrize("at", ["@", "%40"])
def test_claude(verb, at):
    """Anthropic's messages; a client may encode the path as it likes."""
    reading = read(f"{CLAUDE.replace('@', at)}{verb}", MESSAGE, {"anthropic_version": "vertex-2023-10-16"})
    assert (counts(reading), reading.api, reading.provider) == (COUNTS, Api.ANTHROPIC_MESSAGES, "google")
    assert reading.model.requested == "claude-sonnet-4-5@20250929"


def test_claude_streamed():
    """Under a verb of its own."""
    body = sse(
        {"type": "message_start", "message": MESSAGE},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
        done=False,
    )
    reading = read(f"{CLAUDE}:streamRawPredict", body, {"stream": True})
    assert (counts(reading), reading.stream) == ({**COUNTS, "output_tokens": 7}, True)


def test_token_count_is_no_call():
    """It has the shape of a call, and is free."""
    url = f"{VERTEX}/anthropic/models/count-tokens:rawPredict"
    assert read(url, {"input_tokens": 31}, {"model": "claude-sonnet-4-5@20250929"}) is NotACall.TOKEN_COUNT


@pytest.mark.parametrize(
    ("place", "model", "context"),
    [
        ("us-east5", "claude-sonnet-4-5@20250929", {"region": "us-east5"}),
        ("eu", "claude-opus-5", {"region": "eu"}),
        ("global", "claude-sonnet-4-5@20250929", {}),
        ("us-east5", "claude-3-5-haiku@20241022", {}),
        ("us-east5", "claude-sonnet-4@20250514", {}),
    ],
)
def test_region_is_a_context(place, model, context):
    """From Sonnet 4.5 on a region has a price of its own."""
    url = f"{CLAUDE}:rawPredict".replace("claude-sonnet-4-5@20250929", model).replace("us-east5", place)
    assert read(url, MESSAGE, {}).stated.context == context


def test_mistral():
    """OpenAI's chat completions."""
    body = {"model": "mistral-medium-3", "usage": {"prompt_tokens": 12, "completion_tokens": 3}}
    reading = read(f"{VERTEX}/mistralai/models/mistral-medium-3:rawPredict", body, {})
    assert (counts(reading), reading.api) == ({"input_tokens": 12, "output_tokens": 3}, Api.OPENAI_CHAT)


def test_openai_compatible_endpoint():
    """Thoughts are outside completion_tokens there too."""
    url = VERTEX.replace("/publishers", "/endpoints/openapi/chat/completions")
    usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 95}
    reading = read(url, {"model": "google/gemini-2.5-flash", "usage": usage})
    assert (counts(reading), reading.provider) == ({"input_tokens": 12, "output_tokens": 83}, "google")


def test_other_publishers_are_nothing_of_ours():
    """What they answer, only they know."""
    assert read(f"{VERTEX}/acme/models/m:rawPredict", MESSAGE, {}) is None


@pytest.mark.parametrize(
    ("place", "model", "context"),
    [
        ("us-east5", "gemini-3.5-flash", {"region": "us-east5"}),
        ("global", "gemini-3.5-flash", {}),
        ("us-east5", "gemini-2.5-flash", {}),
    ],
)
def test_region_of_gemini_is_a_context_from_3_on(place, model, context):
    """Older ones cost the same everywhere."""
    url = f"{VERTEX}/google/models/{model}:generateContent".replace("us-east5", place)
    answer = {"modelVersion": model, "usageMetadata": {"promptTokenCount": 1}, "candidates": []}
    assert read(url, answer, {}).stated.context == context
