"""The Groq SDK, whose streams state the usage at a place of their own."""

import os

from groq import AsyncGroq, Groq

CLIENT = {"api_key": "x", "base_url": os.environ["LOOPBACK_GROQ"]}
HI = {"model": "llama-3.3-70b-versatile", "messages": [{"role": "user", "content": "hi"}]}


def text(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def test_chat():
    with Groq(**CLIENT) as groq:
        assert groq.chat.completions.create(**HI).usage.total_tokens == 1234


def test_chat_stream():
    with Groq(**CLIENT) as groq:
        assert "forty-two" in text(groq.chat.completions.create(**HI, stream=True))


async def test_async_chat():
    async with AsyncGroq(**CLIENT) as groq:
        assert (await groq.chat.completions.create(**HI)).usage.total_tokens == 1234


async def test_async_chat_stream():
    async with AsyncGroq(**CLIENT) as groq:
        stream = await groq.chat.completions.create(**HI, stream=True)
        assert "forty-two" in text([chunk async for chunk in stream])
