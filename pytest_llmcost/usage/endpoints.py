"""Which path speaks which wire format.

The host decides the provider and the path decides the format, so a provider that speaks another's format
is a row in ``hosts`` and no module.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from pytest_llmcost.model.call import Api


class Kind(StrEnum):
    """What a request at a path is for."""

    CALL = "call"
    POLL = "poll"
    TOKEN_COUNT = "token count"
    MODERATION = "moderation"


class Endpoint(NamedTuple):
    """A path of a known wire format.

    Attributes:
        api: The format.
        kind: What the request is for.
        model: The model or deployment that the path names; None if it names none.
        streams: Whether the path asks for a stream.
        maker: Whose path it is, where any other service may have the like: the host or the answer has to
            prove it. None where the path alone is proof.
    """

    api: Api
    kind: Kind = Kind.CALL
    model: str | None = None
    streams: bool = False
    maker: str | None = None


class _Path(NamedTuple):
    method: str
    pattern: str
    api: Api
    kind: Kind = Kind.CALL
    streams: bool = False
    maker: str | None = None
    only: bool = False


def _call(pattern: str, api: Api, *, streams: bool = False, maker: str | None = None) -> _Path:
    # Anchored at the end, so that any base URL works.
    return _Path("POST", f"{pattern}$", api, Kind.CALL, streams, maker)


def _calls(pattern: str, api: Api, makers: Iterable[str]) -> Iterator[_Path]:
    """A path that several makers have in common, and others too with another meaning."""
    return (_call(pattern, api, maker=maker) for maker in makers)


def _only(pattern: str, api: Api, maker: str, *, streams: bool = False) -> _Path:
    """A path that means nothing at any other host, whatever is answered there."""
    return _Path("POST", f"{pattern}$", api, Kind.CALL, streams, maker, only=True)


def _count(pattern: str, api: Api) -> _Path:
    return _Path("POST", f"{pattern}$", api, Kind.TOKEN_COUNT)


def _poll(pattern: str, api: Api, *, maker: str | None = None) -> _Path:
    return _Path("GET", f"{pattern}$", api, Kind.POLL, maker=maker)


def _free(pattern: str) -> _Path:
    return _Path("POST", f"{pattern}$", Api.OPENAI_CHAT, Kind.MODERATION)


# Google puts a verb behind the model; a client may percent-encode the colon.
_MODEL = r"(?P<model>[^/:]+?)(?::|%3[Aa])"
_GEMINI = f"/(?:models|tunedModels|endpoints)/{_MODEL}"
_EMBEDDING = r"/publishers/google/models/(?P<model>[^/:]*embedding[^/:]*?)(?::|%3[Aa])"
_CLAUDE = f"/publishers/anthropic/models/{_MODEL}"
_GOOGLE = f"/publishers/google/models/{_MODEL}"
# Imagen and Veo, on the Gemini API.
_PICTURES = r"/v\d+(?:alpha|beta)?\d*/models/(?P<model>[^/:]+?)(?::|%3[Aa])"
# Partners on Vertex that speak as OpenAI does.
_PARTNERS = "mistralai|meta|ai21|deepseek-ai|qwen|openai|moonshotai|minimaxai|zai-org|xai"
_PARTNER = f"/publishers/(?:{_PARTNERS})/models/{_MODEL}"
_INTERACTIONS = r"/v\d+(?:alpha|beta)?\d*/interactions"
# Bedrock's model ids are percent-encoded, and may be ARNs with a slash in them.
_BEDROCK = r"/model/(?P<model>[^/]+(?:/[^/]+)?)"
_BEDROCK_EMBED = r"/model/(?P<model>(?:[^/]+/)?[^/]*embed[^/]*)"
_BEDROCK_RERANK = r"/model/(?P<model>(?:[^/]+/)?[^/]*rerank[^/]*)"
_ENDPOINT = r"/(?:serving-)?endpoints/(?P<model>[^/]+)/invocations"
_RUNS = r"/threads/[^/]+/runs"
_PREDICTIONS = r"/v1/(?:(?:models|deployments)/(?P<model>[^/]+/[^/]+)/)?predictions"
_RERANK_BY_TOKEN = (
    "voyageai",
    "jina",
    "together",
    "deepinfra",
    "nvidia",
    "siliconflow",
    "fireworks",
    "novita",
)

# A path that only looks alike must not pass: /threads/{id}/messages (OpenAI assistants) is no Anthropic call.
# The first row that matches holds. A suite needs few of them: a pattern is compiled when it is first asked.
_PATHS = (
    _call(r"/chat/completions/?", Api.OPENAI_CHAT),
    _call(r"/(?:fim|agents)/completions/?", Api.OPENAI_CHAT),  # Mistral's
    # OpenAI's older completions, on Azure too, and Portkey's stored prompts.
    _call(r"/(?:v\d+|beta|(?:deployments|engines|prompts)/[^/]+)/completions/?", Api.OPENAI_COMPLETIONS),
    _only(r"/text/chatcompletion_v2/?", Api.OPENAI_CHAT, "minimax"),
    # Perplexity's own names of the two.
    _only(r"/v1/sonar/?", Api.OPENAI_CHAT, "perplexity"),
    _only(r"/v1/agent/?", Api.OPENAI_RESPONSES, "perplexity"),
    _call(r"/responses/?", Api.OPENAI_RESPONSES),
    _call(r"/responses/compact/?", Api.OPENAI_RESPONSES),
    _poll(r"/responses/[^/]+/?", Api.OPENAI_RESPONSES),
    # LangGraph's server has paths like these, and is no model.
    _call(r"/threads/runs/?", Api.OPENAI_RUNS, maker="openai"),
    _call(f"{_RUNS}(?:/[^/]+/submit_tool_outputs)?/?", Api.OPENAI_RUNS, maker="openai"),
    _poll(f"{_RUNS}/[^/]+/?", Api.OPENAI_RUNS, maker="openai"),
    _call(r"/images/(?:generations|edits|variations)/?", Api.OPENAI_IMAGES),
    _call(r"/audio/(?:transcriptions|translations)/?", Api.OPENAI_TRANSCRIPTIONS),
    _call(r"/audio/speech/?", Api.OPENAI_SPEECH),
    _only(r"/v\d+/videos(?:/[^/]+/remix)?/?", Api.OPENAI_VIDEOS, "openai"),
    # Mistral bills its classifiers by the token (its pricing page); OpenAI's are free.
    _only(r"/v1/(?:chat/)?(?:moderations|classifications)/?", Api.MISTRAL_MODERATIONS, "mistral"),
    _free(r"/moderations/?"),
    _count(r"/responses/input_tokens/?", Api.OPENAI_RESPONSES),
    _call(r"/(?:contextualized)?embeddings/?", Api.OPENAI_EMBEDDINGS),
    _call(r"/v\d+/multimodalembeddings/?", Api.VOYAGE_MULTIMODAL),
    _call(r"/v\d+/complete/?", Api.ANTHROPIC_COMPLETE),
    _call(r"/v\d+/messages/?", Api.ANTHROPIC_MESSAGES),
    _count(r"/v\d+/messages/count_tokens/?", Api.ANTHROPIC_MESSAGES),
    _call(f"{_GEMINI}generateContent", Api.GEMINI_GENERATE),
    _call(f"{_GEMINI}streamGenerateContent", Api.GEMINI_GENERATE, streams=True),
    _count(f"{_GEMINI}countTokens", Api.GEMINI_GENERATE),
    _call(f"{_GEMINI}(?:embedContent|batchEmbedContents)", Api.GEMINI_EMBED),
    _call(f"{_INTERACTIONS}/?", Api.GEMINI_INTERACTIONS, maker="google"),
    _poll(f"{_INTERACTIONS}/[^/]+/?", Api.GEMINI_INTERACTIONS, maker="google"),
    _call(f"{_EMBEDDING}predict", Api.VERTEX_PREDICT),
    _count(r"/publishers/anthropic/models/count-tokens(?::|%3[Aa])rawPredict", Api.ANTHROPIC_MESSAGES),
    _call(f"{_CLAUDE}rawPredict", Api.ANTHROPIC_MESSAGES),
    _call(f"{_CLAUDE}streamRawPredict", Api.ANTHROPIC_MESSAGES, streams=True),
    _call(f"{_PARTNER}rawPredict", Api.OPENAI_CHAT),
    _call(f"{_PARTNER}streamRawPredict", Api.OPENAI_CHAT, streams=True),
    _call(f"{_GOOGLE}predict(?:LongRunning)?", Api.GOOGLE_PREDICT),
    _only(f"{_PICTURES}predict(?:LongRunning)?", Api.GOOGLE_PREDICT, "google"),
    _call(f"{_BEDROCK}/converse", Api.BEDROCK_CONVERSE),
    _call(f"{_BEDROCK}/converse-stream", Api.BEDROCK_CONVERSE, streams=True),
    _call(f"{_BEDROCK_EMBED}/invoke", Api.BEDROCK_EMBED),
    _call(f"{_BEDROCK_RERANK}/invoke", Api.BEDROCK_RERANK),
    _call(f"{_BEDROCK}/invoke", Api.BEDROCK_INVOKE),
    _call(f"{_BEDROCK}/invoke-with-response-stream", Api.BEDROCK_INVOKE, streams=True),
    _count(f"{_BEDROCK}/count-tokens", Api.BEDROCK_CONVERSE),
    _call(r"/agents/[^/]+/agentAliases/[^/]+/sessions/[^/]+/text", Api.BEDROCK_AGENT, streams=True),
    _only(r"^/agents/[^/]+", Api.BEDROCK_AGENT, "aws", streams=True),  # defined by the request
    _only(r"^/rerank/?", Api.BEDROCK_RERANK, "aws"),
    _call(r"/retrieveAndGenerate", Api.BEDROCK_RETRIEVE_AND_GENERATE),
    _call(r"/retrieveAndGenerateStream", Api.BEDROCK_RETRIEVE_AND_GENERATE, streams=True),
    # SageMaker's, and Databricks', which speaks as OpenAI does.
    _only(_ENDPOINT, Api.OPENAI_CHAT, "databricks"),
    _only(_ENDPOINT, Api.SAGEMAKER_INVOKE, "aws"),
    _only(f"{_ENDPOINT}-response-stream", Api.SAGEMAKER_INVOKE, "aws", streams=True),
    _call(r"/v[12]/chat/?", Api.COHERE_CHAT, maker="cohere"),
    _call(r"/v1/chat/?", Api.OPENAI_CHAT, maker="writer"),
    _call(r"/v1/generate/?", Api.COHERE_GENERATE, maker="cohere"),
    _call(r"/v[12]/embed/?", Api.COHERE_EMBED, maker="cohere"),
    _call(r"/v[12]/rerank/?", Api.COHERE_RERANK, maker="cohere"),
    *_calls(r"/v\d+/rerank/?", Api.TOKEN_RERANK, _RERANK_BY_TOKEN),
    _call(r"/v1/ocr/?", Api.MISTRAL_OCR, maker="mistral"),
    _call(r"/v1/conversations(?:/[^/]+(?:/restart)?)?/?", Api.MISTRAL_CONVERSATIONS, maker="mistral"),
    _call(r"/api/chat/?", Api.OLLAMA_CHAT, maker="ollama"),
    _call(r"/api/generate/?", Api.OLLAMA_GENERATE, maker="ollama"),
    _call(r"/api/embed/?", Api.OLLAMA_EMBED, maker="ollama"),
    _only(_PREDICTIONS, Api.REPLICATE_PREDICTIONS, "replicate"),
    _poll(r"/v1/predictions/[^/]+", Api.REPLICATE_PREDICTIONS, maker="replicate"),
    _only(r"/(?:ai/run|workers-ai)/(?P<model>@[^/]+(?:/[^/]+)+)", Api.CLOUDFLARE_RUN, "cloudflare"),
    _only(r"/cortex/inference(?::|%3[Aa])complete", Api.OPENAI_CHAT, "snowflake"),
    _only(r"/ml/v1/text/generation", Api.WATSONX_GENERATION, "watsonx"),
    _only(r"/ml/v1/text/generation_stream", Api.WATSONX_GENERATION, "watsonx", streams=True),
    _only(r"/ml/v1/text/chat", Api.OPENAI_CHAT, "watsonx"),
    _only(r"/ml/v1/text/chat_stream", Api.OPENAI_CHAT, "watsonx", streams=True),
    _only(r"/complete/?", Api.ALEPHALPHA_COMPLETE, "alephalpha"),
    _only(r"/v1/(?P<model>[^/]+)/complete/?", Api.AI21_COMPLETE, "ai21"),
    # Hugging Face's pipelines, and endpoints of one's own, which answer at their root.
    _only(
        r"/models/(?P<model>[^/]+(?:/[^/]+)?)(?:/pipeline/[^/]+)?/?", Api.HUGGINGFACE_INFERENCE, "huggingface"
    ),
    _only(r"/pipeline/[^/]+/(?P<model>[^/]+/[^/]+)", Api.HUGGINGFACE_INFERENCE, "huggingface"),
    _only(r"^/?(?:generate(?:_stream)?)?", Api.HUGGINGFACE_INFERENCE, "huggingface"),
)
_DEPLOYMENT = r"/(?:deployments|engines)/(?P<model>[^/]+)/"


@lru_cache(maxsize=256)
def endpoint_of(method: str, path: str, provider: str | None = None) -> Endpoint | None:
    """The wire format at a path.

    Args:
        method: HTTP method, in capitals.
        path: Of the URL.
        provider: Whose host it is; None if nobody named it.

    Returns:
        The format that this provider speaks there; otherwise the first that is known at such a path, whose
        ``maker`` is then still to be proven; None if none is known.
    """
    first: tuple[_Path, re.Match[str]] | None = None
    for row in _PATHS:
        at_home = is_maker(row.maker, provider)
        if row.method != method or (row.only and not at_home) or (first and not at_home):
            continue
        if match := re.search(row.pattern, path):
            if at_home:
                return _endpoint(row, match)
            first = row, match
    return _endpoint(*first) if first else None


def _endpoint(row: _Path, match: re.Match[str]) -> Endpoint:
    named = match if "model" in match.groupdict() else re.search(_DEPLOYMENT, match.string)
    model = unquote(named["model"]) if named and named["model"] else None
    return Endpoint(row.api, row.kind, model, row.streams, row.maker)


def is_maker(maker: str | None, provider: str | None) -> bool:
    """Whether a path of this maker is at home at a provider (``huggingface_novita`` is Hugging Face)."""
    return maker is None or (provider is not None and maker == provider.partition("_")[0])
