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
    Api.ANTHROPIC_MESSAGES: ("anthropic_messages", "MESSAGES"),
    Api.GEMINI_GENERATE: ("gemini", "GENERATE"),
    Api.GEMINI_INTERACTIONS: ("gemini_interactions", "INTERACTIONS"),
    Api.GEMINI_EMBED: ("gemini_embeddings", "EMBED"),
    Api.VERTEX_PREDICT: ("gemini_embeddings", "PREDICT"),
    Api.BEDROCK_CONVERSE: ("bedrock_converse", "CONVERSE"),
    Api.BEDROCK_INVOKE: ("bedrock_invoke", "INVOKE"),
    Api.BEDROCK_EMBED: ("bedrock_invoke", "INVOKE"),
    Api.BEDROCK_RERANK: ("bedrock_invoke", "INVOKE"),
    Api.COHERE_CHAT: ("cohere", "CHAT"),
    Api.COHERE_GENERATE: ("cohere", "CHAT"),
    Api.COHERE_EMBED: ("cohere", "EMBED"),
    Api.COHERE_RERANK: ("cohere", "RERANK"),
    Api.MISTRAL_CONVERSATIONS: ("mistral_conversations", "CONVERSATIONS"),
    Api.OLLAMA_CHAT: ("ollama", "ANSWER"),
    Api.OLLAMA_GENERATE: ("ollama", "ANSWER"),
    Api.OLLAMA_EMBED: ("ollama", "EMBED"),
}


@cache
def wire_format(api: Api) -> WireFormat:
    """The readers of a wire format."""
    module, name = _PLACES[api]
    return cast(WireFormat, getattr(import_module(f"{__package__}.{module}"), name))
