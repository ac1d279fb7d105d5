"""Instructor: structured answers through the OpenAI SDK and its tools."""

import os

import instructor
import openai
from pydantic import BaseModel

CLIENT = {"base_url": os.environ["LOOPBACK_OPENAI"] + "/v1", "api_key": "x"}
HI = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


class Found(BaseModel):
    answer: str


def test_chat():
    with openai.OpenAI(**CLIENT) as client:
        found = instructor.from_openai(client).chat.completions.create(**HI, response_model=Found)
    assert found.answer == "forty-two"


async def test_async_chat():
    async with openai.AsyncOpenAI(**CLIENT) as client:
        patched = instructor.from_openai(client)
        found = await patched.chat.completions.create(**HI, response_model=Found)
    assert found.answer == "forty-two"
