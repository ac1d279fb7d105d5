"""Announced changes of prices, and a table that is old."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from exchanges import NOON, TODAY, measured, table

from pytest_llmcost.assembly import Facts, assemble
from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.model.call import Origin, Source
from pytest_llmcost.model.report import NoticeKind
from pytest_llmcost.model.rollup import counted
from pytest_llmcost.pricing.dated_notices import dated_notices
from pytest_llmcost.pricing.genai import GenaiPrices
from pytest_llmcost.pricing.price_call import price_calls
from pytest_llmcost.pricing.table import PriceTable

HOUSE = """{as_of: AS_OF, models: {acme/x: [
  {input: "1.0", output: "2.0"},
  {from: 2026-12-01, input: "1.5", output: "2.0"},
  {from: 2027-01-15, input: "1.5", output: "1.0"},
  {from: 2027-02-21, input: "9", output: "9"},
  {from: 2027-02-22, input: "90", output: "90"},
]}}"""


def notices(*calls, pricing=HOUSE, as_of="2026-11-23", today=TODAY, bundled=None):
    prices = table(pricing.replace("AS_OF", as_of), today, bundled)
    found = dated_notices(price_calls(calls, prices), prices)
    return [(notice.kind, notice.message, notice.paste) for notice in found]


def messages(*calls, **facts):
    return [message for _, message, _ in notices(*calls, **facts)]


HOUSE_CALL = measured("acme", "x")


def test_each_change_within_90_days_is_told_for_this_suite():
    """All calls at the prices of that day, against those of today; what comes later is not told."""
    assert notices(HOUSE_CALL, HOUSE_CALL) == [
        (NoticeKind.PRICE_CHANGE, f"this suite: {change} from {day}, as prices of acme/x change", None)
        for change, day in [("+$1", "2026-12-01"), ("-$1", "2027-01-15"), ("+$30", "2027-02-21")]
    ]


def test_days_count_from_as_of():
    """The day whose prices hold is the day from which 90 are counted."""
    assert [message.split(",")[0] for message in messages(HOUSE_CALL, as_of="2026-12-20")] == [
        "this suite: -$1 from 2027-01-15",
        "this suite: +$14.5 from 2027-02-21",
        "this suite: +$176.5 from 2027-02-22",
    ]
    assert messages(HOUSE_CALL, as_of="2026-12-01") != []
    assert messages(HOUSE_CALL, as_of="today") == messages(HOUSE_CALL)
    assert messages(HOUSE_CALL, as_of="recorded") == []


def test_a_change_that_does_not_touch_this_suite_is_not_told():
    """Another model's, one of a unit that nobody used, and one of a call whose cost is not known."""
    assert messages(measured(billed="gpt-4o"), pricing=HOUSE) == []
    assert messages(measured("acme", "x", usage={"output_tokens": 5}), as_of="2026-10-01") == []
    assert messages(measured("acme", "x", incomplete="cut")) == []
    assert messages(measured("acme", "x", usage={"input_tokens": 5, "web_searches": 1})) == []


def test_small_change_is_not_nothing():
    """It is shown as less than the least amount."""
    (first, *_) = messages(measured("acme", "x", usage={"input_tokens": 1}))
    assert first.startswith("this suite: +<$0.000001 from 2026-12-01")


def test_change_that_genai_prices_announces():
    """A price of its table that begins later; the test looks one up, as such rows come and go."""
    bundled = GenaiPrices()

    def costs(model, day):
        rates = bundled.card("openai", model, {}, day).rates
        return [str(rates[unit].usd) for unit in ("input_tokens", "output_tokens") if unit in rates]

    model, start = next(
        (model, start)
        for model in (name.removeprefix("openai/") for name in bundled.names() if name.startswith("openai/"))
        for start in bundled.starts("openai", model)
        if costs(model, start) != costs(model, start - timedelta(days=1))
    )
    before = (start - timedelta(days=1)).isoformat()
    call = measured("openai", model, {"input_tokens": 1_000, "output_tokens": 1_000})
    (message, *_) = messages(call, pricing="{as_of: AS_OF}", as_of=before, bundled=bundled)
    assert f"from {start}, as prices of openai/{model} change" in message


def test_only_calls_that_count():
    """Mocked calls and earlier attempts cost nothing in the future either."""
    prices = table(HOUSE.replace("AS_OF", "today"))
    calls = price_calls([measured("acme", "x", source=Source.MOCKED)], prices)
    last = frozenset(call.id for call in calls)
    assert dated_notices(counted(calls, last, include_mocked=False), prices) == []
    assert dated_notices(counted(calls, last, include_mocked=True), prices) != []


OPENAI_CALL = measured(usage={"input_tokens": 10, "output_tokens": 1})


def test_old_table_is_told_with_the_command():
    """60 days without any new price; the prices of an earlier day are as good as ever."""
    bundled = GenaiPrices()
    newest = bundled.newest_start(date(2100, 1, 1))
    fresh, old = newest + timedelta(days=59), newest + timedelta(days=60)
    for day, told in [(fresh, False), (old, True)]:
        kinds = [kind for kind, *_ in notices(OPENAI_CALL, pricing="", today=day, bundled=bundled)]
        assert (NoticeKind.OLD_PRICES in kinds) is told, day
        frozen = notices(OPENAI_CALL, pricing="{as_of: AS_OF}", as_of=newest.isoformat(), today=day)
        assert NoticeKind.OLD_PRICES not in [kind for kind, *_ in frozen]
    ((_, message, paste),) = notices(OPENAI_CALL, pricing="", today=old, bundled=bundled)
    assert message == (
        f"genai-prices {bundled.version} has no price newer than {newest}, 60 days before {old}:"
        " prices may have changed since"
    )
    assert paste == "pip install --upgrade genai-prices"


@pytest.mark.parametrize(
    "call",
    [HOUSE_CALL, measured("acme", "unknown"), measured("openrouter", "openai/gpt-4o", stated_cost=1)],
    ids=["own price", "no price", "stated"],
)
def test_old_table_that_was_not_used_is_not_told(call):
    """Nor is it read."""
    later = HOUSE.replace("AS_OF", "2099-01-01")
    assert NoticeKind.OLD_PRICES not in [kind for kind, *_ in notices(call, pricing=later)]


def test_no_day_for_all_calls():
    """With each response's own day there is no later day to compare with."""
    recorded = measured("acme", "x", answered_at=datetime(2026, 11, 1, tzinfo=UTC))
    assert notices(recorded, as_of="recorded") == []


def test_run_tells_it():
    """In the report of a run, behind the other notices; calls of an earlier attempt are not counted."""
    configuration = read_configuration(f"pricing: {HOUSE.replace('AS_OF', 'today')}", "llmcost.yaml")
    calls = [
        measured("acme", "x", origin=Origin(nodeid="test_a.py::test_a", attempt=attempt))
        for attempt in (1, 2)
    ]
    facts = Facts(version="1", created_at=NOON, rootdir=".")
    report = assemble(calls, facts, configuration, PriceTable(configuration.pricing, TODAY))
    told = [notice.message for notice in report.notices if notice.kind is NoticeKind.PRICE_CHANGE]
    assert told[0] == "this suite: +$0.5 from 2026-12-01, as prices of acme/x change"
