"""The desk, against its recordings."""

import desk
import pytest

pytestmark = pytest.mark.llm_agent("support_agent")


@pytest.mark.parametrize("question", ["Where is my parcel?", "Can I return a bell?"], ids=["parcel", "bell"])
def test_answers(question):
    assert desk.answer(question)


def test_reads_the_handbook():
    assert "five days" in desk.answer("How long does a refund take?")


def test_investigates_a_complaint():
    assert desk.investigate("The wheel fell off.")
