"""Which path speaks which wire format.

The host decides the provider and the path decides the format, so a provider that speaks another's format
is a row in ``hosts`` and no module.
"""

from __future__ import annotations

import re
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


def _call(pattern: str, api: Api, *, streams: bool = False, maker: str | None = None) -> _Path:
    # Anchored at the end, so that any base URL works.
    return _Path("POST", f"{pattern}$", api, Kind.CALL, streams, maker)


def _count(pattern: str, api: Api) -> _Path:
    return _Path("POST", f"{pattern}$", api, Kind.TOKEN_COUNT)


def _poll(pattern: str, api: Api, *, maker: str | None = None) -> _Path:
    return _Path("GET", f"{pattern}$", api, Kind.POLL, maker=maker)


# Google puts a verb behind the model; a client may percent-encode the colon.
_MODEL = r"(?P<model>[^/:]+?)(?::|%3[Aa])"
_GEMINI = f"/(?:models|tunedModels|endpoints)/{_MODEL}"
_EMBEDDING = r"/publishers/google/models/(?P<model>[^/:]*embedding[^/:]*?)(?::|%3[Aa])"
_CLAUDE = f"/publishers/anthropic/models/{_MODEL}"
_MISTRAL = f"/publishers/mistralai/models/{_MODEL}"
_INTERACTIONS = r"/v\d+(?:alpha|beta)?\d*/interactions"
# Bedrock's model ids are percent-encoded, and may be ARNs with a slash in them.
_BEDROCK = r"/model/(?P<model>[^/]+(?:/[^/]+)?)"
_BEDROCK_EMBED = r"/model/(?P<model>(?:[^/]+/)?[^/]*embed[^/]*)"
_BEDROCK_RERANK = r"/model/(?P<model>(?:[^/]+/)?[^/]*rerank[^/]*)"

# A path that only looks alike must not pass: /threads/{id}/messages (OpenAI assistants) is no Anthropic call.
# The first row that matches holds. A suite needs few of them: a pattern is compiled when it is first asked.
_PATHS = (
    _call(r"/chat/completions/?", Api.OPENAI_CHAT),
    _call(r"/(?:fim|agents)/completions/?", Api.OPENAI_CHAT),  # Mistral's
    # OpenAI's older completions, on Azure too, and Portkey's stored prompts.
    _call(r"/(?:v\d+|beta|(?:deployments|prompts)/[^/]+)/completions/?", Api.OPENAI_COMPLETIONS),
    _call(r"/responses/?", Api.OPENAI_RESPONSES),
    _call(r"/responses/compact/?", Api.OPENAI_RESPONSES),
    _poll(r"/responses/[^/]+/?", Api.OPENAI_RESPONSES),
    _count(r"/responses/input_tokens/?", Api.OPENAI_RESPONSES),
    _call(r"/embeddings/?", Api.OPENAI_EMBEDDINGS),
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
    _call(f"{_MISTRAL}rawPredict", Api.OPENAI_CHAT),
    _call(f"{_MISTRAL}streamRawPredict", Api.OPENAI_CHAT, streams=True),
    _call(f"{_BEDROCK}/converse", Api.BEDROCK_CONVERSE),
    _call(f"{_BEDROCK}/converse-stream", Api.BEDROCK_CONVERSE, streams=True),
    _call(f"{_BEDROCK_EMBED}/invoke", Api.BEDROCK_EMBED),
    _call(f"{_BEDROCK_RERANK}/invoke", Api.BEDROCK_RERANK),
    _call(f"{_BEDROCK}/invoke", Api.BEDROCK_INVOKE),
    _call(f"{_BEDROCK}/invoke-with-response-stream", Api.BEDROCK_INVOKE, streams=True),
    _count(f"{_BEDROCK}/count-tokens", Api.BEDROCK_CONVERSE),
    _call(r"/v[12]/chat/?", Api.COHERE_CHAT, maker="cohere"),
    _call(r"/v1/generate/?", Api.COHERE_GENERATE, maker="cohere"),
    _call(r"/v[12]/embed/?", Api.COHERE_EMBED, maker="cohere"),
    _call(r"/v[12]/rerank/?", Api.COHERE_RERANK, maker="cohere"),
    _call(r"/v1/conversations(?:/[^/]+(?:/restart)?)?/?", Api.MISTRAL_CONVERSATIONS, maker="mistral"),
    _call(r"/api/chat/?", Api.OLLAMA_CHAT, maker="ollama"),
    _call(r"/api/generate/?", Api.OLLAMA_GENERATE, maker="ollama"),
    _call(r"/api/embed/?", Api.OLLAMA_EMBED, maker="ollama"),
)
# Served by the same hosts, billed, and not read by this version: said rather than passed over.
_UNREAD = r"/v\d+/complete/?$"
_DEPLOYMENT = r"/deployments/(?P<model>[^/]+)/"


@lru_cache(maxsize=256)
def endpoint_of(method: str, path: str) -> Endpoint | None:
    """The wire format at a path; None if it is none that is known."""
    for row in _PATHS:
        found = re.search(row.pattern, path) if row.method == method else None
        if found is None:
            continue
        named = found if "model" in found.groupdict() else re.search(_DEPLOYMENT, path)
        model = unquote(named["model"]) if named else None
        return Endpoint(row.api, row.kind, model, row.streams, row.maker)
    return None


def is_unread(method: str, path: str) -> bool:
    """Whether a path is one of a wire format that is billed and not read by this version."""
    return method == "POST" and re.search(_UNREAD, path) is not None
