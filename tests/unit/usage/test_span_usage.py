"""Usage that spans state, in each convention, becomes one form: a prompt with its cached tokens inside."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmcost.model.call import Api, ModelIds
from pytest_llmcost.usage.span_generation import NO_OUTPUT, NO_SPLIT, generation_of
from pytest_llmcost.usage.span_usage import span_usage

TYPE, DETAILS = "langfuse.observation.type", "langfuse.observation.usage_details"


def langfuse(**details):
    return {TYPE: "generation", DETAILS: json.dumps(details)}


def counts(prompt, answer, read=None, written=None, reasoning=None):
    found = {
        "input_tokens": prompt,
        "output_tokens": answer,
        "cache_read_tokens": read,
        "cache_write_tokens": written,
        "reasoning_tokens": reasoning,
    }
    return {unit: count for unit, count in found.items() if count is not None}


STATED = {
    "GenAI": (
        {
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 50,
            "gen_ai.usage.cache_read.input_tokens": 600,
            "gen_ai.usage.cache_creation.input_tokens": 100,
            "gen_ai.usage.reasoning.output_tokens": 20,
        },
        counts(1000, 50, 600, 100, 20),
    ),
    "GenAI, cached tokens left out of the prompt": (
        {
            "gen_ai.usage.input_tokens": 3,
            "gen_ai.usage.output_tokens": 50,
            "gen_ai.usage.cache_read_input_tokens": 1400,
        },
        counts(1403, 50, 1400),
    ),
    "OpenLLMetry's older names": (
        {"gen_ai.usage.prompt_tokens": 10, "gen_ai.usage.completion_tokens": 2, "llm.usage.total_tokens": 12},
        counts(10, 2),
    ),
    "pydantic-ai's details": (
        {
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.usage.details.reasoning_tokens": 4,
        },
        counts(10, 5, reasoning=4),
    ),
    "OpenInference": (
        {
            "llm.token_count.prompt": 1000,
            "llm.token_count.completion": 50,
            "llm.token_count.total": 1050,
            "llm.token_count.prompt_details.cache_read": 600,
            "llm.token_count.completion_details.reasoning": 20,
        },
        counts(1000, 50, 600, reasoning=20),
    ),
    "Langfuse, buckets that exclude each other": (
        langfuse(input=400, cache_read_input_tokens=600, cache_creation_input_tokens=100, output=50),
        counts(1100, 50, 600, 100),
    ),
    "Langfuse, with a total that says so": (
        langfuse(input=400, input_cache_read=600, output=30, output_reasoning=20, total=1050),
        counts(1000, 50, 600, reasoning=20),
    ),
    "Langfuse, with a total that says otherwise": (
        langfuse(input=1000, input_cached_tokens=600, output=50, output_reasoning_tokens=20, total=1050),
        counts(1000, 50, 600, reasoning=20),
    ),
    "Langfuse, chat completions as they come": (
        langfuse(
            prompt_tokens=1000,
            completion_tokens=50,
            total_tokens=1050,
            prompt_tokens_details={"cached_tokens": 600},
            completion_tokens_details={"reasoning_tokens": 20},
        ),
        counts(1000, 50, 600, reasoning=20),
    ),
    "Langfuse, responses as they come": (
        langfuse(
            input_tokens=1000,
            output_tokens=50,
            input_tokens_details={"cached_tokens": 600},
            output_tokens_details={"reasoning_tokens": 20},
        ),
        counts(1000, 50, 600, reasoning=20),
    ),
    "Langfuse, a message of Anthropic's as it comes": (
        langfuse(
            input_tokens=3, output_tokens=50, cache_read_input_tokens=1400, cache_creation_input_tokens=0
        ),
        counts(1403, 50, 1400, 0),
    ),
    "only zeros": (langfuse(input=0, output=0), {}),
    "nothing": ({"gen_ai.request.model": "x"}, {}),
    "no JSON": ({DETAILS: "[1"}, {}),
}


@pytest.mark.parametrize("name", STATED)
def test_usage(name):
    """Each convention in the one form."""
    attributes, expected = STATED[name]
    assert dict(span_usage(attributes)) == expected


@given(
    st.dictionaries(
        st.sampled_from(
            ["input", "output", "total", "input_cache_read", "output_reasoning", "cache_creation", "x"]
        ),
        st.one_of(st.integers(-5, 10**6), st.floats(), st.text(max_size=3), st.none()),
    )
)
def test_parts_are_never_more_than_the_whole(details):
    """Whatever stands in usage_details, it is read without an error, and no part exceeds what contains it."""
    usage = span_usage({DETAILS: json.dumps(details)})
    assert usage.cache_read_tokens + usage.cache_write_tokens <= usage.input_tokens
    assert (usage.get("reasoning_tokens") or 0) <= usage.output_tokens


MODELS = {
    "named by the span": ({"gen_ai.provider.name": "gcp.gemini", "gen_ai.request.model": "g"}, "google", "g"),
    "older name of it": (
        {"gen_ai.system": "az.ai.openai", "gen_ai.request.model": "gpt-4o"},
        "azure",
        "gpt-4o",
    ),
    "by the server": (
        {"gen_ai.system": "openai", "server.address": "openrouter.ai", "gen_ai.request.model": "a/b"},
        "openrouter",
        "a/b",
    ),
    "by the YAML": (
        {"server.address": "llm.internal", "server.port": 8080, "gen_ai.request.model": "m"},
        "acme",
        "m",
    ),
    "by the model": (
        {"langfuse.observation.model.name": "claude-haiku-4-5"},
        "anthropic",
        "claude-haiku-4-5",
    ),
    "of Bedrock": (
        {"langfuse.observation.model.name": "eu.anthropic.claude-haiku-4-5-20251001-v1:0"},
        "aws",
        "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
    ),
    "before the model": ({"langfuse.observation.model.name": "openai/gpt-4o"}, "openai", "gpt-4o"),
    "with Google's path": ({"gen_ai.request.model": "models/gemini-2.5-pro"}, "google", "gemini-2.5-pro"),
    "of nobody known": ({"langfuse.observation.model.name": "house"}, "unknown", "house"),
}


@pytest.mark.parametrize("name", MODELS)
def test_provider_and_model(name):
    """Whose prices hold: what the server, the span or the model's name says, in this order."""
    attributes, provider, model = MODELS[name]
    found = generation_of({TYPE: "generation", **attributes}, {"llm.internal:8080": "acme"})
    assert (found.provider, found.model.name) == (provider, model)


def test_requested_and_billed():
    """The model of the response is the one that is billed."""
    said = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "a", "gen_ai.response.model": "b"}
    assert generation_of(said).model == ModelIds("a", "b")


KINDS = [
    ({"gen_ai.operation.name": "chat"}, Api.SPAN_GENERATION),
    ({"gen_ai.operation.name": "embeddings"}, Api.SPAN_EMBEDDINGS),
    ({"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "x"}, None),
    ({"gen_ai.operation.name": "execute_tool"}, None),
    ({"openinference.span.kind": "LLM"}, Api.SPAN_GENERATION),
    ({"openinference.span.kind": "EMBEDDING"}, Api.SPAN_EMBEDDINGS),
    ({"openinference.span.kind": "CHAIN", "gen_ai.request.model": "x"}, None),
    ({"llm.request.type": "chat"}, Api.SPAN_GENERATION),
    ({TYPE: "generation"}, Api.SPAN_GENERATION),
    ({TYPE: "embedding"}, Api.SPAN_EMBEDDINGS),
    ({TYPE: "agent", "gen_ai.request.model": "x"}, None),
    ({TYPE: "span"}, None),
    ({"gen_ai.request.model": "x", "gen_ai.usage.prompt_tokens": 1}, Api.SPAN_GENERATION),
    ({"gen_ai.request.model": "x"}, None),
    ({"gen_ai.request.model": "x", "gen_ai.usage.input_tokens": 1, "gen_ai.agent.name": "a"}, None),
    ({"http.method": "POST", "gen_ai.operation.name": 5}, None),
]


@pytest.mark.parametrize(("attributes", "api"), KINDS)
def test_kinds_of_spans(attributes, api):
    """Agents, tools and chains state sums, and are no generation."""
    found = generation_of(attributes)
    assert (found.api if found else None) is api


HITS = [
    ({"cache_hit": True}, True),
    ({"llm.cache.hit": "true"}, True),
    ({"langfuse.observation.metadata.cache_hit": True}, True),
    ({"langfuse.observation.metadata.cache_hit": '"True"'}, True),
    ({"langfuse.observation.metadata": '{"cache_hit": true}'}, True),
    ({"metadata": '{"cache_hit": 1}'}, True),
    ({"langfuse.observation.metadata.cache_hit": "false"}, False),
    ({"cache_hit": False}, False),
    ({"metadata": "{["}, False),
    ({}, False),
]


@pytest.mark.parametrize(("attributes", "hit"), HITS)
def test_answered_by_a_cache(attributes, hit):
    """In each way to write metadata."""
    assert generation_of({TYPE: "generation", **attributes}).from_cache is hit


_ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.lists(st.text(max_size=3))
)
_KEYS = [
    *("langfuse.observation.type", DETAILS, "gen_ai.operation.name", "openinference.span.kind", "metadata"),
    *(
        "gen_ai.request.model",
        "gen_ai.provider.name",
        "gen_ai.usage.input_tokens",
        "server.address",
        "server.port",
    ),
    *("langfuse.observation.metadata", "cache_hit", "llm.token_count.total", "openai.response.service_tier"),
]


@given(
    st.dictionaries(
        st.sampled_from(_KEYS),
        st.one_of(_ODD, st.sampled_from(["generation", "chat", "LLM", '{"input": 1}'])),
    )
)
def test_whatever_an_app_writes_is_read(attributes):
    """Attributes of any type cost no error."""
    found = generation_of(attributes)
    assert found is None or found.model.name


def test_half_a_usage_is_not_all():
    """A prompt without an answer, and a sum without parts, are incomplete; a sum of an embedding is its prompt."""
    prompt = generation_of({TYPE: "generation", DETAILS: '{"input": 10}'})
    assert (dict(prompt.usage), prompt.incomplete) == ({"input_tokens": 10}, NO_OUTPUT)
    whole = generation_of({TYPE: "generation", DETAILS: '{"total": 10}'})
    assert (whole.usage, whole.incomplete) == (None, NO_SPLIT)
    embedding = generation_of({TYPE: "embedding", DETAILS: '{"total": 10}'})
    assert (dict(embedding.usage), embedding.incomplete) == ({"input_tokens": 10}, None)
