"""Which host is which provider, by genai-prices' ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

_PORT = re.compile(r":\d+$")

# A name that begins with a dot covers every host below it; a whole name is nearer than such a one.
_PRICED = {
    "api.openai.com": "openai",
    "oai.helicone.ai": "openai",
    ".api.openai.com": "openai",
    ".openai.azure.com": "azure",
    ".cognitiveservices.azure.com": "azure",
    ".services.ai.azure.com": "azure",
    ".models.ai.azure.com": "azure",
    ".inference.ai.azure.com": "azure",
    ".azure-api.net": "azure",
    "api.anthropic.com": "anthropic",
    "anthropic.helicone.ai": "anthropic",
    # Helicone's older hosts.
    "oai.hconeai.com": "openai",
    "anthropic.hconeai.com": "anthropic",
    "openrouter.ai": "openrouter",
    ".openrouter.ai": "openrouter",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "codestral.mistral.ai": "mistral",
    "api.cohere.com": "cohere",
    "api.cohere.ai": "cohere",
    "api.deepseek.com": "deepseek",
    "api.together.xyz": "together",
    "api.together.ai": "together",
    "api.fireworks.ai": "fireworks",
    "api.cerebras.ai": "cerebras",
    "api.perplexity.ai": "perplexity",
    "api.novita.ai": "novita",
    "api.x.ai": "x-ai",
    ".api.x.ai": "x-ai",
    "api.voyageai.com": "voyageai",
    "ai.mongodb.com": "voyageai",
    # Anthropic's own API behind Google's gateway.
    "claude.googleapis.com": "anthropic",
    # The Gemini API and Vertex, and both with client certificates (mTLS).
    "generativelanguage.googleapis.com": "google",
    "aiplatform.googleapis.com": "google",
    "generativelanguage.mtls.googleapis.com": "google",
    "aiplatform.mtls.googleapis.com": "google",
    "api.arcee.ai": "arcee",
    "api.avian.io": "avian",
    "inference.baseten.co": "baseten",
    ".api.baseten.co": "baseten",
    "api.cloudflare.com": "cloudflare",
    ".cloud.databricks.com": "databricks",
    ".azuredatabricks.net": "databricks",
    ".gcp.databricks.com": "databricks",
    "api.doubleword.ai": "doubleword",
    "api.githubcopilot.com": "github-copilot",
    ".githubcopilot.com": "github-copilot",
    "api.meta.ai": "meta",
    "api.minimax.io": "minimax",
    "api.minimax.com": "minimax",
    "api.minimaxi.com": "minimax",
    "api.minimaxi.io": "minimax",
    ".modal.run": "modal",
    ".modal.direct": "modal",
    "api.moonshot.ai": "moonshotai",
    "api.moonshot.cn": "moonshotai",
    ".endpoints.kepler.ai.cloud.ovh.net": "ovhcloud",
    "api.quicksilverpro.io": "quicksilverpro",
    "api.typesafe.ai": "typesafe",
    "api.z.ai": "zai",
    "open.bigmodel.cn": "zhipuai",
}
# Providers that genai-prices does not list: their prices are in the answer, or come from llmcost.yaml.
_WITHOUT_PRICES = {
    "models.inference.ai.azure.com": "github",
    "models.github.ai": "github",
    "router.huggingface.co": "huggingface",
    "api-inference.huggingface.co": "huggingface_hf-inference",
    # Endpoints of one's own, billed by the hour.
    ".endpoints.huggingface.cloud": "huggingface_endpoints",
    # Its cloud is a subscription, and not the free server that the same API belongs to.
    "ollama.com": "ollama-cloud",
    # What these two hand on is billed at the provider behind them (see below).
    "gateway.ai.cloudflare.com": "cloudflare-gateway",
    "api.ai21.com": "ai21",
    "api.aleph-alpha.com": "alephalpha",
    "dashscope.aliyuncs.com": "alibaba",
    "dashscope-intl.aliyuncs.com": "alibaba",
    "dashscope-us.aliyuncs.com": "alibaba",
    "api.deepinfra.com": "deepinfra",
    "api.friendli.ai": "friendli",
    ".inference.heroku.com": "heroku",
    "api.hyperbolic.xyz": "hyperbolic",
    "api.inceptionlabs.ai": "inception",
    "api.jina.ai": "jina",
    "api.studio.nebius.ai": "nebius",
    "api.studio.nebius.com": "nebius",
    ".tokenfactory.nebius.com": "nebius",
    "inference.api.nscale.com": "nscale",
    "integrate.api.nvidia.com": "nvidia",
    "ai.api.nvidia.com": "nvidia",
    "api.replicate.com": "replicate",
    "api.sambanova.ai": "sambanova",
    "api.scaleway.ai": "scaleway",
    "api.siliconflow.cn": "siliconflow",
    "api.siliconflow.com": "siliconflow",
    ".snowflakecomputing.com": "snowflake",
    "api.stepfun.com": "stepfun",
    "api.upstage.ai": "upstage",
    "ai-gateway.vercel.sh": "vercel",
    ".ml.cloud.ibm.com": "watsonx",
    "api.writer.com": "writer",
}
_PROVIDERS = _PRICED | _WITHOUT_PRICES
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
    (r"bedrock-agent-runtime(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$", "aws"),
    (
        r"runtime(?:-fips)?\.sagemaker(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$",
        "aws",
    ),
)
HUGGING_FACE = "huggingface"
CLOUDFLARE_GATEWAY = "cloudflare-gateway"
# Cloudflare's names of the providers behind its gateway, where genai-prices has another.
_BEHIND_CLOUDFLARE = {
    "anthropic": "anthropic", "aws-bedrock": "aws", "azure-openai": "azure", "baseten": "baseten",
    "cerebras": "cerebras", "cerebras-ai": "cerebras", "cohere": "cohere", "deepseek": "deepseek",
    "google": "google", "google-ai-studio": "google", "google-vertex-ai": "google", "grok": "x-ai",
    "xai": "x-ai", "groq": "groq", "huggingface": "huggingface_hf-inference", "mistral": "mistral",
    "openai": "openai",
    "openrouter": "openrouter", "perplexity": "perplexity", "perplexity-ai": "perplexity",
    "replicate": "replicate", "workers-ai": "cloudflare",
}  # fmt: skip
_UNIFIED = "compat"
_CLOUDFLARE_PATH = r"/v1/[^/]+/[^/]+/([^/]+)"
_HUGGING_FACE_HEADER = "x-inference-provider"
_POLICIES = frozenset({"fastest", "cheapest", "preferred", "auto"})
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


@lru_cache(maxsize=256)
def path_of(url: str) -> str:
    """The path of a URL that names a host."""
    return urlsplit(url).path


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
    if name in _PROVIDERS:
        return _PROVIDERS[name]
    domain = name
    while "." in domain:
        domain = domain.partition(".")[2]
        if f".{domain}" in _PROVIDERS:
            return _PROVIDERS[f".{domain}"]
    return next((provider for pattern, provider in _REGIONAL if re.match(pattern, name)), None)


def behind_hugging_face(path: str, model: str | None, headers: Mapping[str, str]) -> str:
    """Which provider Hugging Face's router sent a request to.

    Its price is that provider's: genai-prices lists each as ``huggingface_<provider>``. The path names it
    (``/novita/v3/...``), or the answer's header, or the end of the model id
    (``meta-llama/Llama-3.3-70B-Instruct:novita``), unless that is a policy by which the router chose. Source:
    Hugging Face's pages on inference providers, provider selection.

    Returns:
        Such an id; ``huggingface`` alone where nothing says.
    """
    first = path.lstrip("/").partition("/")[0]
    named = "" if re.match(_VERSION, first) else first
    suffix = (model or "").partition(":")[2]
    named = named or headers.get(_HUGGING_FACE_HEADER, "") or ("" if suffix in _POLICIES else suffix)
    return f"{HUGGING_FACE}_{named}" if named else HUGGING_FACE


def behind_cloudflare(path: str, model: str | None) -> str:
    """Which provider Cloudflare's gateway sent a request to: its price is that provider's.

    The path names it (``/v1/<account>/<gateway>/openai/...``); on the path that speaks OpenAI's format for
    all of them the model does (``anthropic/claude-sonnet-4-5``). Source: Cloudflare's AI Gateway, providers.

    Returns:
        genai-prices' id; the gateway's own name where nothing says.
    """
    found = re.match(_CLOUDFLARE_PATH, path)
    named = found[1] if found else ""
    if named == _UNIFIED:
        named = (model or "").partition("/")[0]
    return _BEHIND_CLOUDFLARE.get(named, CLOUDFLARE_GATEWAY)
