"""Aleph Alpha's completions."""

from __future__ import annotations

from pytest_llmcost.model.units import INPUT, OUTPUT
from pytest_llmcost.usage.fields import count
from pytest_llmcost.usage.reading import Stated, counted
from pytest_llmcost.usage.wire_format import Context, Event, WireFormat


def read_json(body: Event, _context: Context) -> Stated:
    """Read a completion; ``model_version`` there is a date and names no model."""
    return counted(
        {INPUT: count(body, "num_tokens_prompt_total"), OUTPUT: count(body, "num_tokens_generated")}
    )


COMPLETE = WireFormat(read_json)
