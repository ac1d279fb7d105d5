"""LiteLLM as a library: it speaks to each provider in that provider's own format."""

import os

# It would fetch a price table when it is imported.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm

HI = {"messages": [{"role": "user", "content": "hi"}], "api_key": "x"}
OPENAI = {"model": "openai/gpt-4o-mini", "api_base": os.environ["LOOPBACK_OPENAI"] + "/v1", **HI}
CLAUDE = {"model": "anthropic/claude-sonnet-4-5", "api_base": os.environ["LOOPBACK_ANTHROPIC"], **HI}
EMBED = {**OPENAI, "model": "openai/text-embedding-3-small", "input": ["hi"]}
EMBED.pop("messages")
STREAM = {"stream": True, "stream_options": {"include_usage": True}}


def text(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def said(answer):
    return answer.choices[0].message.content


def test_openai():
    assert "forty-two" in said(litellm.completion(**OPENAI))


def test_openai_stream():
    assert "forty-two" in text(litellm.completion(**OPENAI, **STREAM))


async def test_async_openai():
    assert "forty-two" in said(await litellm.acompletion(**OPENAI))


async def test_async_openai_stream():
    stream = await litellm.acompletion(**OPENAI, **STREAM)
    assert "forty-two" in text([chunk async for chunk in stream])


def test_openai_embedding():
    assert litellm.embedding(**EMBED).usage.prompt_tokens == 12


def test_anthropic():
    assert "forty-two" in said(litellm.completion(**CLAUDE))


def test_anthropic_stream():
    assert "forty-two" in text(litellm.completion(**CLAUDE, **STREAM))


async def test_async_anthropic():
    assert "forty-two" in said(await litellm.acompletion(**CLAUDE))


async def test_async_anthropic_stream():
    stream = await litellm.acompletion(**CLAUDE, **STREAM)
    assert "forty-two" in text([chunk async for chunk in stream])
