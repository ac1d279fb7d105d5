"""Bedrock's converse and converse-stream."""

from __future__ import annotations

import pytest
from exchanges import BEDROCK, aws_message, aws_stream, counts, read

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, NotACall

CONVERSE = f"{BEDROCK}/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
STREAM = f"{CONVERSE}-stream"
# A first call that writes the cache, and its second that reads it.
WRITTEN = {
    "inputTokens": 11,
    "outputTokens": 236,
    "totalTokens": 1275,
    "cacheReadInputTokens": 0,
    "cacheReadInputTokenCount": 0,
    "cacheWriteInputTokens": 1028,
    "cacheWriteInputTokenCount": 1028,
}
COUNTS = {
    "input_tokens": 1039,
    "output_tokens": 236,
    "cache_read_tokens": 0,
    "cache_write_tokens": 1028,
}


def answer(usage=WRITTEN, **more):
    message = {"content": [{"text": "Hi"}], "role": "assistant"}
    return {"output": {"message": message}, "stopReason": "end_turn", "usage": usage, **more}


def test_counts():
    """Cache reads and writes are not inside inputTokens: the stated total is the sum of all four."""
    reading = read(CONVERSE, answer(), {"messages": []})
    assert counts(reading) == COUNTS
    assert COUNTS["input_tokens"] + COUNTS["output_tokens"] == WRITTEN["totalTokens"]
    assert (reading.provider, reading.model.requested, reading.model.billed) == (
        "aws",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        None,
    )


def test_counts_without_a_cache():
    """A model that cannot cache states nothing of it."""
    usage = {"inputTokens": 7, "outputTokens": 64, "totalTokens": 71, "serverToolUsage": {}}
    assert counts(read(CONVERSE, answer(usage))) == {"input_tokens": 7, "output_tokens": 64}


def test_cache_writes_by_lifetime():
    """An hour costs more than five minutes."""
    details = [
        {"ttl": "1h", "inputTokens": 1000},
        {"ttl": "5m", "inputTokens": 20},
        {"ttl": "5m", "inputTokens": 8},
    ]
    found = counts(read(CONVERSE, answer({**WRITTEN, "cacheDetails": details})))
    assert (found["cache_write_1h_tokens"], found["cache_write_5m_tokens"]) == (1000, 28)


@pytest.mark.parametrize(
    ("more", "context"),
    [
        ({"serviceTier": {"type": "default"}}, {}),
        ({"serviceTier": {"type": "flex"}}, {"service_tier": "flex"}),
        ({"performanceConfig": {"latency": "optimized"}}, {"latency": "optimized"}),
        ({"performanceConfig": {"latency": "standard"}}, {}),
    ],
)
def test_what_else_decides_the_price(more, context):
    """The tier that was served, and a faster machine."""
    found = read(CONVERSE, answer(**more)).stated
    assert (found.context, found.doubts) == (context, ())


def test_prompt_router_names_the_model():
    """Asked for a router, Bedrock says which model it took."""
    trace = {
        "promptRouter": {
            "invokedModelId": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
        }
    }
    url = f"{BEDROCK}/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Adefault-prompt-router%2Fx%3A1/converse"
    model = read(url, answer(trace=trace)).model
    assert model.requested == "arn:aws:bedrock:us-east-1:1:default-prompt-router/x:1"
    assert model.billed.endswith("amazon.nova-lite-v1:0")


EVENTS = (
    {"messageStart": {"role": "assistant"}},
    {"contentBlockDelta": {"delta": {"text": "Hi"}, "contentBlockIndex": 0}},
    {"messageStop": {"stopReason": "end_turn"}},
    {"metadata": {"usage": WRITTEN, "metrics": {"latencyMs": 7211}, "serviceTier": {"type": "flex"}}},
)


def test_stream():
    """The last event states the usage."""
    reading = read(STREAM, aws_stream(*EVENTS))
    assert counts(reading) == COUNTS
    assert (reading.api, reading.stream, reading.stated.incomplete) == (Api.BEDROCK_CONVERSE, True, None)
    assert reading.stated.context == {"service_tier": "flex"}


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_stream_cut(cut):
    """Before that nothing is known, however near the end it is cut."""
    stated = read(STREAM, aws_stream(*EVENTS)[:-cut], ended=False).stated
    assert (stated.usage, stated.incomplete) == (None, CUT)


def test_stream_that_breaks_off_with_an_error():
    """An exception comes in place of an event."""
    error = aws_message(
        {"message": "Too many"}, message_type="exception", exception_type="throttlingException"
    )
    assert read(STREAM, aws_stream(*EVENTS[:2]) + error).stated.incomplete == FAILED


def test_stream_without_usage():
    """A metadata event may state nothing."""
    events = (*EVENTS[:3], {"metadata": {"metrics": {}}})
    assert read(STREAM, aws_stream(*events)).stated.incomplete == NO_USAGE_STATED


def test_no_usage():
    """A guardrail's answer, for one."""
    stated = read(CONVERSE, answer(None)).stated
    assert (stated.usage, stated.incomplete) == (None, NO_USAGE_STATED)


def test_token_count_is_no_call():
    """It is free, and so is one that fails."""
    url = CONVERSE.replace("converse", "count-tokens")
    assert read(url, {"inputTokens": 18}) is NotACall.TOKEN_COUNT
    assert read(url, {"message": "no"}, status=400) is NotACall.TOKEN_COUNT


def test_guardrail_is_no_call():
    """It runs no model."""
    url = "https://bedrock-runtime.us-east-1.amazonaws.com/guardrail/g1/version/1/apply"
    assert read(url, {"usage": {"topicPolicyUnits": 1}}) is None
