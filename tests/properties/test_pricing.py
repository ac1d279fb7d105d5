"""Costs add up, are never negative, and depend on nothing but usage and prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext

import pytest
from exchanges import TODAY
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import amounts, any_usages, contexts, measured_calls, possible_usages

from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.model.amount import NOTHING, total
from pytest_llmcost.model.call import Source, Status
from pytest_llmcost.model.price import PriceSource
from pytest_llmcost.model.report import TestResult
from pytest_llmcost.model.rollup import by_agent, by_model, by_test, last_attempts, rollup
from pytest_llmcost.model.usage import total_usage
from pytest_llmcost.pricing.correction_rows import ROWS
from pytest_llmcost.pricing.corrections import CorrectedPrices
from pytest_llmcost.pricing.dated_notices import dated_notices
from pytest_llmcost.pricing.genai import GenaiPrices
from pytest_llmcost.pricing.kernel import invoice
from pytest_llmcost.pricing.notices import price_notices
from pytest_llmcost.pricing.price_call import price_call, price_calls
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.pricing.unit_prices import KnownPrices

YAML = """
pricing:
  provider_reported: {reported}
  models:
    acme/house-model: {{input: {{base: "1.0", above: {{1000: "2"}}}}, cache_read: "0.1", output: "4.0", per_request: "0.0005"}}
    openai/gpt-5.6-sol: {{multiply: "0.8515"}}
  aliases: {{"acme/*": acme/house-model}}
  free: ["vllm/*"]
"""
BUNDLED = GenaiPrices()
TABLES = [
    PriceTable(read_configuration(YAML.format(reported=reported), "llmcost.yaml").pricing, TODAY, BUNDLED)
    for reported in ("prefer", "compare", "ignore")
]
tables = st.sampled_from(TABLES)
CARDS = [
    BUNDLED.card(provider, model, {}, TODAY)
    for provider, model in [
        ("openai", "gpt-4o"),
        ("anthropic", "claude-haiku-5-5"),
        ("google", "gemini-2.5-pro"),
        ("openai", "gpt-4o-audio-preview"),
    ]
]
cards = st.sampled_from([card for card in CARDS if card])


@given(usage=any_usages, card=cards)
def test_invoice_is_never_negative(usage, card):
    """Whatever is stated, and however impossible."""
    bill = invoice(usage, card)
    assert all(line.quantity >= 0 and line.amount >= 0 for line in bill.lines)
    assert bill.amount == sum((line.amount for line in bill.lines), Decimal(0))


@given(usage=possible_usages(), card=cards)
def test_usage_that_adds_up_is_possible(usage, card):
    """An honest usage raises no such problem, and each token is billed once."""
    bill = invoice(usage, card)
    assert not [problem for problem in bill.problems if "impossible" in problem or "add up" in problem]
    tokens = sum(line.quantity for line in bill.lines if line.unit.endswith("_tokens"))
    assert tokens == usage.input_tokens + usage.output_tokens


@given(usages=st.lists(any_usages | possible_usages(), min_size=1, max_size=4), card=cards)
def test_known_prices_of_units_are_those_of_the_invoice(usages, card):
    """The quick way has the same lines, and no answer where the invoice has a problem or a cliff may be passed."""
    known = KnownPrices()
    for usage in usages * 2:
        found, bill = known.cost(usage.counts, card), invoice(usage, card)
        if found is None:
            assert bill.problems or any(rate.tiers for rate in card.rates.values()) or _is_nested_twice(usage)
        else:
            assert not bill.problems
            assert found == (bill.amount, {line.unit: line.amount for line in bill.lines})


def _is_nested_twice(usage) -> bool:
    return any("audio" in name and "cache" in name for name, _ in usage)


@given(usage=any_usages, card=cards, precision=contexts)
def test_invoice_does_not_depend_on_the_decimal_context(usage, card, precision):
    """The app under test may round its own money as it likes."""
    expected = invoice(usage, card)
    with localcontext() as coarse:
        coarse.prec = precision
        found = invoice(usage, card)
        amount = found.amount
    assert (found, amount) == (expected, expected.amount)


CORRECTED = CorrectedPrices(BUNDLED)
KEYS = sorted({key.replace("*", "") for row in ROWS for key in row.keys if not key.endswith("/*")})
CONTEXTS = [
    {},
    {"inference_geo": "us"},
    {"region": "us-east5"},
    {"data_residency": "eu"},
    {"latency": "optimized"},
    {"service_tier": "flex"},
    {"processing": "batch", "data_residency": "us"},
]


@given(
    key=st.sampled_from([*KEYS, "anthropic/claude-opus-5"]),
    context=st.sampled_from(CONTEXTS),
    day=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    usage=possible_usages(),
)
def test_corrected_cards_bill_as_any_other(key, context, day, usage):
    """The parts sum to the whole, nothing is negative, and each corrected rate is one of the card's."""
    provider, _, model = key.partition("/")
    card = CORRECTED.card(provider, model, context, day)
    if card is None:
        return
    assert set(card.corrected) <= set(card.rates)
    assert card.since is None or card.since <= day
    bill = invoice(usage, card)
    assert all(line.quantity >= 0 and line.amount >= 0 for line in bill.lines)
    assert bill.amount == sum((line.amount for line in bill.lines), Decimal(0))
    if "input_tokens" in card.rates and "output_tokens" in card.rates:
        tokens = sum(line.quantity for line in bill.lines if line.unit.endswith("_tokens"))
        assert tokens == usage.input_tokens + usage.output_tokens


@given(usage=possible_usages(), day=st.dates(date(2024, 1, 1), date(2027, 12, 31)))
def test_a_premium_is_never_less_than_the_standard(usage, day):
    """A place costs 1.1 times the tokens, exactly, and the same fees."""
    plain, dear = (
        invoice(usage, CORRECTED.card("anthropic", "claude-opus-5", context, day))
        for context in ({}, {"inference_geo": "us"})
    )
    fees = [sum(line.amount for line in bill.lines if line.unit == "web_searches") for bill in (plain, dear)]
    assert fees[0] == fees[1]
    assert (dear.amount - fees[1]) == (plain.amount - fees[0]) * Decimal("1.1")


@given(calls=st.lists(measured_calls(), max_size=5), table=tables)
def test_dated_notices_never_fail(calls, table):
    """Whatever was called: lines of text, each with an amount."""
    for notice in dated_notices(price_calls(calls, table), table):
        assert notice.message
        assert "$" in notice.message or notice.paste


@given(call=measured_calls(), table=tables)
def test_components_and_sub_calls_sum_to_the_cost(call, table):
    """Exactly, and low is at most value is at most high."""
    priced = price_call("c1", call, table)
    parts = [*priced.components.values(), *(sub.cost.value for sub in priced.sub_calls)]
    if priced.lookup.source is PriceSource.STATED:
        assert priced.cost.value == call.stated_cost
        assert priced.components == {}
    else:
        assert priced.cost.value == sum(parts, Decimal(0))
    assert 0 <= priced.cost.low <= priced.cost.value
    assert priced.cost.high is None or priced.cost.value <= priced.cost.high


@given(call=measured_calls(), table=tables)
def test_what_is_unknown_has_no_upper_bound(call, table):
    """Only a declared price, a statement or a full invoice closes the interval."""
    priced = price_call("c1", call, table)
    unknown = {Status.INCOMPLETE, Status.UNPRICED, Status.PARTIAL}
    assert (priced.cost.high is None) is (priced.status in unknown)
    assert (priced.status_detail is None) is (priced.status is Status.EXACT)
    if call.usage is None:
        assert priced.status in {Status.FREE, Status.INCOMPLETE}


@given(calls=st.lists(measured_calls(), max_size=5), table=tables, precision=contexts)
def test_prices_do_not_depend_on_the_decimal_context(calls, table, precision):
    """Nor do sums and notices."""
    expected = price_calls(calls, table)
    rolled = rollup(expected, last=last_attempts(expected, []), include_mocked=True)
    with localcontext() as coarse:
        coarse.prec = precision
        fresh = PriceTable(table.rules, TODAY, BUNDLED)
        found = price_calls(calls, fresh)
        assert found == expected
        assert rollup(found, last=last_attempts(found, []), include_mocked=True) == rolled
        assert price_notices(found, table.rules) == price_notices(expected, table.rules)


@given(calls=st.lists(measured_calls(), max_size=8), mocked=st.booleans())
def test_rollups_add_up(calls, mocked):
    """Rows by test, agent and model each sum to the whole."""
    priced = price_calls(calls, TABLES[0])
    last = last_attempts(priced, [])
    whole = rollup(priced, last=last, include_mocked=mocked)
    results = [
        TestResult(nodeid, "passed", 0.1) for nodeid in ("tests/a.py::test_a", "tests/a.py::test_b[1]")
    ]
    tests = by_test(priced, results, last=last, include_mocked=mocked)
    outside = [call for call in priced if call.measured.origin.nodeid is None]
    without = rollup(outside, last=last, include_mocked=mocked)
    for rows in (
        [row.rollup for row in by_agent(priced, last=last, include_mocked=mocked)],
        [row.rollup for row in by_model(priced, last=last, include_mocked=mocked)],
        [*(row.rollup for row in tests), without],
    ):
        assert total(row.cost for row in rows) == whole.cost
        assert total(row.spent for row in rows) == whole.spent
        assert sum(row.calls for row in rows) == whole.calls
        assert total_usage(row.usage for row in rows) == whole.usage
    assert whole.calls == sum(
        1 for call in priced if call.id in last and (mocked or call.measured.source is not Source.MOCKED)
    )
    assert whole.cache_hit_rate is None or whole.cache_hit_rate >= 0


@given(left=amounts(), middle=amounts(), right=amounts())
def test_sums_of_amounts(left, middle, right):
    """Any order, any grouping; nothing is the zero."""
    assert (left + middle) + right == left + (middle + right) == total([right, left, middle])
    assert left + NOTHING == left
    assert hash(left + middle) == hash(middle + left)


@given(amount=amounts(), limit=st.decimals(0, 100, places=4))
def test_amount_and_limit(amount, limit):
    """It cannot keep and exceed a limit at once, and not keep it while a part is unknown."""
    assert not (amount <= limit and amount > limit)
    assert not (amount >= limit and amount < limit)
    if amount.high is None:
        assert not amount <= limit
    if amount == limit:
        assert amount <= limit <= amount.value


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=25)
@given(calls=st.lists(measured_calls(), max_size=4))
def test_every_problem_is_noticed(table, calls):
    """No call that counts is unpriced, incomplete or partial without a word."""
    priced = price_calls(calls, table)
    kinds = {notice.kind.value for notice in price_notices(priced, table.rules)}
    troubled = {call.status.value for call in priced if call.measured.source is not Source.MOCKED}
    assert troubled & {"unpriced", "incomplete", "partial"} <= kinds
