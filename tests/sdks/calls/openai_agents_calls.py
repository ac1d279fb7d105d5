"""The OpenAI Agents SDK, over responses and over chat completions."""

import os

import pytest
from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, set_tracing_disabled
from agents.model_settings import ModelSettings
from openai import AsyncOpenAI

# Traces would be sent to OpenAI.
set_tracing_disabled(True)


@pytest.fixture
def agent():
    def make(model):
        client = AsyncOpenAI(base_url=os.environ["LOOPBACK_OPENAI"] + "/v1", api_key="x")
        return Agent(
            name="assistant",
            model=model(model="gpt-4o-mini", openai_client=client),
            # It asks for usage in streams only where it knows the host.
            model_settings=ModelSettings(include_usage=True),
        )

    return make


def test_responses(agent):
    assert "forty-two" in Runner.run_sync(agent(OpenAIResponsesModel), "hi").final_output


async def test_async_responses(agent):
    assert "forty-two" in (await Runner.run(agent(OpenAIResponsesModel), "hi")).final_output


async def test_async_responses_stream(agent):
    run = Runner.run_streamed(agent(OpenAIResponsesModel), "hi")
    assert [event async for event in run.stream_events()]
    assert "forty-two" in run.final_output


async def test_async_chat(agent):
    assert "forty-two" in (await Runner.run(agent(OpenAIChatCompletionsModel), "hi")).final_output


async def test_async_chat_stream(agent):
    run = Runner.run_streamed(agent(OpenAIChatCompletionsModel), "hi")
    assert [event async for event in run.stream_events()]
    assert "forty-two" in run.final_output
