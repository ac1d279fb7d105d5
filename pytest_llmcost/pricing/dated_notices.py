"""What the user should know about the days of prices: changes that are announced, and a table that is old."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from pytest_llmcost.model.call import Call, MeasuredCall
from pytest_llmcost.model.money import ZERO, exact_money, money_text
from pytest_llmcost.model.price import PriceSource
from pytest_llmcost.model.report import Notice, NoticeKind
from pytest_llmcost.pricing.genai import NAME
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.table import PriceTable

_AHEAD = timedelta(days=90)
_OLD = timedelta(days=60)
_SHOWN = Decimal("0.000001")
_OF_THE_YAML = frozenset({PriceSource.YAML, PriceSource.FREE})
_FROM_A_TABLE = frozenset({PriceSource.YAML, PriceSource.CORRECTION, PriceSource.GENAI_PRICES})


def dated_notices(calls: Sequence[Call], table: PriceTable) -> list[Notice]:
    """Notices about the days of the prices that were applied.

    Args:
        calls: Those that the cost of the run consists of.
        table: The prices; where each call has those of its own day, nothing is said.
    """
    day = table.day
    if day is None:
        return []
    return [*_changes(calls, table, day), *_age(calls, table, day)]


def _changes(calls: Sequence[Call], table: PriceTable, day: date) -> Iterator[Notice]:
    """What this run would cost after each change of a price that a table has already."""
    starts: dict[tuple[str, str], list[date]] = {}
    ahead: dict[date, None] = {}
    # The bundled table need not be loaded to ask when its prices change where rows of the YAML alone hold.
    rows_stay = not table.builds_on_bundled and not any(day < start for start in table.typed_starts())
    affected = []
    for call in calls:
        if call.lookup.source not in _FROM_A_TABLE or call.cost.high is None:
            continue
        if rows_stay and _is_typed(call):
            continue
        own = [start for pair in _models(call.measured) for start in _starts(table, pair, day, starts)]
        if own:
            affected.append(call)
            ahead.update(dict.fromkeys(own))
    told = ZERO
    for start in sorted(ahead):
        change, models = _change(affected, table.on(start))
        if models and change != told:
            told = change
            yield Notice(
                NoticeKind.PRICE_CHANGE,
                f"this suite: {_signed(change)} from {start}, as prices of {', '.join(models)} change",
            )


def _is_typed(call: Call) -> bool:
    """Whether the YAML alone prices a call."""
    lookups = (call.lookup, *(sub_call.lookup for sub_call in call.sub_calls))
    return all(lookup.source in _OF_THE_YAML for lookup in lookups)


def _starts(
    table: PriceTable, pair: tuple[str, str], day: date, known: dict[tuple[str, str], list[date]]
) -> list[date]:
    """The days ahead on which prices of a model begin."""
    if pair not in known:
        known[pair] = [start for start in table.starts(*pair) if day < start <= day + _AHEAD]
    return known[pair]


def _models(call: MeasuredCall) -> Iterator[tuple[str, str]]:
    for model in (*call.model, *(sub_call.model for sub_call in call.sub_calls)):
        if model is not None:
            yield call.provider, model


def _change(calls: Iterable[Call], later: PriceTable) -> tuple[Decimal, list[str]]:
    change, models = ZERO, set()
    with exact_money():
        for call in calls:
            then = price_call(call.id, call.measured, later).cost
            if then.high is not None and then.value != call.cost.value:
                change += then.value - call.cost.value
                models.add(f"{call.measured.provider}/{call.measured.model.name}")
    return change, sorted(models)


def _signed(change: Decimal) -> str:
    sign = "-" if change < 0 else "+"
    with exact_money():
        shown = abs(change).quantize(_SHOWN, ROUND_HALF_EVEN)
    return f"{sign}${money_text(shown)}" if shown else f"{sign}<${_SHOWN:f}"


def _age(calls: Iterable[Call], table: PriceTable, day: date) -> Iterator[Notice]:
    """Whether the table behind the rows of one's own may have missed changes."""
    if not any(call.lookup.source is PriceSource.GENAI_PRICES for call in calls):
        return
    if table.bundled.has_start(day - _OLD, day):
        return
    newest = table.bundled.newest_start(day)
    if newest is not None:
        yield Notice(
            NoticeKind.OLD_PRICES,
            f"{table.bundled.name} has no price newer than {newest}, {(day - newest).days} days before"
            f" {day}: prices may have changed since",
            f"pip install --upgrade {NAME}",
        )
