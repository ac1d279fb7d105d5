"""What a plugin is given, and what it may return."""

from __future__ import annotations

import dataclasses
import gzip
from decimal import Decimal

import pytest
from exchanges import exchange
from hypothesis import given
from hypothesis import strategies as st

import pytest_llmcost
from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.custom import NOT_STATED, CallUsage, custom_reading, exchange_for_plugins

URL = "http://llm.acme.example:8080/predict"


def call(**facts):
    return CallUsage(**{"provider": "acme", "model": "house-2", "usage": {"input_tokens": 3}, **facts})


def test_names_are_public():
    """They are imported when they are needed."""
    assert pytest_llmcost.CallUsage is CallUsage
    assert {"CallUsage", "HttpExchange"} <= set(pytest_llmcost.__all__)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"provider": ""}, "write a name"),
        ({"provider": None}, "write a name"),
        ({"usage": {"input_token": 1}}, "did you mean 'input_tokens'"),
        ({"usage": {"zzz": 1}}, "the first are input_tokens"),
        ({"usage": {"input_tokens": -1}}, "write a whole number"),
        ({"usage": {"input_tokens": 1.5}}, "write a whole number"),
        ({"usage": {"input_tokens": True}}, "write a whole number"),
        ({"usage": {"input_tokens": None}}, "write a whole number"),
        ({"cost": "-1"}, "write USD"),
        ({"cost": "free"}, "write USD"),
        ({"cost": 0.1}, "write USD"),
        ({"cost": True}, "write USD"),
    ],
)
def test_what_is_refused(facts, message):
    """Where it is written, with what is allowed."""
    with pytest.raises(ValueError, match=message):
        call(**facts)


def test_values_are_frozen():
    """A plugin may share one; nobody changes it later."""
    counts = {"input_tokens": 3}
    found = call(usage=counts)
    counts["input_tokens"] = 4
    assert found.usage == {"input_tokens": 3}
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.model = "other"


@pytest.mark.parametrize(
    ("facts", "usage", "incomplete"),
    [
        ({}, {"input_tokens": 3}, None),
        ({"incomplete": "cut"}, {"input_tokens": 3}, "cut"),
        ({"usage": None}, None, NOT_STATED),
        ({"usage": {}}, None, NOT_STATED),
        ({"usage": None, "incomplete": "why"}, None, "why"),
    ],
)
def test_reading_of_a_plugin(facts, usage, incomplete):
    """What it did not find is incomplete."""
    reading = custom_reading(call(**facts), exchange(URL, b"", {"messages": [1]}))
    stated = reading.stated
    assert (reading.provider, reading.host, reading.api) == ("acme", "llm.acme.example:8080", Api.CUSTOM)
    assert (stated.usage and dict(stated.usage), stated.incomplete) == (usage, incomplete)
    assert (reading.model.requested, reading.model.billed) == ("house-2", "house-2")
    assert reading.request_parts == {"messages": 3}


@pytest.mark.parametrize("cost", ["0.0042", Decimal("0.0042")])
def test_cost_that_a_plugin_states(cost):
    """Exactly as it is written."""
    assert custom_reading(call(cost=cost), exchange(URL, b"")).stated.cost == Decimal("0.0042")


@pytest.mark.parametrize("status", [0, 199, 301, 404, 500])
def test_errors_are_not_asked_about(status):
    """Nobody bills them."""
    assert exchange_for_plugins(exchange(URL, b"", status=status)) is None


def test_body_is_given_plain():
    """Encodings are undone, if the client has not done it; names of headers are in lower case."""
    packed = exchange(URL, gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"}, ended=False)
    found = exchange_for_plugins(packed)
    assert (found.body, found.complete) == (b'{"a": 1}', False)
    assert found.headers == {"content-encoding": "gzip"}
    assert (found.method, found.url, found.status) == ("POST", URL, 200)
    assert exchange_for_plugins(exchange(URL, b"\x1f\x8bx", decoded=True)).body == b"\x1f\x8bx"


@given(
    usage=st.dictionaries(
        st.sampled_from(["input_tokens", "output_tokens", "requests"]), st.integers(0, 10**9)
    )
)
def test_any_counts(usage):
    """What is allowed comes back as it is."""
    reading = custom_reading(call(usage=usage), exchange(URL, b"x"))
    assert dict(reading.stated.usage or {}) == usage
