"""Pydantic AI, with the models of four providers."""

import os

import boto3
import pytest
from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.bedrock import BedrockConverseModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.bedrock import BedrockProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider

OPENAI = os.environ["LOOPBACK_OPENAI"] + "/v1"


@pytest.fixture
def chat():
    return Agent(OpenAIChatModel("gpt-4o-mini", provider=OpenAIProvider(base_url=OPENAI, api_key="x")))


@pytest.fixture
def responses():
    return Agent(OpenAIResponsesModel("gpt-4o-mini", provider=OpenAIProvider(base_url=OPENAI, api_key="x")))


@pytest.fixture
def claude():
    provider = AnthropicProvider(base_url=os.environ["LOOPBACK_ANTHROPIC"], api_key="x")
    return Agent(AnthropicModel("claude-sonnet-4-5", provider=provider))


@pytest.fixture
def gemini():
    provider = GoogleProvider(base_url=os.environ["LOOPBACK_GOOGLE"], api_key="x")
    return Agent(GoogleModel("gemini-2.5-flash", provider=provider))


@pytest.fixture
def bedrock():
    client = boto3.client(
        "bedrock-runtime",
        region_name="eu-central-1",
        endpoint_url=os.environ["LOOPBACK_AWS"],
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    model = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
    yield Agent(BedrockConverseModel(model, provider=BedrockProvider(bedrock_client=client)))
    client.close()


async def streamed(agent):
    async with agent.run_stream("hi") as run:
        return await run.get_output()


def test_chat(chat):
    assert "forty-two" in chat.run_sync("hi").output


async def test_async_chat(chat):
    assert "forty-two" in (await chat.run("hi")).output


async def test_async_chat_stream(chat):
    assert "forty-two" in await streamed(chat)


async def test_async_responses(responses):
    assert "forty-two" in (await responses.run("hi")).output


async def test_async_responses_stream(responses):
    assert "forty-two" in await streamed(responses)


async def test_async_claude(claude):
    assert "forty-two" in (await claude.run("hi")).output


async def test_async_claude_stream(claude):
    assert "forty-two" in await streamed(claude)


async def test_async_gemini(gemini):
    assert "forty-two" in (await gemini.run("hi")).output


async def test_async_gemini_stream(gemini):
    assert "forty-two" in await streamed(gemini)


async def test_async_bedrock(bedrock):
    assert "forty-two" in (await bedrock.run("hi")).output


async def test_async_bedrock_stream(bedrock):
    assert "forty-two" in await streamed(bedrock)
