"""Background responses are billed once, however often they are asked for."""

from __future__ import annotations

import pytest
from exchanges import OPENAI_RESPONSES, read

from pytest_llmcost.usage.background import NEVER_FETCHED, BackgroundCalls, Settled
from pytest_llmcost.usage.reading import NO_USAGE_STATED, NotACall

USAGE = {"input_tokens": 14, "output_tokens": 12}


def start(response_id="resp_1"):
    body = {"id": response_id, "status": "queued", "model": "gpt-5-2025-08-07", "usage": None}
    return read(OPENAI_RESPONSES, body, {"model": "gpt-5", "background": True, "input": "Hi"})


def poll(status="completed", usage=USAGE, response_id="resp_1", **more):
    body = {"id": response_id, "status": status, "usage": usage, **more}
    return read(f"{OPENAI_RESPONSES}/{response_id}", body, b"", method="GET")


@pytest.fixture
def calls():
    return BackgroundCalls()


def test_call_is_the_poll_that_completes_it(calls):
    """The start and the polls on the way are no calls; the model asked for is that of the start."""
    assert calls.settle(start(), "start") is None
    assert calls.settle(poll("in_progress", None), "early") is NotACall.POLL
    settled = calls.settle(poll(), "done")
    assert isinstance(settled, Settled)
    assert settled.attached == "done"
    assert settled.reading.stated.usage.input_tokens == 14
    assert (settled.reading.model.requested, settled.reading.model.billed) == ("gpt-5", "gpt-5-2025-08-07")
    assert settled.reading.request_parts == {"messages": 4}
    assert list(calls.unfinished()) == []


def test_completed_response_is_billed_once(calls):
    """Fetching it again states the same usage again."""
    calls.settle(start(), "start")
    calls.settle(poll(), "done")
    assert calls.settle(poll(), "again") is NotACall.POLL


def test_stored_response_of_another_run_is_no_call(calls):
    """Nothing was started here."""
    assert calls.settle(poll(), "done") is NotACall.POLL


def test_responses_do_not_mix(calls):
    """Two are under way; each ends with its own poll."""
    calls.settle(start("resp_1"), 1)
    calls.settle(start("resp_2"), 2)
    assert calls.settle(poll(response_id="resp_2"), "two").attached == "two"
    assert [left.attached for left in calls.unfinished()] == [1]


def test_response_that_was_never_fetched_is_incomplete(calls):
    """It is billed, nobody knows how much; in the order of their starts, and once."""
    calls.settle(start("resp_1"), 1)
    calls.settle(start("resp_2"), 2)
    left = list(calls.unfinished())
    assert [(one.attached, one.reading.stated.incomplete) for one in left] == [
        (1, NEVER_FETCHED),
        (2, NEVER_FETCHED),
    ]
    assert list(calls.unfinished()) == []


def test_failed_response_says_that_it_states_no_usage(calls):
    """It was fetched to its end, which has no usage."""
    calls.settle(start(), "start")
    assert calls.settle(poll("failed", None, error={"code": "server_error"}), "failed") is NotACall.POLL
    (left,) = calls.unfinished()
    assert (left.attached, left.reading.stated.incomplete) == ("failed", NO_USAGE_STATED)
    assert left.reading.model.requested == "gpt-5"


def test_call_in_the_foreground_passes(calls):
    """Anything else is a call of its own."""
    reading = read(OPENAI_RESPONSES, {"id": "resp_1", "status": "completed", "usage": USAGE})
    assert calls.settle(reading, "it") == Settled(reading, "it")
