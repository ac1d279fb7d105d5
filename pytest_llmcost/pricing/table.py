"""Which price a call gets: the YAML, the provider's own statement, corrections, genai-prices, in this order.

The order for a call: (1) the id that the response states, (2) the id that genai-prices resolves it to,
(3) the requested id, if neither table knows the first two. For each the YAML comes first (free, exact key,
alias, pattern), then a cost that the provider stated, then genai-prices with our corrections of it. What a
server of one's own answers in its own wire format is free, if the YAML says nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple, TypeVar

from pytest_llmcost.model.call import Api, MeasuredCall, ModelIds
from pytest_llmcost.model.money import money_text
from pytest_llmcost.model.price import Lookup, PriceSource, Rate, RateCard
from pytest_llmcost.pricing.corrections import CorrectedPrices, multiplied
from pytest_llmcost.pricing.genai import GenaiPrices
from pytest_llmcost.pricing.rules import (
    Alias,
    AsOf,
    DatedRates,
    ModelRule,
    PricingRules,
    ProviderReported,
    has_wildcard,
    key_matches,
)

# A server that anybody may run: a call costs nothing but electricity.
_OWN_SERVER = "ollama"
_OWN_SERVER_IS_FREE = "Ollama's native API is free unless pricing: prices it"
# A flat price a month, whatever is asked: ollama.com, pricing.
_SUBSCRIPTION = "ollama-cloud"
_SUBSCRIPTION_IS_FREE = "Ollama's cloud is a subscription that bills no call, unless pricing: prices it"
# Providers that have free models and state so: openrouter.ai/docs, usage accounting.
_STATE_ZERO = frozenset({"openrouter"})
_Keyed = TypeVar("_Keyed", ModelRule, Alias)


class _Question(NamedTuple):
    """What is asked of the tables for one call."""

    context: Mapping[str, str]
    day: date
    dated: bool


class PriceTable:
    """The rules of the YAML in front of genai-prices.

    Args:
        rules: The ``pricing:`` section.
        today: The day of the run, for ``as_of: today``.
        bundled: The table behind the rules.
    """

    def __init__(self, rules: PricingRules, today: date, bundled: GenaiPrices | None = None) -> None:
        self.rules = rules
        self.bundled = CorrectedPrices(bundled or GenaiPrices())
        self._today = today
        self._day = self.day
        self._lookups: dict[tuple[str, Api, ModelIds, tuple[tuple[str, str], ...], date], Lookup] = {}
        self._cards: dict[tuple[str, str, tuple[tuple[str, str], ...], date], RateCard | None] = {}

    def day_of(self, call: MeasuredCall) -> date:
        """The day whose prices hold for a call."""
        if isinstance(self.rules.as_of, date):
            return self.rules.as_of
        if self.rules.as_of is AsOf.RECORDED and call.answered_at:
            return call.answered_at.date()
        return self._today

    @property
    def as_of(self) -> str:
        """The setting as the report states it: a date, or ``recorded``."""
        if isinstance(self.rules.as_of, date):
            return self.rules.as_of.isoformat()
        return self.rules.as_of.value if self.rules.as_of is AsOf.RECORDED else self._today.isoformat()

    @property
    def day(self) -> date | None:
        """The day whose prices hold for every call; None where each has its own."""
        if isinstance(self.rules.as_of, date):
            return self.rules.as_of
        return None if self.rules.as_of is AsOf.RECORDED else self._today

    def knows(self, provider: str, model: str) -> bool:
        """Whether the YAML or a table says anything of a model."""
        question = _Question({}, self.day or self._today, dated=False)
        return (
            self._ask_yaml(f"{provider}/{model}", question, []) is not None
            or self.bundled.resolve(provider, model) is not None
        )

    def is_deprecated(self, provider: str, model: str) -> bool:
        """Whether the bundled table says that the provider has announced the end of a model."""
        return self.bundled.is_deprecated(provider, model)

    def starts(self, provider: str, model: str) -> list[date]:
        """The days on which prices of a model begin, in order; those of all rows of the YAML too."""
        return sorted({*self.typed_starts(), *self.bundled.starts(provider, model)})

    def typed_starts(self) -> set[date]:
        """The days on which rows of the YAML begin."""
        return {row.start for rule in self.rules.models for row in rule.rows if row.start}

    @property
    def builds_on_bundled(self) -> bool:
        """Whether a row of the YAML may take rates of another table."""
        rows = [row for rule in self.rules.models for row in rule.rows]
        return any(row.base is not None or row.multiply is not None for row in rows)

    def on(self, day: date) -> PriceTable:
        """The same rules and tables with the prices of another day."""
        return PriceTable(self.rules._replace(as_of=day), self._today, self.bundled.bundled)

    def look_up(self, call: MeasuredCall) -> Lookup:
        """Find the price of a call.

        Returns:
            The lookup; its source is ``NONE`` if nobody knows the model.
        """
        if call.stated_cost is not None:
            return self._look_up(call)
        context = tuple(sorted(call.context.items())) if call.context else ()
        key = (call.provider, call.api, call.model, context, self._day or self.day_of(call))
        found = self._lookups.get(key)
        if found is None:
            found = self._lookups[key] = self._look_up(call)
        return found

    def _look_up(self, call: MeasuredCall) -> Lookup:
        trail: list[str] = []
        question = _Question(call.context, self.day_of(call), self.rules.as_of is AsOf.RECORDED)
        billed, requested = call.model.billed or call.model.requested, call.model.requested
        stated = self._stated(call, trail)
        if billed is None:
            trail.append("the call names no model")
            answer = self._ask_yaml(f"{call.provider}/{call.model.name}", question, trail)
        else:
            answer = self._ask(call.provider, billed, question, trail, stated)
        if answer is None and requested is not None and requested != billed:
            trail.append(f"neither table knows {billed!r}: trying the requested id")
            answer = self._ask(call.provider, requested, question, trail, stated)
        if answer is None or answer.source is PriceSource.NONE:
            answer = stated or answer or self._default(call, trail)
        return answer._replace(trail=tuple(trail))

    def _default(self, call: MeasuredCall, trail: list[str]) -> Lookup:
        if call.provider == _SUBSCRIPTION:
            trail.append(_SUBSCRIPTION_IS_FREE)
            return Lookup(PriceSource.FREE, origin=_SUBSCRIPTION_IS_FREE)
        if call.provider != _OWN_SERVER or not call.api.value.startswith(f"{_OWN_SERVER}."):
            return Lookup(PriceSource.NONE)
        trail.append(_OWN_SERVER_IS_FREE)
        return Lookup(PriceSource.FREE, origin=_OWN_SERVER_IS_FREE)

    def look_up_model(self, call: MeasuredCall, model: str) -> Lookup:
        """Find the price of another model at the same provider, for a call inside a call."""
        trail: list[str] = []
        question = _Question(call.context, self.day_of(call), self.rules.as_of is AsOf.RECORDED)
        answer = self._ask(call.provider, model, question, trail, None) or Lookup(PriceSource.NONE)
        return answer._replace(trail=tuple(trail))

    def _stated(self, call: MeasuredCall, trail: list[str]) -> Lookup | None:
        if call.stated_cost is None or self.rules.provider_reported is ProviderReported.IGNORE:
            return None
        if call.provider == call.host or (not call.stated_cost and call.provider not in _STATE_ZERO):
            # A host that nobody named may write anything, and a gateway 0 for a model that it cannot price.
            stated = money_text(call.stated_cost)
            trail.append(f"{call.provider} states a cost of {stated}, which is not relied on")
            return None
        if self.rules.provider_reported is ProviderReported.COMPARE:
            trail.append(f"the provider states ${money_text(call.stated_cost)} (provider_reported: compare)")
            return None
        return Lookup(PriceSource.STATED, matched=None, origin=f"stated by {call.provider}")

    def _ask(
        self, provider: str, model: str, question: _Question, trail: list[str], stated: Lookup | None
    ) -> Lookup | None:
        name = f"{provider}/{model}"
        answer = self._ask_yaml(name, question, trail)
        if answer:
            return answer
        match = self.bundled.resolve(provider, model)
        if match and match.key != name:
            answer = self._ask_yaml(match.key, question, trail)
        if answer:
            return answer
        if match is None:
            trail.append(f"genai-prices: no {name}")
            return None
        trail.append(f"{match.table}: {name} is {match.key}")
        found = self._bundled(provider, model, question)
        if found and found.source is PriceSource.CORRECTION:
            trail.append(found.origin or "")
        return stated._replace(card=found.card if found else None) if stated else found

    def _ask_yaml(
        self, name: str, question: _Question, trail: list[str], seen: frozenset[str] = frozenset()
    ) -> Lookup | None:
        """What the YAML says of a model; None where it says nothing.

        A row or an alias that leads to no price is an answer too, of the source ``NONE``: what the user
        wrote is not passed over for a price that they wanted to replace.
        """
        for free in self.rules.free:
            if key_matches(free.key, name):
                place = self.rules.place(free.line)
                trail.append(f"{place}: {name} is free ({free.key})")
                return Lookup(PriceSource.FREE, matched=free.key, origin=place)
        exact = next((rule for rule in self.rules.models if rule.key == name), None)
        if exact:
            return self._ask_rule(exact, name, question, trail)
        # An alias may point to an alias, and "openai/*" matches its own target: nobody is asked twice.
        alias = _best([alias for alias in self.rules.aliases if alias.target not in {name, *seen}], name)
        if alias:
            trail.append(f"{self.rules.place(alias.line)}: {name} stands for {alias.target}")
            return self._ask_yaml(alias.target, question, trail, seen | {name}) or self._ask_target(
                alias, question, trail
            )
        pattern = _best(self.rules.models, name)
        return self._ask_rule(pattern, name, question, trail) if pattern else None

    def _ask_rule(self, rule: ModelRule, name: str, question: _Question, trail: list[str]) -> Lookup | None:
        place = self.rules.place
        row = rule.on(question.day)
        if row is None:
            trail.append(f"{place(rule.line)}: {rule.key} has no price yet on {question.day}")
            return None
        card = self._from_row(rule, row, name, question, frozenset())
        if card is None:
            trail.append(f"{place(row.line)}: {rule.key} builds on {row.base or name}, which has no price")
            return Lookup(PriceSource.NONE, matched=rule.key, origin=trail[-1])
        trail.append(f"{card.origin}: {name} is priced by {rule.key}")
        return Lookup(PriceSource.YAML, card, matched=rule.key, origin=card.origin)

    def _ask_target(self, alias: Alias, question: _Question, trail: list[str]) -> Lookup:
        provider, _, model = alias.target.partition("/")
        answer = self._bundled(provider, model, question)
        if answer:
            trail.append(f"{answer.origin}: {alias.target} is {answer.matched}")
            return answer
        trail.append(
            f"{self.rules.place(alias.line)}: {alias.key} stands for {alias.target}, which has no price"
        )
        return Lookup(PriceSource.NONE, matched=alias.key, origin=trail[-1])

    def _bundled(self, provider: str, model: str, question: _Question) -> Lookup | None:
        context = tuple(sorted(question.context.items()))
        key = (provider, model, context, question.day)
        if key not in self._cards:
            card = self.bundled.card(provider, model, question.context, question.day)
            self._cards[key] = card and replace(card, name=_card_name(card.matched, question))
        found = self._cards[key]
        if found is None:
            return None
        return Lookup(found.source, found, matched=found.matched, origin=found.origin)

    def _from_row(
        self, rule: ModelRule, row: DatedRates, name: str, question: _Question, seen: frozenset[str]
    ) -> RateCard | None:
        rates: dict[str, Rate] = {}
        doubts: tuple[str, ...] = ()
        if row.base or row.multiply is not None:
            source = self._base_card(row.base or name, question, seen | {rule.key}, own=not row.base)
            if source is None:
                return None
            rates, doubts = dict(source.rates), source.doubts
        if row.multiply is not None:
            rates = {unit: multiplied(rate, row.multiply) for unit, rate in rates.items()}
        rates.update(row.rates)
        return RateCard(
            # A factor on "openai/*" makes a card for each model, any other row makes one for all.
            name=_card_name(rule.key if row.base or row.multiply is None else name, question),
            source=PriceSource.YAML,
            origin=self.rules.place(row.line),
            matched=rule.key,
            as_of=question.day,
            since=row.start,
            rates=rates,
            doubts=doubts,
        )

    def _base_card(
        self, name: str, question: _Question, seen: frozenset[str], *, own: bool
    ) -> RateCard | None:
        """The card that a row builds on: a row of another model, or genai-prices."""
        rule = None if own else _best(self.rules.models, name)
        if rule and rule.key not in seen:
            row = rule.on(question.day)
            return self._from_row(rule, row, name, question, seen) if row else None
        provider, _, model = name.partition("/")
        return self.bundled.card(provider, model, question.context, question.day)


def _best(rules: Sequence[_Keyed], name: str) -> _Keyed | None:
    """The rule whose key is the name, else the longest key with a wildcard that matches it."""
    exact = next((rule for rule in rules if rule.key == name), None)
    patterns = [rule for rule in rules if has_wildcard(rule.key) and key_matches(rule.key, name)]
    return exact or max(patterns, key=lambda rule: len(rule.key), default=None)


def _card_name(matched: str, question: _Question) -> str:
    context = [f"{key}={value}" for key, value in sorted(question.context.items())]
    if question.dated:
        context.append(f"as_of={question.day.isoformat()}")
    return f"{matched}@{','.join(context) or 'standard'}"
