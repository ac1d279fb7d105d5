"""The ``llm_budget`` marker: limits of one test, over those of the YAML."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from decimal import Decimal

from pytest_llmcost.model.budget import Budget, BudgetScope, LimitKey
from pytest_llmcost.model.limits import parse_dollars, parse_limit
from pytest_llmcost.model.money import parse_money
from pytest_llmcost.model.verdict import Level

_USAGE = 'write @pytest.mark.llm_budget(max_cost="0.02", max_calls=5)'
_IGNORE, _LEVEL = "ignore_increase_below", "level"
_ALLOWED = (*(key.value for key in LimitKey), _IGNORE, _LEVEL)


class MarkerError(ValueError):
    """A marker is wrong; the message says what is allowed."""


def budget_of_markers(
    markers: Iterable[tuple[tuple[object, ...], Mapping[str, object]]], nodeid: str, location: str
) -> Budget | None:
    """The limits of a test's markers together.

    Args:
        markers: Arguments and keywords, the closest first: for each key it holds.
        nodeid: The test.
        location: ``file:line`` of the test.

    Returns:
        The budget; None without markers.

    Raises:
        MarkerError: If a marker is wrong.
    """
    keywords: dict[str, object] = {}
    for args, given in markers:
        if args:
            raise MarkerError(f"llm_budget takes keywords only, got {', '.join(map(repr, args))}; {_USAGE}")
        if not given:
            raise MarkerError(f"llm_budget limits nothing; {_USAGE}")
        keywords = {**given, **keywords}
    if not keywords:
        return None
    unknown = sorted(set(keywords) - set(_ALLOWED))
    if unknown:
        raise MarkerError(f"llm_budget: unknown {', '.join(unknown)}{_hint(unknown[0])}")
    limits = {key: _limit(key, keywords[key.value]) for key in LimitKey if key.value in keywords}
    ignored = keywords.get(_IGNORE)
    if ignored is not None and LimitKey.MAX_INCREASE not in limits:
        raise MarkerError(
            f"llm_budget: {_IGNORE} belongs to max_increase, which this marker does not have; add it"
        )
    if not limits:
        raise MarkerError(f"llm_budget limits nothing; {_USAGE}")
    return Budget(
        scope=BudgetScope.TEST,
        match=nodeid,
        limits=limits,
        ignore_increase_below=None if ignored is None else _dollars(ignored),
        level=_level(keywords.get(_LEVEL, Level.ERROR.value)),
        location=location,
    )


def _hint(found: str) -> str:
    near = difflib.get_close_matches(found, _ALLOWED, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else f"; allowed: {', '.join(_ALLOWED)}"


def _limit(key: LimitKey, value: object) -> Decimal:
    try:
        return parse_limit(key, _typed(value))
    except ValueError as error:
        raise MarkerError(f"llm_budget: {key.value} takes {error}; found {value!r}") from None


def _dollars(value: object) -> Decimal:
    try:
        return parse_dollars(_typed(value))
    except ValueError as error:
        raise MarkerError(f"llm_budget: {_IGNORE} takes {error}; found {value!r}") from None


def _typed(value: object) -> str:
    # A float is what its digits say: 0.1 is a tenth.
    return "" if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal) else str(value)


def _level(value: object) -> Level:
    if not isinstance(value, str) or value not in set(Level):
        raise MarkerError(f"llm_budget: level takes error or warning; found {value!r}")
    return Level(value)


def budget_to_json(budget: Budget) -> dict[str, object]:
    """A marker's budget as builtin types, for the way from a worker to the controller."""
    ignored = budget.ignore_increase_below
    return {
        "limits": {key.value: str(value) for key, value in budget.limits.items()},
        "ignore": None if ignored is None else str(ignored),
        "level": budget.level.value,
        "location": budget.location,
    }


def budget_from_json(nodeid: str, found: Mapping[str, object]) -> Budget:
    """Read what ``budget_to_json`` made."""
    limits, ignored = found["limits"], found["ignore"]
    if not isinstance(limits, Mapping):
        raise TypeError("limits is no object")
    return Budget(
        scope=BudgetScope.TEST,
        match=nodeid,
        limits={LimitKey(key): parse_money(str(value)) for key, value in limits.items()},
        ignore_increase_below=None if ignored is None else parse_money(str(ignored)),
        level=Level(str(found["level"])),
        location=str(found["location"]),
    )
