"""The hosts that the SDKs ask when nobody names another are known: their calls have a provider and so a price."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import pytest

from pytest_llmcost.usage.hosts import host_of, provider_of

# Whatever the SDKs warn of is theirs.
pytestmark = pytest.mark.filterwarnings("ignore")
KEY = {"api_key": "x"}
AWS = {"aws_access_key": "x", "aws_secret_key": "x", "aws_region": "eu-central-1"}
PLACE = {"project_id": "project", "access_token": "x"}

# Module, class, arguments, attribute that holds the URL, provider.
CLIENTS = [
    ("openai", "OpenAI", KEY, "base_url", "openai"),
    (
        "openai",
        "AzureOpenAI",
        {**KEY, "azure_endpoint": "https://me.openai.azure.com", "api_version": "1"},
        "base_url",
        "azure",
    ),
    ("anthropic", "Anthropic", KEY, "base_url", "anthropic"),
    ("anthropic", "AnthropicFoundry", {**KEY, "resource": "me"}, "base_url", "azure"),
    ("anthropic", "AnthropicBedrock", AWS, "base_url", "aws"),
    ("anthropic", "AnthropicBedrockMantle", AWS, "base_url", "aws"),
    ("anthropic", "AnthropicVertex", {**PLACE, "region": "global"}, "base_url", "google"),
    ("anthropic", "AnthropicVertex", {**PLACE, "region": "eu"}, "base_url", "google"),
    ("anthropic", "AnthropicVertex", {**PLACE, "region": "europe-west1"}, "base_url", "google"),
    ("mistralai.client", "Mistral", KEY, "sdk_configuration.get_server_details", "mistral"),
    ("cohere", "ClientV2", KEY, "_client_wrapper.get_base_url", "cohere"),
    ("groq", "Groq", KEY, "base_url", "groq"),
    ("google.genai", "Client", KEY, "_api_client._http_options.base_url", "google"),
    ("google.genai", "Client", {**KEY, "vertexai": True}, "_api_client._http_options.base_url", "google"),
]


def imported(module: str) -> Any:
    """An SDK; only the environment that has them all must have it."""
    if os.environ.get("LLMCOST_SDKS") == "current":
        return import_module(module)
    pytest.importorskip(module.partition(".")[0])
    return pytest.importorskip(module, exc_type=ImportError)


@pytest.mark.parametrize(
    ("module", "name", "arguments", "attribute", "provider"),
    CLIENTS,
    ids=[f"{name}-{provider}-{number}" for number, (_, name, _, _, provider) in enumerate(CLIENTS)],
)
def test_default_host_is_known(module, name, arguments, attribute, provider):
    """The URL of a client as it is made without one is that of its provider."""
    sdk = imported(module)
    if provider == "aws":
        imported("boto3")
    if "access_token" in arguments:
        imported("google.auth")
    found = getattr(sdk, name)(**arguments)
    for part in attribute.split("."):
        found = getattr(found, part)
    url = found() if callable(found) else found
    url = url[0] if isinstance(url, tuple) else url
    assert provider_of(host_of(str(url)), {}) == provider


@pytest.mark.parametrize("options", [{}, {"use_fips_endpoint": True}, {"use_dualstack_endpoint": True}])
def test_hosts_of_bedrock_are_known(options):
    """Also of its FIPS and IPv6 endpoints."""
    boto3 = imported("boto3")
    from botocore.config import Config

    client = boto3.client("bedrock-runtime", region_name="us-east-1", config=Config(**options))
    assert provider_of(host_of(client.meta.endpoint_url), {}) == "aws"
    client.close()


@pytest.mark.parametrize("name", ["AnthropicAWS", "AnthropicGoogleCloud"])
def test_anthropic_behind_other_clouds(name):
    """Anthropic's own API behind the gateway of a cloud."""
    anthropic = imported("anthropic")
    arguments = {
        "AnthropicAWS": {**AWS, "workspace_id": "me"},
        "AnthropicGoogleCloud": {"project": "project", "workspace_id": "me", "token_provider": lambda: "x"},
    }[name]
    with getattr(anthropic, name)(**arguments) as client:
        assert provider_of(host_of(str(client.base_url)), {}) is not None


@pytest.mark.parametrize("name", ["generativelanguage", "aiplatform", "europe-west1-aiplatform"])
def test_google_hosts_for_client_certificates(name):
    """google-genai asks these when it has a client certificate."""
    assert provider_of(f"{name}.mtls.googleapis.com", {}) == "google"
