"""What a run should say of its replays: changed requests, and calls that went past a cassette."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from pytest_llmcost.model.call import Call, MeasuredCall, ModelIds
from pytest_llmcost.model.money import ZERO, exact_money
from pytest_llmcost.model.report import Notice, NoticeKind
from pytest_llmcost.model.shown import MoneyStyle, plural
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.prices import Prices

_MOST_TESTS = 5


def replay_notices(calls: Sequence[Call], prices: Prices, re_record: str | None = None) -> list[Notice]:
    """Notices about changed requests.

    Args:
        calls: Those that count.
        prices: Of the run: recordings are priced with the same.
        re_record: What is typed to record again, ``{tests}`` in it; None where nobody knows.
    """
    stale = [call for call in calls if call.measured.stale]
    if not stale:
        return []
    tests = tests_of(stale)
    where = f" in {plural(len(tests), 'test')}" if tests else ""
    return [
        Notice(
            NoticeKind.STALE,
            f"{plural(len(stale), 'stale call')}{where}: the request changed since the recording;"
            f" {_difference(stale, prices)}",
            command(re_record, tests, stale),
        )
    ]


def tests_of(calls: Iterable[Call]) -> list[str]:
    """The tests that made some calls, in order."""
    return list(dict.fromkeys(call.measured.origin.nodeid for call in calls if call.measured.origin.nodeid))


def command(re_record: str | None, tests: Sequence[str], calls: Sequence[Call]) -> str | None:
    """What records some tests again, and what that will cost."""
    if re_record is None or not tests or len(tests) > _MOST_TESTS:
        return None
    return f"{re_record.format(tests=' '.join(map(_quoted, tests)))}  # {cost_of(calls)}"


def cost_of(calls: Sequence[Call]) -> str:
    """``about $0.0012``."""
    with exact_money():
        value = sum((call.cost.value for call in calls), ZERO)
    unknown = any(call.cost.high is None for call in calls)
    return f"{'at least' if unknown else 'about'} {MoneyStyle.of(calls[0].cost).usd(value)}"


def _quoted(nodeid: str) -> str:
    from shlex import quote

    return quote(nodeid)


def _difference(stale: Sequence[Call], prices: Prices) -> str:
    """What the changed requests cost more or less than the recorded ones."""
    with exact_money():
        change = sum((call.cost.value - recorded_cost(call, prices) for call in stale), ZERO)
    usd = MoneyStyle(6).usd(abs(change))
    unknown = sum(call.cost.high is None for call in stale)
    of_all = f"~{'-' if change < 0 else '+'}{usd}"
    return f"{of_all}, and {plural(unknown, 'call')} of unknown cost" if unknown else of_all


def recorded_cost(call: Call, prices: Prices) -> Decimal:
    """USD of the recorded request, at the prices of the run."""
    return price_call("", as_recorded(call.measured), prices).cost.value


def as_recorded(call: MeasuredCall) -> MeasuredCall:
    """A changed call as it was recorded."""
    drift = call.drift
    if drift is None or call.recorded_usage is None:
        return call
    moved = any(change.part == "model" for change in drift.changes) and drift.recorded_model is not None
    model = ModelIds(drift.recorded_model, drift.recorded_model) if moved else call.model
    return call._replace(
        model=model, usage=call.recorded_usage, stale=False, drift=None, recorded_usage=None, bounds=None
    )
