"""Replicate: a prediction is one call, however it is waited for."""

from __future__ import annotations

import pytest
from exchanges import counts, exchange, read

from pytest_llmcost.usage.background import BackgroundCalls, Settled
from pytest_llmcost.usage.read import read_exchange
from pytest_llmcost.usage.reading import NO_USAGE_STATED, NotACall

URL = "https://api.replicate.com/v1/predictions"
TOKENS = {"input_token_count": 26, "output_token_count": 128, "predict_time": 1.9}


def prediction(status, metrics=None):
    return {"id": "p1", "model": "meta/meta-llama-3-8b-instruct", "status": status, "metrics": metrics or {}}


def follow(*answers):
    background, calls, others = BackgroundCalls(), [], []
    for number, answer in enumerate(answers):
        method, url = ("POST", URL) if number == 0 else ("GET", f"{URL}/p1")
        facts = {"method": method, "status": 201 if number == 0 else 200}
        found = background.settle(read_exchange(exchange(url, answer, {"version": "v"}, **facts), {}), number)
        (calls if isinstance(found, Settled) else others).append(found)
    return [*calls, *background.unfinished()], others


def test_prediction_that_is_polled():
    """It is counted where it states its tokens, once."""
    calls, others = follow(
        prediction("starting"),
        prediction("processing"),
        prediction("succeeded", TOKENS),
        prediction("succeeded", TOKENS),
    )
    assert [(call.attached, counts(call.reading)) for call in calls] == [
        (2, {"input_tokens": 26, "output_tokens": 128})
    ]
    assert others == [None, NotACall.POLL, NotACall.POLL]


def test_prediction_that_is_waited_for():
    """With ``Prefer: wait`` the first answer is the last."""
    reading = read(
        "https://api.replicate.com/v1/models/meta/llama-3/predictions", prediction("succeeded", TOKENS)
    )
    assert counts(reading) == {"input_tokens": 26, "output_tokens": 128}
    assert reading.model.requested == "meta/llama-3"


@pytest.mark.parametrize("end", ["succeeded", "failed", "canceled"])
def test_prediction_by_the_second(end):
    """Pictures are billed by the time of their hardware: a call whose cost is open."""
    calls, _ = follow(prediction("starting"), prediction(end, {"predict_time": 2.5}))
    assert [(call.attached, call.reading.stated.incomplete) for call in calls] == [(1, NO_USAGE_STATED)]
