"""Why a cost changed, in dollars that add up to the change exactly.

Calls that are alike on both sides cancel out. The others are paired, and each pair's difference is split in
steps: the base's usage at the head's model, then in the head's tier, then with the head's usage. What has no
partner is a call more or less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pytest_llmcost.baseline.figures import (
    average,
    context_text,
    model_and_api,
    model_and_asked,
    percent,
    short_model,
)
from pytest_llmcost.baseline.sides import Priced, Pricer, hit_rate
from pytest_llmcost.model.amount import Amount, total
from pytest_llmcost.model.baseline import Entry, Mark
from pytest_llmcost.model.call import Api
from pytest_llmcost.model.diff import Cause, CauseKind
from pytest_llmcost.model.money import ZERO, exact_money
from pytest_llmcost.model.units import INPUT, OUTPUT, UNITS
from pytest_llmcost.model.usage import Usage

# What an edit says of cache breakpoints that came or went.
_MARKS_MOVED = frozenset({"cache_none", "cache_5m", "cache_1h"})
_TWELVE_PLACES = Decimal("0.000000000001")
# Each with the names of everything that is counted inside it.
_INSIDE = {
    container: frozenset(
        name for name, unit in UNITS.items() if name == container or UNITS[container].contains(unit)
    )
    for container in (INPUT, OUTPUT)
}
_CACHED = frozenset(
    name
    for name, unit in UNITS.items()
    if dict(unit.dimensions).get("token_type") in {"cache_read", "cache_write"}
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A call of the base and the call of the head that stands in its place."""

    base: Priced
    head: Priced

    @property
    def delta(self) -> Decimal:
        """USD."""
        with exact_money():
            return self.head.cost.value - self.base.cost.value


@dataclass(slots=True)
class Matched:
    """The calls of both sides that differ.

    Attributes:
        pairs: Calls in the place of calls.
        added: Calls of the head without a partner.
        removed: Calls of the base without a partner.
    """

    pairs: list[Pair] = field(default_factory=list)
    added: list[Priced] = field(default_factory=list)
    removed: list[Priced] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Whether the sides are not alike."""
        return bool(self.pairs or self.added or self.removed)

    @property
    def delta(self) -> Amount:
        """USD: the head's interval against the base's value."""
        head = total(call.cost for call in [*self.added, *(pair.head for pair in self.pairs)])
        with exact_money():
            base = sum((c.cost.value for c in [*self.removed, *(p.base for p in self.pairs)]), ZERO)
            high = None if head.high is None else head.high - base
            return Amount(head.low - base, head.value - base, high)


# From the closest kin to none at all.
_KIN: tuple[Callable[[Entry], object], ...] = (
    lambda entry: (entry.agent, entry.provider, entry.model, entry.context),
    lambda entry: (entry.provider, entry.model, entry.context),
    lambda entry: (entry.agent, entry.api),
    lambda entry: entry.api,
    # Another provider has another wire format.
    lambda entry: (entry.agent, entry.api.generates),
    lambda entry: entry.api.generates,
)


def match(base: Sequence[Priced], head: Sequence[Priced]) -> Matched:
    """Pair the calls of two sides; those that are alike are left out."""
    found = Matched()
    if base is head or sorted([one.kind for one in base]) == sorted([one.kind for one in head]):
        return found
    left, right = _without_equals(base, head)
    for kin in _KIN:
        left, right = _pair_up(left, right, kin, found.pairs)
    found.removed, found.added = left, right
    return found


def _without_equals(base: Sequence[Priced], head: Sequence[Priced]) -> tuple[list[Priced], list[Priced]]:
    common = Counter([one.kind for one in base]) & Counter([one.kind for one in head])
    return _less(base, common.copy()), _less(head, common)


def _less(calls: Sequence[Priced], common: Counter[int]) -> list[Priced]:
    kept = []
    for call in calls:
        if common[call.kind]:
            common[call.kind] -= 1
        else:
            kept.append(call)
    return kept


def _pair_up(
    left: list[Priced], right: list[Priced], kin: Callable[[Entry], object], pairs: list[Pair]
) -> tuple[list[Priced], list[Priced]]:
    groups: dict[object, tuple[list[Priced], list[Priced]]] = {}
    for side, calls in enumerate((left, right)):
        for call in calls:
            groups.setdefault(kin(call.entry), ([], []))[side].append(call)
    rest: tuple[list[Priced], list[Priced]] = ([], [])
    for ones, others in groups.values():
        ones.sort(key=_size)
        others.sort(key=_size)
        pairs += [Pair(one, other) for one, other in zip(ones, others, strict=False)]
        rest[0].extend(ones[len(others) :])
        rest[1].extend(others[len(ones) :])
    return rest


def _size(call: Priced) -> tuple[int, int]:
    return call.entry.usage.input_tokens, call.entry.usage.output_tokens


def split(matched: Matched, pricer: Pricer) -> dict[CauseKind, Decimal]:
    """The dollars of each cause; they add up to the difference of the two sides."""
    found: dict[CauseKind, Decimal] = {}
    with exact_money():
        for pair in matched.pairs:
            for kind, delta in _split_pair(pair, pricer):
                found[kind] = found.get(kind, ZERO) + delta
        more = sum((call.cost.value for call in matched.added), ZERO)
        found[CauseKind.CALLS] = more - sum((call.cost.value for call in matched.removed), ZERO)
    known = {kind: delta for kind, delta in found.items() if delta}
    if known or not matched.pairs:
        return known
    # No dollar of it is known, or free calls differ: what differs is told all the same.
    return {_main_difference(matched.pairs[0].base.entry, matched.pairs[0].head.entry): ZERO}


def _split_pair(pair: Pair, pricer: Pricer) -> Iterable[tuple[CauseKind, Decimal]]:
    base, head = pair.base, pair.head
    if base.entry.mark is Mark.STALE and head.entry.mark is not Mark.STALE and not _is_recording_of(pair):
        yield CauseKind.RE_RECORDED, pair.delta
        return
    if base.entry.stated_cost is not None or head.entry.stated_cost is not None:
        yield _main_difference(base.entry, head.entry), pair.delta
        return
    at_model = at_tier = base
    if _model_of(base.entry) != _model_of(head.entry):
        provider, model, requested, api = _model_of(head.entry)
        at_model = at_tier = pricer.price(
            base.entry._replace(provider=provider, model=model, requested=requested, api=api)
        )
    if base.entry.context != head.entry.context:
        at_tier = pricer.price(at_model.entry._replace(context=head.entry.context))
    if not (at_model.is_priced and at_tier.is_priced and base.is_priced):
        yield _main_difference(base.entry, head.entry), pair.delta
        return
    yield CauseKind.MODEL, at_model.cost.value - base.cost.value
    yield CauseKind.TIER, at_tier.cost.value - at_model.cost.value
    yield from _split_usage(at_tier, head)


def _model_of(entry: Entry) -> tuple[str, str, str | None, Api]:
    return entry.provider, entry.model, entry.requested, entry.api


def _is_recording_of(pair: Pair) -> bool:
    """Whether the head is what the base was estimated from: an edit was taken back, nothing was recorded."""
    # An edit says more than what was recorded, and a unit that is stated as 0 is one that was not used.
    recorded = {unit: count for unit, count in pair.base.entry.edit if unit in UNITS and count}
    return bool(recorded) and recorded == {unit: count for unit, count in pair.head.entry.usage if count}


def _main_difference(base: Entry, head: Entry) -> CauseKind:
    """The one cause of a difference that no price can split."""
    if (base.provider, base.model) != (head.provider, head.model):
        return CauseKind.MODEL
    if base.context != head.context:
        return CauseKind.TIER
    grown = {
        CauseKind.INPUT: _growth(base.usage.input_tokens, head.usage.input_tokens),
        CauseKind.OUTPUT: _growth(base.usage.output_tokens, head.usage.output_tokens),
    }
    kind = max(grown, key=lambda kind: grown[kind])
    return kind if grown[kind] else _difference_of_equal_lengths(base, head) or kind


def _difference_of_equal_lengths(base: Entry, head: Entry) -> CauseKind | None:
    """What differs where prompt and answer are as long as before; None if nothing does but the text."""
    if base.stated_cost != head.stated_cost:
        return CauseKind.STATED
    before, after = base.usage.counts, head.usage.counts
    moved = {unit for unit in before.keys() | after.keys() if before.get(unit, 0) != after.get(unit, 0)}
    if moved & _CACHED or not _MARKS_MOVED.isdisjoint(dict(head.edit)):
        return CauseKind.CACHE
    for container, kind in ((INPUT, CauseKind.INPUT), (OUTPUT, CauseKind.OUTPUT)):
        if moved & _INSIDE[container]:
            return kind
    if moved:
        return CauseKind.FEES
    return CauseKind.MODEL if _model_of(base) != _model_of(head) else None


def _growth(before: int, after: int) -> Decimal:
    return Decimal(abs(after - before)) / max(before, 1)


def _split_usage(base: Priced, head: Priced) -> Iterable[tuple[CauseKind, Decimal]]:
    """The same model in the same tier: input, what of it was cached, output, and fees."""
    prompt = _sum(head, INPUT) - _sum(base, INPUT)
    answer = _sum(head, OUTPUT) - _sum(base, OUTPUT)
    volume = _volume(base, head, prompt)
    yield CauseKind.INPUT, volume
    yield CauseKind.CACHE, prompt - volume
    yield CauseKind.OUTPUT, answer
    yield CauseKind.FEES, head.cost.value - base.cost.value - prompt - answer


def _sum(call: Priced, container: str) -> Decimal:
    inside = _INSIDE[container]
    return sum([amount for unit, amount in call.components.items() if unit in inside], ZERO)


def _volume(base: Priced, head: Priced, prompt: Decimal) -> Decimal:
    """The part of a prompt's difference that its length makes; the rest is what was cached of it."""
    before, after = base.entry.usage, head.entry.usage
    if not before.input_tokens or (_is_uncached(before) and _is_uncached(after)):
        return prompt
    cost = _sum(base, INPUT)
    return (cost * after.input_tokens / before.input_tokens - cost).quantize(_TWELVE_PLACES)


def _is_uncached(usage: Usage) -> bool:
    return not (usage.cache_read_tokens or usage.cache_write_tokens)


def describe(
    deltas: dict[CauseKind, Decimal],
    matched: Matched,
    base: Sequence[Priced],
    head: Sequence[Priced],
    details: dict[CauseKind, str],
) -> tuple[Cause, ...]:
    """Causes with their figures, biggest first.

    Args:
        deltas: USD by cause.
        matched: The calls that differ.
        base: All calls of the base.
        head: All calls of the head.
        details: What else is known of a cause.
    """
    figures = _figures(matched, base, head)
    order = list(CauseKind)
    kinds = sorted(deltas, key=lambda kind: (-abs(deltas[kind]), order.index(kind)))
    return tuple(Cause(kind, *figures(kind), deltas[kind], details.get(kind)) for kind in kinds)


def _figures(
    matched: Matched, base: Sequence[Priced], head: Sequence[Priced]
) -> Callable[[CauseKind], tuple[str, str]]:
    def of(kind: CauseKind) -> tuple[str, str]:
        if kind in {CauseKind.MODEL, CauseKind.TIER}:
            return _of_biggest_pair(kind, matched.pairs)
        return _figure(kind, base), _figure(kind, head)

    return of


def _of_biggest_pair(kind: CauseKind, pairs: Sequence[Pair]) -> tuple[str, str]:
    text: Callable[[Entry], str]
    if kind is CauseKind.MODEL:
        for text in (short_model, model_and_api, model_and_asked):
            if differing := [p for p in pairs if text(p.base.entry) != text(p.head.entry)]:
                break
    else:
        differing = [p for p in pairs if p.base.entry.context != p.head.entry.context]
        text = context_text
    if not differing:
        return "", ""
    biggest = max(differing, key=lambda pair: abs(pair.delta))
    return text(biggest.base.entry), text(biggest.head.entry)


def _figure(kind: CauseKind, calls: Sequence[Priced]) -> str:
    if kind is CauseKind.CALLS:
        return f"{len(calls)}"
    if kind is CauseKind.CACHE:
        return percent(hit_rate(calls))
    if kind is CauseKind.INPUT:
        return average([call.input for call in calls])
    if kind is CauseKind.OUTPUT:
        return average([call.output for call in calls])
    return ""
