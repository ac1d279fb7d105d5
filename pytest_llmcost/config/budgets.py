"""The ``budgets:`` section."""

from __future__ import annotations

from decimal import Decimal

from pytest_llmcost.config.document import Value, members
from pytest_llmcost.config.scalars import choice
from pytest_llmcost.model.budget import Budget, BudgetScope, LimitKey
from pytest_llmcost.model.limits import parse_dollars, parse_limit
from pytest_llmcost.model.verdict import Level

_IGNORE = "ignore_increase_below"
_KEYS = ("scope", "match", "level", _IGNORE, *(key.value for key in LimitKey))
_EXAMPLE = '{scope: test, max_cost: "0.02"}'
# Of which a baseline keeps the cost.
_WITH_BASE = frozenset({BudgetScope.SUITE, BudgetScope.TEST, BudgetScope.AGENT})


def read_budgets(section: Value) -> tuple[Budget, ...]:
    """Check the section and turn it into rules, in their order.

    Raises:
        ConfigError: With the place of the first mistake.
    """
    return tuple(_budget(value) for value in section.elements(f"a list of budgets, such as - {_EXAMPLE}"))


def _budget(value: Value) -> Budget:
    found = members(value, _KEYS, f"a budget, such as {_EXAMPLE}")
    if "scope" not in found:
        value.fail(f"{value.name} has no scope; add one of {', '.join(scope.value for scope in BudgetScope)}")
    scope = choice(found["scope"], BudgetScope)
    limits = {key: _limit(key, found[key.value], scope) for key in LimitKey if key.value in found}
    if not limits:
        value.fail(f'{value.name} limits nothing; add a limit, such as max_cost: "0.02"')
    return Budget(
        scope=scope,
        match=_match(found.get("match"), scope),
        limits=limits,
        ignore_increase_below=_ignored(found.get(_IGNORE), limits),
        level=choice(found["level"], Level) if "level" in found else Level.ERROR,
        location=f"{value.path}:{value.line}",
    )


def _limit(key: LimitKey, value: Value, scope: BudgetScope) -> Decimal:
    if key.is_relative and scope not in _WITH_BASE:
        names = ", ".join(sorted(one.value for one in _WITH_BASE))
        value.fail(
            f"{value.name} needs a baseline, which there is for the scopes {names}; found {scope.value}"
        )
    if key.is_of_response_cache and scope is BudgetScope.CALL:
        value.fail(f"{value.name} is about lookups, which a call has not; use another scope than call")
    typed = value.text("a limit")
    try:
        return parse_limit(key, typed)
    except ValueError as error:
        value.fail(f"{value.name} takes {error}; found {typed!r}")


def _match(value: Value | None, scope: BudgetScope) -> str:
    if value is None:
        return "*"
    if scope is BudgetScope.SUITE:
        value.fail(f"{value.name}: a budget of the suite is about all of it; leave match out")
    return value.text('a name, such as "tests/test_triage.py::*"')


def _ignored(value: Value | None, limits: dict[LimitKey, Decimal]) -> Decimal | None:
    if value is None:
        return None
    if LimitKey.MAX_INCREASE not in limits:
        value.fail(f"{value.name} belongs to max_increase, which this budget does not have")
    typed = value.text("an amount in USD")
    try:
        return parse_dollars(typed)
    except ValueError as error:
        value.fail(f"{value.name} takes {error}; found {typed!r}")
