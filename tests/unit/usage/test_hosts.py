"""Which host is which provider."""

from __future__ import annotations

import re

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
        ("bedrock-agent-runtime.us-east-1.amazonaws.com", "aws"),
        ("runtime.sagemaker.us-east-1.amazonaws.com", "aws"),
        ("models.inference.ai.azure.com", "github"),
        ("llama.eastus2.inference.ai.azure.com", "azure"),
        ("x1.us-east-1.aws.endpoints.huggingface.cloud", "huggingface_endpoints"),
        ("us-east-1.api.x.ai", "x-ai"),
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


# A URL of each provider of genai-prices whose API speaks a format that is read here.
URLS = {
    "anthropic": "https://api.anthropic.com/v1/messages",
    "arcee": "https://api.arcee.ai/api/v1/chat/completions",
    "avian": "https://api.avian.io/v1/chat/completions",
    "aws": "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse",
    "azure": "https://mine.openai.azure.com/openai/deployments/d/chat/completions",
    "baseten": "https://inference.baseten.co/v1/chat/completions",
    "cerebras": "https://api.cerebras.ai/v1/chat/completions",
    "cloudflare": "https://api.cloudflare.com/client/v4/accounts/a/ai/v1/chat/completions",
    "cohere": "https://api.cohere.com/v2/chat",
    "databricks": "https://dbc-1.cloud.databricks.com/serving-endpoints/chat/completions",
    "deepseek": "https://api.deepseek.com/chat/completions",
    "doubleword": "https://api.doubleword.ai/v1/chat/completions",
    "fireworks": "https://api.fireworks.ai/inference/v1/chat/completions",
    "github-copilot": "https://api.githubcopilot.com/chat/completions",
    "google": "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent",
    "groq": "https://api.groq.com/openai/v1/chat/completions",
    "meta": "https://api.meta.ai/v1/chat/completions",
    "minimax": "https://api.minimax.io/v1/chat/completions",
    "mistral": "https://api.mistral.ai/v1/chat/completions",
    "modal": "https://me--app.modal.run/v1/chat/completions",
    "moonshotai": "https://api.moonshot.ai/v1/chat/completions",
    "novita": "https://api.novita.ai/v3/openai/chat/completions",
    "openai": "https://api.openai.com/v1/chat/completions",
    "openrouter": "https://openrouter.ai/api/v1/chat/completions",
    "ovhcloud": "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1/chat/completions",
    "perplexity": "https://api.perplexity.ai/chat/completions",
    "quicksilverpro": "https://api.quicksilverpro.io/v1/chat/completions",
    "together": "https://api.together.xyz/v1/chat/completions",
    "typesafe": "https://api.typesafe.ai/v1/chat/completions",
    "voyageai": "https://api.voyageai.com/v1/embeddings",
    "x-ai": "https://api.x.ai/v1/chat/completions",
    "zai": "https://api.z.ai/api/paas/v4/chat/completions",
    "zhipuai": "https://open.bigmodel.cn/api/paas/v4/chat/completions",
}
# Usage events of an editor, speech by the character, and a second price list of a host that has a first.
NO_KNOWN_FORMAT = {"cursor", "elevenlabs", "openai-decisions"}


def test_every_provider_of_genai_prices_has_a_row():
    """The table has a price for it, so a call there must not be one of an unknown host."""
    from genai_prices.data import providers

    for provider in providers:
        if provider.id.startswith("huggingface_"):
            name = provider.id.removeprefix("huggingface_")
            url = f"https://router.huggingface.co/{name}/v1/chat/completions"
        elif provider.id in NO_KNOWN_FORMAT:
            continue
        else:
            url = URLS[provider.id]
        assert re.match(provider.api_pattern, url)
        reading = read(url, {"model": "m", "usage": {"prompt_tokens": 1, "completion_tokens": 2}})
        assert reading.provider == provider.id


def test_every_known_provider_is_one_of_genai_prices_or_said_to_be_none():
    """A provider id that the price table lacks would leave every call unpriced."""
    from genai_prices.data import providers

    from pytest_llmcost.usage.hosts import _PRICED, _REGIONAL, _WITHOUT_PRICES

    known = {provider.id for provider in providers}
    assert {*_PRICED.values(), *(provider for _, provider in _REGIONAL)} <= known
    assert not set(_WITHOUT_PRICES.values()) & known


@pytest.mark.parametrize(
    ("host", "path", "provider"),
    [
        ("models.github.ai", "/inference/chat/completions", "github"),
        ("ai-gateway.vercel.sh", "/v1/chat/completions", "vercel"),
        ("us.inference.heroku.com", "/v1/chat/completions", "heroku"),
        ("integrate.api.nvidia.com", "/v1/chat/completions", "nvidia"),
        ("api.deepinfra.com", "/v1/openai/chat/completions", "deepinfra"),
        ("api.studio.nebius.com", "/v1/chat/completions", "nebius"),
        ("api.sambanova.ai", "/v1/chat/completions", "sambanova"),
        ("dashscope-intl.aliyuncs.com", "/compatible-mode/v1/chat/completions", "alibaba"),
        ("api.ai21.com", "/studio/v1/chat/completions", "ai21"),
        ("api.writer.com", "/v1/chat", "writer"),
        ("acme.snowflakecomputing.com", "/api/v2/cortex/inference:complete", "snowflake"),
        ("dbc-1.gcp.databricks.com", "/serving-endpoints/llama/invocations", "databricks"),
        ("model-1.api.baseten.co", "/environments/production/sync/v1/chat/completions", "baseten"),
        ("gateway.ai.cloudflare.com", "/v1/acc/gw/openai/chat/completions", "openai"),
        ("gateway.ai.cloudflare.com", "/v1/acc/gw/google-ai-studio/v1/chat/completions", "google"),
        ("gateway.ai.cloudflare.com", "/v1/acc/gw/compat/chat/completions", "x-ai"),
        ("gateway.ai.cloudflare.com", "/v1/acc/gw/custom-x/chat/completions", "cloudflare-gateway"),
        ("localhost:1234", "/v1/chat/completions", "localhost:1234"),
        ("llm.acme.example", "/anything/chat/completions", "llm.acme.example"),
    ],
)
def test_a_provider_that_speaks_openai_is_a_row(host, path, provider):
    """One reader for all of them; a host that nobody named is its own provider."""
    answer = {"usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}}
    reading = read(f"https://{host}{path}", answer, {"model": "grok/m"})
    assert reading.provider == provider
    assert dict(reading.stated.usage) == {"input_tokens": 3, "output_tokens": 4}


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
        ("/v1/chat/completions", "m:fastest", {"x-inference-provider": "novita"}, "huggingface_novita"),
        ("/v1/chat/completions", "m:cheapest", {}, "huggingface"),
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
