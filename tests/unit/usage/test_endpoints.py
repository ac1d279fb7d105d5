"""Which host is which provider, and which path speaks which wire format."""

from __future__ import annotations

import pytest

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.endpoints import Endpoint, Kind, endpoint_of, host_of, provider_of
from pytest_llmcost.usage.filter import looks_like_llm, looks_like_llm_in_bytes


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
        ("bedrock-mantle.us-east-1.api.aws", "aws"),
        ("api.openai.com.evil.example", None),
        ("notapi.openai.com", None),
        ("openai.azure.com", None),
        ("bedrock-mantle.us-east-1.api.aws.evil.example", None),
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

    from pytest_llmcost.usage.endpoints import _PROVIDERS

    known = {provider.id for provider in providers}
    assert {provider for _, provider in _PROVIDERS} - known <= {"voyageai"}


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
    ("method", "path", "expected"),
    [
        ("POST", "/v1/chat/completions", Endpoint(Api.OPENAI_CHAT, Kind.CALL)),
        ("POST", "/v1/chat/completions/", Endpoint(Api.OPENAI_CHAT, Kind.CALL)),
        ("POST", "/openai/v1/chat/completions", Endpoint(Api.OPENAI_CHAT, Kind.CALL)),
        ("POST", "/chat/completions", Endpoint(Api.OPENAI_CHAT, Kind.CALL)),
        (
            "POST",
            "/openai/deployments/prod%20chat/chat/completions",
            Endpoint(Api.OPENAI_CHAT, Kind.CALL, "prod chat"),
        ),
        (
            "POST",
            "/openai/deployments/embed-3/embeddings",
            Endpoint(Api.OPENAI_EMBEDDINGS, Kind.CALL, "embed-3"),
        ),
        ("POST", "/v1/responses", Endpoint(Api.OPENAI_RESPONSES, Kind.CALL)),
        ("POST", "/api/v1/responses", Endpoint(Api.OPENAI_RESPONSES, Kind.CALL)),
        ("POST", "/openai/responses", Endpoint(Api.OPENAI_RESPONSES, Kind.CALL)),
        ("POST", "/v1/responses/compact", Endpoint(Api.OPENAI_RESPONSES, Kind.CALL)),
        ("GET", "/v1/responses/resp_1", Endpoint(Api.OPENAI_RESPONSES, Kind.POLL)),
        ("POST", "/v1/responses/input_tokens", Endpoint(Api.OPENAI_RESPONSES, Kind.TOKEN_COUNT)),
        ("POST", "/v1/embeddings", Endpoint(Api.OPENAI_EMBEDDINGS, Kind.CALL)),
        ("POST", "/v1/messages", Endpoint(Api.ANTHROPIC_MESSAGES, Kind.CALL)),
        ("POST", "/v1/messages/count_tokens", Endpoint(Api.ANTHROPIC_MESSAGES, Kind.TOKEN_COUNT)),
        ("POST", "/v1/threads/thread_1/messages", None),
        ("POST", "/v1/messages/batches", None),
        ("GET", "/v1/messages", None),
        ("GET", "/v1/chat/completions", None),
        ("POST", "/v1/responses/resp_1/cancel", None),
        ("GET", "/v1/responses/resp_1/input_items", None),
        ("DELETE", "/v1/responses/resp_1", None),
        ("POST", "/gateway/responses", Endpoint(Api.OPENAI_RESPONSES, Kind.CALL)),
        ("POST", "/chat/completions/history", None),
        ("POST", "/v1/moderations", None),
        ("GET", "/v1/models", None),
        ("POST", "/", None),
    ],
)
def test_path_names_the_wire_format(method, path, expected):
    """A base URL of any depth works, and a path that only looks alike is no call."""
    assert endpoint_of(method, path) == expected
    if expected:
        assert looks_like_llm(path) and looks_like_llm_in_bytes(path.encode())
