"""Why a prompt cache was missed, as providers say it."""

from __future__ import annotations

import pytest
from exchanges import ANTHROPIC, OPENAI_RESPONSES, read

from pytest_llmcost.usage.cache_misses import cache_miss

MESSAGE = {"model": "claude-sonnet-5", "usage": {"input_tokens": 5, "output_tokens": 5}, "content": []}
RESPONSE = {
    "id": "r",
    "object": "response",
    "model": "gpt-5.6",
    "usage": {"input_tokens": 5, "output_tokens": 5},
    "output": [],
}


@pytest.mark.parametrize(
    ("diagnostics", "said"),
    [
        (
            {"cache_miss_reason": {"type": "tools_changed", "cache_missed_input_tokens": 1_200}},
            "tools changed (about 1,200 tokens)",
        ),
        ({"cache_miss_reason": {"type": "system_changed"}}, "system changed"),
        ({"cache_miss_reason": {"type": "unavailable"}}, None),
        ({"cache_miss_reason": None}, None),
        (None, None),
        ("odd", None),
    ],
)
def test_anthropic(diagnostics, said):
    """Pending and unknown reasons are none."""
    assert read(ANTHROPIC, {**MESSAGE, "diagnostics": diagnostics}).stated.cache_miss == said


@pytest.mark.parametrize(
    ("diagnostics", "said"),
    [
        (
            {"type": "cache_miss", "reason": "input_changed", "cache_missed_tokens": 900},
            "input changed (about 900 tokens)",
        ),
        ({"type": "cache_hit"}, None),
        ({"type": "unavailable"}, None),
    ],
)
def test_openai(diagnostics, said):
    """A hit is no miss."""
    assert (
        read(OPENAI_RESPONSES, {**RESPONSE, "prompt_cache_diagnostics": diagnostics}).stated.cache_miss
        == said
    )


def test_other_answers_say_nothing():
    """None of them has such a key."""
    assert cache_miss({"usage": {}}) is None
