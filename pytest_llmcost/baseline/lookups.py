"""Lookups in the app's own caches, as a baseline keeps them: how many, and how many hits, by agent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_llmcost.model.baseline import CacheCount
from pytest_llmcost.model.keys import key_of
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.rollup import counted_lookups

# By agent; the empty name is that of no agent.
Counts = Mapping[str, CacheCount]


def lookups_by_key(report: RunReport, folder: str) -> dict[str, Counts]:
    """The lookups of each test, and of each fixture that many tests use, by their keys in a baseline.

    Args:
        report: The run; lookups of last attempts count.
        folder: Of the baseline, relative to the root.
    """
    found: dict[str, dict[str, CacheCount]] = {}
    for event in counted_lookups(report):
        origin = event.lookup.origin
        of_key = found.setdefault(key_of(origin, folder), {})
        agent = origin.agent or ""
        of_key[agent] = of_key.get(agent, CacheCount()).plus(CacheCount(1, int(event.lookup.hit)))
    return {key: dict(sorted(counts.items())) for key, counts in found.items()}


def added(counts: Iterable[CacheCount]) -> CacheCount:
    """All of them together."""
    found = CacheCount()
    for count in counts:
        found = found.plus(count)
    return found


def of_agent(both: Iterable[Counts], agent: str | None) -> CacheCount:
    """The lookups of one agent in several tests."""
    return added(counts[agent or ""] for counts in both if (agent or "") in counts)
