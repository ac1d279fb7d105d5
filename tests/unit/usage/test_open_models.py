"""Servers of open models: Hugging Face, SageMaker, Databricks, Workers AI, watsonx, Snowflake."""

from __future__ import annotations

import pytest
from exchanges import counts, read, sse

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.reading import CUT, NO_USAGE_STATED

HF = "https://x1.us-east-1.aws.endpoints.huggingface.cloud"
SAGEMAKER = "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/my-llama/invocations"
CLOUDFLARE = "https://api.cloudflare.com/client/v4/accounts/a/ai/run/@cf/meta/llama-3.1-8b-instruct"
WATSONX = "https://us-south.ml.cloud.ibm.com/ml/v1/text"
SNOWFLAKE = "https://acme.snowflakecomputing.com/api/v2/cortex/inference:complete"
CHAT = {"prompt_tokens": 21, "completion_tokens": 34, "total_tokens": 55}


def test_generated_text_without_the_prompt():
    """What was generated is stated and what was read is not: the cost is open. (openllmetry's counts.)"""
    reading = read(f"{HF}/", b'[{"generated_text": "x", "details": {"generated_tokens": 75, "prefill": []}}]')
    assert (reading.provider, reading.api) == ("huggingface_endpoints", Api.HUGGINGFACE_INFERENCE)
    assert counts(reading) == {"output_tokens": 75}
    assert reading.stated.incomplete
    assert not reading.stream


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"generated_text": "x", "details": {"generated_tokens": 7, "prefill": [{"id": 1}, {"id": 2}]}}', (2, 7)),
        (sse({"token": {}}, {"token": {}, "details": {"generated_tokens": 7, "input_length": 12}}, done=False), (12, 7)),
        (b'[{"details": {"generated_tokens": 7, "input_length": 2}}, {"details": {"generated_tokens": 1, "input_length": 3}}]', (5, 8)),
        (b'{"model": "m", "usage": {"prompt_tokens": 4, "completion_tokens": 5}}', (4, 5)),
    ],
    ids=["one", "streamed", "two inputs", "as OpenAI"],
)  # fmt: skip
@pytest.mark.parametrize(
    "url", [f"{HF}/generate", SAGEMAKER, "https://router.huggingface.co/hf-inference/models/a/b"]
)
def test_generated_text_with_all_counts(url, body, expected):
    """One reader for whatever serves the model."""
    stated = read(url, body, {"inputs": "x"}).stated
    assert (stated.usage.input_tokens, stated.usage.output_tokens, stated.incomplete) == (*expected, None)


def test_generated_text_alone():
    """SageMaker's own containers state nothing. (openllmetry's endpoint.)"""
    reading = read(SAGEMAKER, b'[{"generated_text": "x"}]', {"inputs": "x"})
    assert (reading.provider, reading.model.requested) == ("aws", "my-llama")
    assert (reading.stated.usage, reading.stated.incomplete) == (None, NO_USAGE_STATED)


def test_databricks():
    """Its serving endpoints speak as OpenAI does, under the name of the endpoint."""
    url = "https://dbc-1.cloud.databricks.com/serving-endpoints/databricks-claude-sonnet-4/invocations"
    reading = read(
        url, {"id": "x", "object": "chat.completion", "choices": [], "usage": CHAT}, {"messages": []}
    )
    assert (reading.provider, reading.model.name) == ("databricks", "databricks-claude-sonnet-4")
    assert counts(reading) == {"input_tokens": 21, "output_tokens": 34}


def test_workers_ai():
    """The answer stands under ``result``; the model is in the path."""
    reading = read(
        CLOUDFLARE, {"result": {"response": "x", "usage": CHAT}, "success": True}, {"messages": []}
    )
    assert (reading.provider, reading.model.name) == ("cloudflare", "@cf/meta/llama-3.1-8b-instruct")
    assert counts(reading) == {"input_tokens": 21, "output_tokens": 34}
    embedding = read(CLOUDFLARE, {"result": {"shape": [1, 768], "data": []}, "success": True}, {"text": "x"})
    assert embedding.stated.incomplete == NO_USAGE_STATED


def test_streamed_workers_ai():
    """Each event may state the usage so far: the last one holds, if the stream has ended."""
    events = [{"response": "a", "usage": {**CHAT, "completion_tokens": 1}}, {"response": "", "usage": CHAT}]
    assert counts(read(CLOUDFLARE, sse(*events), {"stream": True}))["output_tokens"] == 34
    cut = read(CLOUDFLARE, sse(events[0], done=False), {"stream": True}, ended=False).stated
    assert (cut.usage.output_tokens, cut.incomplete) == (1, CUT)


def test_watsonx():
    """Text counts by names of its own, chat by OpenAI's."""
    result = {
        "generated_text": "x",
        "generated_token_count": 50,
        "input_token_count": 20,
        "stop_reason": "max_tokens",
    }
    answer = {"model_id": "ibm/granite-13b", "created_at": "2024", "results": [result]}
    reading = read(f"{WATSONX}/generation?version=1", answer, {"model_id": "ibm/granite-13b"})
    assert counts(reading) == {"input_tokens": 20, "output_tokens": 50}
    assert (reading.provider, reading.model.name) == ("watsonx", "ibm/granite-13b")
    chat = read(f"{WATSONX}/chat", {"model": "ibm/granite", "choices": [], "usage": CHAT})
    assert counts(chat) == {"input_tokens": 21, "output_tokens": 34}


def test_streamed_watsonx():
    """The counts grow from event to event."""
    steps = [(20, 1, "not_finished"), (0, 7, "not_finished"), (0, 50, "eos_token")]
    events = [
        {"model_id": "m", "results": [{"input_token_count": a, "generated_token_count": b, "stop_reason": c}]}
        for a, b, c in steps
    ]
    whole = read(f"{WATSONX}/generation_stream", sse(*events, done=False))
    assert counts(whole) == {"input_tokens": 20, "output_tokens": 50}
    assert whole.stated.incomplete is None
    assert read(f"{WATSONX}/generation_stream", sse(*events[:2], done=False)).stated.incomplete == CUT


def test_snowflake():
    """Its streams have neither an end mark nor a reason in the last chunk."""
    chunk = {"choices": [{"delta": {"content": "x"}}], "usage": CHAT}
    reading = read(SNOWFLAKE, sse(chunk, done=False), {"model": "claude-sonnet-4-5"})
    assert (reading.provider, reading.stated.incomplete) == ("snowflake", None)
    assert counts(reading) == {"input_tokens": 21, "output_tokens": 34}
    assert read(SNOWFLAKE, sse(chunk, done=False), ended=False).stated.incomplete == CUT
