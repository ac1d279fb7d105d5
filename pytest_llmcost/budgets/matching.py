"""Which rules hold for a test, an agent or a model."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from pytest_llmcost.model.budget import Budget, BudgetScope, LimitKey
from pytest_llmcost.model.money import ZERO
from pytest_llmcost.model.verdict import Level
from pytest_llmcost.model.wildcards import matches


class Limit(NamedTuple):
    """One limit, with the rule that it comes from.

    Attributes:
        value: USD, a count or a ratio.
        budget: Its rule.
        ignore_below: USD; a smaller increase is no finding.
    """

    value: Decimal
    budget: Budget
    ignore_below: Decimal = ZERO

    @property
    def only_warns(self) -> bool:
        """Whether a figure past it is no error."""
        return self.budget.level is Level.WARNING


class Loosened(NamedTuple):
    """A limit that a marker has made less strict."""

    nodeid: str
    key: LimitKey
    before: Limit
    after: Limit


def limits_for(scope: BudgetScope, name: str, budgets: Sequence[Budget]) -> dict[LimitKey, Limit]:
    """The limits of one thing: for each key the last rule that matches and has it.

    Args:
        scope: Of the thing.
        name: The thing.
        budgets: In the order of the file.
    """
    found: dict[LimitKey, Limit] = {}
    ignore = ZERO
    for budget in budgets:
        if budget.scope is not scope or not matches(budget.match, name):
            continue
        if budget.ignore_increase_below is not None:
            ignore = budget.ignore_increase_below
        for key, value in budget.limits.items():
            found[key] = Limit(value, budget)
    if LimitKey.MAX_INCREASE in found:
        found[LimitKey.MAX_INCREASE] = found[LimitKey.MAX_INCREASE]._replace(ignore_below=ignore)
    return found


def marked_over(
    nodeid: str, limits: Mapping[LimitKey, Limit], marked: Budget | None
) -> tuple[dict[LimitKey, Limit], list[Loosened]]:
    """The limits of a test with those of its marker over them, and which of them it loosens."""
    if marked is None:
        return dict(limits), []
    found, loosened = dict(limits), []
    for key, value in marked.limits.items():
        before = limits.get(key)
        ignore = marked.ignore_increase_below
        if ignore is None:
            ignore = before.ignore_below if before else ZERO
        found[key] = Limit(value, marked, ignore if key is LimitKey.MAX_INCREASE else ZERO)
        if before is not None and _is_looser(key, found[key], before):
            loosened.append(Loosened(nodeid, key, before, found[key]))
    return found, loosened


def _is_looser(key: LimitKey, limit: Limit, before: Limit) -> bool:
    if limit.only_warns and not before.only_warns:
        return True
    if key.is_lower:
        return limit.value < before.value
    return limit.value > before.value or limit.ignore_below > before.ignore_below


def nearest(match: str, names: Iterable[str]) -> str | None:
    """The name that a ``match`` without a match may have meant."""
    found = difflib.get_close_matches(match, list(names), n=1, cutoff=0.5)
    return found[0] if found else None
