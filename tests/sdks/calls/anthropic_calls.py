"""The Anthropic SDK: its own API, Bedrock (whose streams are binary) and Vertex."""

import os

from anthropic import (
    Anthropic,
    AnthropicBedrock,
    AnthropicBedrockMantle,
    AnthropicFoundry,
    AnthropicVertex,
    AsyncAnthropic,
    AsyncAnthropicBedrock,
    AsyncAnthropicFoundry,
    AsyncAnthropicVertex,
)

HI = {"max_tokens": 99, "messages": [{"role": "user", "content": "hi"}]}
CLAUDE = {"model": "claude-sonnet-4-5", **HI}
ON_BEDROCK = {"model": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", **HI}
ON_VERTEX = {"model": "claude-sonnet-4-5@20250929", **HI}
DIRECT = {"base_url": os.environ["LOOPBACK_ANTHROPIC"], "api_key": "x"}
BEDROCK = {
    "base_url": os.environ["LOOPBACK_AWS"],
    "aws_access_key": "x",
    "aws_secret_key": "x",
    "aws_region": "eu-central-1",
}
MANTLE = {**BEDROCK, "base_url": os.environ["LOOPBACK_AWS"] + "/anthropic"}
FOUNDRY = {"base_url": os.environ["LOOPBACK_AZURE"] + "/anthropic", "api_key": "x"}
VERTEX = {
    "base_url": os.environ["LOOPBACK_GOOGLE"] + "/v1",
    "access_token": "x",
    "project_id": "project",
    "region": "europe-west1",
}


def said(message):
    assert message.usage.cache_read_input_tokens == 1000
    return message.content[0].text


def last(events):
    return [event.type for event in events][-1]


def test_messages():
    with Anthropic(**DIRECT) as claude:
        assert "forty-two" in said(claude.messages.create(**CLAUDE))


def test_messages_raw_response():
    with Anthropic(**DIRECT) as claude:
        assert "forty-two" in said(claude.messages.with_raw_response.create(**CLAUDE).parse())


def test_messages_stream():
    with Anthropic(**DIRECT) as claude:
        assert last(claude.messages.create(**CLAUDE, stream=True)) == "message_stop"


def test_messages_stream_helper():
    with Anthropic(**DIRECT) as claude, claude.messages.stream(**CLAUDE) as stream:
        assert "forty-two" in "".join(stream.text_stream)


async def test_async_messages():
    async with AsyncAnthropic(**DIRECT) as claude:
        assert "forty-two" in said(await claude.messages.create(**CLAUDE))


async def test_async_messages_stream():
    async with AsyncAnthropic(**DIRECT) as claude:
        async with claude.messages.stream(**CLAUDE) as stream:
            assert "forty-two" in said(await stream.get_final_message())


def test_bedrock():
    with AnthropicBedrock(**BEDROCK) as claude:
        assert "forty-two" in said(claude.messages.create(**ON_BEDROCK))


def test_bedrock_stream():
    with AnthropicBedrock(**BEDROCK) as claude:
        assert last(claude.messages.create(**ON_BEDROCK, stream=True)) == "message_stop"


async def test_async_bedrock():
    async with AsyncAnthropicBedrock(**BEDROCK) as claude:
        assert "forty-two" in said(await claude.messages.create(**ON_BEDROCK))


async def test_async_bedrock_stream():
    async with AsyncAnthropicBedrock(**BEDROCK) as claude:
        stream = await claude.messages.create(**ON_BEDROCK, stream=True)
        assert last([event async for event in stream]) == "message_stop"


def test_vertex():
    with AnthropicVertex(**VERTEX) as claude:
        assert "forty-two" in said(claude.messages.create(**ON_VERTEX))


def test_vertex_stream():
    with AnthropicVertex(**VERTEX) as claude:
        assert last(claude.messages.create(**ON_VERTEX, stream=True)) == "message_stop"


async def test_async_vertex():
    async with AsyncAnthropicVertex(**VERTEX) as claude:
        assert "forty-two" in said(await claude.messages.create(**ON_VERTEX))


async def test_async_vertex_stream():
    async with AsyncAnthropicVertex(**VERTEX) as claude:
        stream = await claude.messages.create(**ON_VERTEX, stream=True)
        assert last([event async for event in stream]) == "message_stop"


def test_mantle():
    with AnthropicBedrockMantle(**MANTLE) as claude:
        assert "forty-two" in said(claude.messages.create(**CLAUDE))


def test_mantle_stream():
    with AnthropicBedrockMantle(**MANTLE) as claude:
        assert last(claude.messages.create(**CLAUDE, stream=True)) == "message_stop"


def test_foundry():
    with AnthropicFoundry(**FOUNDRY) as claude:
        assert "forty-two" in said(claude.messages.create(**CLAUDE))


async def test_async_foundry_stream():
    async with AsyncAnthropicFoundry(**FOUNDRY) as claude:
        stream = await claude.messages.create(**CLAUDE, stream=True)
        assert last([event async for event in stream]) == "message_stop"
