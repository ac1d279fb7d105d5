"""The Mistral SDK."""

import os

from mistralai.client import Mistral

HI = {"model": "mistral-small-latest", "messages": [{"role": "user", "content": "hi"}]}
ASK = {"model": "mistral-small-latest", "inputs": "hi"}


def client():
    return Mistral(api_key="x", server_url=os.environ["LOOPBACK_MISTRAL"])


def text(events):
    return "".join(event.data.choices[0].delta.content or "" for event in events)


def test_chat():
    with client() as mistral:
        assert mistral.chat.complete(**HI).usage.total_tokens == 1234


def test_chat_stream():
    with client() as mistral, mistral.chat.stream(**HI) as stream:
        assert "forty-two" in text(stream)


async def test_async_chat():
    async with client() as mistral:
        assert (await mistral.chat.complete_async(**HI)).usage.total_tokens == 1234


async def test_async_chat_stream():
    async with client() as mistral:
        stream = await mistral.chat.stream_async(**HI)
        assert "forty-two" in text([event async for event in stream])


def test_embeddings():
    with client() as mistral:
        found = mistral.embeddings.create(model="mistral-embed", inputs=["hi"])
        assert found.data[0].embedding == [1.0, 2.0]


def test_fim():
    with client() as mistral:
        assert mistral.fim.complete(model="codestral-latest", prompt="hi").usage.total_tokens == 1234


def test_conversation():
    with client() as mistral:
        assert "forty-two" in mistral.beta.conversations.start(**ASK).outputs[0].content


def test_conversation_stream():
    with client() as mistral, mistral.beta.conversations.start_stream(**ASK) as stream:
        assert [event.event for event in stream][-1] == "conversation.response.done"


async def test_async_conversation():
    async with client() as mistral:
        assert "forty-two" in (await mistral.beta.conversations.start_async(**ASK)).outputs[0].content


async def test_async_conversation_stream():
    async with client() as mistral:
        stream = await mistral.beta.conversations.start_stream_async(**ASK)
        assert [event.event async for event in stream][-1] == "conversation.response.done"
