"""Anthropic messages: counters that exclude each other, and model calls inside a call."""

from __future__ import annotations

import pytest
from exchanges import ANTHROPIC, read, sse

from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, NotACall

MODEL = "claude-sonnet-5-20260601"


def answer(usage, **more):
    return {"id": "msg_1", "type": "message", "model": MODEL, "content": [], "usage": usage, **more}


def counts(reading):
    return dict(reading.stated.usage)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"input_tokens": 10, "output_tokens": 5}, {"input_tokens": 10, "output_tokens": 5}),
        (
            {
                "input_tokens": 10,
                "cache_read_input_tokens": 1000,
                "cache_creation_input_tokens": 300,
                "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
                "output_tokens": 5,
            },
            {
                "input_tokens": 1310,
                "output_tokens": 5,
                "cache_read_tokens": 1000,
                "cache_write_tokens": 300,
                "cache_write_5m_tokens": 100,
                "cache_write_1h_tokens": 200,
            },
        ),
        (
            {"input_tokens": 10, "cache_creation": {"ephemeral_1h_input_tokens": 200}, "output_tokens": 5},
            {
                "input_tokens": 210,
                "output_tokens": 5,
                "cache_write_tokens": 200,
                "cache_write_1h_tokens": 200,
            },
        ),
        (
            {"input_tokens": 10, "output_tokens": 5, "output_tokens_details": {"thinking_tokens": 4}},
            {"input_tokens": 10, "output_tokens": 5, "reasoning_tokens": 4},
        ),
        (
            {"input_tokens": 10, "output_tokens": 5, "server_tool_use": {"web_search_requests": 2}},
            {"input_tokens": 10, "output_tokens": 5, "web_searches": 2},
        ),
        (
            {
                "input_tokens": 10,
                "output_tokens": 5,
                "cache_read_input_tokens": None,
                "cache_creation": None,
                "server_tool_use": {"web_search_requests": 0},
            },
            {"input_tokens": 10, "output_tokens": 5},
        ),
    ],
    ids=["plain", "cache", "lifetimes only", "thinking", "web searches", "nulls"],
)
def test_counts(usage, expected):
    """The whole prompt is what is fresh, read and written together."""
    assert counts(read(ANTHROPIC, answer(usage))) == expected


@pytest.mark.parametrize(
    ("usage", "context"),
    [
        ({"service_tier": "standard", "inference_geo": "global"}, {}),
        ({"service_tier": "standard_only", "speed": "standard", "inference_geo": "not_available"}, {}),
        ({"service_tier": "batch"}, {"processing": "batch"}),
        ({"service_tier": "priority"}, {"service_tier": "priority"}),
        ({"speed": "fast"}, {"speed": "fast"}),
        ({"inference_geo": "us"}, {"inference_geo": "us"}),
    ],
)
def test_what_else_decides_the_price(usage, context):
    """Tier, speed and a place of inference with a price of its own are the price table's context."""
    stated = read(ANTHROPIC, answer({"input_tokens": 1, "output_tokens": 1, **usage})).stated
    assert (stated.context, stated.doubts) == (context, ())


def test_iterations_that_the_top_level_leaves_out():
    """Compaction and advisor are model calls of their own; a message iteration is in the counts already."""
    usage = {
        "input_tokens": 220,
        "output_tokens": 8,
        "iterations": [
            {"type": "compaction", "input_tokens": 55_196, "output_tokens": 125},
            {"type": "message", "input_tokens": 220, "output_tokens": 8},
            {
                "type": "advisor_message",
                "model": "claude-opus-4-8",
                "input_tokens": 2_518,
                "cache_read_input_tokens": 100,
                "output_tokens": 90,
            },
            "nothing",
        ],
    }
    reading = read(ANTHROPIC, answer(usage))
    assert counts(reading) == {"input_tokens": 220, "output_tokens": 8}
    compaction, advisor = reading.stated.sub_calls
    assert (compaction.kind, compaction.model, compaction.usage.input_tokens) == ("compaction", None, 55_196)
    assert (advisor.kind, advisor.model, advisor.usage.input_tokens) == (
        "advisor_message",
        "claude-opus-4-8",
        2_618,
    )


@pytest.mark.parametrize(
    ("more", "doubts"),
    [
        (
            {
                "iterations": [
                    {"type": "message", "model": "m-1"},
                    {"type": "fallback_message", "model": "m-2"},
                ]
            },
            ("no price for the model that declined before the fallback",),
        ),
        (
            {"fallback_credit": {"status": {"type": "redeemed"}}},
            ("no price for the credit of a fallback",),
        ),
        ({"fallback_credit": {"status": {"type": "not_applied", "reason": "expired"}}}, ()),
        ({"iterations": [{"type": "message", "model": "m-1"}], "fallback_credit": None}, ()),
        ({"iterations": 7, "fallback_credit": {"status": "redeemed"}}, ()),
    ],
    ids=["fallback", "credit", "no credit", "none", "nonsense"],
)
def test_fallback_to_another_model_is_in_doubt(more, doubts):
    """What the model that declined is billed, and a credit for it, no answer states."""
    message = {"id": "msg_1", "model": "m-2", "usage": {"input_tokens": 5, "output_tokens": 5, **more}}
    assert read(ANTHROPIC, message).stated.doubts == doubts


START = {
    "type": "message_start",
    "message": answer({"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 1}),
}
DELTA = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 25}}
STOP = {"type": "message_stop"}
NO_TOTALS = "the stream ended without its totals: it states what was read, and the first token of the answer"
WORD = {"type": "content_block_delta", "delta": {"text": "Hi"}}


@pytest.mark.parametrize(
    ("events", "output", "incomplete"),
    [
        ([START, WORD, DELTA, STOP], 25, None),
        ([START, WORD, DELTA], 25, None),
        ([START, WORD], 1, CUT),
        ([START], 1, CUT),
        ([START, WORD, {"type": "message_delta", "delta": DELTA["delta"]}, STOP], 1, NO_TOTALS),
        ([START, WORD, STOP], 1, NO_TOTALS),
        ([START, WORD, {"type": "error", "error": {"type": "overloaded_error"}}], 1, FAILED),
        (
            [START, {"type": "ping"}, {**DELTA, "usage": {"output_tokens": 25, "input_tokens": None}}, STOP],
            25,
            None,
        ),
    ],
    ids=[
        "whole",
        "without message_stop",
        "cut",
        "cut at once",
        "no totals",
        "no delta",
        "error",
        "ping and nulls",
    ],
)
def test_stream(events, output, incomplete):
    """message_start states the input, message_delta the running output; a cut stream is a lower bound."""
    reading = read(ANTHROPIC, sse(*events, done=False))
    found = counts(reading)
    assert (found["input_tokens"], found["output_tokens"]) == (100, output)
    assert reading.stated.incomplete == incomplete
    assert reading.stated.model == MODEL


def test_later_totals_replace_earlier_ones():
    """A server tool adds input while the answer is written; message_delta states the new totals."""
    delta = {**DELTA, "usage": {"input_tokens": 500, "cache_read_input_tokens": 90, "output_tokens": 25}}
    assert counts(read(ANTHROPIC, sse(START, delta, STOP, done=False)))["input_tokens"] == 590


@pytest.mark.parametrize(
    ("body", "incomplete"),
    [
        (answer(None), NO_USAGE_STATED),
        (answer({}), NO_USAGE_STATED),
        (sse({"type": "message_start", "message": {"model": MODEL}}, STOP, done=False), NO_USAGE_STATED),
        (sse({"type": "ping"}, done=False), CUT),
        (sse({"type": "error", "error": {}}, done=False), FAILED),
    ],
)
def test_no_usage(body, incomplete):
    """Why there is none is said."""
    stated = read(ANTHROPIC, body).stated
    assert (stated.usage, stated.incomplete) == (None, incomplete)


def test_no_calls():
    """Token counts are free, errors are not billed."""
    assert read(f"{ANTHROPIC}/count_tokens", {"input_tokens": 9}) is NotACall.TOKEN_COUNT
    assert read(ANTHROPIC, {"type": "error", "error": {"type": "api_error"}}) is NotACall.ERROR_ANSWER


def test_other_services_with_the_same_path_are_no_calls():
    """A telephone company has /v2/messages too; a gateway that names a model is a call."""
    sms = {"from": "+1", "to": "+2", "text": "Your code is 1234"}
    assert read("https://api.sms.example/v2/messages", {"data": {"id": "m1"}}, sms) is None
    gateway = read("https://llm.internal:8080/v1/messages", answer({"input_tokens": 1}), {"messages": []})
    assert (gateway.provider, gateway.host) == ("llm.internal:8080", "llm.internal:8080")
