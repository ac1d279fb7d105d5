"""AI21's older completions, of its own API and behind Bedrock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.model.units import INPUT, OUTPUT
from pytest_llmcost.usage.fields import child
from pytest_llmcost.usage.reading import Stated, counted
from pytest_llmcost.usage.wire_format import Context, Event, WireFormat


def read_json(body: Event, _context: Context) -> Stated:
    """Read a completion, which lists every token of the prompt and of each answer."""
    return counted(completion_counts(body))


def completion_counts(body: Event) -> dict[str, int | None]:
    """How many tokens a completion lists; None for what it does not list."""
    completions = body.get("completions")
    answers = completions if isinstance(completions, list) else []
    generated = [_length(child(answer, "data")) for answer in answers]
    known = [number for number in generated if number is not None]
    complete = bool(known) and len(known) == len(generated)
    return {INPUT: _length(child(body, "prompt")), OUTPUT: sum(known) if complete else None}


def _length(value: Mapping[str, Any]) -> int | None:
    found = value.get("tokens")
    return len(found) if isinstance(found, list) else None


COMPLETE = WireFormat(read_json)
