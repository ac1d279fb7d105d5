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
from pytest_llmcost.pricing.rules import Alias, AsOf, PricingRules, ProviderReported
from pytest_llmcost.pricing.table import PriceTable

pytestmark = pytest.mark.corpus

API_OF = {
    "openai.chat": {Api.OPENAI_CHAT},
    "openai.completions": {Api.OPENAI_COMPLETIONS},
    "writer.chat": {Api.OPENAI_CHAT},
    "writer.completions": {Api.OPENAI_COMPLETIONS},
    "openai.responses": {Api.OPENAI_RESPONSES},
    "openai.responses_get": {Api.OPENAI_RESPONSES},
    "openai.responses_compact": {Api.OPENAI_RESPONSES},
    "openai.embeddings": {Api.OPENAI_EMBEDDINGS},
    "openai.assistants_run": {Api.OPENAI_RUNS},
    "openai.assistants_run_get": {Api.OPENAI_RUNS},
    "openai.images": {Api.OPENAI_IMAGES},
    "anthropic.messages": {Api.ANTHROPIC_MESSAGES},
    "anthropic.complete": {Api.ANTHROPIC_COMPLETE},
    "gemini.generate": {Api.GEMINI_GENERATE},
    "gemini.stream": {Api.GEMINI_GENERATE},
    "gemini.interactions": {Api.GEMINI_INTERACTIONS},
    "gemini.embed": {Api.GEMINI_EMBED},
    "bedrock.converse": {Api.BEDROCK_CONVERSE},
    "bedrock.converse_stream": {Api.BEDROCK_CONVERSE},
    "bedrock.invoke": {Api.BEDROCK_INVOKE, Api.BEDROCK_EMBED, Api.BEDROCK_RERANK},
    "bedrock.invoke_stream": {Api.BEDROCK_INVOKE},
    "bedrock.agent_or_rerank": {Api.BEDROCK_AGENT, Api.BEDROCK_RETRIEVE_AND_GENERATE},
    "sagemaker.invoke": {Api.SAGEMAKER_INVOKE},
    "cohere.chat": {Api.COHERE_CHAT},
    "cohere.chat_v2": {Api.COHERE_CHAT},
    "cohere.generate": {Api.COHERE_GENERATE},
    "cohere.embed_v2": {Api.COHERE_EMBED},
    "cohere.rerank": {Api.COHERE_RERANK},
    "cohere.rerank_v2": {Api.COHERE_RERANK},
    "voyage.rerank": {Api.TOKEN_RERANK},
    "alephalpha.complete": {Api.ALEPHALPHA_COMPLETE},
    "replicate.predictions": {Api.REPLICATE_PREDICTIONS},
    "replicate.predictions_get": {Api.REPLICATE_PREDICTIONS},
    "hf.inference": {Api.HUGGINGFACE_INFERENCE},
    "ollama.chat": {Api.OLLAMA_CHAT},
    "ollama.generate": {Api.OLLAMA_GENERATE},
}
# What is no call at all, however it ends.
NEVER_A_CALL = {
    "openai.moderations": "moderation",
    "openai.count_tokens": "token count",
    "anthropic.count_tokens": "token count",
    "bedrock.count_tokens": "token count",
}
UNIT_OF = {
    "expected_input": "input_tokens",
    "expected_output": "output_tokens",
    "expected_cache_read": "cache_read_tokens",
    "expected_cache_write": "cache_write_tokens",
    "expected_reasoning": REASONING,
}


PARTS = {
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "reasoning": REASONING,
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
    files = recorded.table("open.tsv")
    assert (recorded.found.unreadable, recorded.found.faults) == ([], [])
    assert recorded.found.files == len(files) == 2389


def test_usage_is_what_was_stated(recorded, truth):
    """Every count that a test or a provider states of a call."""
    differing = []
    for key, row in truth:
        call = recorded.calls[key]
        # The models inside a compound system are the whole of it, and others are beside what is stated.
        compound = any(sub_call.kind == "compound" for sub_call in call.sub_calls)
        usage = call.usage if compound else call.measured.usage or NO_USAGE
        differing += [
            (key, unit, row[column], usage.get(unit))
            for column, unit in UNIT_OF.items()
            if row[column] != "" and int(float(row[column])) != (usage.get(unit) or 0)
        ]
    assert differing == []
    assert Counter(row["shape"] for _, row in truth) == {
        "openai.chat": 133,
        "openai.completions": 5,
        "openai.responses": 81,
        "openai.responses_get": 4,
        "openai.embeddings": 8,
        "anthropic.messages": 105,
        "gemini.generate": 22,
        "gemini.stream": 4,
        "bedrock.converse": 29,
        "bedrock.converse_stream": 6,
        "bedrock.invoke": 13,
        "bedrock.invoke_stream": 3,
        "cohere.chat": 4,
        "cohere.chat_v2": 9,
        "writer.chat": 13,
        "alephalpha.complete": 3,
        "ollama.chat": 9,
        "ollama.generate": 6,
    }


# How some tests state a usage by another convention, from ours.
OTHER_CONVENTIONS = {
    "output-excludes-reasoning": lambda usage, row: (
        usage.input_tokens,
        usage.output_tokens - usage.get(REASONING),
    ),
    # What Cohere has processed is more than it bills, which is what we read.
    "cohere-tokens-not-billed_units": lambda usage, row: (
        (int(row["expected_input"]), int(row["expected_output"]))
        if (usage.input_tokens, usage.output_tokens)
        == (int(row["body_input_total"]), int(row["body_output_total"]))
        else None
    ),
}


def test_usage_that_is_stated_by_another_convention(recorded):
    """The rows that are no truth for us are explained by a convention, each of them."""
    compared = Counter()
    for row in recorded.table("truth_open.tsv"):
        if row["confidence"] != "C" or row["convention"] == "n/a":
            continue
        stated = (int(row["expected_input"]), int(row["expected_output"]))
        usage = recorded.calls[key_of(row)].usage
        assert OTHER_CONVENTIONS[row["convention"]](usage, row) == stated
        assert (usage.input_tokens, usage.output_tokens) != stated
        compared[row["convention"]] += 1
    assert compared == {"output-excludes-reasoning": 8, "cohere-tokens-not-billed_units": 2}


def test_cost_that_is_stated_without_a_usage(recorded):
    """It is ours, but for the fee of a search that the test leaves out."""
    for row in recorded.table("truth_open.tsv"):
        if row["convention"] == "n/a":
            call = recorded.calls[key_of(row)]
            assert call.cost.value - fees(call) == Decimal(row["expected_cost_usd"])


def test_usage_that_is_stated_as_a_sum(recorded):
    """One test states the sum over the calls of its cassette."""
    for row in recorded.table("truth_open.tsv"):
        if not row["interaction"].startswith("sum:"):
            continue
        path = f"{row['repo'].replace('/', '+')}/{row['path']}"
        calls = [recorded.calls[path, number] for number in range(int(row["interaction"].partition(":")[2]))]
        assert sum(call.usage.input_tokens for call in calls) == int(row["expected_input"])
        assert sum(call.usage.output_tokens for call in calls) == int(row["expected_output"])
        assert sum(call.cost.value for call in calls) == Decimal(row["expected_cost_usd"])


def differences(name):
    """A table of what is stated and not ours, with the reason."""
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {(row["path"], int(row["interaction"]), row["stated"]): row["reason"] for row in rows}


def fees(call, units=("web_searches", "storage_searches")):
    return sum((call.components.get(unit, Decimal(0)) for unit in units), Decimal(0))


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


def repriced_as_nova_micro(call):
    """What the app asked for under the name of its own inference profile."""
    alias = Alias(f"aws/{call.measured.model.requested}", "aws/us.amazon.nova-micro-v1:0", 1)
    return repriced(call, aliases=(alias,))


# Each reason is a claim that the test checks: from our cost to the stated one.
REASONS = {
    "fee of searches left out": lambda call: call.cost.value - fees(call),
    "fee of the container left out": lambda call: call.cost.value - fees(call, ["code_executions"]),
    "price cut on 2026-08-21": lambda call: repriced(call, as_of=AsOf.RECORDED),
    "price of DeepSeek's quiet hours": off_peak,
    "price of Magistral, before the alias was another model's": lambda call: repriced(
        call, as_of=AsOf.RECORDED
    ),
    "application's own profile, which needs an alias": repriced_as_nova_micro,
    "BYOK: the gateway's bill is 0, the provider's is not": lambda call: Decimal(0),
    "literal of 0, where the same tests price this model elsewhere as we do": lambda call: Decimal(0),
    "table price, where the provider states its own": lambda call: repriced(
        call, provider_reported=ProviderReported.IGNORE, as_of=AsOf.RECORDED
    ),
}


def test_cost_is_what_was_stated_or_the_difference_is_explained(recorded, truth):
    """Every stated cost is ours to a thousandth, or is in the table with a reason that holds."""
    explained, unexplained, compared = differences("cost_differences.tsv"), [], 0
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
    assert compared == 211


def test_every_call_is_found_once_and_nothing_else(recorded):
    """A second reading of all interactions: each is a call, or is excluded for a reason that is counted."""
    excluded, taken = Counter(), set()
    for row in recorded.table("provider_usage_open.tsv"):
        key, call = key_of(row), recorded.calls.get(key_of(row))
        if row["shape"] in NEVER_A_CALL:
            assert call is None, f"{key} is {row['shape']}"
            excluded[NEVER_A_CALL[row["shape"]]] += 1
        elif call is None:
            excluded[why_no_call(row, recorded)] += 1
        else:
            assert key not in taken
            assert call.measured.api in API_OF[row["shape"]]
            taken.add(key)
    assert len(taken) == 3399
    # A billed call, whose trace states its usage, that the second reading does not know.
    beyond = [recorded.calls[key] for key in set(recorded.calls) - taken]
    assert [(call.measured.api, call.usage.input_tokens) for call in beyond] == [(Api.BEDROCK_AGENT, 255)]
    assert all(call.measured.host.startswith("bedrock-agent-runtime") for call in beyond)
    assert excluded == {
        "HTTP error": 86,
        "error in place of an answer": 3,
        "start of a background response": 4,
        "poll before the end": 3,
        "stored response fetched again": 2,
        "start of a run, or its going on": 18,
        "poll of a run before its end": 157,
        "token count": 21,
        "moderation": 3,
    }


def why_no_call(row, recorded):
    if not row["status"].startswith("2"):
        return "HTTP error"
    if row["shape"] == "openai.responses_get":
        return "stored response fetched again" if row["usage_json"] else "poll before the end"
    if row["shape"] == "openai.responses" and not row["usage_json"]:
        return "start of a background response"
    if row["shape"] in {"openai.assistants_run", "replicate.predictions"} and not row["usage_json"]:
        return "start of a run, or its going on"
    if row["shape"] in {"openai.assistants_run_get", "replicate.predictions_get"}:
        return "finished run fetched again" if row["usage_json"] else "poll of a run before its end"
    text = (recorded.folder / "open" / key_of(row)[0]).read_text(encoding="utf-8")
    return "error in place of an answer" if "content_filter" in text else "unknown"


def test_second_reading_agrees(recorded):
    """Input, output and their parts of every call as a plain reader reads them."""
    explained, differing, compared = differences("usage_differences.tsv"), [], 0
    for row in recorded.table("provider_usage_open.tsv"):
        call = recorded.calls.get(key_of(row))
        if call is None or not row["input_total"]:
            continue
        compared += 1
        usage = call.usage
        read = (usage.input_tokens, usage.output_tokens if row["output_total"] else 0)
        stated = (int(row["input_total"]), int(row["output_total"] or 0))
        if read != stated and not explained.pop((*key_of(row), "{} {}".format(*stated)), None):
            differing.append((key_of(row), stated, read))
        for column, unit in PARTS.items():
            if row[column] and int(row[column]) != (usage.get(unit) or 0):
                differing.append((key_of(row), unit, row[column], usage.get(unit)))
    assert differing == []
    assert explained == {}
    assert compared == 3141


def test_usage_that_is_stated_is_read(recorded):
    """Where the second reading finds a usage in a call's body, there is one here."""
    unread = [
        key_of(row)
        for row in recorded.table("provider_usage_open.tsv")
        if row["usage_json"]
        and (call := recorded.calls.get(key_of(row))) is not None
        and not call.usage.counts
    ]
    assert unread == []


def test_every_shape_is_known(recorded):
    """No row of the second reading is left out for its format."""
    shapes = {row["shape"] for row in recorded.table("provider_usage_open.tsv")}
    assert shapes == {*API_OF, *NEVER_A_CALL}


def test_statuses(recorded):
    """How well the cost of each call is known, without a line of configuration."""
    assert Counter(call.status for call in recorded.calls.values()) == {
        Status.FREE: 42,
        Status.EXACT: 2990,
        Status.REPORTED: 44,
        Status.INCOMPLETE: 244,
        Status.UNPRICED: 59,
        Status.PARTIAL: 21,
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
        if set(ours.components) & set(ours.lookup.card.corrected):
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
