"""How far a request has moved from the recorded one, for people: parts, sizes and about how many tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pytest_llmcost.model.call import Call
from pytest_llmcost.model.drift import Drift, PartChange
from pytest_llmcost.model.shown import plural
from pytest_llmcost.reports.text import safe

_MOST_PARTS = 6


def drift_text(drift: Drift) -> str:
    """``system 120 to 240 bytes, tools added (310 bytes)``; a model by its name."""
    parts = [_part(change, drift) for change in drift.changes]
    more = len(parts) - _MOST_PARTS
    return ", ".join([*parts[:_MOST_PARTS], *([f"{plural(more, 'more part')}"] if more > 0 else [])])


def _part(change: PartChange, drift: Drift) -> str:
    name = safe(change.part)
    if name == "model" and drift.recorded_model:
        return f"model (recorded: {safe(drift.recorded_model)})"
    if change.before is None:
        return f"{name} added ({change.after:,} bytes)"
    if change.after is None:
        return f"{name} removed ({change.before:,} bytes)"
    if change.before == change.after:
        return f"{name} changed ({change.after:,} bytes)"
    return f"{name} {change.before:,} to {change.after:,} bytes"


def grown_text(call: Call) -> str | None:
    """``about +29 input tokens (1,200 to 1,229)``; None where the recording states none."""
    measured = call.measured
    if measured.recorded_usage is None or measured.usage is None:
        return None
    before, after = measured.recorded_usage.input_tokens, measured.usage.input_tokens
    if measured.bounds is None or before == after:
        return None
    low, high = measured.bounds.low.input_tokens, measured.bounds.high.input_tokens
    between = f", from {low:,} to {high:,}" if low != high else ""
    return f"about {after - before:+,} input tokens ({before:,} recorded, {after:,} estimated{between})"


def stale_lines(calls: Sequence[Call], texts: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What changed in each changed call, and the changed lines where this process has them.

    Args:
        calls: Any.
        texts: By the hash of a request.
    """
    for call in calls:
        drift = call.measured.drift
        if drift is None:
            continue
        grown = grown_text(call)
        yield f"stale {call.id}: {drift_text(drift)}{f'; {grown}' if grown else ''}"
        yield from (f"    {safe(line)}" for line in texts.get(call.measured.request.sha256, ()))
