"""Calls that public projects recorded, against what those projects and the providers say of them.

The folder of recordings is not part of this repository: these tests skip where it is absent.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from exchanges import TODAY

from pytest_llmcost.model.call import Api, Status
from pytest_llmcost.model.price import PriceSource
from pytest_llmcost.model.units import REASONING
from pytest_llmcost.model.usage import NO_USAGE
from pytest_llmcost.pricing.genai import NOON
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.rules import AsOf, PricingRules, ProviderReported
from pytest_llmcost.pricing.table import PriceTable

pytestmark = pytest.mark.corpus

API_OF = {
    "openai.chat": Api.OPENAI_CHAT,
    "openai.responses": Api.OPENAI_RESPONSES,
    "openai.responses_get": Api.OPENAI_RESPONSES,
    "openai.responses_compact": Api.OPENAI_RESPONSES,
    "openai.embeddings": Api.OPENAI_EMBEDDINGS,
    "anthropic.messages": Api.ANTHROPIC_MESSAGES,
}
UNIT_OF = {
    "expected_input": "input_tokens",
    "expected_output": "output_tokens",
    "expected_cache_read": "cache_read_tokens",
    "expected_cache_write": "cache_write_tokens",
    "expected_reasoning": REASONING,
}


def key_of(row):
    return (f"{row['repo'].replace('/', '+')}/{row['path']}", int(row["interaction"]))


@pytest.fixture(scope="module")
def truth(recorded):
    """What tests and providers state of calls, as far as it can be trusted."""
    rows = [row for row in recorded.table("truth_open.tsv") if row["shape"] in API_OF]
    return [(key_of(row), row) for row in rows if row["confidence"] in {"A", "B"}]


def test_every_cassette_is_read(recorded):
    """No file is refused, and none ends in a fault of ours."""
    files = [row for row in recorded.table("open.tsv") if row["path"].endswith((".yaml", ".yml"))]
    assert (recorded.found.unreadable, recorded.found.faults) == ([], [])
    assert recorded.found.files == len(files) == 2289


def test_usage_is_what_was_stated(recorded, truth):
    """Every count that a test or a provider states of a call."""
    differing = []
    for key, row in truth:
        usage = recorded.calls[key].measured.usage or NO_USAGE
        differing += [
            (key, unit, row[column], usage.get(unit))
            for column, unit in UNIT_OF.items()
            if row[column] != "" and int(float(row[column])) != (usage.get(unit) or 0)
        ]
    assert differing == []
    assert len(truth) == 331


class Differences:
    """``cost_differences.tsv``: the stated costs that are not ours, and why."""

    def __init__(self):
        path = Path(__file__).with_name("cost_differences.tsv")
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        self.reasons = {(row["path"], int(row["interaction"]), row["stated"]): row["reason"] for row in rows}


def fees(call):
    return sum(
        (call.components.get(unit, Decimal(0)) for unit in ("web_searches", "storage_searches")), Decimal(0)
    )


def repriced(call, **rules):
    return price_call(call.id, call.measured, PriceTable(PricingRules(**rules), TODAY)).cost.value


def off_peak(call):
    """DeepSeek's price in the quiet hours of the day, where we take the one of noon."""
    from genai_prices.data import providers
    from genai_prices.types import Usage

    deepseek = next(provider for provider in providers if provider.id == "deepseek")
    model = deepseek.find_model(call.measured.model.billed, all_providers=providers)
    usage = Usage(input_tokens=call.usage.input_tokens, output_tokens=call.usage.output_tokens)
    night = datetime(2025, 4, 22, 20, tzinfo=UTC)
    return model.calc_price(usage, deepseek, genai_request_timestamp=night).total_price


# Each reason is a claim that the test checks: from our cost to the stated one.
REASONS = {
    "fee of searches left out": lambda call: call.cost.value - fees(call),
    "price cut on 2026-08-21": lambda call: repriced(call, as_of=AsOf.RECORDED),
    "price of DeepSeek's quiet hours": off_peak,
    "BYOK: the gateway's bill is 0, the provider's is not": lambda call: Decimal(0),
    "literal of 0, where the same tests price this model elsewhere as we do": lambda call: Decimal(0),
    "table price, where the provider states its own": lambda call: repriced(
        call, provider_reported=ProviderReported.IGNORE, as_of=AsOf.RECORDED
    ),
}


def test_cost_is_what_was_stated_or_the_difference_is_explained(recorded, truth):
    """Every stated cost is ours to a thousandth, or is in the table with a reason that holds."""
    explained, unexplained, compared = Differences().reasons, [], 0
    for key, row in truth:
        if not row["expected_cost_usd"]:
            continue
        compared += 1
        stated, call = Decimal(row["expected_cost_usd"]), recorded.calls[key]
        reason = explained.pop((*key, row["expected_cost_usd"]), None)
        ours = REASONS[reason](call) if reason else call.cost.value
        if abs(ours - stated) > stated / 1000 or (reason and call.cost.value == stated):
            unexplained.append((*key, row["expected_cost_usd"], str(call.cost.value), str(ours), reason))
    assert unexplained == []
    assert explained == {}
    assert compared == 168


def test_every_call_is_found_once_and_nothing_else(recorded):
    """A second reading of all interactions: each is a call, or is excluded for a reason that is counted."""
    excluded, taken = Counter(), set()
    for row in recorded.table("provider_usage_open.tsv"):
        key, call = key_of(row), recorded.calls.get(key_of(row))
        if row["shape"] not in API_OF:
            assert call is None, f"{key} is {row['shape']}"
        elif row["path"].endswith(".json"):
            excluded["file of a test agent, which is no cassette"] += 1
        elif call is None:
            excluded[why_no_call(row, recorded)] += 1
        else:
            assert key not in taken
            assert call.measured.api is API_OF[row["shape"]]
            taken.add(key)
    assert taken == set(recorded.calls)
    assert len(taken) == 2339
    assert excluded == {
        "file of a test agent, which is no cassette": 72,
        "HTTP error": 57,
        "error in place of an answer": 3,
        "start of a background response": 4,
        "poll before the end": 3,
        "stored response fetched again": 2,
    }


def why_no_call(row, recorded):
    if not row["status"].startswith("2"):
        return "HTTP error"
    if row["shape"] == "openai.responses_get":
        return "stored response fetched again" if row["usage_json"] else "poll before the end"
    if row["shape"] == "openai.responses" and not row["usage_json"]:
        return "start of a background response"
    text = (recorded.folder / "open" / key_of(row)[0]).read_text(encoding="utf-8")
    return "error in place of an answer" if "content_filter" in text else "unknown"


def test_second_reading_agrees(recorded):
    """Input and output of every call as a plain reader reads them."""
    differing, compared = [], 0
    for row in recorded.table("provider_usage_open.tsv"):
        call = recorded.calls.get(key_of(row))
        if call is None or not row["input_total"]:
            continue
        compared += 1
        usage = call.usage
        read = (usage.input_tokens, usage.output_tokens if row["output_total"] else 0)
        if read != (int(row["input_total"]), int(row["output_total"] or 0)):
            differing.append((key_of(row), row["input_total"], row["output_total"], read))
    assert differing == []
    assert compared == 2201


def test_statuses(recorded):
    """How well the cost of each call is known, without a line of configuration."""
    assert Counter(call.status for call in recorded.calls.values()) == {
        Status.EXACT: 2113,
        Status.REPORTED: 42,
        Status.INCOMPLETE: 138,
        Status.UNPRICED: 35,
        Status.PARTIAL: 11,
    }
    for call in recorded.calls.values():
        open_above = call.status in {Status.INCOMPLETE, Status.UNPRICED, Status.PARTIAL}
        assert (call.cost.high is None) is open_above
        assert (call.status_detail is None) is (call.status is Status.EXACT)


def test_cost_is_what_genai_prices_computes(recorded):
    """Where the table has an answer for a usage, ours is the same."""
    from genai_prices.data import providers
    from genai_prices.types import Usage

    by_id, compared = {provider.id: provider for provider in providers}, 0
    table = PriceTable(PricingRules(provider_reported=ProviderReported.IGNORE), TODAY)
    for key, call in recorded.calls.items():
        ours = price_call(call.id, call.measured, table)
        if ours.lookup.source is not PriceSource.GENAI_PRICES or ours.status is not Status.EXACT:
            continue
        provider, ids = by_id[call.measured.provider], call.measured.model
        known = [
            provider.find_model(name, all_providers=providers) for name in (ids.billed, ids.requested) if name
        ]
        model = next(found for found in known if found)
        usage = {
            "output_reasoning_tokens" if unit == REASONING else unit: n for unit, n in call.measured.usage
        }
        price = model.calc_price(
            Usage(**usage),
            provider,
            genai_request_timestamp=datetime.combine(TODAY, NOON),
            price_context=dict(call.measured.context) or None,
        )
        assert sum(ours.components.values()) == price.total_price, key
        compared += 1
    assert compared > 2000


def test_nothing_of_a_prompt_is_kept(recorded):
    """A call carries sizes and a fingerprint of its request."""
    call = next(iter(recorded.calls.values()))
    assert set(call.measured.request.parts) <= {"system", "tools", "messages"}
    assert len(call.measured.request.sha256) == 64
