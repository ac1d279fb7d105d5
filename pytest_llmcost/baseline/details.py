"""What else is known of a cause: the part of the prompt that grew, and calls that repeat others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pytest_llmcost.baseline.causes import Matched
from pytest_llmcost.baseline.entries import request_bytes
from pytest_llmcost.model.baseline import Line
from pytest_llmcost.model.call import Call
from pytest_llmcost.model.diff import CauseKind

_ESTIMATED = "estimated: the recording is of an older request"
_WORTH_SAYING = 16  # bytes a call: dates and ids come and go


def details_of(line: Line, calls: Sequence[Call], matched: Matched) -> dict[CauseKind, str]:
    """Details by cause.

    Args:
        line: Of the base.
        calls: Of the head.
        matched: What differs.
    """
    found = {}
    parts = _grown_parts(line, calls)
    if parts:
        found[CauseKind.INPUT] = parts
    if any(call.measured.stale for call in calls):
        found[CauseKind.INPUT] = ", ".join(filter(None, (parts, _ESTIMATED)))
    grown = len(calls) - sum(line.entries.values())
    as_it_ran = grown == len(matched.added) - len(matched.removed)  # and no fixture of several workers
    if matched.added and as_it_ran and (more := _repeats_and_retries(calls)):
        found[CauseKind.CALLS] = more
    return found


def _grown_parts(line: Line, calls: Sequence[Call]) -> str | None:
    before, now = sum(line.entries.values()), len(calls)
    if not line.request or not before or not now:
        return None
    sizes = request_bytes(calls)
    parts = {
        part: sizes.get(part, 0) / now - line.request.get(part, 0) / before
        for part in ("system", "tools", "messages")
    }
    shown = [
        f"{part} {size:+,.0f} bytes"
        for part, size in sorted(parts.items(), key=lambda item: -abs(item[1]))
        if abs(size) >= _WORTH_SAYING
    ]
    return ", ".join(shown) or None


def _repeats_and_retries(calls: Sequence[Call]) -> str | None:
    alike = Counter(call.measured.request.sha256 for call in calls if call.measured.request.sha256)
    repeats = sum(number - 1 for number in alike.values())
    retries = sum(len(call.measured.failed_attempts) for call in calls)
    said = [
        text
        for text in (
            f"{repeats} repeat{'s' if repeats == 1 else ''} an identical call" if repeats == 1
            else f"{repeats} repeat identical calls" if repeats else "",
            f"{retries} failed attempt{'s' if retries != 1 else ''} before" if retries else "",
        )
        if text
    ]  # fmt: skip
    return ", ".join(said) or None
