"""From a provider's answer to its bill, as in a run: the shared half of the billing rules' tests."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from exchanges import TODAY, exchange, table

from pytest_llmcost.capture.measure import measured_call
from pytest_llmcost.model.call import Origin, Source
from pytest_llmcost.pricing.kernel import invoice
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.usage.read import read_exchange


class Rule(NamedTuple):
    """One billing rule.

    Attributes:
        source: Who says so: a page of the provider's documentation, or a type of its SDK.
        url: Where the request goes.
        answer: What comes back; bytes for a stream.
        bill: Unit to "quantity x USD per million" (or per 1,000 for fees).
        cost: Their sum, in USD; None where the rule says nothing of it.
        doubt: What makes the cost a lower bound; None if it is exact.
        request: The request's body.
        headers: Of the response.
    """

    source: str
    url: str
    answer: object
    bill: dict[str, str]
    cost: str | None = None
    doubt: str | None = None
    request: dict | None = None
    headers: dict | None = None


def billed(url, answer, request=None, *, headers=None, day=TODAY, pricing=""):
    """The priced call of one exchange."""
    sent = exchange(url, answer, request or {"model": "asked-for"}, headers=headers or {})
    call = measured_call(
        read_exchange(sent, {}), sent, origin=Origin(), source=Source.REPLAYED, cassette=None
    )
    return price_call("c1", call, table(pricing, day))


def lines(usage, card):
    """The lines of an invoice as ``{unit: "quantity x USD"}``."""
    return {
        line.unit.removesuffix("_tokens"): f"{line.quantity} x {line.usd.normalize():f}"
        for line in invoice(usage, card).lines
    }


def check(rule):
    """The rule holds: each line, the sum, and what is in doubt."""
    call = billed(rule.url, rule.answer, rule.request, headers=rule.headers)
    assert lines(call.measured.usage, call.lookup.card) == rule.bill
    assert call.status_detail == rule.doubt
    assert (call.cost.high is None) is (rule.doubt is not None)
    if rule.cost is not None:
        assert call.cost.value == Decimal(rule.cost)
    return call
