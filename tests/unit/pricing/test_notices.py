"""What is missing, and the YAML that mends it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from exchanges import measured, table

from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.model.call import Api, CassetteRef, Origin, Source, Status
from pytest_llmcost.model.report import NoticeKind
from pytest_llmcost.pricing.notices import price_notices
from pytest_llmcost.pricing.price_call import price_calls
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.usage.hosts import provider_of

USAGE = {"input_tokens": 1200, "output_tokens": 34}


def notices(*calls, pricing=""):
    prices = table(pricing)
    return price_notices(price_calls(calls, prices), prices.rules)


def repriced(paste, call):
    """The call after the user has pasted the lines and filled the prices in."""
    found = read_configuration(paste.replace('"..."', '"1.0"'), "llmcost.yaml")
    provider = provider_of(call.host, found.hosts) or call.provider
    again = measured(
        provider, call.model.billed, dict(call.usage), host=call.host, requested=call.model.requested
    )
    (priced,) = price_calls([again], PriceTable(found.pricing, table()._today))
    return priced


def choices(paste):
    """The prices as they are pasted, then each way out that is a comment."""
    lines = paste.splitlines()
    prices = [line for line in lines if not line.startswith("#")]
    others = [line.removeprefix("# ") for line in lines if line.startswith(("# hosts:", "# pricing:"))]
    return ["\n".join(prices), *others]


HOSTILE = [
    "gpt-99",
    "meta-llama/Llama 3.2: 1B",
    'quo"te',
    "quo'te",
    "back\\slash",
    "}, free: [*",
    "# comment",
    "new\nline\r\n- item",
    "\x00\x07\x1b[31m\x7f\x85",
    "näme 模型 🚀",
    "\ud83d half",
    "wild*card",
    "is-it?",
    "???",
    "{{braces}}",
    "!!python/object:x",
    "&anchor *alias",
    "x" * 500,
    "...",
    "\u2028line",
    "\ufeffbom",
]


@pytest.mark.parametrize("model", HOSTILE, ids=repr)
def test_pasted_prices_of_an_unknown_model_hold(model):
    """Whatever the model is called, the line parses, and prices that model."""
    call = measured(billed=model, usage=USAGE)
    (notice,) = notices(call)
    assert notice.kind is NoticeKind.UNPRICED
    price, alias = choices(notice.paste)
    if "\ud83d" not in model:  # half a character cannot be written to a file
        assert repriced(price, call).status is Status.EXACT
    read_configuration(price.replace('"..."', '"1.0"').encode().decode(), "llmcost.yaml")
    read_configuration(alias, "llmcost.yaml")


@pytest.mark.parametrize("model", HOSTILE, ids=repr)
@pytest.mark.parametrize(
    "host", ["llm.internal:8080", "[::1]:8080", "gpu_1.local", "bücher.example", "127.0.0.1"]
)
def test_pasted_lines_for_an_unknown_host_hold(host, model):
    """Three ways out: whose models it serves, that they are free, or their prices."""
    call = measured(host, model, USAGE, host=host)
    (notice,) = notices(call)
    price, hosts, free = choices(notice.paste)
    assert provider_of(host, read_configuration(hosts, "llmcost.yaml").hosts) == "openai"
    assert repriced(free, call).status is Status.FREE
    if "\ud83d" not in model:
        assert repriced(price, call).status is Status.EXACT


def test_call_without_a_model_has_lines_that_hold():
    """A server of one model may not say its name."""
    call = measured("llm.internal", None, USAGE, host="llm.internal")
    (notice,) = notices(call)
    price, hosts, free = choices(notice.paste)
    assert repriced(free, call).status is Status.FREE
    assert repriced(price, call).status is Status.EXACT


def test_alias_that_is_pasted_holds():
    """The user writes a priced model for ``provider/model``."""
    call = measured(billed="gpt-99", usage=USAGE)
    (notice,) = notices(call)
    line = choices(notice.paste)[1].replace('"provider/model"', "openai/gpt-4o")
    assert repriced(line, call).status is Status.EXACT


def test_host_is_said_to_speak_for_the_maker_of_its_wire_format():
    """A gateway with Anthropic's paths serves Anthropic's models."""
    (notice,) = notices(
        measured("llm.internal", "claude-x", USAGE, host="llm.internal", api=Api.ANTHROPIC_MESSAGES)
    )
    assert 'hosts: {"llm.internal": anthropic}' in notice.paste


@pytest.mark.parametrize(
    ("api", "provider"),
    [(Api.BEDROCK_CONVERSE, "aws"), (Api.GEMINI_GENERATE, "google"), (Api.COHERE_CHAT, "cohere")],
)
def test_the_maker_is_named_as_the_price_table_names_it(api, provider):
    """A name that genai-prices does not have would leave the call unpriced."""
    (notice,) = notices(measured("llm.internal", "x", USAGE, host="llm.internal", api=api))
    assert f'hosts: {{"llm.internal": {provider}}}' in notice.paste


def test_pasted_price_of_a_rerank_is_per_search():
    """It has no tokens: what is pasted prices the unit that was used."""
    call = measured("cohere", "rerank-99", {"rerank_searches": 2}, api=Api.COHERE_RERANK)
    (notice,) = notices(call)
    pasted = read_configuration(notice.paste.replace('"..."', '"2.0"'), "llmcost.yaml")
    (priced,) = price_calls([call], PriceTable(pasted.pricing, table()._today))
    assert (priced.status, priced.cost.value) == (Status.EXACT, Decimal("0.004"))


def test_one_notice_for_each_unknown_model():
    """With how many calls and tokens; the cost is unknown and not zero."""
    calls = [
        measured(billed="gpt-99", usage=USAGE),
        measured(billed="gpt-99", usage=USAGE),
        measured(billed="gpt-98", usage=USAGE),
    ]
    assert [notice.message for notice in notices(*calls)] == [
        "1 call to openai/gpt-98 (1,234 tokens): no price is known, so the cost is unknown and not zero",
        "2 calls to openai/gpt-99 (2,468 tokens): no price is known, so the cost is unknown and not zero",
    ]


def test_one_piece_of_yaml_for_all_unknown_models():
    """What is pasted once prices everything."""
    calls = [
        measured(billed="gpt-99", usage=USAGE),
        measured("llm.internal", "big", USAGE, host="llm.internal"),
    ]
    found = notices(*calls)
    assert [notice.paste is None for notice in found] == [True, False]
    assert all(repriced(found[1].paste, call).status is Status.EXACT for call in calls)


def test_override_that_leads_nowhere_is_named():
    """There is a row to mend, so there is nothing to paste."""
    (notice,) = notices(measured(usage=USAGE), pricing="{models: {openai/gpt-4o: {same_as: acme/typo}}}")
    assert "llmcost.yaml:1: openai/gpt-4o builds on acme/typo, which has no price" in notice.message
    assert notice.paste is None


def test_incomplete_calls_name_where_they_are():
    """Two places, and how many more."""
    calls = [
        measured(incomplete="cut", origin=Origin(nodeid=f"tests/test_a.py::test_{number}"))
        for number in range(4)
    ]
    (notice,) = notices(*calls)
    assert notice.kind is NoticeKind.INCOMPLETE
    assert notice.message == "4 calls (tests/test_a.py::test_0, tests/test_a.py::test_1 and 2 more): cut"


def test_partial_calls_name_their_models():
    """And say that the cost is a lower bound."""
    (notice,) = notices(
        measured("acme", "x", {**USAGE, "web_searches": 1}),
        pricing='{models: {acme/x: {input: "1", output: "1"}}}',
    )
    assert notice.kind is NoticeKind.PARTIAL
    assert notice.message == "1 call to acme/x: no price for web_searches (1); the cost is a lower bound"


def test_mocked_calls_need_no_price():
    """They cost nothing."""
    assert notices(measured(billed="gpt-99", source=Source.MOCKED)) == []


def test_leak_is_named():
    """A call that slipped past an open cassette."""
    (notice,) = notices(measured(leak=True, source=Source.LIVE, cassette=CassetteRef("tests/c.yaml", 0)))
    assert notice.kind is NoticeKind.LEAK
    assert "tests/c.yaml" in notice.message


@pytest.mark.parametrize(("stated", "count"), [("12.5", 0), ("12.6", 0), ("13", 1), ("6", 1), ("0", 0)])
def test_compare_names_differences_above_one_percent(stated, count):
    """``provider_reported: compare`` prints both figures."""
    call = measured(stated_cost=Decimal(stated))
    found = notices(call, pricing="{provider_reported: compare}")
    assert len(found) == count
    if found:
        assert found[0].message == f"call c1: the provider states ${stated}, the prices give $12.5"
