"""What is written is read back: money, calls, and whatever stands in a YAML file."""

from __future__ import annotations

import json
from decimal import localcontext

import pytest
from exchanges import TODAY
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import contexts, measured_calls

from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.model.codec import card_to_json
from pytest_llmcost.model.decode import CallRows, card_from_json, measured_from_json
from pytest_llmcost.model.money import money_text, parse_money
from pytest_llmcost.model.rows import ReportRows, measured_row
from pytest_llmcost.pricing.genai import GenaiPrices
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.pricing.rules import PricingRules
from pytest_llmcost.pricing.table import PriceTable

TABLE = PriceTable(PricingRules(), TODAY, GenaiPrices())


@given(
    amount=st.decimals(-(10**20), 10**20, allow_nan=False, allow_infinity=False, places=20),
    precision=contexts,
)
def test_money_comes_back(amount, precision):
    """Exactly, in any decimal context, and never with an exponent."""
    with localcontext() as coarse:
        coarse.prec = precision
        text = money_text(amount)
        assert parse_money(text) == amount
        assert money_text(parse_money(text)) == text
    assert set(text) <= set("-.0123456789")
    assert text == "0" or not text.endswith(".")


@given(
    text=st.text(max_size=20)
    | st.from_regex(r"[-+]?[0-9_]{0,4}\.?[0-9]{0,4}([eE][-+]?[0-9]{1,12})?", fullmatch=True)
)
def test_money_text_is_a_number_or_a_value_error(text):
    """Nothing else, and never a text of a million digits."""
    try:
        number = parse_money(text)
    except ValueError:
        return
    assert len(money_text(number)) < 200


@given(call=measured_calls())
def test_measured_call_comes_back(call):
    """Through the text that a worker sends, which has the form of the standard library's encoder."""
    row = measured_row(call)
    assert measured_from_json(json.loads(row)) == call
    assert json.dumps(json.loads(row)) == row


@given(call=measured_calls())
def test_priced_call_comes_back(call):
    """Through report.json, with its rate cards; and what was measured can be priced again."""
    priced = price_call("c1", call, TABLE)
    lookups = [priced.lookup, *(sub.lookup for sub in priced.sub_calls)]
    cards = {lookup.card.name: lookup.card for lookup in lookups if lookup.card}
    written = json.loads(json.dumps({name: card_to_json(card) for name, card in cards.items()}))
    read = {name: card_from_json(name, card) for name, card in written.items()}
    assert read == cards
    row = ReportRows().call(priced)
    assert json.dumps(json.loads(row)) == row
    again = CallRows(read).call(json.loads(row))
    assert again == priced
    assert price_call("c1", again.measured, TABLE) == priced


def assert_loads_or_explains(text):
    try:
        read_configuration(text, "llmcost.yaml")
    except ConfigError as error:
        message = str(error)
        assert message.startswith("llmcost.yaml")
        assert len(message.splitlines()) <= 2


file_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(text=file_text)
@example(text="&a [*a]")
@example(text="pricing: &p {models: *p}")
@example(text="{}: {}")
@example(text="? ")
@example(text="%TAG ! x\n---\n!y z")
@example(text="hosts: {? {a: b} : c}")
@example(text="version: !!binary =")
@example(text="a: 2026-13-45")
def test_any_text_loads_or_is_explained(text):
    """Nothing but ConfigError, in one or two lines."""
    assert_loads_or_explains(text)


KEYS = [
    "version", "pricing", "hosts", "include_mocked", "as_of", "unknown_model", "provider_reported", "models",
    "aliases", "free", "input", "output", "cache_read", "base", "above", "from", "same_as", "multiply",
    "per_request", "fees", "source", "web_searches", "a/b", "a/*", "*", "1000", "", "a\nb",
]  # fmt: skip
SCALARS = [
    None,
    True,
    1,
    -1,
    0.5,
    "1.5",
    "today",
    "2026-01-01",
    "a/b",
    "a/*",
    "openai",
    "1e99",
    "nan",
    "x\ny",
    "~",
]
yaml_like = st.recursive(
    st.sampled_from(SCALARS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(document=st.dictionaries(st.sampled_from(KEYS[:4]), yaml_like) | yaml_like)
def test_any_structure_loads_or_is_explained(document):
    """JSON is YAML: structures with the right keys and anything under them."""
    assert_loads_or_explains(json.dumps(document, ensure_ascii=False))


@given(section=st.dictionaries(st.sampled_from(KEYS[4:10]), yaml_like, max_size=4))
def test_any_pricing_section_loads_or_is_explained(section):
    """One level further down."""
    assert_loads_or_explains(json.dumps({"pricing": section}))


@given(row=st.dictionaries(st.sampled_from(KEYS[10:22]), st.sampled_from(SCALARS) | yaml_like, max_size=4))
def test_any_row_loads_or_is_explained(row):
    """And the rows of a model."""
    assert_loads_or_explains(json.dumps({"pricing": {"models": {"a/b": row, "a/c": [row, row]}}}))


@pytest.mark.parametrize("text", ["a: 1\n" * 2000, "hosts: {" + "a: b, " * 2000 + "}"])
def test_long_files(text):
    """No file takes noticeably long."""
    assert_loads_or_explains(text)
