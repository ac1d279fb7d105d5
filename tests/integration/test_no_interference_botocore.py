"""Who calls botocore or boto3 sees the same with and without the plugin, and so do its pools."""

from __future__ import annotations

import pytest
from callers import captured, outcome
from callers_botocore import SCENARIOS, Caller


@pytest.mark.parametrize("name", SCENARIOS)
def test_caller_sees_the_same(loopback, name):
    """Bytes, exceptions, attributes, connections and warnings are those without capture."""
    runs = []
    for run in (outcome, captured):
        loopback.forget()
        runs.append(run(lambda: SCENARIOS[name](Caller(loopback.origin))))
    without, (with_us, noted) = runs
    assert with_us == without
    assert noted.faults == []
    # A handler that answers in place of the network is above what is watched.
    assert noted.exchanges or name == "answers_before_it_sends"
    assert all(exchange.finished is not None for exchange in noted.exchanges)
