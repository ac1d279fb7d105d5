"""Billing rules on calls that public projects recorded: each names its cassette and its bill.

Prices are those of 2026-11-23. The rules with their sources are in tests/unit/pricing/test_billing_rules_*.py.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from billing import lines

from pytest_llmcost.model.call import Source, Status
from pytest_llmcost.model.price import PriceSource
from pytest_llmcost.reports.explain import explain_call
from pytest_llmcost.usage.reading import NO_INPUT_STATED

pytestmark = pytest.mark.corpus

DATADOG = "DataDog+dd-trace-py/tests/contrib"
MODELS = "pydantic+pydantic-ai/tests/models"
RESPONSES = f"{MODELS}/cassettes/test_openai_responses/test_openai_responses"
# Rule: cassette, interaction, lines of the bill.
BILLS = {
    "exclusive counters, written for an hour and for 5 minutes": (
        f"{DATADOG}/litellm/cassettes/completion_anthropic_cache_write_1h_ttl.yaml",
        0,
        {"input": "3 x 3", "cache_write": "14 x 3.75", "cache_write_1h": "2056 x 6", "output": "459 x 15"},
    ),
    "exclusive counters of Bedrock": (
        f"{DATADOG}/botocore/bedrock_cassettes/bedrock_converse_prompt_caching.yaml",
        0,
        {"input": "11 x 3", "cache_write": "1028 x 3.75", "output": "264 x 15"},
    ),
    "regional profile of Bedrock": (
        f"{MODELS}/cassettes/test_anthropic/test_anthropic_cache_bedrock_real_api.yaml",
        1,
        {
            "input": "3 x 1.1",
            "cache_read": "9511 x 0.11",
            "cache_write": "1956 x 1.375",
            "output": "44 x 5.5",
        },
    ),
    "inclusive counters, a quarter for reads": (
        (
            "crewAIInc+crewAI/lib/crewai/tests/cassettes/llms/openai"
            "/test_openai_responses_api_cached_prompt_tokens.yaml"
        ),
        0,
        {"input": "120 x 2", "cache_read": "1024 x 0.5", "output": "3 x 8"},
    ),
    "written for 30 minutes": (
        f"{DATADOG}/openai/cassettes/v1/chat_completion_prompt_caching_5_6_cache_write.yaml",
        0,
        {"input": "3 x 4", "cache_write": "1217 x 5", "output": "100 x 20"},
    ),
    "Gemini's cached video and audio": (
        (
            "crewAIInc+crewAI/lib/crewai/tests/cassettes/TestAgentMultimodalGemini"
            ".test_video_file[gemini-gemini-2.5-flash].yaml"
        ),
        1,
        {
            "input": "354 x 0.3",
            "cache_read": "1004 x 0.03",
            "output": "387 x 2.5",
            "input_audio": "42 x 1",
            "cache_audio_read": "118 x 0.1",
        },
    ),
    "searches that tool_usage states": (
        f"{RESPONSES}_model_builtin_tools_web_search.yaml",
        0,
        {
            "input": "23726 x 1.25",
            "cache_read": "92160 x 0.125",
            "output": "1720 x 10",
            "web_searches": "6 x 10",
        },
    ),
    "file search": (
        f"{RESPONSES}_model_file_search_tool.yaml",
        3,
        {"input": "870 x 2.5", "output": "30 x 10", "storage_searches": "1 x 2.5"},
    ),
    "web searches of Claude, streamed": (
        f"{MODELS}/cassettes/test_anthropic/test_anthropic_model_web_search_tool_stream.yaml",
        0,
        {"input": "22397 x 3", "output": "637 x 15", "web_searches": "2 x 10"},
    ),
    "grounding by prompt before Gemini 3": (
        (
            f"{MODELS}/google/cassettes/test_structured_output"
            "/test_auto_output_mode_with_builtin_tools_falls_back.yaml"
        ),
        0,
        {"input": "217 x 0.3", "output": "82 x 2.5", "web_searches": "1 x 35"},
    ),
    "grounding by query from Gemini 3 on": (
        (
            "pydantic+pydantic-ai/tests/cassettes/test_thinking_native_tools"
            "/test_thinking_with_native_tool_wire_contract[google].yaml"
        ),
        0,
        {"input": "13 x 0.5", "output": "1127 x 3", "web_searches": "3 x 14"},
    ),
    "flex": (f"{RESPONSES}_streaming_usage.yaml", 0, {"input": "53 x 0.625", "output": "469 x 5"}),
    "priority": (
        (
            "traceloop+openllmetry/packages/opentelemetry-instrumentation-openai/tests/traces/cassettes"
            "/test_chat/test_chat_with_service_tier.yaml"
        ),
        0,
        {"input": "8 x 2.5", "output": "82 x 20"},
    ),
    "optimized latency": (
        f"{MODELS}/cassettes/test_bedrock/test_bedrock_model_performance_config.yaml",
        0,
        {"input": "13 x 1", "output": "67 x 4"},
    ),
    "thoughts of Gemini": (
        (
            "Arize-ai+openinference/python/instrumentation/openinference-instrumentation-google-adk/tests/cassettes"
            "/test_instrumentor/test_google_adk_instrumentor_multi_tool_call.yaml"
        ),
        0,
        {"input": "136 x 0.3", "output": "92 x 2.5"},
    ),
    "audio of Gemini": (
        "crewAIInc+crewAI/lib/crewai/tests/cassettes/TestAgentMultimodalFileTypes.test_audio_gemini.yaml",
        0,
        {"input": "37 x 0.1", "output": "14 x 0.4", "input_audio": "25 x 0.7"},
    ),
    "code that ran within the free hours": (
        f"{MODELS}/cassettes/test_anthropic/test_anthropic_code_execution_tool.yaml",
        0,
        {"input": "4692 x 3", "output": "106 x 15", "code_executions": "1 x 0"},
    ),
    "a price that is a correction": (
        f"{MODELS}/cassettes/test_mistral/test_mistral_forwards_penalties.yaml",
        0,
        {"input": "4 x 0.5", "output": "36 x 1.5"},
    ),
}


@pytest.mark.parametrize("rule", BILLS)
def test_bill(recorded, rule):
    """Exact, and line by line."""
    path, interaction, bill = BILLS[rule]
    call = recorded.calls[path, interaction]
    assert call.status is Status.EXACT
    assert lines(call.measured.usage, call.lookup.card) == bill


def test_advisor_at_its_own_model(recorded):
    """Its tokens are not in the counters of the answer."""
    call = recorded.calls[f"{MODELS}/cassettes/test_anthropic/test_anthropic_advisor_tool_redacted.yaml", 0]
    ((kind, model, usage, cost, lookup),) = call.sub_calls
    assert (kind, model) == ("advisor_message", "claude-fable-5")
    assert lines(usage, lookup.card) == {"input": "2564 x 10", "output": "99 x 50"}
    assert call.cost.value == cost.value + sum(call.components.values())
    assert call.usage.input_tokens == call.measured.usage.input_tokens + 2_564


def test_compound_system_at_the_models_inside(recorded):
    """A lower bound, as which kind of search ran is not stated."""
    call = recorded.calls[f"{MODELS}/cassettes/test_groq/test_groq_model_web_search_tool.yaml", 0]
    assert [sub_call.usage.input_tokens for sub_call in call.sub_calls] == [138, 495, 2378, 2285]
    assert lines(call.measured.usage, call.lookup.card) == {"web_searches": "1 x 5"}
    assert (call.status, call.cost.low) == (Status.PARTIAL, Decimal("0.00697888"))


def test_images_made_before_answers_stated_their_tokens(recorded):
    """A lower bound, with the reason."""
    calls = [call for call in recorded.calls.values() if "image_generation" in (call.status_detail or "")]
    assert {call.status for call in calls} == {Status.PARTIAL}
    assert len(calls) == 3


def test_stated_costs_have_the_cost_of_their_tokens_beside_them(recorded):
    """Wherever a table knows the model."""
    stated = [call for call in recorded.calls.values() if call.lookup.source is PriceSource.STATED]
    shown = ["by tokens" in "\n".join(explain_call(call, 100)) for call in stated]
    assert shown == [call.lookup.card is not None for call in stated]
    assert Counter(shown) == {True: 40, False: 4}


def is_on_a_known_host(call):
    return call.measured.provider != call.measured.host


# Why a call whose usage is stated has no exact cost, on hosts whose provider is known.
LEFT = {
    "the containers of code_interpreter beyond 5 minutes": 5,
    "the containers of code_interpreter": 7,
    "an id of the application's own (a profile, an endpoint)": 5,
    "a compound system with a search of either price, or streamed": 3,
    "the tokens of image_generation": 3,
    "a model that is sold on request, or has been retired, without a sourced price": 10,
    "audio of a model without audio": 2,
    "no model named": 5,
    "a tier without a price": 1,
    "the prompt of a file at another server, which Gemini did not count": 2,
    "a stream that was cut": 1,
}


def why(call):
    name, detail = call.measured.model.name, call.status_detail or ""
    if "compound" in name:
        return "a compound system with a search of either price, or streamed"
    if detail.startswith("no price for the "):
        return detail.removeprefix("no price for ")
    reasons = {
        "an id of the application's own (a profile, an endpoint)": "arn:aws:" in name and "titan" not in name,
        "audio of a model without audio": "audio_tokens" in detail,
        "no model named": "not stated" in name,
        "a tier without a price": "service_tier" in detail,
        "the prompt of a file at another server, which Gemini did not count": detail == NO_INPUT_STATED,
        "a stream that was cut": call.status is Status.INCOMPLETE,
    }
    sold = "a model that is sold on request, or has been retired, without a sourced price"
    return next((reason for reason, holds in reasons.items() if holds), sold)


def test_what_is_not_exact_is_known_by_class(recorded):
    """Of the calls that state a usage, on hosts whose provider is known, without a line of configuration."""
    known = [call for call in recorded.calls.values() if call.measured.usage and is_on_a_known_host(call)]
    settled = {Status.EXACT, Status.REPORTED, Status.FREE}
    left = [call for call in known if call.status not in settled]
    assert Counter(map(why, left)) == LEFT
    assert len(known) - len(left) == 3076
    elsewhere = [call for call in recorded.calls.values() if not is_on_a_known_host(call)]
    assert {call.status for call in elsewhere if call.measured.usage} == {Status.UNPRICED}
    assert all(call.measured.source is Source.REPLAYED for call in elsewhere)
