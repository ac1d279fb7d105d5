"""The desk, against its recordings."""

import desk
import pytest

pytestmark = pytest.mark.llm_agent("support_agent")


@pytest.mark.parametrize("question", ["Where is my parcel?", "Can I return a bell?"], ids=["parcel", "bell"])
def test_answers_simple_questions(question):
    assert desk.answer(question)


def test_knows_the_handbook():
    assert "five days" in desk.answer("How long does a refund take?")


def test_looks_into_a_complaint():
    assert desk.investigate("The wheel fell off.")
