"""Exchanges that say the same are read once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from exchanges import OPENAI_CHAT

from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.read import read_exchange
from pytest_llmcost.usage.reading import NotACall, Reading
from pytest_llmcost.usage.remembered import RememberedReadings

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BODY = {"id": "chatcmpl-1", "model": "gpt-4o-mini", "usage": {"prompt_tokens": 9, "completion_tokens": 3}}
ASKED = Exchange("POST", OPENAI_CHAT, b'{"model": "gpt-4o-mini"}', 200, json.dumps(BODY).encode(), NOW)


def test_the_same_recording_is_read_once():
    """A replay of what was read before gives the reading of before, whenever it is made."""
    readings = RememberedReadings({})
    first = readings.read(ASKED)
    assert first == read_exchange(ASKED, {})
    assert readings.read(ASKED._replace(started_at=NOW + timedelta(hours=1))) is first


@pytest.mark.parametrize(
    "other",
    [
        {"request_body": b'{"model": "gpt-4o"}'},
        {"body": ASKED.body.replace(b"9", b"8")},
        {"status": 500},
        {"url": "https://openrouter.ai/api/v1/chat/completions"},
        {"headers": {"x-litellm-response-cost": "0.5", "x-litellm-call-id": "1"}},
        {"ended": False, "body": b""},
    ],
)
def test_what_differs_is_read_for_itself(other):
    """Nothing that a reading depends on is left out of what is compared."""
    readings = RememberedReadings({})
    readings.read(ASKED)
    changed = ASKED._replace(**other)
    assert readings.read(changed) == read_exchange(changed, {})
    assert readings.read(changed) != readings.read(ASKED)


def test_what_is_no_call_is_remembered_too():
    """A fixture of every test that counts tokens costs one reading."""
    readings = RememberedReadings({})
    failed = ASKED._replace(status=429)
    assert readings.read(failed) is readings.read(failed) is NotACall.HTTP_ERROR


def test_large_and_odd_exchanges_are_read_each_time():
    """Megabytes are not kept, and what cannot be compared is read as before."""
    readings = RememberedReadings({})
    large = ASKED._replace(body=ASKED.body + b" " * 100_000)
    odd = ASKED._replace(headers=MappingProxyType({"x-odd": ["a", "list"]}))
    for exchange in (large, odd):
        first, second = readings.read(exchange), readings.read(exchange)
        assert isinstance(first, Reading)
        assert first == second
        assert first is not second


def test_only_the_last_ones_are_kept():
    """A session of many different calls does not keep them all."""
    readings = RememberedReadings({})
    first = readings.read(ASKED)
    for number in range(200):
        readings.read(ASKED._replace(request_body=b'{"model": "gpt-4o-mini", "n": %d}' % number))
    again = readings.read(ASKED)
    assert again == first
    assert again is not first
