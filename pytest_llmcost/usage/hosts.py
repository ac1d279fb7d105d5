"""Which host is which provider, by genai-prices' ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

_PORT = re.compile(r":\d+$")

# A name that begins with a dot also covers every host below it.
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
    ("codestral.mistral.ai", "mistral"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
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
    ("aiplatform.googleapis.com", "google"),
    # With client certificates (mTLS).
    ("generativelanguage.mtls.googleapis.com", "google"),
    ("aiplatform.mtls.googleapis.com", "google"),
    # Anthropic's own API behind Google's gateway.
    ("claude.googleapis.com", "anthropic"),
    ("router.huggingface.co", "huggingface"),
    # Its cloud is a subscription, and not the free server that the same API belongs to.
    ("ollama.com", "ollama-cloud"),
)
# Hosts that carry a region in their name; most suites send to none, and need no pattern compiled.
_REGIONAL = (
    (
        r"(?:vpce-[a-z0-9-]+\.)?bedrock-runtime(?:-fips)?\.[a-z0-9-]+\.(?:vpce\.)?amazonaws\.com(?:\.cn)?$",
        "aws",
    ),
    # Its newer endpoints, which speak IPv6 as well.
    (r"bedrock-(?:mantle|runtime)(?:-fips)?\.[a-z0-9-]+\.api\.aws$", "aws"),
    # Claude Platform on AWS: Anthropic's own API at its standard prices. Source: its billing page at AWS.
    (r"aws-external-anthropic\.[a-z0-9-]+\.api\.aws$", "anthropic"),
    (r"[a-z0-9-]+-aiplatform(?:\.mtls)?\.googleapis\.com$", "google"),
    (r"aiplatform\.[a-z0-9-]+\.rep\.googleapis\.com$", "google"),
)
HUGGING_FACE = "huggingface"
_HUGGING_FACE_HEADER = "x-inference-provider"
_VERSION = r"v\d+$"


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
    return next((provider for pattern, provider in _REGIONAL if re.match(pattern, name)), None)


def behind_hugging_face(path: str, model: str | None, headers: Mapping[str, str]) -> str:
    """Which provider Hugging Face's router sent a request to.

    Its price is that provider's: genai-prices lists each as ``huggingface_<provider>``. The path names it
    (``/novita/v3/...``), or the end of the model id (``meta-llama/Llama-3.3-70B-Instruct:novita``), or the
    answer's header, where the router chose.

    Returns:
        Such an id; ``huggingface`` alone where nothing says.
    """
    first = path.lstrip("/").partition("/")[0]
    named = "" if re.match(_VERSION, first) else first
    named = named or (model or "").partition(":")[2] or headers.get(_HUGGING_FACE_HEADER, "")
    return f"{HUGGING_FACE}_{named}" if named else HUGGING_FACE
