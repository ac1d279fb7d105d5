"""OpenAI Responses: in one piece, streamed, and with tools that have a fee."""

from __future__ import annotations

import pytest
from exchanges import OPENAI_RESPONSES, read, sse

from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, NotACall

USAGE = {
    "input_tokens": 1200,
    "input_tokens_details": {"cached_tokens": 1024},
    "output_tokens": 30,
    "output_tokens_details": {"reasoning_tokens": 20},
    "total_tokens": 1230,
}
COUNTS = {"input_tokens": 1200, "cache_read_tokens": 1024, "output_tokens": 30, "reasoning_tokens": 20}


def answer(usage=USAGE, **more):
    return {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "model": "gpt-5-2025-08-07",
        "usage": usage,
        **more,
    }


def events(*responses):
    kinds = ["response.created", *["response.in_progress"] * (len(responses) - 2), "response.completed"]
    return [{"type": kind, "response": response} for kind, response in zip(kinds, responses, strict=False)]


RUNNING = answer(None, status="in_progress")


def counts(reading):
    return dict(reading.stated.usage)


def test_counts():
    """Cached tokens are inside the input, reasoning inside the output."""
    reading = read(OPENAI_RESPONSES, answer(created_at=1, completed_at=2))
    assert counts(reading) == COUNTS
    assert (reading.stated.model, reading.stated.created) == ("gpt-5-2025-08-07", 2)


def test_cache_writes_by_lifetime():
    """Later models charge for what is written to the cache, by how long it is kept."""
    details = {
        "cache_write_tokens": 900,
        "cache_write_tokens_details": {"ttl_30m_tokens": 600, "ttl_12h_tokens": 300},
    }
    found = counts(read(OPENAI_RESPONSES, answer({**USAGE, "input_tokens_details": details})))
    assert found["cache_write_tokens"] == 900
    assert (found["cache_write_30m_tokens"], found["cache_write_12h_tokens"]) == (600, 300)


def search(action):
    return {"type": "web_search_call", "action": {"type": action}}


@pytest.mark.parametrize(
    ("more", "searches"),
    [
        ({"tool_usage": {"web_search": {"num_requests": 3}}}, 3),
        ({"tool_usage": {"web_search": {"num_requests": 0}}, "output": [search("search")]}, None),
        ({"output": [search("search"), search("open_page"), search("find"), search("search")]}, 2),
        ({"output": [{"type": "web_search_call"}]}, 1),
        ({"output": [{"type": "message"}]}, None),
        ({"output": None}, None),
        ({"output": ["search"]}, None),
    ],
    ids=["stated", "stated as none", "counted", "no action named", "none", "null", "no object"],
)
def test_web_searches(more, searches):
    """Searches have a fee each: as stated, else counted; opening a page has none."""
    assert read(OPENAI_RESPONSES, answer(**more)).stated.usage.get("web_searches") == searches


def test_file_searches():
    """Searches in stored files have a fee each."""
    output = [{"type": "file_search_call"}, {"type": "file_search_call"}, {"type": "message"}]
    assert read(OPENAI_RESPONSES, answer(output=output)).stated.usage.get("storage_searches") == 2


@pytest.mark.parametrize("kind", ["code_interpreter_call", "image_generation_call"])
def test_tools_that_are_billed_apart_leave_a_doubt(kind):
    """No answer states what containers and generated images cost, so the call is not exact."""
    reading = read(OPENAI_RESPONSES, answer(output=[{"type": kind}, {"type": kind}]))
    assert len(reading.stated.doubts) == 1
    assert kind.removesuffix("_call") in reading.stated.doubts[0]


@pytest.mark.parametrize("last", ["response.completed", "response.incomplete", "response.failed"])
def test_stream(last):
    """The last event carries the whole response."""
    stream = [{"type": "response.created", "response": RUNNING}, {"type": last, "response": answer()}]
    reading = read(OPENAI_RESPONSES, sse(*stream, done=False))
    assert counts(reading) == COUNTS
    assert (reading.stated.incomplete, reading.stated.pending) == (None, False)


@pytest.mark.parametrize(
    ("stream", "incomplete"),
    [
        ([{"type": "response.created", "response": RUNNING}], CUT),
        ([{"type": "response.created", "response": RUNNING}, {"type": "error", "message": "busy"}], FAILED),
        ([{"type": "response.failed", "response": answer(None, status="failed")}], NO_USAGE_STATED),
    ],
)
def test_stream_without_usage(stream, incomplete):
    """A stream that breaks off has cost something that nobody states."""
    reading = read(OPENAI_RESPONSES, sse(*stream, done=False))
    assert (reading.stated.usage, reading.stated.incomplete) == (None, incomplete)
    assert reading.stated.model == "gpt-5-2025-08-07"


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_background_response_is_pending(status):
    """Nothing is billed yet, and nothing is final."""
    stated = read(OPENAI_RESPONSES, answer(None, status=status)).stated
    assert stated.pending
    assert stated.usage is None


def test_failed_response_is_not_pending():
    """It will not say more."""
    stated = read(OPENAI_RESPONSES, answer(None, status="failed", error={"code": "server_error"})).stated
    assert (stated.pending, stated.incomplete) == (False, NO_USAGE_STATED)


def test_compaction_is_billed_at_the_requested_model():
    """The answer of /responses/compact has usage and names no model."""
    body = {"id": "resp_2", "object": "response.compaction", "output": [], "usage": USAGE}
    reading = read(f"{OPENAI_RESPONSES}/compact", body, {"model": "gpt-4o-mini"})
    assert (reading.model.name, counts(reading)) == ("gpt-4o-mini", COUNTS)


def test_token_count_is_no_call():
    """Counting tokens is free."""
    url = f"{OPENAI_RESPONSES}/input_tokens"
    assert read(url, {"object": "response.input_tokens", "input_tokens": 9}) is NotACall.TOKEN_COUNT


def test_tier_and_instructions():
    """The served tier decides the price; instructions are the system part."""
    reading = read(OPENAI_RESPONSES, answer(service_tier="flex"), {"instructions": "Be kind", "input": "Hi"})
    assert reading.stated.context == {"service_tier": "flex"}
    assert reading.request_parts == {"system": 9, "messages": 4}
