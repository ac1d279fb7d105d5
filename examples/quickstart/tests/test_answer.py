import pytest

from support_agent.answer import answer, stream_answer
from support_agent.conversation import Conversation

pytestmark = pytest.mark.vcr


def test_question_gets_a_reply(conversation: Conversation) -> None:
    reply = answer(conversation, "How long is the warranty on a tent?")

    assert reply.text
    assert reply.complete


def test_reply_stops_at_the_token_limit(conversation: Conversation) -> None:
    reply = answer(conversation, "When is standard delivery free?", max_tokens=6)

    assert reply.text
    assert not reply.complete


def test_conversation_keeps_its_history(conversation: Conversation) -> None:
    first = answer(conversation, "Can I return an opened gas cartridge?")
    second = answer(conversation, "And if it is still closed?")

    assert [turn.role for turn in conversation.turns] == ["user", "assistant", "user", "assistant"]
    assert [turn.text for turn in conversation.turns[1::2]] == [first.text, second.text]


def test_streamed_pieces_join_to_the_reply(conversation: Conversation) -> None:
    pieces = list(stream_answer(conversation, "Please explain how I return a tent."))

    assert len(pieces) > 1
    assert conversation.turns[-1].text == "".join(pieces)
