"""Which spans are the generation of one answer, of which model, and what they state.

Sources: those of ``span_kinds``, and pydantic-ai, whose ``TestModel`` and ``FunctionModel`` name ``test`` and
``function`` as their provider.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pytest_llmcost.model.call import Api, ModelIds
from pytest_llmcost.model.units import INPUT, OUTPUT
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.hosts import provider_of
from pytest_llmcost.usage.span_cache_hit import cache_hit
from pytest_llmcost.usage.span_kinds import SpanKind, kind_of_span
from pytest_llmcost.usage.span_usage import span_usage, total_tokens
from pytest_llmcost.usage.tiers import tier_context

Attributes = Mapping[str, Any]
NO_SPLIT = "the span states no more than the sum of its tokens"
NO_INPUT = "the span states no input tokens"
NO_OUTPUT = "the span states no output tokens"
_UNKNOWN = "unknown"
_LONGEST = 200  # a name; somebody may put a prompt there
_APIS = {SpanKind.GENERATION: Api.SPAN_GENERATION, SpanKind.EMBEDDINGS: Api.SPAN_EMBEDDINGS}
_REQUESTED = (
    *("gen_ai.request.model", "llm.request.model_name", "langfuse.observation.model.name"),
    *("llm.model_name", "embedding.model_name"),
)
_BILLED = ("gen_ai.response.model", "llm.response.model_name", *_REQUESTED[2:])
_PROVIDERS = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system")
_TIERS = (
    *("openai.response.service_tier", "gen_ai.openai.response.service_tier"),
    "gen_ai.response.service_tier",
)
# By genai-prices' ids. What is not here is taken as it is written.
_IDS = {
    "az.ai.openai": "azure", "az.ai.inference": "azure", "azure.ai.openai": "azure",
    "azure.ai.inference": "azure", "azure_openai": "azure", "google-gla": "google", "google-vertex": "google",
    "google_genai": "google", "google_vertexai": "google", "gcp.gemini": "google", "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google", "gemini": "google", "vertex_ai": "google", "vertexai": "google",
    "vertex": "google", "aws.bedrock": "aws", "aws_bedrock": "aws", "bedrock": "aws",
    "amazon_bedrock": "aws", "mistral_ai": "mistral", "mistralai": "mistral", "x_ai": "x-ai", "xai": "x-ai",
    "together_ai": "together", "togetherai": "together", "fireworks_ai": "fireworks",
    "moonshot": "moonshotai", "cohere_chat": "cohere",
    "text-completion-openai": "openai",
}  # fmt: skip
# Whose model it is by its name, where no provider is stated; Bedrock's ids begin with the maker.
_BY_MODEL = (
    (r"(?:(?:us|eu|apac|jp|au|ca|global)\.)?(?:anthropic|amazon|meta|cohere|mistral|ai21|deepseek)\.", "aws"),
    (r"gpt-(?!oss)|chatgpt|o\d(?:-|$)|text-embedding-(?:3|ada)|davinci|babbage", "openai"),
    (r"claude", "anthropic"),
    (r"gemini|learnlm|gemini-embedding|text-embedding-00", "google"),
    (r"(?:open-)?mi[sx]tral|codestral|ministral|magistral|devstral|pixtral|voxtral", "mistral"),
    (r"grok", "x-ai"),
    (r"command|embed-(?:english|multilingual|v4)|rerank-", "cohere"),
    (r"deepseek-", "deepseek"),
    (r"sonar", "perplexity"),
    (r"voyage-", "voyageai"),
)
_NAMED_IN_MODEL = frozenset(
    {
        *("openai", "anthropic", "google", "mistral", "x-ai", "cohere", "deepseek", "perplexity", "azure"),
        *("aws", "groq", "openrouter", "together", "fireworks", "ollama"),
    }
)
_STAND_INS = frozenset({"test", "function"})


class Generation(NamedTuple):
    """One answer of a model, as a span states it.

    Attributes:
        provider: genai-prices' id, what the span names, or ``unknown``.
        api: Whether it generates or embeds.
        model: Requested and billed.
        stream: Whether the answer was streamed.
        usage: What was counted; None if nothing was.
        incomplete: Why the usage is not all; None if it is.
        from_cache: Whether a cache of the app answered.
        stands_in: Whether a stand-in of a framework for tests answered.
        failed: Whether it ended with an error.
        context: What else decides the price.
    """

    provider: str
    api: Api
    model: ModelIds
    stream: bool
    usage: Usage | None
    incomplete: str | None
    from_cache: bool
    stands_in: bool
    failed: bool
    context: Mapping[str, str] = MappingProxyType({})


def generation_of(
    attributes: Attributes, hosts: Mapping[str, str] = MappingProxyType({})
) -> Generation | None:
    """What a span states of a generation; None if it is something else.

    Args:
        attributes: Of the span, when it has ended.
        hosts: The YAML's ``hosts:``.
    """
    kind = kind_of_span(attributes)
    if kind is None or (api := _APIS.get(kind)) is None:
        return None  # what a reranker costs does not follow from tokens
    counted = span_usage(attributes)
    usage, incomplete = _known(counted, attributes, api)
    provider, model = _whose(attributes, hosts)
    return Generation(
        provider=provider,
        api=api,
        model=model,
        stream=bool(attributes.get("gen_ai.request.stream") or attributes.get("llm.is_streaming")),
        usage=usage,
        incomplete=incomplete,
        from_cache=bool(cache_hit(attributes)),
        stands_in=provider in _STAND_INS,
        failed="error.type" in attributes or attributes.get("langfuse.observation.level") == "ERROR",
        context=tier_context({"service_tier": _first(attributes, _TIERS)}, {}),
    )


def _known(counted: Usage, attributes: Attributes, api: Api) -> tuple[Usage | None, str | None]:
    """The usage, and what it lacks: a prompt without its answer is half a bill."""
    counts = counted.counts
    if not counts:
        total = total_tokens(attributes)
        if not total:
            return None, None
        return (Usage({INPUT: total}), None) if not api.generates else (None, NO_SPLIT)
    if INPUT not in counts:
        return counted, NO_INPUT
    return counted, NO_OUTPUT if OUTPUT not in counts and api.generates else None


def _whose(attributes: Attributes, hosts: Mapping[str, str]) -> tuple[str, ModelIds]:
    requested, billed = _model(attributes, _REQUESTED), _model(attributes, _BILLED)
    stated = (_first(attributes, _PROVIDERS) or "").lower()
    provider = _of_host(attributes, hosts) or _IDS.get(stated, stated)
    for name in (billed, requested):
        before, slash, _ = (name or "").partition("/")
        owner = _IDS.get(before, before)
        if slash and owner in _NAMED_IN_MODEL and provider in {"", owner, "litellm"}:
            provider = owner
            requested, billed = _without(requested, before), _without(billed, before)
            break
    if provider in {"", "litellm", "langchain", "_other"}:
        owners = (found for name in (billed, requested) if name and (found := _by_name(name)))
        provider = next(owners, _UNKNOWN)
    return provider, ModelIds(requested, billed)


def _of_host(attributes: Attributes, hosts: Mapping[str, str]) -> str | None:
    host, port = attributes.get("server.address"), attributes.get("server.port")
    if not isinstance(host, str) or not host:
        return None
    return provider_of(f"{host}:{port}" if port else host, hosts)


def _by_name(model: str) -> str | None:
    last = model.rpartition("/")[2].lower()
    return next((owner for pattern, owner in _BY_MODEL if re.match(pattern, last)), None)


def _model(attributes: Attributes, names: tuple[str, ...]) -> str | None:
    """Google writes a path before it: ``models/gemini-2.5-pro``, ``publishers/google/models/...``."""
    found = _first(attributes, names)
    return found.rpartition("models/")[2] or found if found else None


def _without(model: str | None, owner: str) -> str | None:
    return model.removeprefix(f"{owner}/") if model else model


def _first(attributes: Attributes, names: tuple[str, ...]) -> str | None:
    for name in names:
        value = attributes.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()[:_LONGEST]
    return None
