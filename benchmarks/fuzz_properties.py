"""What must hold of every reading and of every price, whatever was answered."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from pytest_llmcost.model.call import Api, Call, Status
from pytest_llmcost.model.money import exact_money
from pytest_llmcost.model.price import PriceSource, RateCard
from pytest_llmcost.model.units import INPUT, OUTPUT, UNITS
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.pricing.kernel import invoice
from pytest_llmcost.usage.reading import NotACall, Reading, Stated

_UNKNOWN = frozenset({Status.INCOMPLETE, Status.UNPRICED, Status.PARTIAL})


class BrokenPropertyError(Exception):
    """Something that must hold does not."""


def check_reading(reading: Reading | NotACall | None) -> None:
    """Nothing is negative, and without a final usage there is a reason."""
    if isinstance(reading, Reading):
        check_stated(reading.stated)
        if not (reading.provider or reading.host) or reading.api not in Api:
            raise BrokenPropertyError("a call that is nobody's")
        if any(size < 0 for size in reading.request_parts.values()):
            raise BrokenPropertyError("a part of a prompt is smaller than nothing")


def check_stated(stated: Stated) -> None:
    """The same of what a wire format's reader gives."""
    if stated.usage is None and not stated.incomplete:
        raise BrokenPropertyError("no usage, and no reason why")
    usages = [stated.usage] if stated.usage is not None else []
    for usage in (*usages, *(sub_call.usage for sub_call in stated.sub_calls)):
        for unit, count in usage:
            if type(count) is not int or count < 0:
                raise BrokenPropertyError(f"{unit} is {count!r}")
    if stated.cost is not None and not (stated.cost.is_finite() and stated.cost >= 0):
        raise BrokenPropertyError(f"the stated cost is {stated.cost}")
    texts = (stated.model, stated.response_id, *stated.context.values())
    if any(text is not None and (type(text) is not str or not text) for text in texts):
        raise BrokenPropertyError(f"no texts: {texts!r}")


def check_invoice(usage: Usage, card: RateCard) -> None:
    """The lines sum to the amount, and each token is billed once."""
    bill = invoice(usage, card)
    with exact_money():
        if sum((line.amount for line in bill.lines), Decimal(0)) != bill.amount:
            raise BrokenPropertyError("the lines do not sum to the amount")
    if any(line.quantity < 0 or line.amount < 0 for line in bill.lines):
        raise BrokenPropertyError(f"a negative line: {bill.lines}")
    if bill.problems:
        return
    for whole in (INPUT, OUTPUT):
        if whole not in card.rates or usage.get(whole) is None:
            continue
        inside = [
            line for line in bill.lines if line.unit == whole or UNITS[whole].contains(UNITS[line.unit])
        ]
        billed = sum(line.quantity for line in inside)
        if billed != usage.get(whole):
            raise BrokenPropertyError(f"{usage.get(whole)} {whole}, of which {billed} are billed")


def check_call(call: Call) -> None:
    """The bounds are in order, the components sum to the cost, and nothing unknown has an upper bound."""
    cost = call.cost
    if not 0 <= cost.low <= cost.value or (cost.high is not None and cost.high < cost.value):
        raise BrokenPropertyError(f"bounds out of order: {cost!r}")
    if (cost.high is None) is not (call.status in _UNKNOWN):
        raise BrokenPropertyError(f"{cost!r} is {call.status}")
    if call.measured.usage is None and cost.high is not None:
        known = {PriceSource.FREE, PriceSource.STATED}
        if call.lookup.source not in known:
            raise BrokenPropertyError("a cost without a usage")
    if call.lookup.source in {PriceSource.YAML, PriceSource.GENAI_PRICES}:
        with exact_money():
            parts = sum(call.components.values(), Decimal(0))
            inside = sum((sub_call.cost.value for sub_call in call.sub_calls), Decimal(0))
            if parts + inside != cost.value:
                raise BrokenPropertyError(f"parts sum to {parts + inside}, and the cost is {cost!r}")


def check_cut(whole: Stated, part: Stated) -> None:
    """A stream that is cut states the same usage as the whole, or that it is incomplete.

    Less or equal cannot be asked: Gemini corrects its count of the prompt while it streams.
    """
    if part.incomplete is None and whole.incomplete is None and part.usage != whole.usage:
        raise BrokenPropertyError(f"cut, {part.usage} is final, and whole, {whole.usage}")
    if part.usage is not None and whole.usage is None:
        raise BrokenPropertyError(f"cut, {part.usage}, and whole, none")


def pieces(body: bytes, places: Sequence[int]) -> list[bytes]:
    """A body split at places."""
    ends = [0, *sorted(places), len(body)]
    return [body[start:end] for start, end in pairwise(ends)]
