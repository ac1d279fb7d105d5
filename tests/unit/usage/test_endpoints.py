"""Which path speaks which wire format."""

from __future__ import annotations

import re

import pytest

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.endpoints import _PATHS, Endpoint, Kind, endpoint_of
from pytest_llmcost.usage.filter import is_model_host, looks_like_llm


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
    ("POST", "/v1/sonar", None),
    ("POST", "/v1/agent", None),
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
    (
        "POST",
        f"{VERTEX}/google/models/imagen-4:predict",
        Endpoint(Api.GOOGLE_PREDICT, model="imagen-4"),
    ),
    ("POST", f"{VERTEX}/meta/models/llama-4:rawPredict", Endpoint(Api.OPENAI_CHAT, model="llama-4")),
    ("POST", "/v1/complete", Endpoint(Api.ANTHROPIC_COMPLETE)),
    ("POST", "/v1/engines/davinci/completions", Endpoint(Api.OPENAI_COMPLETIONS, model="davinci")),
    ("POST", "/v1/threads/runs", Endpoint(Api.OPENAI_RUNS, maker="openai")),
    ("POST", "/v1/threads/t_1/runs", Endpoint(Api.OPENAI_RUNS, maker="openai")),
    (
        "POST",
        "/openai/threads/t_1/runs/r_1/submit_tool_outputs",
        Endpoint(Api.OPENAI_RUNS, maker="openai"),
    ),
    ("GET", "/v1/threads/t_1/runs/r_1", Endpoint(Api.OPENAI_RUNS, Kind.POLL, maker="openai")),
    ("GET", "/v1/threads/t_1/runs/r_1/steps", None),
    ("POST", "/v1/threads/t_1/runs/r_1/cancel", None),
    ("POST", "/v1/images/generations", Endpoint(Api.OPENAI_IMAGES)),
    ("POST", "/openai/v1/audio/transcriptions", Endpoint(Api.OPENAI_TRANSCRIPTIONS)),
    ("POST", "/v1/audio/speech", Endpoint(Api.OPENAI_SPEECH)),
    ("POST", "/v1/moderations", Endpoint(Api.OPENAI_CHAT, Kind.MODERATION)),
    ("POST", "/v1/multimodalembeddings", Endpoint(Api.VOYAGE_MULTIMODAL)),
    ("POST", "/v1/contextualizedembeddings", Endpoint(Api.OPENAI_EMBEDDINGS)),
    ("POST", "/v1/ocr", Endpoint(Api.MISTRAL_OCR, maker="mistral")),
    (
        "POST",
        "/agents/A1/agentAliases/B1/sessions/s/text",
        Endpoint(Api.BEDROCK_AGENT, streams=True),
    ),
    ("POST", "/retrieveAndGenerate", Endpoint(Api.BEDROCK_RETRIEVE_AND_GENERATE)),
    (
        "POST",
        "/retrieveAndGenerateStream",
        Endpoint(Api.BEDROCK_RETRIEVE_AND_GENERATE, streams=True),
    ),
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


# At the host of a provider: a path that means nothing elsewhere, or something else.
OF_PROVIDER = (
    ("cohere", "POST", "/v1/chat", Endpoint(Api.COHERE_CHAT, maker="cohere")),
    ("writer", "POST", "/v1/chat", Endpoint(Api.OPENAI_CHAT, maker="writer")),
    ("cohere", "POST", "/v1/rerank", Endpoint(Api.COHERE_RERANK, maker="cohere")),
    *(
        (maker, "POST", "/v1/rerank", Endpoint(Api.TOKEN_RERANK, maker=maker))
        for maker in (
            *("voyageai", "jina", "together", "deepinfra", "nvidia"),
            *("siliconflow", "fireworks", "novita"),
        )
    ),
    ("openai", "POST", "/v1/videos", Endpoint(Api.OPENAI_VIDEOS, maker="openai")),
    ("openai", "POST", "/v1/videos/v_1/remix", Endpoint(Api.OPENAI_VIDEOS, maker="openai")),
    (None, "POST", "/v1/videos", None),
    ("perplexity", "POST", "/v1/sonar", Endpoint(Api.OPENAI_CHAT, maker="perplexity")),
    ("perplexity", "POST", "/v1/agent", Endpoint(Api.OPENAI_RESPONSES, maker="perplexity")),
    ("minimax", "POST", "/v1/text/chatcompletion_v2", Endpoint(Api.OPENAI_CHAT, maker="minimax")),
    ("aws", "POST", "/agents/session-1", Endpoint(Api.BEDROCK_AGENT, streams=True, maker="aws")),
    ("aws", "POST", "/rerank", Endpoint(Api.BEDROCK_RERANK, maker="aws")),
    (None, "POST", "/rerank", None),
    (None, "POST", "/agents/7", None),
    (
        "google",
        "POST",
        "/v1beta/models/veo-3:predictLongRunning",
        Endpoint(Api.GOOGLE_PREDICT, model="veo-3", maker="google"),
    ),
    (None, "POST", "/v1/models/mnist:predict", None),
    (
        "databricks",
        "POST",
        "/serving-endpoints/claude/invocations",
        Endpoint(Api.OPENAI_CHAT, model="claude", maker="databricks"),
    ),
    (
        "aws",
        "POST",
        "/endpoints/llama/invocations",
        Endpoint(Api.SAGEMAKER_INVOKE, model="llama", maker="aws"),
    ),
    (
        "aws",
        "POST",
        "/endpoints/llama/invocations-response-stream",
        Endpoint(Api.SAGEMAKER_INVOKE, model="llama", streams=True, maker="aws"),
    ),
    ("replicate", "POST", "/v1/predictions", Endpoint(Api.REPLICATE_PREDICTIONS, maker="replicate")),
    (
        "replicate",
        "POST",
        "/v1/models/meta/llama-3/predictions",
        Endpoint(Api.REPLICATE_PREDICTIONS, model="meta/llama-3", maker="replicate"),
    ),
    (
        "replicate",
        "GET",
        "/v1/predictions/p1",
        Endpoint(Api.REPLICATE_PREDICTIONS, Kind.POLL, maker="replicate"),
    ),
    (None, "POST", "/v1/predictions", None),
    ("mistral", "POST", "/v1/moderations", Endpoint(Api.MISTRAL_MODERATIONS, maker="mistral")),
    ("openai", "POST", "/v1/moderations", Endpoint(Api.OPENAI_CHAT, Kind.MODERATION)),
    (None, "POST", "/v1/classifications", None),
    (
        "cloudflare",
        "POST",
        "/client/v4/accounts/a/ai/run/@cf/meta/llama-3",
        Endpoint(Api.CLOUDFLARE_RUN, model="@cf/meta/llama-3", maker="cloudflare"),
    ),
    (
        "cloudflare",
        "POST",
        "/v1/acc/gw/workers-ai/@cf/meta/llama-3",
        Endpoint(Api.CLOUDFLARE_RUN, model="@cf/meta/llama-3", maker="cloudflare"),
    ),
    (
        "snowflake",
        "POST",
        "/api/v2/cortex/inference:complete",
        Endpoint(Api.OPENAI_CHAT, maker="snowflake"),
    ),
    ("watsonx", "POST", "/ml/v1/text/generation", Endpoint(Api.WATSONX_GENERATION, maker="watsonx")),
    (
        "watsonx",
        "POST",
        "/ml/v1/text/generation_stream",
        Endpoint(Api.WATSONX_GENERATION, streams=True, maker="watsonx"),
    ),
    ("watsonx", "POST", "/ml/v1/text/chat", Endpoint(Api.OPENAI_CHAT, maker="watsonx")),
    ("watsonx", "POST", "/ml/v1/text/chat_stream", Endpoint(Api.OPENAI_CHAT, streams=True, maker="watsonx")),
    ("alephalpha", "POST", "/complete", Endpoint(Api.ALEPHALPHA_COMPLETE, maker="alephalpha")),
    (None, "POST", "/complete", None),
    (
        "ai21",
        "POST",
        "/studio/v1/j2-mid/complete",
        Endpoint(Api.AI21_COMPLETE, model="j2-mid", maker="ai21"),
    ),
    (
        "huggingface_hf-inference",
        "POST",
        "/models/gpt2",
        Endpoint(Api.HUGGINGFACE_INFERENCE, model="gpt2", maker="huggingface"),
    ),
    (
        "huggingface",
        "POST",
        "/hf-inference/models/google/gemma-2/pipeline/feature-extraction",
        Endpoint(Api.HUGGINGFACE_INFERENCE, model="google/gemma-2", maker="huggingface"),
    ),
    (
        "huggingface_hf-inference",
        "POST",
        "/pipeline/feature-extraction/intfloat/e5",
        Endpoint(Api.HUGGINGFACE_INFERENCE, model="intfloat/e5", maker="huggingface"),
    ),
    ("huggingface_endpoints", "POST", "/", Endpoint(Api.HUGGINGFACE_INFERENCE, maker="huggingface")),
    (
        "huggingface_endpoints",
        "POST",
        "/generate_stream",
        Endpoint(Api.HUGGINGFACE_INFERENCE, maker="huggingface"),
    ),
    (None, "POST", "/models/gpt2", None),
    (None, "POST", "/", None),
)


@pytest.mark.parametrize(("provider", "method", "path", "expected"), OF_PROVIDER)
def test_path_of_a_provider(provider, method, path, expected):
    """What a path means may depend on whose host it is."""
    assert endpoint_of(method, path, provider) == expected


@pytest.mark.parametrize(("method", "path", "expected"), EXPECTED)
def test_path_names_the_wire_format(method, path, expected):
    """A base URL of any depth works, and a path that only looks alike is no call."""
    assert endpoint_of(method, path) == expected
    if expected:
        assert looks_like_llm(path)


def test_every_row_is_tried_above():
    """So the cheap filter, which is asked there too, lets through what each row knows."""
    tried = {
        row
        for method, path in [row[:2] for row in EXPECTED] + [row[1:3] for row in OF_PROVIDER]
        for row in _PATHS
        if row.method == method and re.search(row.pattern, path)
    }
    assert [row.pattern for row in _PATHS if row not in tried] == []


@pytest.mark.parametrize("url", [
    "https://x1.us-east-1.aws.endpoints.huggingface.cloud/",
    "https://api-inference.huggingface.co/models/gpt2",
    "https://bedrock-agent-runtime.us-east-1.amazonaws.com/agents/session-1",
    *(f"https://host{path}" for provider, _, path, expected in OF_PROVIDER
      if expected and not path.startswith(("/models/", "/generate", "/agents/session")) and path != "/"),
])  # fmt: skip
def test_the_filter_lets_through_what_a_provider_speaks(url):
    """By the whole URL; clients that give the path alone ask for the host too."""
    assert looks_like_llm(url)
    host, path = url.removeprefix("https://").split("/", 1)
    assert looks_like_llm(f"/{path}") or is_model_host(host) or "bedrock" in host


@pytest.mark.parametrize("url", [
    "https://host/", "https://host/models/1", "/api/threads/1", "/runs/7", "/predictions.csv", "/v1/models",
    "https://endpoints.example/huggingface.cloud", "/videos/1", "/static/invocations.js",
])  # fmt: skip
def test_the_filter_keeps_out_what_is_no_model(url):
    """What every suite has pays for a pattern that fails."""
    assert not looks_like_llm(url)
