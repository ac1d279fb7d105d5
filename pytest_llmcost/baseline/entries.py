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
from pytest_llmcost.model.keys import key_of
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.rollup import counted_calls, counted_lookups, runs_of
from pytest_llmcost.model.usage import NO_USAGE

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
    origin, context = measured.origin, measured.context
    model, requested = measured.model.name, measured.model.requested
    # In the order of the fields: there are many calls, and names take time.
    return Entry(
        origin.agent,
        measured.provider,
        model,
        measured.api,
        measured.usage or NO_USAGE,
        requested if requested != model else None,
        tuple(sorted(context.items())) if context else (),
        measured.stated_cost if call.status is Status.REPORTED else None,
        measured.sub_calls,
        _mark(call),
        _edit(measured) if measured.drift is not None else (),
        _around(origin) if origin.agent_path else (),
    )


def _around(origin: Origin) -> tuple[str, ...]:
    """The agents around the one that made a call, from the outermost."""
    return tuple(dict.fromkeys(name for name in origin.agent_path if name != origin.agent))


def _mark(call: Call) -> Mark:
    if call.status is Status.EXACT and not call.measured.stale:
        return Mark.NONE  # as most are
    found = _MARKS.get(call.status, Mark.NONE)
    # Of a changed request whose cost nobody knows, the usage is in doubt all the same.
    return Mark.STALE if found is Mark.NONE and call.measured.stale else found


def _edit(measured: MeasuredCall) -> tuple[tuple[str, int], ...]:
    drift, recorded = measured.drift, measured.recorded_usage
    if drift is None or recorded is None:
        return ()
    changed = {
        "text_removed": drift.removed,
        "text_added": drift.added,
        "tools_removed": drift.tools_removed,
        "tools_added": drift.tools_added,
    }
    if drift.cache is not None:
        changed[f"cache_{drift.cache}"] = 1
    if measured.usage is not None and measured.usage.output_tokens != recorded.output_tokens:
        changed["output_limit"] = measured.usage.output_tokens
    return tuple(sorted({**dict(recorded), **changed}.items()))


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


def calls_by_key(calls: Iterable[Call], folder: str) -> dict[str, list[Call]]:
    """The calls of each test, and of each fixture that many tests use, by their keys in a baseline.

    Args:
        calls: Those that count.
        folder: Of the baseline, relative to the root: test files are named from there.
    """
    found: dict[str, list[Call]] = {}
    last, same = None, []
    for call in calls:
        origin = call.measured.origin
        if origin is not last:  # calls of one test mostly follow each other
            last, same = origin, found.setdefault(key_of(origin, folder), [])
        same.append(call)
    return found


def tally(entries: Sequence[Entry]) -> Mapping[Entry, int]:
    """How often each entry is there."""
    found = dict.fromkeys(entries, 1)
    if len(found) == len(entries):
        return found
    found = {}
    for entry in entries:
        found[entry] = found.get(entry, 0) + 1
    return found


def runs_by_key(report: RunReport, folder: str) -> dict[str, dict[str, int]]:
    """How often each agent ran in each test, and in each fixture that many tests use, by their keys.

    A run that a cache of the app spared all calls is one too: who pays for a month pays for fewer calls in
    each run, and not for fewer runs.

    Args:
        report: The run.
        folder: Of the baseline, relative to the root.
    """
    origins: dict[str, list[Origin]] = {}
    for origin in (
        *(call.measured.origin for call in counted_calls(report)),
        *(event.lookup.origin for event in counted_lookups(report)),
    ):
        if origin.agent_path or origin.agent_runs:  # most calls are no agent's
            origins.setdefault(key_of(origin, folder), []).append(origin)
    return {key: _runs_by_agent(found) for key, found in origins.items()}


def _runs_by_agent(origins: Iterable[Origin]) -> dict[str, int]:
    """How often each agent ran; a run whose sub-agents made all of its calls is one too."""
    runs = {run for origin in set(origins) for run in runs_of(origin).items()}
    found: dict[str, int] = {}
    for name, _ in sorted(runs, key=lambda run: run[0]):
        found[name] = found.get(name, 0) + 1
    return found


def request_bytes(calls: Iterable[Call]) -> dict[str, int]:
    """Bytes of the parts of all prompts."""
    found: dict[str, int] = {}
    for call in calls:
        for part, size in call.measured.request.parts.items():
            found[part] = found.get(part, 0) + size
    return found
