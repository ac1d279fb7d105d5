"""Agents of Bedrock: the calls of models that the trace of one request tells of."""

from __future__ import annotations

import base64

import pytest
from exchanges import aws_message, aws_stream, measured, read, table

from pytest_llmcost.model.call import Api
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.usage.reading import FAILED, NO_USAGE_STATED

HOST = "https://bedrock-agent-runtime.us-east-1.amazonaws.com"
AGENT = f"{HOST}/agents/A1/agentAliases/B1/sessions/s1/text"
HAIKU, NOVA = "anthropic.claude-3-haiku-20240307-v1:0", "amazon.nova-lite-v1:0"


def trace(part, trace_id, **content):
    return {"trace": {"agentId": "A1", "trace": {part: {key: {"traceId": trace_id, **value} for key, value in content.items()}}}}  # fmt: skip


def invocation(part, trace_id, model, read_tokens, written):
    """The two events of a call of a model, with counts of an agent that openinference recorded."""
    usage = {"inputTokens": read_tokens, "outputTokens": written}
    yield trace(part, trace_id, modelInvocationInput={"foundationModel": model} if model else {})
    yield trace(part, trace_id, modelInvocationOutput={"metadata": {"usage": usage}})


CHUNK = {"chunk": {"bytes": base64.b64encode(b"55").decode()}}


def test_each_call_of_a_model_is_counted():
    """One row for the request; every call inside it at the price of its own model."""
    body = aws_stream(
        *invocation("preProcessingTrace", "t-0", NOVA, 253, 312),
        *invocation("orchestrationTrace", "t-1", HAIKU, 1325, 238),
        *invocation("postProcessingTrace", "t-2", None, 10, 20),
        CHUNK,
    )
    reading = read(AGENT, body, {"enableTrace": True})
    stated = reading.stated
    assert (reading.provider, reading.api, reading.stream) == ("aws", Api.BEDROCK_AGENT, True)
    assert (dict(stated.usage), stated.model) == ({"input_tokens": 253, "output_tokens": 312}, NOVA)
    assert [(call.model, call.usage.input_tokens) for call in stated.sub_calls] == [(HAIKU, 1325), (None, 10)]
    assert stated.doubts == ("the trace does not name the model of every call",)
    call = price_call(
        "c1",
        measured("aws", NOVA, dict(stated.usage), sub_calls=stated.sub_calls[:1]),
        table(),
    )
    # Nova Lite: $0.06 and $0.24 a million; Claude 3 Haiku: $0.25 and $1.25.
    assert str(call.cost.value) == "0.00071881"


@pytest.mark.parametrize("events", [[CHUNK], [trace("guardrailTrace", "g-0", x={}), CHUNK], []])
def test_agent_without_a_trace(events):
    """Its cost is open, and the message says how to see it."""
    stated = read(AGENT, aws_stream(*events), {"enableTrace": False}).stated
    assert stated.usage is None
    assert stated.incomplete


def test_agent_that_breaks_off():
    """What was stated before is the least."""
    body = aws_stream(*invocation("orchestrationTrace", "t-0", HAIKU, 5, 6)) + aws_message(
        {"message": "no"}, message_type="exception", exception_type="throttlingException"
    )
    stated = read(AGENT, body, {}).stated
    assert (stated.usage.output_tokens, stated.incomplete) == (6, FAILED)


@pytest.mark.parametrize(
    ("path", "request_body"),
    [
        ("agents/session-1", {"foundationModel": HAIKU, "inputText": "?"}),
        (
            "retrieveAndGenerate",
            {"retrieveAndGenerateConfiguration": {"type": "X", "externalSourcesConfiguration": {"modelArn": HAIKU}}},
        ),
        (
            "rerank",
            {"rerankingConfiguration": {"type": "X", "bedrockRerankingConfiguration": {"modelConfiguration": {"modelArn": HAIKU}}}},
        ),
    ],
)  # fmt: skip
def test_model_that_is_asked_for(path, request_body):
    """It stands deep in the request, and says which price is missing."""
    reading = read(f"{HOST}/{path}", {"results": []}, request_body)
    assert (reading.model.requested, reading.stated.usage) == (HAIKU, None)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("retrieveAndGenerate", {"output": {"text": "x"}, "citations": [], "sessionId": "s"}),
        ("retrieveAndGenerateStream", aws_stream({"output": {"text": "x"}}, {"citation": {}})),
    ],
)
def test_retrieve_and_generate_states_nothing(path, answer):
    """A model has answered, so it is a call, and its cost is open."""
    reading = read(f"{HOST}/{path}", answer, {"input": {"text": "?"}})
    assert (reading.api, reading.stated.incomplete) == (Api.BEDROCK_RETRIEVE_AND_GENERATE, NO_USAGE_STATED)
