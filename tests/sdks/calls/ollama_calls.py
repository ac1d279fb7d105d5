"""The Ollama client, over Ollama's own API."""

import os

from ollama import AsyncClient, Client

URL = os.environ["LOOPBACK_OLLAMA"]
HI = {"model": "llama3.2", "messages": [{"role": "user", "content": "hi"}]}


def text(chunks):
    return "".join(chunk.message.content for chunk in chunks)


def test_chat():
    assert "forty-two" in Client(URL).chat(**HI).message.content


def test_chat_stream():
    assert "forty-two" in text(Client(URL).chat(**HI, stream=True))


async def test_async_chat():
    assert "forty-two" in (await AsyncClient(URL).chat(**HI)).message.content


async def test_async_chat_stream():
    stream = await AsyncClient(URL).chat(**HI, stream=True)
    assert "forty-two" in text([chunk async for chunk in stream])


def test_generate():
    assert "forty-two" in Client(URL).generate("llama3.2", "hi").response


def test_generate_stream():
    chunks = Client(URL).generate("llama3.2", "hi", stream=True)
    assert "forty-two" in "".join(chunk.response for chunk in chunks)


def test_embed():
    assert Client(URL).embed("nomic-embed-text", "hi").embeddings[0] == [1.0, 2.0]
