"""Streams of every form: nothing makes a decoder raise or loop, and what was written comes back."""

from __future__ import annotations

import json
import struct
import time

import pytest
from exchanges import (
    BEDROCK,
    COHERE,
    GEMINI,
    GEMINI_STREAM,
    INTERACTIONS,
    OLLAMA,
    VERTEX,
    aws_chunks,
    aws_message,
    aws_stream,
    json_lines,
    read,
    sse,
)
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_llmcost.usage.event_stream import streamed_events
from pytest_llmcost.usage.reading import NotACall

# Every key that the readers of these formats look at, so that random JSON gets into their branches.
KEYS = [
    *("usageMetadata", "promptTokenCount", "cachedContentTokenCount", "toolUsePromptTokenCount", "thoughtsTokenCount"),
    *("candidatesTokenCount", "promptTokensDetails", "cacheTokensDetails", "modality", "tokenCount", "trafficType"),
    *("candidates", "finishReason", "groundingMetadata", "webSearchQueries", "promptFeedback", "blockReason"),
    *("predictions", "embeddings", "statistics", "token_count", "interaction", "event_type", "total_input_tokens"),
    *("total_thought_tokens", "input_tokens_by_modality", "tokens", "modelVersion", "serviceTier", "status"),
    *("usage", "inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokenCount", "cacheDetails"),
    *("ttl", "trace", "promptRouter", "invokedModelId", "performanceConfig", "latency", "metadata", "chunk", "bytes"),
    *("inputTextTokenCount", "results", "tokenCount", "prompt_token_count", "generation_token_count", "exception"),
    *("amazon-bedrock-invocationMetrics", "inputTokenCount", "outputTokenCount", "prompt_tokens", "completion_tokens"),
    *("meta", "billed_units", "input_tokens", "output_tokens", "search_units", "images", "delta", "response", "type"),
    *("object", "step_details", "tool_calls", "last_error", "completed_at", "usage_info", "pages_processed"),
    *("metrics", "input_token_count", "output_token_count", "details", "generated_tokens", "input_length", "prefill"),
    *("result", "generated_token_count", "stop_reason", "model_id", "input_token_details", "seconds", "audio_tokens"),
    *("input_tokens_details", "image_tokens", "cached_tokens_details", "text_tokens", "image_pixels", "total_tokens"),
    *("orchestrationTrace", "modelInvocationInput", "modelInvocationOutput", "foundationModel", "traceId", "prompt"),
    *("num_tokens_prompt_total", "num_tokens_generated", "completions", "data", "tokenMetadata", "totalTokens"),
    *("cost_in_usd_ticks", "total_cost", "cost", "document_annotation"),
    *("is_finished", "finish_reason", "done", "prompt_eval_count", "eval_count", "model", "error", "message", "id"),
]  # fmt: skip
WORDS = [
    "AUDIO",
    "IMAGE",
    "message-end",
    "interaction.completed",
    "STOP",
    "5m",
    "1h",
    "flex",
    "e30=",
    "optimized",
    "thread.run",
    "thread.run.step",
    "queued",
    "completed",
    "duration",
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**7)
    | st.sampled_from([10**30, 1.0, *WORDS])
    | st.floats()
    | st.text(max_size=6)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)
objects = st.dictionaries(st.sampled_from(KEYS), values, max_size=8)
AGENTS = "https://bedrock-agent-runtime.us-east-1.amazonaws.com"
URLS = [
    GEMINI,
    GEMINI_STREAM,
    INTERACTIONS,
    GEMINI.replace("generateContent", "batchEmbedContents"),
    f"{VERTEX}/google/models/text-embedding-005:predict",
    f"{VERTEX}/anthropic/models/claude-opus-5:streamRawPredict",
    f"{BEDROCK}/amazon.nova-lite-v1%3A0/converse",
    f"{BEDROCK}/amazon.nova-lite-v1%3A0/converse-stream",
    *(
        f"{BEDROCK}/{vendor}.x/invoke{stream}"
        for vendor in ("anthropic", "amazon", "meta", "cohere")
        for stream in ("", "-with-response-stream")
    ),
    *(f"{COHERE}/{path}" for path in ("v1/chat", "v2/chat", "v2/embed", "v2/rerank")),
    *(f"{OLLAMA}/{path}" for path in ("chat", "generate", "embed")),
    *(
        f"https://api.openai.com/v1/{path}"
        for path in ("threads/runs", "images/edits", "audio/speech", "moderations")
    ),
    *("https://api.openai.com/v1/audio/transcriptions", "https://api.openai.com/v1/videos"),
    "https://api.anthropic.com/v1/complete",
    f"{AGENTS}/agents/A/agentAliases/B/sessions/s/text",
    f"{AGENTS}/retrieveAndGenerateStream",
    "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/e/invocations",
    "https://x.endpoints.huggingface.cloud/",
    "https://api.replicate.com/v1/predictions",
    "https://api.cloudflare.com/client/v4/accounts/a/ai/run/@cf/meta/m",
    "https://us-south.ml.cloud.ibm.com/ml/v1/text/generation_stream",
    "https://api.voyageai.com/v1/rerank",
    "https://api.voyageai.com/v1/multimodalembeddings",
    "https://api.aleph-alpha.com/complete",
    "https://api.ai21.com/studio/v1/j2/complete",
    "https://api.mistral.ai/v1/ocr",
    f"{VERTEX}/google/models/text-bison:predict",
]
urls = st.sampled_from(URLS)


def as_array(*events):
    return json.dumps(events).encode()


def as_aws_events(*events):
    return b"".join(
        aws_message(event, event_type=next(iter(event), "metadata"), message_type="event") for event in events
    )


FORMS = {
    "server-sent": lambda *events: sse(*({**event, "type": "x"} for event in events)),
    "lines": json_lines,
    "array": as_array,
    "AWS": as_aws_events,
    "AWS chunks": aws_chunks,
}


def assert_sound(reading):
    """Nothing negative, and without a final usage there is a reason."""
    if reading is None or isinstance(reading, NotACall):
        return
    stated = reading.stated
    assert stated.usage is not None or stated.incomplete
    assert all(isinstance(count, int) and count >= 0 for _, count in stated.usage or ())
    assert all(isinstance(value, str) for value in stated.context.values())


@given(
    url=urls, answer=objects, headers=st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=2)
)
def test_any_json(url, answer, headers):
    """JSON with the right keys and anything under them."""
    assert_sound(read(url, answer, headers=headers))


@given(
    url=urls,
    form=st.sampled_from(sorted(FORMS)),
    events=st.lists(objects, max_size=5),
    cut=st.integers(0, 80),
)
def test_any_stream(url, form, events, cut):
    """Events with anything in them, in any form and order, whole and cut."""
    body = FORMS[form](*events)
    assert_sound(read(url, body))
    assert_sound(read(url, body[: len(body) - cut], ended=False))


@given(value=st.text(max_size=20) | st.integers().map(str))
def test_any_header(value):
    """A token count in a header may be anything."""
    headers = {
        f"x-amzn-bedrock-{name}-token-count": value for name in ("input", "output", "cache-read-input")
    }
    assert_sound(read(f"{BEDROCK}/ai21.x/invoke", {}, headers=headers))


@given(body=st.binary(max_size=300))
@example(body=b"[" * 5000)
@example(body=b"{}\n{")
@example(body=b'[{"a":' * 3000)
@example(body=b"\0" * 100)
def test_any_bytes(body):
    """A decoder takes them or leaves them."""
    for event in streamed_events(body) or ():
        assert event is None or isinstance(event, dict)
    for url in URLS:
        assert_sound(read(url, body, body))


@given(
    total=st.integers(0, 2**32 - 1) | st.integers(0, 200),
    headers=st.integers(0, 2**32 - 1) | st.integers(0, 200),
    rest=st.binary(max_size=200),
    first=st.booleans(),
)
def test_any_lengths_of_an_aws_message(total, headers, rest, first):
    """Lengths that lie: after a sound message, or as the first."""
    lying = struct.pack(">III", total, headers, 0) + rest
    whole = b"" if first else aws_stream({"a": {}})
    assert len(list(streamed_events(whole + lying) or ())) <= 1 + len(rest)


json_objects = st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers(), max_size=3)


@pytest.mark.parametrize("form", ["lines", "array", "AWS"])
@given(events=st.lists(json_objects, min_size=2, max_size=5))
def test_events_come_back(form, events):
    """What a server writes is what is read; of a cut stream, a beginning of it."""
    if form == "AWS":
        body, expected = aws_stream(*({"x": event} for event in events)), [{"x": event} for event in events]
    else:
        body, expected = FORMS[form](*events), events
    assert list(streamed_events(body)) == expected
    for end in range(0, len(body), 7):
        part = [event for event in streamed_events(body[:end]) or () if event is not None]
        assert part == expected[: len(part)]


GEMINI_CHUNKS = [
    {
        "candidates": [{"content": {"parts": []}, **({"finishReason": "STOP"} if last else {})}],
        "usageMetadata": {"promptTokenCount": 14, "candidatesTokenCount": count},
        "modelVersion": "gemini-2.5-flash",
    }
    for count, last in ((1, False), (2, False), (3, True))
]
METRICS = {"inputTokenCount": 18, "outputTokenCount": 51}
STREAMS = {
    "Gemini, events": (GEMINI_STREAM, sse(*GEMINI_CHUNKS, done=False)),
    "Gemini, array": (GEMINI_STREAM, as_array(*GEMINI_CHUNKS)),
    "Gemini, wide array": (GEMINI_STREAM, json.dumps(GEMINI_CHUNKS, indent=1).encode()),
    "converse": (
        URLS[7],
        aws_stream(
            {"messageStart": {}}, {"messageStop": {}}, {"metadata": {"usage": {"inputTokens": 1, "outputTokens": 2}}}
        ),
    ),
    "invoke, Claude": (
        f"{BEDROCK}/anthropic.x/invoke-with-response-stream",
        aws_chunks(
            {"type": "message_start", "message": {"model": "c", "usage": {"input_tokens": 9, "output_tokens": 1}}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop", "amazon-bedrock-invocationMetrics": METRICS},
        ),
    ),
    "invoke, Llama": (
        f"{BEDROCK}/meta.x/invoke-with-response-stream",
        aws_chunks(
            {"generation": "H", "prompt_token_count": 18, "generation_token_count": 1},
            {"generation": "i", "generation_token_count": 51, "amazon-bedrock-invocationMetrics": METRICS},
        ),
    ),
    "Cohere 2": (
        f"{COHERE}/v2/chat",
        sse(
            {"type": "message-start", "id": "c1"},
            {"type": "message-end", "delta": {"usage": {"billed_units": {"input_tokens": 1, "output_tokens": 2}}}},
        ),
    ),
    "Cohere 1": (
        f"{COHERE}/v1/chat",
        json_lines(
            {"is_finished": False, "text": "Hi"},
            {"is_finished": True, "response": {"meta": {"billed_units": {"input_tokens": 1, "output_tokens": 2}}}},
        ),
    ),
    "run of an assistant": (
        "https://api.openai.com/v1/threads/runs",
        sse(
            {"object": "thread.run", "id": "r", "model": "m", "status": "queued", "usage": None},
            {"object": "thread.run.step", "id": "s", "usage": {"prompt_tokens": 9, "completion_tokens": 9}},
            {"object": "thread.run", "id": "r", "model": "m", "usage": {"prompt_tokens": 9, "completion_tokens": 9}},
        ),
    ),
    "image": (
        "https://api.openai.com/v1/images/generations",
        sse(
            {"type": "image_generation.partial_image"},
            {"type": "image_generation.completed", "usage": {"input_tokens": 9, "output_tokens": 9}},
            done=False,
        ),
    ),
    "agent of Bedrock": (
        f"{AGENTS}/agents/A/agentAliases/B/sessions/s/text",
        aws_stream(
            *(
                {"trace": {"trace": {"orchestrationTrace": {"modelInvocationOutput": {"metadata": {"usage": usage}}}}}}
                for usage in ({"inputTokens": 1, "outputTokens": 2}, {"inputTokens": 3, "outputTokens": 4})
            )
        ),
    ),
    "text generation": (
        "https://x.endpoints.huggingface.cloud/generate_stream",
        sse({"token": {}}, {"details": {"input_length": 1, "generated_tokens": 2}}, done=False),
    ),
    "text generation, list": (
        "https://x.endpoints.huggingface.cloud/",
        as_array(*({"details": {"input_length": 1, "generated_tokens": 2}},) * 3),
    ),
    "Workers AI": (
        "https://api.cloudflare.com/client/v4/accounts/a/ai/run/@cf/meta/m",
        sse({"response": "x"}, {"response": "", "usage": {"prompt_tokens": 3, "completion_tokens": 4}}),
    ),
    "watsonx": (
        "https://us-south.ml.cloud.ibm.com/ml/v1/text/generation_stream",
        sse(
            {"results": [{"input_token_count": 9, "generated_token_count": 1, "stop_reason": "not_finished"}]},
            {"results": [{"input_token_count": 0, "generated_token_count": 8, "stop_reason": "eos_token"}]},
            done=False,
        ),
    ),
    "Ollama": (
        f"{OLLAMA}/chat",
        json_lines(
            {"model": "m", "done": False}, {"model": "m", "done": True, "prompt_eval_count": 7, "eval_count": 8}
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_stream_cut_anywhere(name):
    """After each byte: the same usage as the whole, or less and incomplete; never more."""
    url, body = STREAMS[name]
    whole = read(url, body).stated
    assert whole.incomplete is None
    assert whole.usage
    for end in range(len(body)):
        reading = read(url, body[:end], ended=False)
        assert_sound(reading)
        if reading is None:  # nothing yet that tells it from another service's path
            continue
        for unit, count in reading.stated.usage or ():
            assert count <= whole.usage.get(unit)
        if reading.stated.incomplete is None:
            assert (reading.stated.usage, reading.stated.sub_calls) == (whole.usage, whole.sub_calls)


def reading_of_many(url, event, number):
    """Bytes, and seconds of the processor, of a stream of one event many times over."""
    body = sse(*[{**event, "type": "x"}] * number)
    start = time.process_time()
    assert_sound(read(url, body, {"model": "m"}))
    return len(body), time.process_time() - start


@pytest.mark.parametrize("url", URLS)
def test_time_grows_with_the_length_of_a_stream(url):
    """A stream of ten times as many events takes about ten times as long, never a hundred."""
    event = {
        "object": "thread.run",
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
        "details": {"generated_tokens": 1, "input_length": 1},
        "results": [{"input_token_count": 1, "generated_token_count": 1}],
        "trace": {"trace": {"a": {"modelInvocationOutput": {"metadata": {"usage": {"inputTokens": 1}}}}}},
    }
    reading_of_many(url, event, 10)
    few = min(reading_of_many(url, event, 300)[1] for _ in range(3))
    many = min(reading_of_many(url, event, 3000)[1] for _ in range(2))
    assert many < 40 * few
