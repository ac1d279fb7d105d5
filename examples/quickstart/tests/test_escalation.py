import pytest

from support_agent.conversation import Conversation
from support_agent.escalation import stream_advice, write_note

pytestmark = pytest.mark.vcr


def test_colleague_gets_a_note(started_conversation: Conversation) -> None:
    note = write_note(started_conversation)

    assert note.text


def test_advice_comes_in_pieces(started_conversation: Conversation) -> None:
    pieces = list(stream_advice(started_conversation))

    assert len(pieces) > 1
    assert "".join(pieces).strip()
