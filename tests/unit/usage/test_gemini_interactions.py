"""Gemini's interactions."""

from __future__ import annotations

import pytest
from exchanges import INTERACTIONS, counts, read, sse

from pytest_llmcost.usage.background import BackgroundCalls, Settled
from pytest_llmcost.usage.reading import CUT, NotACall

USAGE = {
    "total_tokens": 239,
    "total_input_tokens": 9,
    "input_tokens_by_modality": [{"modality": "text", "tokens": 4}, {"modality": "image", "tokens": 5}],
    "total_cached_tokens": 0,
    "total_output_tokens": 13,
    "total_tool_use_tokens": 10,
    "total_thought_tokens": 207,
}
COUNTS = {
    "input_tokens": 19,
    "input_image_tokens": 5,
    "cache_read_tokens": 0,
    "output_tokens": 220,
    "reasoning_tokens": 207,
}
DONE = {
    "id": "v1_a",
    "status": "completed",
    "model": "gemini-2.5-flash",
    "usage": USAGE,
    "service_tier": "standard",
}
RUNNING = {"id": "v1_a", "status": "in_progress"}


def test_counts():
    """Four totals add up to the one of all tokens."""
    reading = read(INTERACTIONS, DONE)
    assert counts(reading) == COUNTS
    assert COUNTS["input_tokens"] + COUNTS["output_tokens"] == USAGE["total_tokens"]
    assert (reading.stated.incomplete, reading.stated.context) == (None, {})


EVENTS = (
    {"event_type": "interaction.created", "interaction": {**RUNNING, "model": "gemini-2.5-flash"}},
    {"event_type": "step.delta", "delta": {"text": "Hi"}},
    {"event_type": "interaction.completed", "interaction": DONE},
)


def test_stream():
    """The last event has it all; without it nothing is known but the model."""
    assert counts(read(INTERACTIONS, sse(*EVENTS))) == COUNTS
    stated = read(INTERACTIONS, sse(*EVENTS[:2], done=False)).stated
    assert (stated.usage, stated.model, stated.incomplete) == (None, "gemini-2.5-flash", CUT)


SEARCH = {"type": "google_search_call", "arguments": {"queries": ["a", "b", "", 3]}}


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3-flash-preview"])
@pytest.mark.parametrize("key", ["outputs", "steps"])
def test_searches_are_counted(model, key):
    """Each query from Gemini 3 on, each prompt before; a query that comes twice is one."""
    done = {**DONE, "model": model, key: [SEARCH, SEARCH, {"type": "text"}]}
    expected = 2 if "3-flash" in model else 1
    assert counts(read(INTERACTIONS, done))["web_searches"] == expected
    made = {"event_type": "step.delta", "delta": SEARCH}
    streamed = sse(made, {"event_type": "interaction.completed", "interaction": {**DONE, "model": model}})
    assert counts(read(INTERACTIONS, streamed))["web_searches"] == expected


@pytest.mark.parametrize(
    "part", [None, 3, {}, {"type": "google_search_call"}, {**SEARCH, "arguments": {"queries": 3}}]
)
def test_what_is_no_search_is_not_counted(part):
    """Whatever stands there."""
    assert "web_searches" not in counts(read(INTERACTIONS, {**DONE, "outputs": [part]}))


def test_background_is_one_call():
    """A start, a poll too early, a poll that completes it, and one poll more."""
    calls = BackgroundCalls()
    request = {"background": True, "agent": "deep-research"}
    settled = [calls.settle(read(INTERACTIONS, RUNNING, request), "start")]
    for body in (RUNNING, DONE, DONE):
        settled.append(calls.settle(read(f"{INTERACTIONS}/v1_a", body, b"", method="GET"), "poll"))
    assert settled[0] is None
    assert settled[1] is settled[3] is NotACall.POLL
    assert isinstance(settled[2], Settled)
    assert dict(settled[2].reading.stated.usage) == COUNTS
    assert list(calls.unfinished()) == []


def test_path_of_another_service():
    """A host that nobody named, and an answer that states nothing: no call, whatever its status."""
    url = "https://api.example.org/v1/interactions"
    assert read(url, {"id": "i1", "status": "in_progress"}) is None
    assert read(url, {"error": "x"}) is None
    assert read(url, {}, status=404) is None
