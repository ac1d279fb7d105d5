"""Calls of one test that swapped their recordings, where no single look has seen them all.

Calls are compared as they are drained: a set-up before the test, and what came before a look at ``llm_cost``
before what came after. Only such calls are left here, and only hashes are known of them by now.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_llmcost.model.call import MeasuredCall

_Where = tuple[str | None, int, str, str | None]


def without_swapped(calls: Sequence[MeasuredCall]) -> list[MeasuredCall]:
    """The calls; those are no longer stale that got each other's answers, as no usage has changed then.

    Args:
        calls: Of a run, before anything is estimated.
    """
    groups: dict[_Where, list[MeasuredCall]] = {}
    for call in calls:
        drift = call.drift
        if drift is not None and drift.sent_key and call.recorded_usage is None:
            # A prompt of another provider or model has other usage: their recordings are no exchange.
            where = (
                call.origin.nodeid,
                call.origin.attempt,
                call.provider,
                call.cassette and call.cassette.path,
            )
            groups.setdefault(where, []).append(call)
    plain = {id(call) for group in groups.values() if len(group) > 1 for call in _rings(group)}
    if not plain:
        return list(calls)
    return [call._replace(stale=False, drift=None) if id(call) in plain else call for call in calls]


def _rings(group: Sequence[MeasuredCall]) -> list[MeasuredCall]:
    """Calls each of whose request is the recording of the next one, the last one's that of the first."""
    found: list[MeasuredCall] = []
    left = list(group)
    while left:
        ring = [left.pop(0)]
        while _keys(ring[-1])[0] != _keys(ring[0])[1]:
            wanted = _keys(ring[-1])[0]
            index = next((i for i, call in enumerate(left) if _keys(call)[1] == wanted), None)
            if index is None:
                break
            ring.append(left.pop(index))
        else:
            found += ring
            continue
        left = [*ring[1:], *left]
    return found


def _keys(call: MeasuredCall) -> tuple[str | None, str | None]:
    drift = call.drift
    return (None, None) if drift is None else (drift.sent_key, drift.recorded_key)
