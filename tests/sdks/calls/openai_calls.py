"""The OpenAI SDK: chat, responses and embeddings, with each kind of client, and Azure."""

import os

import httpx
from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, DefaultAioHttpClient, OpenAI

URL = os.environ["LOOPBACK_OPENAI"] + "/v1"
AZURE = {"azure_endpoint": os.environ["LOOPBACK_AZURE"], "api_version": "2024-10-21", "api_key": "x"}
HI = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
ASK = {"model": "gpt-4o-mini", "input": "hi"}
OLDER = {"model": "gpt-3.5-turbo-instruct", "prompt": "hi"}
EMBED = {"model": "text-embedding-3-small", "input": "hi"}
STREAM = {"stream": True, "stream_options": {"include_usage": True}}


def client(**options):
    return OpenAI(base_url=URL, api_key="x", **options)


def async_client(**options):
    return AsyncOpenAI(base_url=URL, api_key="x", **options)


def text(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_chat():
    with client() as openai:
        assert openai.chat.completions.create(**HI).usage.total_tokens == 1234


def test_chat_raw_response():
    with client() as openai:
        raw = openai.chat.completions.with_raw_response.create(**HI)
        assert raw.parse().usage.total_tokens == 1234


def test_chat_streaming_response():
    with client() as openai, openai.chat.completions.with_streaming_response.create(**HI) as response:
        assert b"forty-two" in b"".join(response.iter_bytes())


def test_chat_httpx_client():
    with httpx.Client() as transport, client(http_client=transport) as openai:
        assert openai.chat.completions.create(**HI).usage.total_tokens == 1234


def test_chat_stream():
    with client() as openai:
        assert "forty-two" in text(openai.chat.completions.create(**HI, **STREAM))


def test_chat_stream_helper():
    options = {"stream_options": {"include_usage": True}}
    with client() as openai, openai.chat.completions.stream(**HI, **options) as stream:
        assert stream.get_final_completion().usage.total_tokens == 1234


async def test_async_chat():
    async with async_client() as openai:
        assert (await openai.chat.completions.create(**HI)).usage.total_tokens == 1234


async def test_async_chat_streaming_response():
    async with async_client() as openai:
        async with openai.chat.completions.with_streaming_response.create(**HI) as response:
            assert "forty-two" in await response.text()


async def test_async_chat_stream():
    async with async_client() as openai:
        stream = await openai.chat.completions.create(**HI, **STREAM)
        assert "forty-two" in text([chunk async for chunk in stream])


async def test_async_chat_aiohttp():
    async with async_client(http_client=DefaultAioHttpClient()) as openai:
        assert (await openai.chat.completions.create(**HI)).usage.total_tokens == 1234


async def test_async_chat_aiohttp_stream():
    async with async_client(http_client=DefaultAioHttpClient()) as openai:
        stream = await openai.chat.completions.create(**HI, **STREAM)
        assert "forty-two" in text([chunk async for chunk in stream])


def test_responses():
    with client() as openai:
        assert "forty-two" in openai.responses.create(**ASK).output_text


def test_responses_stream():
    with client() as openai:
        kinds = [event.type for event in openai.responses.create(**ASK, stream=True)]
        assert kinds[-1] == "response.completed"


async def test_async_responses():
    async with async_client() as openai:
        assert "forty-two" in (await openai.responses.create(**ASK)).output_text


async def test_async_responses_stream():
    async with async_client() as openai:
        async with openai.responses.stream(**ASK) as stream:
            assert (await stream.get_final_response()).usage.total_tokens == 1234


def test_embeddings():
    with client() as openai:
        assert openai.embeddings.create(**EMBED).data[0].embedding == [1.0, 2.0]


async def test_async_embeddings():
    async with async_client() as openai:
        assert (await openai.embeddings.create(**EMBED)).usage.total_tokens == 12


def test_completions():
    with client() as openai:
        assert "forty-two" in openai.completions.create(**OLDER).choices[0].text


def test_completions_stream():
    with client() as openai:
        chunks = openai.completions.create(**OLDER, **STREAM)
        assert "forty-two" in "".join(chunk.choices[0].text for chunk in chunks if chunk.choices)


async def test_async_completions():
    async with async_client() as openai:
        assert (await openai.completions.create(**OLDER)).usage.total_tokens == 1234


def test_azure_chat():
    with AzureOpenAI(**AZURE) as azure:
        assert azure.chat.completions.create(**HI).usage.total_tokens == 1234


def test_azure_chat_stream():
    with AzureOpenAI(**AZURE) as azure:
        assert "forty-two" in text(azure.chat.completions.create(**HI, **STREAM))


async def test_async_azure_chat():
    async with AsyncAzureOpenAI(**AZURE) as azure:
        assert (await azure.chat.completions.create(**HI)).usage.total_tokens == 1234


async def test_async_azure_chat_stream():
    async with AsyncAzureOpenAI(**AZURE) as azure:
        stream = await azure.chat.completions.create(**HI, **STREAM)
        assert "forty-two" in text([chunk async for chunk in stream])
