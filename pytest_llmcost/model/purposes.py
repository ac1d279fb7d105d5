"""Calls and lookups by what they are for and for whom: feature, session, organisation, user."""

from __future__ import annotations

from typing import NamedTuple

from pytest_llmcost.model.report import Rollup, RunReport
from pytest_llmcost.model.rollup import counted_lookups, grouped, last_attempts, rollup

# The attributes that a call may have, in the order in which reports break the cost down by them.
PURPOSES = ("feature", "session", "org", "user")
# People are not named in reports.
HASHED = frozenset({"user", "org"})


class PurposeCost(NamedTuple):
    """One value of an attribute, with its calls and lookups added up.

    Attributes:
        value: A feature, or a session; the hash of a user or an organisation. None for the rest.
        rollup: Of what states it.
    """

    value: str | None
    rollup: Rollup


def by_purpose(report: RunReport, attribute: str) -> list[PurposeCost]:
    """One row for each value of an attribute, the dearest first, and one for all else: the rows sum.

    Args:
        report: The run.
        attribute: One of ``PURPOSES``.

    Returns:
        Nothing where no call or lookup that counts states the attribute.
    """
    calls = grouped(report.calls, lambda call: call.measured.attributes.get(attribute))
    lookups = grouped(counted_lookups(report), lambda event: event.lookup.attributes.get(attribute))
    values = dict.fromkeys([*calls, *lookups])
    if not any(value is not None for value in values):
        return []  # as in most runs
    last = last_attempts(report.calls, [test.result for test in report.tests])
    rows = [
        PurposeCost(
            value,
            rollup(
                calls.get(value, []),
                last=last,
                include_mocked=report.meta.include_mocked,
                events=lookups.get(value, ()),
            ),
        )
        for value in values
    ]
    told = [row for row in rows if row.rollup.calls or row.rollup.response_cache is not None]
    if not any(row.value is not None for row in told):
        return []
    return sorted(told, key=_rank)


def _rank(row: PurposeCost) -> tuple[bool, bool, object, str]:
    cost = row.rollup.cost  # what has no upper bound may be the dearest of all
    return row.value is None, cost.high is not None, cost.value.copy_negate(), row.value or ""
