"""A run as if another model had made its calls: the same usage at other prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_llmcost.model.call import Call, MeasuredCall, ModelIds, SubCall
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.rollup import by_test, last_attempts, rollup
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.prices import Prices


class Switch(NamedTuple):
    """One model in the place of another, each as ``provider/model``."""

    old: str
    new: str


def switched(
    report: RunReport, switches: Sequence[Switch], prices: Prices
) -> tuple[RunReport, dict[Switch, list[Call]]]:
    """The run with other models.

    Args:
        report: The run.
        switches: For each call the first holds that names its model, as it was billed or as it was asked for.
        prices: Of the same day as those of the run.

    Returns:
        The run, with its sums and its tests' sums; the calls that each switch has changed.
    """
    changed: dict[Switch, list[Call]] = {switch: [] for switch in switches}
    calls: list[Call] = []
    for call in report.calls:
        switch = next((one for one in switches if one.old in names_of(call.measured)), None)
        if switch is None:
            calls.append(call)
            continue
        calls.append(price_call(call.id, _as_made_by(call.measured, switch.new), prices))
        changed[switch].append(calls[-1])
    results = [test.result for test in report.tests]
    last, mocked = last_attempts(calls, results), report.meta.include_mocked
    return report._replace(
        calls=tuple(calls),
        totals=rollup(calls, last=last, include_mocked=mocked),
        tests=by_test(calls, results, last=last, include_mocked=mocked),
    ), changed


def names_of(call: MeasuredCall) -> set[str]:
    """What a call's model is called: by the provider that billed it, and by the app that asked."""
    ids = {call.model.name, call.model.requested or call.model.name}
    return {f"{call.provider}/{name}" for name in ids}


def _as_made_by(call: MeasuredCall, name: str) -> MeasuredCall:
    """The call, with all of its usage, sent to another model."""
    provider, _, model = name.partition("/")
    same_provider = provider == call.provider
    return call._replace(
        provider=provider,
        host=call.host if same_provider else provider,
        model=ModelIds(model, model),
        # A tier or a region of one provider says nothing of another.
        context=call.context if same_provider else {},
        doubts=call.doubts if same_provider else (),
        stated_cost=None,
        sub_calls=call.sub_calls if same_provider else tuple(_own(sub) for sub in call.sub_calls),
    )


def _own(sub_call: SubCall) -> SubCall:
    return sub_call._replace(model=None)
