"""Which host is which provider, and which path speaks which wire format.

The host decides the provider and the path decides the format, so a provider that speaks another's format
is a row here and no module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from pytest_llmcost.model.call import Api


class Kind(StrEnum):
    """What a request at a path is for."""

    CALL = "call"
    POLL = "poll"
    TOKEN_COUNT = "token count"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of a known wire format.

    Attributes:
        api: The format.
        kind: What the request is for.
        deployment: The model or deployment that the path names; None if it names none.
    """

    api: Api
    kind: Kind
    deployment: str | None = None


@dataclass(frozen=True, slots=True)
class _Path:
    method: str
    pattern: re.Pattern[str]
    api: Api
    kind: Kind = Kind.CALL


# Anchored at the end, so that any base URL works; a path that only looks alike must not pass:
# /threads/{id}/messages (OpenAI assistants) is no Anthropic call.
_PATHS = (
    _Path("POST", re.compile(r"/chat/completions/?$"), Api.OPENAI_CHAT),
    _Path("POST", re.compile(r"/responses/?$"), Api.OPENAI_RESPONSES),
    _Path("POST", re.compile(r"/responses/compact/?$"), Api.OPENAI_RESPONSES),
    _Path("GET", re.compile(r"/responses/[^/]+/?$"), Api.OPENAI_RESPONSES, Kind.POLL),
    _Path("POST", re.compile(r"/responses/input_tokens/?$"), Api.OPENAI_RESPONSES, Kind.TOKEN_COUNT),
    _Path("POST", re.compile(r"/embeddings/?$"), Api.OPENAI_EMBEDDINGS),
    _Path("POST", re.compile(r"/v\d+/messages/?$"), Api.ANTHROPIC_MESSAGES),
    _Path("POST", re.compile(r"/v\d+/messages/count_tokens/?$"), Api.ANTHROPIC_MESSAGES, Kind.TOKEN_COUNT),
)
# Served by the same hosts, billed, and not read by this version: said rather than passed over.
_UNREAD = re.compile(r"/v\d+/(?:completions|complete)/?$")
_PORT = re.compile(r":\d+$")
_DEPLOYMENT = re.compile(r"/deployments/([^/]+)/")

# Providers by genai-prices' id. A name that begins with a dot also covers every host below it.
_PROVIDERS = (
    ("api.openai.com", "openai"),
    (".api.openai.com", "openai"),
    (".openai.azure.com", "azure"),
    (".cognitiveservices.azure.com", "azure"),
    (".services.ai.azure.com", "azure"),
    ("api.anthropic.com", "anthropic"),
    ("openrouter.ai", "openrouter"),
    ("api.groq.com", "groq"),
    ("api.mistral.ai", "mistral"),
    ("api.deepseek.com", "deepseek"),
    ("api.together.xyz", "together"),
    ("api.together.ai", "together"),
    ("api.fireworks.ai", "fireworks"),
    ("api.cerebras.ai", "cerebras"),
    ("api.perplexity.ai", "perplexity"),
    ("api.novita.ai", "novita"),
    ("api.x.ai", "x-ai"),
    ("api.voyageai.com", "voyageai"),
    ("generativelanguage.googleapis.com", "google"),
)
_BEDROCK_MANTLE = re.compile(r"bedrock-mantle\.[a-z0-9-]+\.api\.aws$")


@lru_cache(maxsize=256)
def endpoint_of(method: str, path: str) -> Endpoint | None:
    """The wire format at a path; None if it is none that is known."""
    for row in _PATHS:
        if row.method == method and row.pattern.search(path):
            named = _DEPLOYMENT.search(path)
            return Endpoint(row.api, row.kind, unquote(named[1]) if named else None)
    return None


def is_unread(method: str, path: str) -> bool:
    """Whether a path is one of a wire format that is billed and not read by this version."""
    return method == "POST" and _UNREAD.search(path) is not None


@lru_cache(maxsize=256)
def host_of(url: str) -> str:
    """``host``, or ``host:port`` for a port that is not the scheme's own, in lower case.

    An IPv6 address keeps its brackets, as in ``[::1]:8080``. A URL that names no host gives "".
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    default = {"https": 443, "http": 80}.get(parts.scheme)
    try:
        port = parts.port
    except ValueError:
        port = None
    return host if port in {None, default} else f"{host}:{port}"


def provider_of(host: str, hosts: Mapping[str, str]) -> str | None:
    """Whose host it is.

    Args:
        host: ``host`` or ``host:port``.
        hosts: The YAML's ``hosts:``; a key without a port holds for every port.

    Returns:
        The provider; None for a host that nobody named.
    """
    name = _PORT.sub("", host)
    for key in (host, name):
        if key in hosts:
            return hosts[key]
    for known, provider in _PROVIDERS:
        if name == known or (known.startswith(".") and name.endswith(known)):
            return provider
    return "aws" if _BEDROCK_MANTLE.match(name) else None
