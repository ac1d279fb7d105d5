"""Lookups added up."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from looked_up import lookups

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.cache import UNNAMED, CacheEvent, cache_rollup
from pytest_llmcost.model.cache_codec import (
    event_from_json,
    event_to_json,
    lookup_from_json,
    lookup_to_json,
    rollup_from_json,
    rollup_to_json,
)
from pytest_llmcost.model.usage import Usage

MONEY = st.decimals(0, 100, places=6, allow_nan=False)
SAVED = st.one_of(st.none(), MONEY.map(Amount.exactly), MONEY.map(Amount.at_least))
EVENTS = st.lists(
    st.builds(
        lambda letter, saved, tokens: CacheEvent(
            lookups("test_a.py::test_a", letter)[0],
            saved=None if letter == "." else saved,
            saved_usage=None if letter == "." else tokens,
        ),
        st.sampled_from(".12"),
        SAVED,
        st.one_of(st.none(), st.integers(0, 9999).map(lambda n: Usage({"input_tokens": n}))),
    ),
    max_size=12,
)


def test_nothing():
    """Without lookups there is no rate, which is not a rate of 0."""
    assert cache_rollup([]) is None


def test_layers():
    """A layer's rate is its hits over all lookups; what nobody named is there too."""
    found = cache_rollup(map(CacheEvent, [*lookups(None, "112.."), *lookups(None, "1")]))
    assert (found.lookups, found.hits, dict(found.layers)) == (6, 4, {"L1": 3, "L2": 1})
    assert found.rate == Decimal("0.666667")
    assert found.rate_of("L1") == Decimal("0.5")
    unnamed = [CacheEvent(lookup._replace(layer=None)) for lookup in lookups(None, "1")]
    assert cache_rollup(unnamed).layers == {UNNAMED: 1}


@given(EVENTS)
def test_rates_add_up_and_nothing_unknown_is_free(events):
    """Hits are those of the layers, the saving is known only if that of each hit is, and nothing is negative."""
    found = cache_rollup(events)
    if found is None:
        assert events == []
        return
    hits = [event for event in events if event.lookup.hit]
    assert sum(found.layers.values()) == found.hits == len(hits) <= found.lookups == len(events)
    assert abs(sum(found.rate_of(layer) for layer in found.layers) - found.rate) <= Decimal("0.000002")
    assert 0 <= found.rate <= 1
    assert 0 <= found.saved.low <= found.saved.value
    known = all(event.saved is not None and event.saved.high is not None for event in hits)
    assert (found.saved.high is not None) is known
    assert found.unknown == sum(event.saved is None for event in hits)


@given(EVENTS)
def test_json(events):
    """What is written is read back."""
    for event in events:
        assert event_from_json(event_to_json(event)) == event
        assert lookup_from_json(lookup_to_json(event.lookup)) == event.lookup
    found = cache_rollup(events)
    if found is not None:
        assert rollup_from_json(rollup_to_json(found)) == found
