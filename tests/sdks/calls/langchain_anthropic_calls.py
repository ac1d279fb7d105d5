"""LangChain's Anthropic models."""

import os

import pytest
from langchain_anthropic import ChatAnthropic


@pytest.fixture
def chat():
    return ChatAnthropic(
        model_name="claude-sonnet-4-5",
        base_url=os.environ["LOOPBACK_ANTHROPIC"],
        api_key="x",
        timeout=None,
        stop=None,
    )


def test_chat(chat):
    assert "forty-two" in chat.invoke("hi").text


def test_chat_stream(chat):
    assert "forty-two" in "".join(chunk.text for chunk in chat.stream("hi"))


async def test_async_chat(chat):
    assert "forty-two" in (await chat.ainvoke("hi")).text


async def test_async_chat_stream(chat):
    assert "forty-two" in "".join([chunk.text async for chunk in chat.astream("hi")])
