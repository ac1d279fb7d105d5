"""How many tokens a provider makes of a text, learnt from what a suite's own recordings state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median
from typing import NamedTuple

from pytest_llmcost.model.call import MeasuredCall, Source
from pytest_llmcost.usage.request_parts import TOOLS

# About 0.25 token a byte of English: the slope of a provider that nothing is known of.
_PRIOR = 1.0
# As many recordings as the prior weighs, and the most that count.
_PRIOR_WEIGHT, _MOST_WEIGHT = 6, 30
_LOWEST, _HIGHEST = 0.75, 1.5
# Recordings nearer to each other than this say more of chance than of the tokenizer.
_LEAST_APART, _LEAST_SHARE = 20, 0.05
_MOST_OF_A_GROUP = 40
_QUARTER, _THREE_QUARTERS = 0.25, 0.75


class Slope(NamedTuple):
    """Tokens for each token of the rough count.

    Attributes:
        value: The best single figure.
        spread: How far the recordings are apart about it, as a share: half of them lie within.
    """

    value: float = _PRIOR
    spread: float = 0.0


class Slopes(NamedTuple):
    """The slopes of a run.

    Attributes:
        by_model: Of each provider and model.
        by_provider: Of each provider, for a model without recordings.
    """

    by_model: Mapping[tuple[str, str], Slope]
    by_provider: Mapping[str, Slope]

    def of(self, provider: str, model: str) -> Slope:
        """The slope of a model."""
        return self.by_model.get((provider, model)) or self.by_provider.get(provider) or Slope()


NO_SLOPES = Slopes({}, {})


class _Point(NamedTuple):
    about: int
    tokens: int


def slopes_of(calls: Iterable[MeasuredCall]) -> Slopes:
    """Learn from calls whose request and usage belong together.

    Args:
        calls: Of a run; those whose prompt was not counted, or whose usage is not final, say nothing.
    """
    groups: dict[tuple[str, str], dict[tuple[str, int], set[_Point]]] = {}
    for call in calls:
        point = _point(call)
        if point is not None:
            # Tools bring tokens that are not in the request: only prompts beside the same ones compare.
            alike = (call.api.value, call.request.parts.get(TOOLS, 0))
            of_model = groups.setdefault((call.provider, call.model.name), {})
            of_model.setdefault(alike, set()).add(point)
    found = {key: _rates(of_model.values()) for key, of_model in groups.items()}
    providers: dict[str, list[float]] = {}
    for (provider, _), rates in found.items():
        providers.setdefault(provider, []).extend(rates)
    by_provider = {provider: _slope(rates, _PRIOR) for provider, rates in providers.items()}
    by_model = {key: _slope(rates, by_provider[key[0]].value) for key, rates in found.items()}
    return Slopes(by_model, by_provider)


def _point(call: MeasuredCall) -> _Point | None:
    about = call.request.about_tokens
    if about is None or call.drift is not None or call.source is Source.MOCKED:
        return None
    if call.usage is None or call.incomplete or call.sub_calls or not call.usage.input_tokens:
        return None
    return _Point(about, call.usage.input_tokens)


def _rates(groups: Iterable[set[_Point]]) -> list[float]:
    """Of each recording with its next one in size that is far enough away."""
    found = []
    for group in groups:
        points = sorted(group)[:_MOST_OF_A_GROUP]
        for index, one in enumerate(points):
            apart = max(_LEAST_APART, one.about * _LEAST_SHARE)
            other = next((p for p in points[index + 1 :] if p.about - one.about >= apart), None)
            if other is not None:
                found.append((other.tokens - one.tokens) / (other.about - one.about))
    return found


def _slope(rates: list[float], prior: float) -> Slope:
    """The middle of the rates, drawn towards what is known without them where they are few."""
    if not rates:
        return Slope(prior)
    weight = min(len(rates), _MOST_WEIGHT)
    value = (weight * _clamped(median(rates)) + _PRIOR_WEIGHT * prior) / (weight + _PRIOR_WEIGHT)
    ordered = sorted(map(_clamped, rates))
    low, high = (ordered[int((len(ordered) - 1) * share)] for share in (_QUARTER, _THREE_QUARTERS))
    return Slope(_clamped(value), (high - low) / 2 / value)


def _clamped(rate: float) -> float:
    return min(max(rate, _LOWEST), _HIGHEST)
