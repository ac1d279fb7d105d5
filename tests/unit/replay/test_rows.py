"""What is written of a changed call is read again as it was."""

from __future__ import annotations

import json

from exchanges import measured

from pytest_llmcost.baseline.entries import as_measured, entry_of
from pytest_llmcost.baseline.file import parse_baseline, render_baseline
from pytest_llmcost.model.baseline import Baseline, Line, Mark
from pytest_llmcost.model.call import RequestSize
from pytest_llmcost.model.decode import measured_from_json
from pytest_llmcost.model.drift import Drift, PartChange
from pytest_llmcost.model.rows import measured_row
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.rules import PricingRules
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.replay.estimate import estimated
from exchanges import TODAY

DRIFT = Drift(
    (PartChange("system", 10, None), PartChange('tools "\x1b', None, 5)),
    "gpt-4o",
    removed=3,
    tools_added=9,
    prompt=100,
    prefix=20,
    output_limit=7,
    unknown=("n changed",),
    cache="1h",
    sent_key="ab",
    recorded_key="cd",
)


def stale(**facts):
    call = measured(drift=DRIFT, request=RequestSize("ab", {"tools": 5}, 99), stale=True, **facts)
    return estimated([call])[0]


def test_a_row_is_read_back():
    """In a worker's payload as in report.json."""
    for call in (stale(), stale(cache_miss="tools changed"), measured(), measured(drift=DRIFT, stale=True)):
        assert measured_from_json(json.loads(measured_row(call))) == call


def test_only_changed_calls_say_more():
    """Most rows stay as short as they were."""
    assert "drift" not in measured_row(measured())
    assert "about_tokens" not in measured_row(measured())


def test_an_accepted_edit_is_read_back():
    """With what the estimate was made from; where a cost is unknown the mark says so all the same."""
    call = price_call("c1", stale(), PriceTable(PricingRules(), TODAY))
    entry = entry_of(call)
    assert entry.mark is Mark.STALE
    assert dict(entry.edit)["tools_added"] == 9
    text = render_baseline(Baseline("b", {"t": Line({entry: 2})}))
    assert parse_baseline(text, "b").lines["t"].entries == {entry: 2}
    assert as_measured(entry).stale


def test_an_answer_of_another_length_is_another_edit():
    """What an accepted edit may write at most is a part of it, and so is what it has cached."""
    drifts = (DRIFT, DRIFT._replace(output_limit=9), DRIFT._replace(output_limit=None, cache="none"))
    calls = [
        measured(drift=one, stale=True, usage={"input_tokens": 9, "output_tokens": 20}) for one in drifts
    ]
    prices = PriceTable(PricingRules(), TODAY)
    assert len({entry_of(price_call("c", call, prices)).edit for call in estimated(calls)}) == len(drifts)
