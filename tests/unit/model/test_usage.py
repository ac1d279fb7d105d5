"""Usage: counts of billed units."""

from __future__ import annotations

import pickle
from decimal import Decimal, localcontext

import pytest

from pytest_llmcost.model.usage import NO_USAGE, Usage, cache_hit_rate, total_usage

USAGE = Usage({"input_tokens": 3, "cache_read_tokens": 1, "output_tokens": 0})


def test_unit_that_was_not_stated_is_absent():
    """Absent is not 0, and reads as 0 where a number is needed."""
    assert (USAGE.get("output_tokens"), USAGE.get("reasoning_tokens")) == (0, None)
    assert (USAGE.input_tokens, USAGE.cache_read_tokens, USAGE.cache_write_tokens) == (3, 1, 0)
    assert dict(NO_USAGE) == {}


def test_negative_counts_are_refused():
    """They would make a cost negative."""
    with pytest.raises(ValueError, match="output_tokens=-1"):
        Usage({"output_tokens": -1})


def test_usage_is_a_value():
    """It cannot be changed, not even through the dict it was made from; it can be hashed and pickled."""
    counts = {"input_tokens": 3}
    usage = Usage(counts)
    counts["input_tokens"] = 4
    assert usage == Usage({"input_tokens": 3})
    assert len({usage, Usage({"input_tokens": 3})}) == 1
    assert pickle.loads(pickle.dumps(usage)) == usage
    with pytest.raises(TypeError):
        usage.counts["input_tokens"] = 5


def test_sum_has_every_unit_that_a_part_states():
    """Unit by unit."""
    assert total_usage([USAGE, Usage({"input_tokens": 1, "web_searches": 2})]) == Usage(
        {"input_tokens": 4, "cache_read_tokens": 1, "output_tokens": 0, "web_searches": 2}
    )
    assert total_usage([]) == NO_USAGE


@pytest.mark.parametrize(
    ("counts", "rate"),
    [
        ({"input_tokens": 3, "cache_read_tokens": 1}, "0.333333"),
        ({"input_tokens": 3}, "0"),
        ({"input_tokens": 2, "cache_read_tokens": 2}, "1"),
        ({"input_tokens": 0}, None),
        ({}, None),
    ],
)
def test_cache_hit_rate(counts, rate):
    """Cached share of the prompt; an absent counter is 0, no prompt is no rate."""
    assert cache_hit_rate(Usage(counts)) == (None if rate is None else Decimal(rate))


def test_cache_hit_rate_in_a_coarse_context():
    """The caller's decimal context does not round it."""
    with localcontext() as coarse:
        coarse.prec = 2
        rate = cache_hit_rate(Usage({"input_tokens": 3, "cache_read_tokens": 1}))
    assert str(rate) == "0.333333"
