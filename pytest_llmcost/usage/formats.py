"""The one table from wire formats to their readers, imported when the first answer of the format is read."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.wire_format import WireFormat

# Module of this package, and the name of the WireFormat in it.
_PLACES = {
    Api.OPENAI_CHAT: ("openai_chat", "CHAT"),
    Api.OPENAI_COMPLETIONS: ("openai_chat", "CHAT"),
    Api.OPENAI_RESPONSES: ("openai_responses", "RESPONSES"),
    Api.OPENAI_EMBEDDINGS: ("openai_embeddings", "EMBEDDINGS"),
    Api.OPENAI_RUNS: ("openai_runs", "RUNS"),
    Api.OPENAI_IMAGES: ("openai_media", "IMAGES"),
    Api.OPENAI_TRANSCRIPTIONS: ("openai_media", "TRANSCRIPTIONS"),
    Api.OPENAI_SPEECH: ("openai_media", "TRANSCRIPTIONS"),
    Api.OPENAI_VIDEOS: ("unstated", "NAMES"),
    Api.ANTHROPIC_COMPLETE: ("unstated", "NAMES"),
    Api.ANTHROPIC_MESSAGES: ("anthropic_messages", "MESSAGES"),
    Api.GEMINI_GENERATE: ("gemini", "GENERATE"),
    Api.GEMINI_INTERACTIONS: ("gemini_interactions", "INTERACTIONS"),
    Api.GEMINI_EMBED: ("gemini_embeddings", "EMBED"),
    Api.VERTEX_PREDICT: ("gemini_embeddings", "PREDICT"),
    Api.GOOGLE_PREDICT: ("vertex_predict", "PREDICT"),
    Api.BEDROCK_CONVERSE: ("bedrock_converse", "CONVERSE"),
    Api.BEDROCK_INVOKE: ("bedrock_invoke", "INVOKE"),
    Api.BEDROCK_EMBED: ("bedrock_invoke", "INVOKE"),
    Api.BEDROCK_RERANK: ("bedrock_invoke", "INVOKE"),
    Api.BEDROCK_AGENT: ("bedrock_agents", "AGENT"),
    Api.BEDROCK_RETRIEVE_AND_GENERATE: ("unstated", "NAMES"),
    Api.SAGEMAKER_INVOKE: ("text_generation", "GENERATION"),
    Api.COHERE_CHAT: ("cohere", "CHAT"),
    Api.COHERE_GENERATE: ("cohere", "CHAT"),
    Api.COHERE_EMBED: ("cohere", "EMBED"),
    Api.COHERE_RERANK: ("cohere", "RERANK"),
    Api.MISTRAL_CONVERSATIONS: ("mistral_conversations", "CONVERSATIONS"),
    Api.MISTRAL_OCR: ("mistral_ocr", "OCR"),
    Api.MISTRAL_MODERATIONS: ("openai_embeddings", "EMBEDDINGS"),
    Api.OLLAMA_CHAT: ("ollama", "ANSWER"),
    Api.OLLAMA_GENERATE: ("ollama", "ANSWER"),
    Api.OLLAMA_EMBED: ("ollama", "EMBED"),
    Api.TOKEN_RERANK: ("rerank", "RERANK"),
    Api.VOYAGE_MULTIMODAL: ("rerank", "MULTIMODAL"),
    Api.HUGGINGFACE_INFERENCE: ("text_generation", "GENERATION"),
    Api.REPLICATE_PREDICTIONS: ("replicate", "PREDICTIONS"),
    Api.CLOUDFLARE_RUN: ("workers_ai", "RUN"),
    Api.WATSONX_GENERATION: ("watsonx", "GENERATION"),
    Api.ALEPHALPHA_COMPLETE: ("alephalpha", "COMPLETE"),
    Api.AI21_COMPLETE: ("ai21", "COMPLETE"),
}


@cache
def wire_format(api: Api) -> WireFormat:
    """The readers of a wire format; ``Api.CUSTOM`` has none, plugins read it."""
    module, name = _PLACES[api]
    return cast(WireFormat, getattr(import_module(f"{__package__}.{module}"), name))
