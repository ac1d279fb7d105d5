"""Calls that got each other's answers are not stale, whenever they were looked at."""

from __future__ import annotations

import pytest
from exchanges import measured

from pytest_llmcost.model.call import CassetteRef, Origin
from pytest_llmcost.model.drift import Drift, PartChange
from pytest_llmcost.replay.swapped import without_swapped


def call(keys, nodeid="t", path="a.yaml"):
    drift = Drift((PartChange("system", 1, 2),), sent_key=keys[0], recorded_key=keys[1])
    return measured(origin=Origin(nodeid), drift=drift, stale=True, cassette=CassetteRef(path, 0))


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        (["ab", "ba"], []),
        (["ab", "bc", "ca"], []),
        (["ab", "bc"], ["ab", "bc"]),
        (["ab", "ab"], ["ab", "ab"]),
        (["xy", "ab", "yz", "ba"], ["xy", "yz"]),
        (["ab"], ["ab"]),
    ],
)
def test_rings_are_taken_out(keys, left):
    """A chain with an end is none: one of its requests was never recorded."""
    calls = without_swapped([call(key) for key in keys])
    assert [f"{c.drift.sent_key}{c.drift.recorded_key}" for c in calls if c.stale] == left
    assert all((c.drift is None) == (not c.stale) for c in calls)


def test_only_within_a_test():
    """Another test's recording is no excuse."""
    assert all(c.stale for c in without_swapped([call("ab"), call("ba", "other")]))
