"""From the calls of a run to what a baseline keeps of them, and back to something that has a price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from pytest_llmcost.model.baseline import Entry, Mark
from pytest_llmcost.model.call import (
    Call,
    MeasuredCall,
    ModelIds,
    Origin,
    RequestSize,
    Source,
    Status,
)
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.rollup import last_attempts
from pytest_llmcost.model.usage import NO_USAGE

OUTSIDE = "outside any test"
_MARKS = {
    Status.ESTIMATED: Mark.STALE,
    Status.INCOMPLETE: Mark.INCOMPLETE,
    Status.UNPRICED: Mark.UNPRICED,
}
_NO_TIME = datetime.fromtimestamp(0, UTC)
_NO_REQUEST = RequestSize("", MappingProxyType({}))


def entry_of(call: Call) -> Entry:
    """What a baseline keeps of a call."""
    measured = call.measured
    model = measured.model.name
    requested = measured.model.requested
    return Entry(
        agent=measured.origin.agent,
        provider=measured.provider,
        model=model,
        requested=requested if requested != model else None,
        api=measured.api,
        context=tuple(sorted(measured.context.items())),
        usage=measured.usage or NO_USAGE,
        stated_cost=measured.stated_cost if call.status is Status.REPORTED else None,
        sub_calls=measured.sub_calls,
        mark=_MARKS.get(call.status, Mark.NONE),
    )


def as_measured(entry: Entry) -> MeasuredCall:
    """An entry as a call that a price table takes; who made it and when is not known any more."""
    return MeasuredCall(
        origin=Origin(agent=entry.agent),
        provider=entry.provider,
        host="",
        api=entry.api,
        model=ModelIds(entry.requested or entry.model, entry.model),
        stream=False,
        source=Source.REPLAYED,
        stale=entry.mark is Mark.STALE,
        usage=entry.usage,
        incomplete="accepted as incomplete" if entry.mark is Mark.INCOMPLETE else None,
        context=dict(entry.context),
        stated_cost=entry.stated_cost,
        sub_calls=entry.sub_calls,
        request=_NO_REQUEST,
        started_at=_NO_TIME,
    )


def counted_calls(report: RunReport) -> list[Call]:
    """The calls whose cost counts: those of last attempts, mocked ones only where the YAML includes them."""
    last = last_attempts(report.calls, [test.result for test in report.tests])
    return [
        call
        for call in report.calls
        if call.id in last and (report.meta.include_mocked or call.measured.source is not Source.MOCKED)
    ]


def calls_by_key(calls: Iterable[Call], folder: str) -> dict[str, list[Call]]:
    """The calls of each test, and of each fixture that many tests use, by their keys in a baseline.

    Args:
        calls: Those that count.
        folder: Of the baseline, relative to the root: test files are named from there.
    """
    found: dict[str, list[Call]] = {}
    for call in calls:
        found.setdefault(key_of(call.measured.origin, folder), []).append(call)
    return found


def key_of(origin: Origin, folder: str) -> str:
    """The key of the line that a call belongs to."""
    if origin.nodeid is not None:
        return test_key(origin.nodeid, folder)
    return f"fixture {origin.fixture}" if origin.fixture else OUTSIDE


def test_key(nodeid: str, folder: str) -> str:
    """The key of a test: its nodeid, with the file named from the baseline's folder.

    Args:
        nodeid: pytest's, with ``/`` on every platform.
        folder: Of the baseline, relative to the root; empty if it is the root itself.
    """
    if not folder:
        return nodeid
    inside = f"{folder}/"
    if nodeid.startswith(inside):
        return nodeid[len(inside) :]
    return "../" * (folder.count("/") + 1) + nodeid


def is_test(key: str) -> bool:
    """Whether a key is that of a test, and not of what runs beside the tests."""
    return key != OUTSIDE and not key.startswith("fixture ")


def tally(entries: Sequence[Entry]) -> Mapping[Entry, int]:
    """How often each entry is there."""
    found: dict[Entry, int] = {}
    for entry in entries:
        found[entry] = found.get(entry, 0) + 1
    return found


def request_bytes(calls: Iterable[Call]) -> dict[str, int]:
    """Bytes of the parts of all prompts."""
    found: dict[str, int] = {}
    for call in calls:
        for part, size in call.measured.request.parts.items():
            found[part] = found.get(part, 0) + size
    return found
