"""Which path speaks which wire format."""

from __future__ import annotations

import re

import pytest

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.endpoints import _PATHS, Endpoint, Kind, endpoint_of, is_unread
from pytest_llmcost.usage.filter import looks_like_llm


VERTEX = "/v1/projects/p/locations/global/publishers"
EXPECTED = (
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
    ("POST", "/v1/fim/completions", Endpoint(Api.OPENAI_CHAT)),
    ("POST", "/v1/agents/completions", Endpoint(Api.OPENAI_CHAT)),
    ("POST", "/v1/completions", Endpoint(Api.OPENAI_COMPLETIONS)),
    ("POST", "//openai/deployments/old/completions", Endpoint(Api.OPENAI_COMPLETIONS, model="old")),
    ("POST", "/v1/prompts/pp-1/completions", Endpoint(Api.OPENAI_COMPLETIONS)),
    ("POST", "/app/completions", None),
    ("POST", "/anthropic/v1/messages", Endpoint(Api.ANTHROPIC_MESSAGES)),
    (
        "POST",
        f"{VERTEX}/anthropic/models/count-tokens:rawPredict",
        Endpoint(Api.ANTHROPIC_MESSAGES, Kind.TOKEN_COUNT),
    ),
    (
        "POST",
        f"{VERTEX}/anthropic/models/claude-opus-5:rawPredict",
        Endpoint(Api.ANTHROPIC_MESSAGES, model="claude-opus-5"),
    ),
    (
        "POST",
        f"{VERTEX}/anthropic/models/claude-opus-5%3AstreamRawPredict",
        Endpoint(Api.ANTHROPIC_MESSAGES, model="claude-opus-5", streams=True),
    ),
    ("POST", f"{VERTEX}/mistralai/models/m:rawPredict", Endpoint(Api.OPENAI_CHAT, model="m")),
    (
        "POST",
        f"{VERTEX}/mistralai/models/m:streamRawPredict",
        Endpoint(Api.OPENAI_CHAT, model="m", streams=True),
    ),
    (
        "POST",
        f"{VERTEX}/google/models/text-embedding-005:predict",
        Endpoint(Api.VERTEX_PREDICT, model="text-embedding-005"),
    ),
    ("POST", f"{VERTEX}/google/models/imagen-4:predict", None),
    (
        "POST",
        "/v1beta/models/gemini-3-pro:generateContent",
        Endpoint(Api.GEMINI_GENERATE, model="gemini-3-pro"),
    ),
    ("POST", "/v1beta/tunedModels/mine:generateContent", Endpoint(Api.GEMINI_GENERATE, model="mine")),
    (
        "POST",
        "/v1beta/models/gemini-3-pro%3AstreamGenerateContent",
        Endpoint(Api.GEMINI_GENERATE, model="gemini-3-pro", streams=True),
    ),
    (
        "POST",
        "/v1beta/models/gemini-3-pro:countTokens",
        Endpoint(Api.GEMINI_GENERATE, Kind.TOKEN_COUNT, "gemini-3-pro"),
    ),
    (
        "POST",
        "/v1beta/models/gemini-embedding-2:batchEmbedContents",
        Endpoint(Api.GEMINI_EMBED, model="gemini-embedding-2"),
    ),
    (
        "POST",
        "/v1beta/models/gemini-embedding-2:embedContent",
        Endpoint(Api.GEMINI_EMBED, model="gemini-embedding-2"),
    ),
    ("POST", "/v1beta/models/gemini-3-pro:batchGenerateContent", None),
    ("POST", "/v1beta/interactions", Endpoint(Api.GEMINI_INTERACTIONS, maker="google")),
    ("GET", "/v1beta/interactions/v1_a", Endpoint(Api.GEMINI_INTERACTIONS, Kind.POLL, maker="google")),
    (
        "POST",
        "/model/amazon.nova-lite-v1%3A0/converse",
        Endpoint(Api.BEDROCK_CONVERSE, model="amazon.nova-lite-v1:0"),
    ),
    (
        "POST",
        "/model/amazon.nova-lite-v1:0/converse-stream",
        Endpoint(Api.BEDROCK_CONVERSE, model="amazon.nova-lite-v1:0", streams=True),
    ),
    ("POST", "/model/arn%3Aaws%3Ax%2Fabc/invoke", Endpoint(Api.BEDROCK_INVOKE, model="arn:aws:x/abc")),
    ("POST", "/model/arn:aws:x/abc/invoke", Endpoint(Api.BEDROCK_INVOKE, model="arn:aws:x/abc")),
    ("POST", "/model/m/invoke-with-response-stream", Endpoint(Api.BEDROCK_INVOKE, model="m", streams=True)),
    (
        "POST",
        "/model/amazon.titan-embed-text-v1/invoke",
        Endpoint(Api.BEDROCK_EMBED, model="amazon.titan-embed-text-v1"),
    ),
    (
        "POST",
        "/model/cohere.rerank-v3-5%3A0/invoke",
        Endpoint(Api.BEDROCK_RERANK, model="cohere.rerank-v3-5:0"),
    ),
    ("POST", "/model/m/count-tokens", Endpoint(Api.BEDROCK_CONVERSE, Kind.TOKEN_COUNT, "m")),
    ("POST", "/guardrail-checks/invoke", None),
    ("POST", "/v1/chat", Endpoint(Api.COHERE_CHAT, maker="cohere")),
    ("POST", "/v2/chat", Endpoint(Api.COHERE_CHAT, maker="cohere")),
    ("POST", "/v1/generate", Endpoint(Api.COHERE_GENERATE, maker="cohere")),
    ("POST", "/v2/embed", Endpoint(Api.COHERE_EMBED, maker="cohere")),
    ("POST", "/v2/rerank", Endpoint(Api.COHERE_RERANK, maker="cohere")),
    ("POST", "/v3/chat", None),
    ("POST", "/v1/conversations", Endpoint(Api.MISTRAL_CONVERSATIONS, maker="mistral")),
    ("POST", "/v1/conversations/conv_1/restart", Endpoint(Api.MISTRAL_CONVERSATIONS, maker="mistral")),
    ("POST", "/v1/conversations/conv_1/items", None),
    ("POST", "/api/chat", Endpoint(Api.OLLAMA_CHAT, maker="ollama")),
    ("POST", "/api/generate", Endpoint(Api.OLLAMA_GENERATE, maker="ollama")),
    ("POST", "/api/embed", Endpoint(Api.OLLAMA_EMBED, maker="ollama")),
    ("POST", "/api/chat/history", None),
)


@pytest.mark.parametrize(("method", "path", "expected"), EXPECTED)
def test_path_names_the_wire_format(method, path, expected):
    """A base URL of any depth works, and a path that only looks alike is no call."""
    assert endpoint_of(method, path) == expected
    if expected:
        assert looks_like_llm(path)


def test_every_row_is_tried_above():
    """So the cheap filter, which is asked there too, lets through what each row knows."""
    tried = [
        next((row for row in _PATHS if row.method == method and re.search(row.pattern, path)), None)
        for method, path, _ in EXPECTED
    ]
    assert [row.pattern for row in _PATHS if row not in tried] == []


def test_billed_and_not_read():
    """Said rather than passed over."""
    assert is_unread("POST", "/v1/complete") and looks_like_llm("/v1/complete")
    assert not is_unread("GET", "/v1/complete")
