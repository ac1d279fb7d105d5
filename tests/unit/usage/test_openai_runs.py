"""Runs of OpenAI's assistants: however they are started, followed and resumed, each is one call."""

from __future__ import annotations

import pytest
from exchanges import counts, exchange, read, sse

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.background import NEVER_FETCHED, BackgroundCalls, Settled
from pytest_llmcost.usage.read import read_exchange
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, NotACall

THREAD = "https://api.openai.com/v1/threads/t_1/runs"
# Counts of a run that the openllmetry project recorded.
USAGE = {
    "prompt_tokens": 381,
    "completion_tokens": 89,
    "total_tokens": 470,
    "prompt_token_details": {"cached_tokens": 128},
    "completion_tokens_details": {"reasoning_tokens": 7},
}
COUNTS = {"input_tokens": 381, "output_tokens": 89, "cache_read_tokens": 128, "reasoning_tokens": 7}


def run(status, usage=None, run_id="run_1"):
    return {"id": run_id, "object": "thread.run", "status": status, "model": "gpt-4o-mini", "usage": usage}


def follow(*steps):
    """The calls of a sequence of (method, URL, answer), and why the other answers were none."""
    background, calls, reasons = BackgroundCalls(), [], []
    for number, (method, url, answer) in enumerate(steps):
        found = background.settle(read_exchange(exchange(url, answer, {}, method=method), {}), number)
        if isinstance(found, Settled):
            calls.append(found)
        else:
            reasons.append(found)
    return [*calls, *background.unfinished()], reasons


def test_polled_run_is_counted_at_its_end():
    """Start and polls are no calls; the run that has ended is one, and not again when it is fetched later."""
    calls, reasons = follow(
        ("POST", THREAD, run("queued")),
        ("GET", f"{THREAD}/run_1", run("in_progress")),
        ("GET", f"{THREAD}/run_1", run("completed", USAGE)),
        ("GET", f"{THREAD}/run_1", run("completed", USAGE)),
    )
    assert [(call.attached, counts(call.reading)) for call in calls] == [(2, COUNTS)]
    assert calls[0].reading.api is Api.OPENAI_RUNS
    assert calls[0].reading.model.billed == "gpt-4o-mini"
    assert reasons == [None, NotACall.POLL, NotACall.POLL]


def test_run_that_waits_for_a_tool():
    """Its usage at the end covers what it did before the tool; the outputs handed in are no second call."""
    outputs = f"{THREAD}/run_1/submit_tool_outputs"
    calls, _ = follow(
        ("POST", THREAD, run("queued")),
        ("GET", f"{THREAD}/run_1", run("requires_action")),
        ("POST", outputs, run("queued")),
        ("GET", f"{THREAD}/run_1", run("completed", USAGE)),
    )
    assert [call.attached for call in calls] == [3]
    streamed = [
        ("POST", THREAD, sse(run("queued"), run("requires_action"))),
        ("POST", outputs, sse(run("in_progress"), run("completed", USAGE))),
    ]
    calls, _ = follow(*streamed)
    assert [(call.attached, counts(call.reading)) for call in calls] == [(1, COUNTS)]


def test_streamed_run():
    """The last of its events that is a run has the usage; those of steps and messages have other ids."""
    step = {
        "id": "step_1",
        "object": "thread.run.step",
        "usage": {"prompt_tokens": 300, "completion_tokens": 5},
        "step_details": {"tool_calls": [{"type": "code_interpreter"}]},
    }
    message = {"id": "msg_1", "object": "thread.message", "content": []}
    body = sse(run("queued"), run("in_progress"), step, message, run("completed", USAGE))
    reading = read("https://api.openai.com/v1/threads/runs", body, {"stream": True})
    assert counts(reading) == COUNTS
    assert reading.stated.response_id == "run_1"
    assert reading.stated.doubts == ("no price for the containers of code_interpreter",)
    assert reading.stream


@pytest.mark.parametrize(
    ("answer", "facts", "reason"),
    [
        (run("failed"), {}, NO_USAGE_STATED),
        (sse(run("in_progress"), {"error": {"code": "x"}}), {}, FAILED),
        (sse(run("in_progress"), done=False), {"ended": False}, CUT),
        (sse({"object": "thread.message"}), {}, NO_USAGE_STATED),
    ],
    ids=["failed", "error", "cut", "no run"],
)
def test_run_without_usage(answer, facts, reason):
    """It is incomplete, and says why."""
    stated = read(THREAD, answer, {}, **facts).stated
    assert (stated.usage, stated.incomplete) == (None, reason)


def test_run_that_nobody_follows():
    """What it costs is not known, and not nothing."""
    calls, _ = follow(
        ("POST", THREAD, run("queued")), ("GET", f"{THREAD}/run_2", run("completed", USAGE, "run_2"))
    )
    assert [call.reading.stated.incomplete for call in calls] == [NEVER_FETCHED]


def test_runs_of_another_service():
    """LangGraph's server has the same path, and calls no model by it."""
    answer = {"run_id": "r", "thread_id": "t", "status": "success", "values": {}}
    assert read("http://localhost:2024/threads/t_1/runs", answer, {"assistant_id": "agent"}) is None
