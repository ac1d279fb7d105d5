"""The prices that reports were made with, in the place of a price table.

A report states how the price of each of its calls was found, so that usage of an earlier run can be priced
alike without asking any table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from pytest_llmcost.model.call import Api, Call, MeasuredCall
from pytest_llmcost.model.price import Lookup, PriceSource
from pytest_llmcost.pricing.prices import Prices

_NOBODY_KNOWS = Lookup(PriceSource.NONE)
# A price of the user's own comes before the provider's statement, any other after it.
_BEFORE_A_STATEMENT = frozenset({PriceSource.YAML, PriceSource.FREE})
_Context = tuple[tuple[str, str], ...]


class _Asked(NamedTuple):
    """What decides the price of a call."""

    provider: str
    api: Api
    requested: str
    model: str
    context: _Context
    states_cost: bool


class ReportPrices:
    """The prices of the calls of some reports; those of the first hold where they differ.

    Args:
        reports: The calls of each report.
        fallback: Makes what is asked for a price that no report knows; None for nothing.
    """

    def __init__(
        self, reports: Iterable[Iterable[Call]], fallback: Callable[[], Prices] | None = None
    ) -> None:
        self._make_fallback = fallback
        self._exact: dict[_Asked, Lookup] = {}
        self._by_model: dict[tuple[str, str, _Context], dict[str, Lookup]] = {}
        for calls in reports:
            self._learn(calls)

    @cached_property
    def _fallback(self) -> Prices | None:
        return self._make_fallback() if self._make_fallback else None

    def _learn(self, calls: Iterable[Call]) -> None:
        exact: dict[_Asked, Lookup] = {}
        inside: dict[tuple[str, str, _Context], Lookup] = {}
        for call in _unlike(calls):
            asked = _asked(call.measured)
            known = exact.get(asked)
            # With "as_of: recorded" a model has a card for each day: the last one is the nearest to today.
            if known is None or _is_later(call.lookup, known):
                exact[asked] = call.lookup
            for sub in call.sub_calls:
                if sub.model is not None and sub.lookup is not call.lookup:
                    inside[asked.provider, sub.model, asked.context] = sub.lookup
        for asked, lookup in exact.items():
            self._exact.setdefault(asked, lookup)
        named = [((asked.provider, asked.model, asked.context), lookup) for asked, lookup in exact.items()]
        for key, lookup in [*named, *inside.items()]:
            if lookup.matched is not None:
                self._by_model.setdefault(key, {}).setdefault(_name_of(lookup), lookup)

    def look_up(self, call: MeasuredCall) -> Lookup:
        """The price of a call like it; of the source ``NONE`` if no report knows one."""
        asked = _asked(call)
        found = self._exact.get(asked)
        if found is None and asked.states_cost:
            own = self._known(asked._replace(states_cost=False))
            if own is None or own.source not in _BEFORE_A_STATEMENT:
                return Lookup(PriceSource.STATED, origin=f"stated by {asked.provider}")
            found = own
        found = found or self._known(asked)
        if found is None and self._fallback is not None:
            return self._fallback.look_up(call)
        return found or _NOBODY_KNOWS

    def look_up_model(self, call: MeasuredCall, model: str) -> Lookup:
        """The price of another model at the same provider, for a call inside a call."""
        found = self._of_model(call.provider, model, tuple(sorted(call.context.items())))
        if found is None and self._fallback is not None:
            return self._fallback.look_up_model(call, model)
        return found or _NOBODY_KNOWS

    def _known(self, asked: _Asked) -> Lookup | None:
        return self._exact.get(asked) or self._of_model(asked.provider, asked.model, asked.context)

    def _of_model(self, provider: str, model: str, context: _Context) -> Lookup | None:
        """The price of a model whoever asked for it; none where that made a difference."""
        found = self._by_model.get((provider, model, context), {})
        return next(iter(found.values())) if len(found) == 1 else None


def _unlike(calls: Iterable[Call]) -> Iterator[Call]:
    """The calls, without those that plainly tell no more of prices than one before."""
    seen = set()
    for call in calls:
        measured = call.measured
        if not measured.context and not call.sub_calls:
            states_cost = measured.stated_cost is not None
            told = (id(call.lookup), measured.provider, measured.api, measured.model, states_cost)
            if told in seen:
                continue
            seen.add(told)
        yield call


def _asked(call: MeasuredCall) -> _Asked:
    name = call.model.name
    return _Asked(
        call.provider,
        call.api,
        call.model.requested or name,
        name,
        tuple(sorted(call.context.items())) if call.context else (),
        call.stated_cost is not None,
    )


def _is_later(lookup: Lookup, other: Lookup) -> bool:
    return lookup.card is not None and other.card is not None and lookup.card.as_of > other.card.as_of


def _name_of(lookup: Lookup) -> str:
    return f"{lookup.source.value} {lookup.matched}"
