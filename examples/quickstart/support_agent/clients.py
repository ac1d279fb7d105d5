"""One client for each API, made when it is first needed."""

from functools import cache

from anthropic import Anthropic
from openai import OpenAI

from support_agent.settings import API_KEY, BASE_URL


@cache
def openai_client() -> OpenAI:
    return OpenAI(base_url=f"{BASE_URL}/v1", api_key=API_KEY)


@cache
def anthropic_client() -> Anthropic:
    return Anthropic(base_url=BASE_URL, api_key=API_KEY)
