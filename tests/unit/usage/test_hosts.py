"""Which host is which provider."""

from __future__ import annotations

import pytest
from exchanges import read

from pytest_llmcost.usage.hosts import behind_hugging_face, host_of, provider_of


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("api.openai.com", "openai"),
        ("eu.api.openai.com", "openai"),
        ("api.openai.com:8443", "openai"),
        ("my-resource.openai.azure.com", "azure"),
        ("my-resource.cognitiveservices.azure.com", "azure"),
        ("my-resource.services.ai.azure.com", "azure"),
        ("api.anthropic.com", "anthropic"),
        ("openrouter.ai", "openrouter"),
        ("api.groq.com", "groq"),
        ("api.x.ai", "x-ai"),
        ("generativelanguage.googleapis.com", "google"),
        ("codestral.mistral.ai", "mistral"),
        ("api.cohere.com", "cohere"),
        ("api.cohere.ai", "cohere"),
        ("aiplatform.googleapis.com", "google"),
        ("us-central1-aiplatform.googleapis.com", "google"),
        ("aiplatform.eu.rep.googleapis.com", "google"),
        ("bedrock-mantle.us-east-1.api.aws", "aws"),
        ("bedrock-runtime.eu-central-1.amazonaws.com", "aws"),
        ("bedrock-runtime-fips.us-east-1.amazonaws.com", "aws"),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "aws"),
        ("vpce-0a1b-2c3d.bedrock-runtime.us-east-1.vpce.amazonaws.com", "aws"),
        ("router.huggingface.co", "huggingface"),
        ("ollama.com", "ollama-cloud"),
        ("api.openai.com.evil.example", None),
        ("notapi.openai.com", None),
        ("openai.azure.com", None),
        ("bedrock-mantle.us-east-1.api.aws.evil.example", None),
        ("bedrock-agent-runtime.us-east-1.amazonaws.com", None),
        ("bedrock-runtime.us-east-1.amazonaws.com.evil.example", None),
        ("evil.example-aiplatform.googleapis.com.evil.example", None),
        ("storage.googleapis.com", None),
        ("localhost:11434", None),
        ("", None),
    ],
)
def test_host_names_the_provider(host, provider):
    """A host is known by its whole name, never by a part of it."""
    assert provider_of(host, {}) == provider


def test_every_known_provider_is_one_of_genai_prices():
    """A provider id that the price table lacks would leave every call unpriced."""
    from genai_prices.data import providers

    from pytest_llmcost.usage.hosts import _PROVIDERS, _REGIONAL

    known = {provider.id for provider in providers}
    assert {provider for _, provider in (*_PROVIDERS, *_REGIONAL)} - known <= {"huggingface", "ollama-cloud"}


@pytest.mark.parametrize(
    ("hosts", "host", "provider"),
    [
        ({"llm.internal": "openai"}, "llm.internal", "openai"),
        ({"llm.internal": "openai"}, "llm.internal:8080", "openai"),
        ({"llm.internal:8080": "openai"}, "llm.internal:8080", "openai"),
        ({"llm.internal:8080": "openai"}, "llm.internal:9090", None),
        ({"llm.internal:8080": "openai", "llm.internal": "vllm"}, "llm.internal:8080", "openai"),
        ({"llm.internal:8080": "openai", "llm.internal": "vllm"}, "llm.internal:9090", "vllm"),
        ({"api.openai.com": "our-gateway"}, "api.openai.com", "our-gateway"),
        ({"[::1]:8080": "vllm"}, "[::1]:8080", "vllm"),
        ({"[::1]": "vllm"}, "[::1]:9090", "vllm"),
        ({"[::1]": "vllm"}, "[::1]", "vllm"),
    ],
)
def test_hosts_of_the_yaml_come_first(hosts, host, provider):
    """``hosts:`` overrides the built-in table; a key with a port is nearer than one without."""
    assert provider_of(host, hosts) == provider


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.openai.com/v1", "api.openai.com"),
        ("https://API.OpenAI.com:443/v1", "api.openai.com"),
        ("http://localhost:80/v1", "localhost"),
        ("http://localhost:443/v1", "localhost:443"),
        ("http://user:secret@llm.internal:8080/v1", "llm.internal:8080"),
        ("http://[::1]:8080/v1", "[::1]:8080"),
        ("http://[::1]/v1", "[::1]"),
        ("http://llm.internal:99999/v1", "llm.internal"),
        ("http://[broken/v1", ""),
        ("/v1/chat/completions", ""),
        ("", ""),
    ],
)
def test_host_of_a_url(url, host):
    """The scheme's own port is left out, an IPv6 address keeps its brackets, and no text raises."""
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("path", "model", "headers", "provider"),
    [
        ("/novita/v3/openai/chat/completions", "m", {}, "huggingface_novita"),
        ("/together/v1/chat/completions", "m:novita", {}, "huggingface_together"),
        ("/v1/chat/completions", "meta-llama/Llama-3.3-70B-Instruct:groq", {}, "huggingface_groq"),
        ("/v1/chat/completions", "m", {"x-inference-provider": "cerebras"}, "huggingface_cerebras"),
        ("/v1/chat/completions", "m", {}, "huggingface"),
        ("/v1/chat/completions", None, {}, "huggingface"),
        ("", None, {}, "huggingface"),
    ],
)
def test_who_answers_behind_hugging_face(path, model, headers, provider):
    """The path says it, or the model id, or the answer; its price depends on it."""
    assert behind_hugging_face(path, model, headers) == provider


def test_hugging_face_is_read_as_the_provider_behind_it():
    """In the whole of a reading."""
    answer = {
        "model": "meta-llama/Llama-3.3-70B-Instruct",
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    request = {"model": "meta-llama/Llama-3.3-70B-Instruct:together"}
    reading = read("https://router.huggingface.co/v1/chat/completions", answer, request)
    assert reading.provider == "huggingface_together"
