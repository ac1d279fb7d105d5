"""The Hugging Face inference client, at an endpoint and through the router."""

import os

import pytest
from huggingface_hub import AsyncInferenceClient, InferenceClient, constants
from huggingface_hub.hf_api import InferenceProviderMapping
from huggingface_hub.inference._providers import _common

ORIGIN = os.environ["LOOPBACK_HUGGINGFACE"]
ENDPOINT = {"base_url": f"{ORIGIN}/v1", "api_key": "x"}
HI = {"model": "Qwen/Qwen2.5-7B-Instruct", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {"stream": True, "stream_options": {"include_usage": True}}


def text(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


@pytest.fixture
def routed(monkeypatch):
    """A client of the router, which names the provider in the path; that it is asked for nothing else is patched."""
    monkeypatch.setattr(constants, "INFERENCE_PROXY_TEMPLATE", ORIGIN + "/{provider}")
    model = HI["model"]
    mapping = InferenceProviderMapping(
        provider="novita",
        hf_model_id=model,
        providerId="qwen/qwen2.5-7b-instruct",
        status="live",
        task="conversational",
    )
    monkeypatch.setitem(_common.HARDCODED_MODEL_INFERENCE_MAPPING, "novita", {model: mapping})
    return InferenceClient(provider="novita", api_key="hf_x")


def test_chat():
    assert InferenceClient(**ENDPOINT).chat_completion(**HI).usage.total_tokens == 1234


def test_chat_stream():
    assert "forty-two" in text(InferenceClient(**ENDPOINT).chat_completion(**HI, **STREAM))


async def test_async_chat():
    async with AsyncInferenceClient(**ENDPOINT) as client:
        assert (await client.chat_completion(**HI)).usage.total_tokens == 1234


async def test_async_chat_stream():
    async with AsyncInferenceClient(**ENDPOINT) as client:
        stream = await client.chat_completion(**HI, **STREAM)
        assert "forty-two" in text([chunk async for chunk in stream])


def test_routed_chat(routed):
    assert routed.chat_completion(**HI).usage.total_tokens == 1234


def test_routed_chat_stream(routed):
    assert "forty-two" in text(routed.chat_completion(**HI, **STREAM))
