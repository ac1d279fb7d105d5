"""Bedrock's invoke: the bodies of many vendors, and Bedrock's own count beside them."""

from __future__ import annotations

import pytest
from exchanges import BEDROCK, aws_chunks, aws_message, aws_stream, counts, read

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1%3A0"
PROFILE = "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fabc"
CLAUDE_USAGE = {"input_tokens": 3, "cache_read_input_tokens": 9511, "output_tokens": 194}
NOVA_USAGE = {"inputTokens": 16, "outputTokens": 27, "totalTokens": 43, "cacheReadInputTokenCount": 4}
CHAT_USAGE = {"prompt_tokens": 6, "completion_tokens": 100, "total_tokens": 106}


def invoke(model, body, **headers):
    named = {f"x-amzn-bedrock-{name.replace('_', '-')}": value for name, value in headers.items()}
    return read(f"{BEDROCK}/{model}/invoke", body, {"prompt": "Hi"}, headers=named)


@pytest.mark.parametrize(
    ("model", "body", "expected"),
    [
        (
            CLAUDE,
            {"model": "claude-sonnet-4-5-20250929", "usage": CLAUDE_USAGE},
            {"input_tokens": 9514, "cache_read_tokens": 9511, "output_tokens": 194},
        ),
        (
            "amazon.nova-lite-v1%3A0",
            {"usage": NOVA_USAGE},
            {"input_tokens": 20, "cache_read_tokens": 4, "output_tokens": 27},
        ),
        (
            "amazon.titan-text-express-v1",
            {"inputTextTokenCount": 28.0, "results": [{"tokenCount": 100.0}, {"tokenCount": 97.0}]},
            {"input_tokens": 28, "output_tokens": 197},
        ),
        (
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Afoundation-model%2Famazon.titan-tg1-large",
            {"inputTextTokenCount": 18, "results": [{"tokenCount": 50}]},
            {"input_tokens": 18, "output_tokens": 50},
        ),
        (
            "meta.llama3-70b-instruct-v1%3A0",
            {"generation": "Hi", "prompt_token_count": 10, "generation_token_count": 60},
            {"input_tokens": 10, "output_tokens": 60},
        ),
        ("mistral.mistral-large-3", {"usage": CHAT_USAGE}, {"input_tokens": 6, "output_tokens": 100}),
        ("ai21.jamba-1-5-mini-v1%3A0", {"usage": CHAT_USAGE}, {"input_tokens": 6, "output_tokens": 100}),
        ("openai.gpt-oss-20b-1%3A0", {"usage": CHAT_USAGE}, {"input_tokens": 6, "output_tokens": 100}),
        ("us.deepseek.r1-v1%3A0", {"usage": CHAT_USAGE}, {"input_tokens": 6, "output_tokens": 100}),
        ("us.writer.palmyra-x5-v1%3A0", {"usage": CHAT_USAGE}, {"input_tokens": 6, "output_tokens": 100}),
        ("qwen.qwen3-32b-v1%3A0", {"usage": CHAT_USAGE}, {"input_tokens": 6, "output_tokens": 100}),
        (
            "cohere.command-r-v1%3A0",
            {"text": "Hi", "meta": {"billed_units": {"input_tokens": 7, "output_tokens": 9}}},
            {"input_tokens": 7, "output_tokens": 9},
        ),
        (
            "ai21.j2-mid-v1",
            {"prompt": {"tokens": [{}] * 5}, "completions": [{"data": {"tokens": [{}] * 3}}]},
            {"input_tokens": 5, "output_tokens": 3},
        ),
        (
            PROFILE,
            {"usage": CLAUDE_USAGE},
            {"input_tokens": 9514, "cache_read_tokens": 9511, "output_tokens": 194},
        ),
        (
            PROFILE,
            {"usage": NOVA_USAGE},
            {"input_tokens": 20, "cache_read_tokens": 4, "output_tokens": 27},
        ),
    ],
)
def test_counts_in_the_body(model, body, expected):
    """By the vendor that the model id names; behind an application's own profile by what is there."""
    reading = invoke(model, body)
    assert counts(reading) == expected
    assert (reading.provider, reading.api, reading.stated.incomplete) == ("aws", Api.BEDROCK_INVOKE, None)


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("cohere.command-r-v1%3A0", {"text": "Hi", "generation_id": "g"}),
        ("ai21.j2-mid-v1", {"id": 1234, "completions": [{"data": {"text": "Hi"}}]}),
        ("ai21.j2-mid-v1", {"prompt": {"tokens": [{}]}, "completions": [{"data": {"tokens": [{}]}}]}),
        ("cohere.command-r-v1%3A0", {"meta": {"billed_units": {"input_tokens": 7, "output_tokens": 9}}}),
        ("us.deepseek.r1-v1%3A0", {"choices": [{"text": "Hi", "stop_reason": "stop"}]}),
        ("mistral.mistral-7b-instruct-v0%3A2", {"outputs": [{"text": "Hi"}]}),
        ("stability.stable-image-core-v1%3A0", {"images": ["x"]}),
        ("anthropic.claude-v2", {"completion": "Hi", "stop_reason": "stop_sequence"}),
        ("amazon.nova-lite-v1%3A0", {"usage": {"inputTokens": 30}}),
    ],
)
def test_counts_in_the_headers(model, body):
    """What a body leaves out, Bedrock counts."""
    assert counts(invoke(model, body, input_token_count="30", output_token_count="51")) == {
        "input_tokens": 30,
        "output_tokens": 51,
    }


def test_cache_in_the_headers():
    """There too the prompt is in three parts."""
    found = invoke(
        "anthropic.claude-v2",
        {"completion": "Hi"},
        input_token_count="4",
        cache_read_input_token_count="0",
        cache_write_input_token_count="18131",
        output_token_count="50",
    )
    assert counts(found) == {
        "input_tokens": 18135,
        "cache_read_tokens": 0,
        "cache_write_tokens": 18131,
        "output_tokens": 50,
    }


@pytest.mark.parametrize("value", ["", "-1", "1.5", "x", "٣", "9" * 40, "²"])
def test_headers_of_anybodys_making(value):
    """A header that is no count is none."""
    stated = invoke("anthropic.claude-v2", {"completion": "Hi"}, input_token_count=value).stated
    assert (stated.usage, stated.incomplete) == (None, NO_USAGE_STATED)


def test_the_path_names_the_billed_model():
    """The body names it without the region, and global endpoints have another price than regional ones."""
    reading = invoke(f"global.{CLAUDE[3:]}", {"model": "claude-sonnet-4-5-20250929", "usage": CLAUDE_USAGE})
    assert (reading.model.requested, reading.model.billed) == (
        "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        None,
    )


@pytest.mark.parametrize("model", ["anthropic.claude-v2%3A1", "anthropic.claude-v2:1"])
def test_model_id_may_be_encoded_or_not(model):
    """boto3 encodes the colon, and Anthropic's SDK does not."""
    assert invoke(model, {}).model.requested == "anthropic.claude-v2:1"


def test_what_else_decides_the_price():
    """Tier and latency stand in headers."""
    found = invoke(
        CLAUDE, {"usage": CLAUDE_USAGE}, service_tier="flex", performanceconfig_latency="optimized"
    )
    assert found.stated.context == {"service_tier": "flex", "latency": "optimized"}
    assert invoke(CLAUDE, {"usage": CLAUDE_USAGE}, service_tier="default").stated.context == {}


@pytest.mark.parametrize(
    ("model", "body", "headers", "expected", "api"),
    [
        (
            "amazon.titan-embed-text-v1",
            {"embedding": [0.1], "inputTextTokenCount": 3},
            {"input_token_count": "3"},
            {"input_tokens": 3},
            Api.BEDROCK_EMBED,
        ),
        (
            "cohere.embed-english-v3",
            {"embeddings": [[0.1]]},
            {"input_token_count": "7"},
            {"input_tokens": 7},
            Api.BEDROCK_EMBED,
        ),
    ],
)
def test_embeddings(model, body, headers, expected, api):
    """They write no answer, so they do not count for the cache hit rate."""
    reading = invoke(model, body, **headers)
    assert (counts(reading), reading.api, reading.api.generates) == (expected, api, False)


def test_rerank_states_nothing():
    """Bedrock bills it by the query, and does not say how many."""
    reading = invoke("cohere.rerank-v3-5%3A0", {"results": [{"index": 2, "relevance_score": 0.8}]})
    assert (reading.api, reading.stated.incomplete) == (Api.BEDROCK_RERANK, NO_USAGE_STATED)


METRICS = {"inputTokenCount": 18, "outputTokenCount": 51, "invocationLatency": 1804}
MESSAGES = (
    {"type": "message_start", "message": {"model": "claude", "usage": CLAUDE_USAGE}},
    {"type": "content_block_delta", "delta": {"text": "Hi"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 194}},
    {"type": "message_stop", "amazon-bedrock-invocationMetrics": METRICS},
)


def stream(model, *events):
    return read(f"{BEDROCK}/{model}/invoke-with-response-stream", aws_chunks(*events), {})


def test_stream_of_claude():
    """The vendor's own events hold, as in an answer of one piece."""
    reading = stream(CLAUDE, *MESSAGES)
    assert counts(reading) == {"input_tokens": 9514, "cache_read_tokens": 9511, "output_tokens": 194}
    assert (reading.stated.incomplete, reading.stated.model, reading.stream) == (None, None, True)


@pytest.mark.parametrize(
    ("model", "events"),
    [
        (
            "amazon.titan-text-lite-v1",
            [{"outputText": "Hi", "totalOutputTextTokenCount": 51, "inputTextTokenCount": 18}],
        ),
        ("meta.llama3-8b", [{"generation": "H", "prompt_token_count": 18}, {"generation_token_count": 51}]),
        ("cohere.command-light-text-v14", [{"text": "Hi", "is_finished": False}, {"is_finished": True}]),
        ("anthropic.claude-instant-v1", [{"completion": "Hi"}, {"completion": "", "stop_reason": "x"}]),
        ("amazon.nova-lite-v1:0", [{"messageStart": {}}, {"metadata": {"usage": {}}}]),
    ],
)
def test_stream_of_others(model, events):
    """The last chunk has Bedrock's metrics."""
    events[-1]["amazon-bedrock-invocationMetrics"] = METRICS
    assert counts(stream(model, *events)) == {"input_tokens": 18, "output_tokens": 51}


@pytest.mark.parametrize(
    ("model", "events", "expected"),
    [
        (CLAUDE, MESSAGES[:2], {"input_tokens": 9514, "cache_read_tokens": 9511, "output_tokens": 194}),
        ("meta.llama3-8b", [{"generation": "H", "prompt_token_count": 18}], {"input_tokens": 18}),
    ],
)
def test_stream_cut(model, events, expected):
    """What was stated before is a lower bound."""
    stated = stream(model, *events).stated
    assert (dict(stated.usage), stated.incomplete) == (expected, CUT)


def test_stream_that_breaks_off_with_an_error():
    """An exception comes in place of a chunk."""
    error = aws_message(
        {"message": "No"}, message_type="exception", exception_type="modelStreamErrorException"
    )
    url = f"{BEDROCK}/{CLAUDE}/invoke-with-response-stream"
    assert read(url, aws_chunks(*MESSAGES[:2]) + error).stated.incomplete == FAILED
    assert read(url.replace(CLAUDE, "meta.x"), error).stated.incomplete == FAILED


@pytest.mark.parametrize("encoded", ["%%%", "abc", 7, None, "e30=", "W10="])
def test_chunks_of_anybodys_making(encoded):
    """Not base64, no JSON, or no object."""
    body = aws_stream({"chunk": {"bytes": encoded}})
    stated = read(f"{BEDROCK}/meta.x/invoke-with-response-stream", body).stated
    assert (stated.usage, stated.incomplete) == (None, CUT)
