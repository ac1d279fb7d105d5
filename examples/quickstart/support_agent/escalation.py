"""Prepares a conversation for the colleague who takes over: what the problem is, and what to do next."""

from collections.abc import Iterator

from anthropic.types import MessageParam, TextBlockParam

from support_agent.clients import anthropic_client
from support_agent.conversation import Conversation, Reply
from support_agent.policy import HANDBOOK
from support_agent.settings import MAX_TOKENS, MODEL

SYSTEM: list[TextBlockParam] = [{"type": "text", "text": HANDBOOK, "cache_control": {"type": "ephemeral"}}]
NOTE_TASK = "In one sentence, what is the customer's problem?"
ADVICE_TASK = "In one sentence, what should a colleague do for the customer?"


def write_note(conversation: Conversation) -> Reply:
    message = anthropic_client().messages.create(
        model=MODEL, system=SYSTEM, messages=prompt(conversation, NOTE_TASK), max_tokens=MAX_TOKENS
    )
    text = "".join(block.text for block in message.content if block.type == "text")
    return Reply(text, complete=message.stop_reason == "end_turn")


def stream_advice(conversation: Conversation) -> Iterator[str]:
    with anthropic_client().messages.stream(
        model=MODEL, system=SYSTEM, messages=prompt(conversation, ADVICE_TASK), max_tokens=MAX_TOKENS
    ) as stream:
        yield from stream.text_stream


def prompt(conversation: Conversation, task: str) -> list[MessageParam]:
    """The task comes last, so that note and advice share everything before it as their prefix."""
    return [{"role": "user", "content": f"{conversation.transcript()}\n\n{task}"}]
