"""Formats of one provider each, in which two counters stand, or none."""

from __future__ import annotations

import pytest
from exchanges import counts, read, sse

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED

COMPLETE = "https://api.anthropic.com/v1/complete"
GOOGLE = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google"


def test_aleph_alpha():
    """``model_version`` is a date: the model that was asked for is billed. (openllmetry's counts.)"""
    answer = {
        "completions": [{"completion": "x"}],
        "model_version": "2022-04",
        "num_tokens_prompt_total": 9,
        "num_tokens_generated": 1000,
    }
    reading = read("https://api.aleph-alpha.com/complete", answer, {"model": "luminous-base"})
    assert counts(reading) == {"input_tokens": 9, "output_tokens": 1000}
    assert (reading.provider, reading.model.name) == ("alephalpha", "luminous-base")


def test_ai21():
    """Its older models list every token."""
    answer = {
        "prompt": {"tokens": [{}] * 8},
        "completions": [{"data": {"tokens": [{}] * 16}}, {"data": {"tokens": [{}] * 4}}],
    }
    reading = read("https://api.ai21.com/studio/v1/j2-mid/complete", answer, {"prompt": "x"})
    assert counts(reading) == {"input_tokens": 8, "output_tokens": 20}
    assert reading.model.name == "j2-mid"


def test_writer():
    """OpenAI's format at a path that Cohere has too, with details that lack an s. (openllmetry's counts.)"""
    usage = {
        "prompt_tokens": 40,
        "completion_tokens": 300,
        "total_tokens": 340,
        "prompt_token_details": {"cached_tokens": 8},
        "completion_token_details": {"reasoning_tokens": 5},
    }
    answer = {"id": "x", "created": "1715361795", "model": "palmyra-x4", "choices": [], "usage": usage}
    reading = read("https://api.writer.com:443/v1/chat", answer, b'{"model": "palmyra-x4",}')
    assert (reading.provider, reading.api) == ("writer", Api.OPENAI_CHAT)
    assert counts(reading) == {
        "input_tokens": 40,
        "output_tokens": 300,
        "cache_read_tokens": 8,
        "reasoning_tokens": 5,
    }


@pytest.mark.parametrize("host", ["api.voyageai.com", "api.jina.ai", "api.together.xyz"])
def test_rerank_by_the_token(host):
    """The total is the prompt: nothing is written. (openllmetry's counts.)"""
    answer = {"data": [], "model": "rerank-2-lite", "usage": {"total_tokens": 43}}
    reading = read(f"https://{host}/v1/rerank", answer, {"model": "rerank-2-lite"})
    assert (counts(reading), reading.api) == ({"input_tokens": 43}, Api.TOKEN_RERANK)
    assert read(f"https://{host}/v1/rerank", {"results": []}).stated.incomplete == NO_USAGE_STATED


def test_embedding_of_pictures():
    """Text by the token and pictures by the pixel: the total has both in it."""
    usage = {"text_tokens": 5, "image_pixels": 2000000, "total_tokens": 3576}
    reading = read(
        "https://api.voyageai.com/v1/multimodalembeddings", {"data": [], "model": "m", "usage": usage}
    )
    assert counts(reading) == {"input_tokens": 5, "input_pixels": 2000000}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({}, {"input_document_pages": 3}),
        ({"document_annotation": "{}"}, {"input_document_pages": 3, "input_annotated_document_pages": 3}),
    ],
)
def test_ocr_by_the_page(answer, expected):
    """A page with annotations has a price of its own."""
    answer = {"pages": [], "model": "mistral-ocr-latest", "usage_info": {"pages_processed": 3}, **answer}
    assert counts(read("https://api.mistral.ai/v1/ocr", answer, {"model": "mistral-ocr-latest"})) == expected


@pytest.mark.parametrize("path", ["moderations", "chat/moderations", "classifications"])
def test_classifiers_of_mistral(path):
    """They are billed by the token, and an answer that states none is no free call."""
    answer = {"id": "mod-1", "model": "mistral-moderation-2411", "results": []}
    url = f"https://api.mistral.ai/v1/{path}"
    reading = read(url, answer, {"model": "mistral-moderation-latest", "input": ["x"]})
    assert (reading.api, reading.stated.incomplete) == (Api.MISTRAL_MODERATIONS, NO_USAGE_STATED)
    assert reading.model.name == "mistral-moderation-2411"
    usage = {"prompt_tokens": 9, "total_tokens": 9, "completion_tokens": 0}
    assert counts(read(url, {**answer, "usage": usage})) == {"input_tokens": 9}


def test_text_of_vertex_predict():
    """PaLM's models state billable tokens, pictures nothing."""
    tokens = {"inputTokenCount": {"totalTokens": 7}, "outputTokenCount": {"totalTokens": 90}}
    answer = {"predictions": [{"content": "x"}], "metadata": {"tokenMetadata": tokens}}
    reading = read(f"{GOOGLE}/models/text-bison:predict", answer, {"instances": []})
    assert counts(reading) == {"input_tokens": 7, "output_tokens": 90}
    for url in (f"{GOOGLE}/models/imagen-4:predict", "https://generativelanguage.googleapis.com/v1beta/models/veo-3:predictLongRunning"):  # fmt: skip
        picture = read(url, {"predictions": [{"bytesBase64Encoded": "x"}], "name": "operations/1"})
        assert (picture.stated.usage, picture.stated.incomplete) == (None, NO_USAGE_STATED)


def test_legacy_completion_of_anthropic():
    """It states no usage, in one piece or streamed: incomplete, and never $0."""
    answer = {"type": "completion", "id": "compl_1", "completion": "x", "stop_reason": "stop_sequence"}
    answer["model"] = "claude-2.1"
    reading = read(COMPLETE, answer, {"model": "claude-2.1"})
    assert (reading.api, reading.model.name) == (Api.ANTHROPIC_COMPLETE, "claude-2.1")
    assert (reading.stated.usage, reading.stated.incomplete) == (None, NO_USAGE_STATED)
    running = {**answer, "stop_reason": None}
    for body, reason in (
        (sse(running, answer, done=False), NO_USAGE_STATED),
        (sse(running, done=False), CUT),
        (sse(running, {"error": {"type": "overloaded_error"}}, done=False), FAILED),
    ):
        streamed = read(COMPLETE, body, {"model": "claude-2.1", "stream": True})
        assert (streamed.model.billed, streamed.stated.incomplete) == ("claude-2.1", reason)


@pytest.mark.parametrize(
    ("value", "cost"),
    [("4.25e-05", "0.0000425"), ("0.0", None), ("None", None), ("", None), ("-1", None), ("inf", None)],
)
def test_cost_that_litellm_states(value, cost):
    """A header of its proxy; 0 is no statement: streams and models without a price have it too."""
    headers = {"x-litellm-call-id": "1", "x-litellm-response-cost": value}
    answer = {"model": "gpt-3.5-turbo-0125", "usage": {"prompt_tokens": 13, "completion_tokens": 24}}
    reading = read("http://0.0.0.0:4000/chat/completions", answer, headers=headers)
    assert reading.provider == "litellm"
    assert (reading.stated.cost and format(reading.stated.cost, "f")) == cost


def test_hosts_of_the_yaml_name_a_litellm_proxy():
    """What it hands on can be priced as the provider behind it."""
    headers = {"x-litellm-call-id": "1"}
    answer = {"model": "gpt-4o", "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    hosts = {"0.0.0.0:4000": "openai"}
    assert (
        read("http://0.0.0.0:4000/chat/completions", answer, headers=headers, hosts=hosts).provider
        == "openai"
    )
