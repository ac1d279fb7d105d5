import pytest

from support_agent.answer import answer
from support_agent.conversation import Conversation


@pytest.fixture(scope="session")
def vcr_config() -> dict[str, list[str]]:
    return {"filter_headers": ["authorization", "x-api-key"]}


@pytest.fixture
def conversation() -> Conversation:
    return Conversation()


@pytest.fixture
def started_conversation(conversation: Conversation) -> Conversation:
    """A conversation that already has one question and its answer."""
    answer(conversation, "Do you repair a broken zip?")
    return conversation
