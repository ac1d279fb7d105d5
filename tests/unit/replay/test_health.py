"""What is said of recordings, each with the command that makes them anew and what that costs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from exchanges import measured, table

from pytest_llmcost.model.call import CassetteRef, Origin, RequestSize, Source
from pytest_llmcost.model.drift import Drift, PartChange
from pytest_llmcost.model.report import NoticeKind
from pytest_llmcost.pricing.price_call import price_calls
from pytest_llmcost.replay.estimate import estimated
from pytest_llmcost.replay.health import (
    age_notices,
    deprecated_notices,
    miss_notices,
    unplayed_notices,
    warm_notices,
)
from pytest_llmcost.replay.notices import command, recorded_cost, replay_notices

PRICES = table(
    '{models: {openai/gpt-4o: {input: "1", output: "1"}, openai/gpt-4o-mini: {input: "0.1", output: "0.1"}}}'
)
TODAY = date(2026, 11, 23)
RECORD = "pytest --record-mode=rewrite {tests}"


def call(test="t.py::test_a", path="a.yaml", usage=None, **facts):
    return measured(
        origin=Origin(test),
        cassette=CassetteRef(path, 0),
        usage=usage or {"input_tokens": 1_000, "output_tokens": 100},
        **facts,
    )


def stale(test="t.py::test_a", model="gpt-4o", **counts):
    changes = (PartChange("model", 1, 2),) if model != "gpt-4o" else (PartChange("system", 10, 20),)
    return call(test, drift=Drift(changes, "gpt-4o", prompt=900, prefix=900, **counts), requested=model)


def priced(*calls):
    return price_calls(estimated(calls), PRICES)


def test_stale_calls_are_one_line_with_the_difference_and_the_way_out():
    """How many, in how many tests, by how much, and what recording them again costs."""
    calls = priced(stale(added=100), stale(removed=40), stale("t.py::test_[b]", added=10), call())
    [notice] = replay_notices(calls, PRICES, RECORD)
    assert notice.kind is NoticeKind.STALE
    assert notice.message == (
        "3 stale calls in 2 tests: the request changed since the recording; ~+$0.000070"
    )
    assert notice.paste == "pytest --record-mode=rewrite t.py::test_a 't.py::test_[b]'  # about $0.003370"


def test_less_is_a_minus_and_the_recorded_model_has_its_own_price():
    """A cheaper model asks for less than the recording cost."""
    [cheap] = priced(stale(model="gpt-4o-mini"))
    assert recorded_cost(cheap, PRICES) == Decimal("0.0011")
    assert "~-$0.000990" in replay_notices([cheap], PRICES)[0].message


def test_what_cannot_be_told_is_said():
    """Beside what can be."""
    [notice] = replay_notices(priced(stale(unknown=("n changed",))), PRICES, None)
    assert notice.message.endswith("; ~+$0, and 1 call of unknown cost")
    assert notice.paste is None


def test_nothing_is_said_of_good_recordings():
    """Fresh, cold, played and unchanged ones."""
    calls = priced(call(answered_at=datetime(2026, 11, 1, tzinfo=UTC)))
    assert not replay_notices(calls, PRICES, RECORD)
    assert not list(age_notices(calls, 180, TODAY, RECORD))
    assert not list(unplayed_notices(calls, {"a.yaml": ()}, RECORD))
    assert not list(deprecated_notices(calls, lambda *_: False, RECORD))
    assert not list(warm_notices(calls))


def test_a_long_list_of_tests_is_no_command():
    """Nobody types fifty names."""
    assert command(RECORD, [f"t{n}" for n in range(6)], priced(call())) is None
    assert command(None, ["t"], priced(call())) is None


def test_old_recordings():
    """By the provider's own clock; what does not say when is not old."""
    old = call("t.py::test_b", answered_at=datetime(2026, 1, 1, tzinfo=UTC))
    calls = priced(call(answered_at=None), old)
    [notice] = age_notices(calls, 180, TODAY, RECORD)
    assert notice.message == "1 recording in 1 test: older than 180 days (the oldest: 326 days)"
    assert notice.paste == "pytest --record-mode=rewrite t.py::test_b  # about $0.001100"
    assert not list(age_notices(calls, 326, TODAY, RECORD))
    assert not list(age_notices(calls, None, TODAY, RECORD))


def test_unplayed_interactions():
    """Of cassettes with model calls only."""
    left = {"a.yaml": (1, 2), "b.yaml": (), "other.yaml": (0,)}
    [notice] = unplayed_notices(priced(call(), call("t.py::test_b", "b.yaml")), left, RECORD)
    assert notice.message.startswith("2 interactions in 1 cassette no test has played (most in a.yaml: 2)")
    assert notice.paste == "pytest --record-mode=rewrite t.py::test_a  # about $0.001100"


def test_deprecated_models():
    """In one line for all of them; a model that the YAML prices is the user's own."""
    bundled = price_calls([call(billed="gpt-4-0613"), call(billed="gpt-4o-2024-08-06")], table())
    [notice] = deprecated_notices(bundled, lambda _, model: model == "gpt-4-0613", RECORD)
    assert "1 recording in 1 test" in notice.message
    assert "openai/gpt-4-0613" in notice.message
    assert not list(deprecated_notices(priced(call()), lambda *_: True, RECORD))


def test_warm_recordings():
    """The first call of a test reads what only an earlier run can have written."""
    warm = {"input_tokens": 1_000, "cache_read_tokens": 800, "output_tokens": 1}
    [notice] = warm_notices(priced(call(usage=warm), call("t.py::test_b"), call("t.py::test_b", usage=warm)))
    assert notice.message.startswith("1 recording began warm: the first call reads 800 cached tokens")
    assert "(most: t.py::test_a, 80.0%)" in notice.message
    assert not list(warm_notices(priced(call(usage=warm, source=Source.LIVE))))


@pytest.mark.parametrize("source", [Source.LIVE, Source.MOCKED])
def test_live_and_mocked_calls_are_no_recordings(source):
    """They have no age."""
    ancient = call(source=source, answered_at=datetime(2020, 1, 1, tzinfo=UTC), request=RequestSize("", {}))
    assert not list(age_notices(priced(ancient), 10, TODAY, RECORD))


def test_the_providers_own_reason_for_a_miss():
    """By reason, with the calls."""
    calls = priced(
        call(cache_miss="tools changed (about 9 tokens)"), call(), call(cache_miss="tools changed")
    )
    [notice] = miss_notices(calls)
    assert notice.message.endswith("the provider says why: tools changed (c1, c3)")
    assert not list(miss_notices(calls[1:2]))
