"""Answers a customer's question, in one piece or streamed."""

from collections.abc import Iterator

from openai.types.chat import ChatCompletionMessageParam

from support_agent.clients import openai_client
from support_agent.conversation import Conversation, Reply, Role
from support_agent.policy import HANDBOOK
from support_agent.settings import MAX_TOKENS, MODEL


def answer(conversation: Conversation, question: str, max_tokens: int = MAX_TOKENS) -> Reply:
    """Ask the model, and add question and reply to the conversation."""
    conversation.add("user", question)
    completion = openai_client().chat.completions.create(
        model=MODEL, messages=prompt(conversation), max_tokens=max_tokens, temperature=0
    )
    choice = completion.choices[0]
    reply = Reply(choice.message.content or "", complete=choice.finish_reason == "stop")
    conversation.add("assistant", reply.text)
    return reply


def stream_answer(conversation: Conversation, question: str) -> Iterator[str]:
    """Like `answer`, piece by piece. The reply joins the conversation when its last piece has come."""
    conversation.add("user", question)
    chunks = openai_client().chat.completions.create(
        model=MODEL,
        messages=prompt(conversation),
        max_tokens=MAX_TOKENS,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    pieces: list[str] = []
    for chunk in chunks:
        for choice in chunk.choices:
            if piece := choice.delta.content:
                pieces.append(piece)
                yield piece
    conversation.add("assistant", "".join(pieces))


def prompt(conversation: Conversation) -> list[ChatCompletionMessageParam]:
    turns = [chat_message(turn.role, turn.text) for turn in conversation.turns]
    return [{"role": "system", "content": HANDBOOK}, *turns]


def chat_message(role: Role, text: str) -> ChatCompletionMessageParam:
    if role == "user":
        return {"role": "user", "content": text}
    return {"role": "assistant", "content": text}
