"""The model: one request of the Messages API for each prompt."""

from dataclasses import dataclass
from functools import cache

from anthropic import Anthropic
from anthropic.types import MessageParam, TextBlockParam

from app.guidelines import GUIDELINES
from app.prompts import Prompt
from app.settings import API_KEY, BASE_URL, MAX_TOKENS, MODEL


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer of the model, and the tokens it took, under Langfuse's names."""

    text: str
    usage: dict[str, int]


@cache
def client() -> Anthropic:
    return Anthropic(base_url=BASE_URL, api_key=API_KEY)


def complete(prompt: Prompt) -> Completion:
    message = client().messages.create(
        model=MODEL, system=system(), messages=messages(prompt), max_tokens=MAX_TOKENS
    )
    text = "".join(block.text for block in message.content if block.type == "text")
    usage = {
        "input": message.usage.input_tokens,
        "cache_read_input_tokens": message.usage.cache_read_input_tokens or 0,
        "output": message.usage.output_tokens,
    }
    return Completion(text.strip(), usage)


def system() -> list[TextBlockParam]:
    return [{"type": "text", "text": GUIDELINES}]


def messages(prompt: Prompt) -> list[MessageParam]:
    """The document comes first: what agents ask about the same one has a common beginning."""
    document: TextBlockParam = {"type": "text", "text": prompt.document}
    task: TextBlockParam = {"type": "text", "text": f"Task: {prompt.task}"}
    return [{"role": "user", "content": [document, task]}]
