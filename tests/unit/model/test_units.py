"""The table of units is that of genai-prices."""

from __future__ import annotations

import pytest
from genai_prices.data_units import unit_data

from pytest_llmcost.model.units import REASONING, UNITS

OUR_NAMES = {"output_reasoning_tokens": REASONING}
# OpenAI keeps what it caches for these times; genai-prices has no names for them.
OURS_ALONE = {name for name in UNITS if "_write_30m_" in name or "_write_12h_" in name}
UPSTREAM = {OUR_NAMES.get(name, name): raw for name, raw in unit_data.items()}


def test_no_unit_is_missing():
    """genai-prices may add units; a usage of a unit that we do not know could not be priced."""
    missing = sorted(set(UPSTREAM) - set(UNITS))
    gone = sorted(set(UNITS) - set(UPSTREAM) - OURS_ALONE)
    assert not missing, (
        f"genai-prices has new units: add {', '.join(missing)} to pytest_llmcost/model/units.py"
    )
    named = sorted(set(UPSTREAM) & OURS_ALONE)
    assert not named, f"genai-prices now has {', '.join(named)}: take them out of OURS_ALONE"
    assert not gone, (
        f"genai-prices no longer has {', '.join(gone)}: take them out of pytest_llmcost/model/units.py"
    )


@pytest.mark.parametrize("name", sorted(set(UPSTREAM) & set(UNITS)))
def test_unit_is_the_one_of_genai_prices(name):
    """The same quantity per price, and the same place in the tree of units."""
    upstream, ours = UPSTREAM[name], UNITS[name]
    assert ours.per == upstream["per"]
    assert dict(ours.dimensions) == upstream["dimensions"]


def test_containment():
    """A part has every dimension of what contains it, and more."""
    read, prompt, audio = UNITS["cache_read_tokens"], UNITS["input_tokens"], UNITS["input_audio_tokens"]
    assert prompt.contains(read)
    assert not read.contains(prompt)
    assert not read.contains(audio)
    assert not prompt.contains(prompt)
    assert UNITS["cache_write_tokens"].contains(UNITS["cache_write_1h_tokens"])
    assert UNITS["output_tokens"].contains(UNITS[REASONING])


def test_overlap():
    """Cached and audio prompt may be the same tokens; read and written, or two lifetimes, cannot."""
    overlaps = lambda left, right: UNITS[left].overlaps(UNITS[right])  # noqa: E731
    assert overlaps("cache_read_tokens", "input_audio_tokens")
    assert not overlaps("cache_read_tokens", "cache_write_tokens")
    assert not overlaps("cache_write_5m_tokens", "cache_write_1h_tokens")
    assert not overlaps("input_tokens", "output_tokens")
    assert not overlaps("input_tokens", "web_searches")
