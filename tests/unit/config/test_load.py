"""llmcost.yaml: what it may say, and the message for each mistake."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal

import pytest

from pytest_llmcost.config.load import Configuration, load_configuration, read_configuration
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.pricing.rules import Alias, AsOf, FreeRule, PricingRules, ProviderReported, UnknownModel

WHOLE_FILE = """\
# yaml-language-server: $schema=./llmcost.schema.json
version: 1
pricing:
  as_of: 2026-11-23
  unknown_model: warn
  provider_reported: compare
  models:
    acme/house-model: {input: "1.0", cache_read: "0.1", cache_write: 1.25, output: 4, source: contract 17}
    openai/gpt-4o: {multiply: "0.85"}
  aliases: {"azure/prod-chat": openai/gpt-4o}
  free: ["vllm/*"]
hosts: {"LLM.internal:8080": openai, "[::1]:8080": vllm}
include_mocked: true
"""


def test_whole_file():
    """Every key, with numbers exactly as typed and the lines for messages."""
    found = read_configuration(WHOLE_FILE, "llmcost.yaml")
    pricing = found.pricing
    assert (found.path, found.include_mocked) == ("llmcost.yaml", True)
    assert found.hosts == {"llm.internal:8080": "openai", "[::1]:8080": "vllm"}
    assert pricing.as_of == date(2026, 11, 23)
    assert (pricing.unknown_model, pricing.provider_reported) == (UnknownModel.WARN, ProviderReported.COMPARE)
    assert [(rule.key, rule.line) for rule in pricing.models] == [
        ("acme/house-model", 8),
        ("openai/gpt-4o", 9),
    ]
    rates = pricing.models[0].rows[0].rates
    assert {name: str(rate.usd) for name, rate in rates.items()} == {
        "input_tokens": "1.0",
        "cache_read_tokens": "0.1",
        "cache_write_tokens": "1.25",
        "output_tokens": "4",
    }
    assert pricing.models[1].rows[0].multiply == Decimal("0.85")
    assert pricing.aliases == (Alias("azure/prod-chat", "openai/gpt-4o", 10),)
    assert pricing.free == (FreeRule("vllm/*", 11),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "version: 1",
        "pricing:",
        "pricing: ~\nhosts: null\n",
        "pricing:\n  models:\n  aliases:\n  free:\nhosts:\n",
        "pricing: {}\nhosts: {}\n",
        "---\nversion: 1\n",
        "\ufeffversion: 1\n".removeprefix("\ufeff"),
    ],
)
def test_empty_sections_are_the_defaults(text):
    """An empty file is no mistake."""
    found = read_configuration(text, "llmcost.yaml")
    assert found == Configuration(path="llmcost.yaml", pricing=PricingRules(path="llmcost.yaml"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("today", AsOf.TODAY), ("recorded", AsOf.RECORDED), ('"2026-11-23"', date(2026, 11, 23))],
)
def test_as_of(typed, meant):
    """A word or a day, quoted or not."""
    assert read_configuration(f"pricing: {{as_of: {typed}}}", "c").pricing.as_of == meant


@pytest.mark.parametrize(
    ("typed", "number"),
    [("0.15", "0.15"), ("1e-6", "0.000001"), ('"1.10"', "1.10"), ("0", "0"), ("1_000", "1000")],
)
def test_prices_are_exact(typed, number):
    """No float is ever in between."""
    found = read_configuration(f"pricing: {{models: {{a/b: {{input: {typed}, output: 1}}}}}}", "c")
    assert str(found.pricing.models[0].rows[0].rates["input_tokens"].usd) == number


def test_file_is_fingerprinted(tmp_path):
    """So that a report can say that the overrides changed; a byte order mark does not disturb."""
    path = tmp_path / "llmcost.yaml"
    path.write_bytes(b"\xef\xbb\xbfversion: 1\n")
    found = load_configuration(path, "llmcost.yaml")
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def rows(row):
    return f"pricing:\n  models:\n    a/b: {row}\n"


MISTAKES = [
    # YAML itself
    ("pricing: [", "1:11: not valid YAML: expected the node content, but found '<stream end>'"),
    ("pricing:\n\tas_of: today", "2:1: not valid YAML: a tab; indent with spaces"),
    ("version: 1\n\tpricing: {}", "2:1: not valid YAML: a tab; indent with spaces"),
    ("version: 1\n---\nversion: 1", "2:1: not valid YAML: a second document begins here; the file holds one"),
    ("hosts: @x", "1:8: not valid YAML: text that begins with this character needs quotes"),
    (
        "pricing: as_of: today",
        "1:15: not valid YAML: a colon is out of place; indent it, or put the text in quotes",
    ),
    ("hosts: *all", "1:8: not valid YAML: found undefined alias 'all'"),
    (
        "version: 1\nhosts: {a: \x07}",
        "2: not valid YAML: a control character; delete it, or write it as an escape in double quotes",
    ),
    # The top level
    ("- pricing", "1:1: the file takes keys such as pricing and hosts; found a list"),
    ("pricing", "1:1: the file takes keys such as pricing and hosts; found 'pricing'"),
    ("princing: {}", "1:1: unknown key 'princing' in the file; did you mean 'pricing'?"),
    (
        "models: {}",
        "1:1: unknown key 'models' in the file; allowed: agents, budgets, hosts, include_mocked, pricing, projection, replay, version",
    ),
    ("version: 1\nversion: 1", "2:1: the file: the key 'version' stands twice (first in line 1)"),
    ("? [a]\n: b", "1:3: the file takes keys of text; found a list"),
    ("~: b", "1:1: the file takes keys of text; found nothing"),
    ("version: 2", "1:10: version 2 is not known; this pytest-llmcost reads version 1"),
    ("version: one", "1:10: version takes the version of the format, 1; found 'one'"),
    ("version: " + "9" * 5000, f"1:10: version takes the version of the format, 1; found '{'9' * 40}...'"),
    ("version:", "1:9: version takes the version of the format, 1; found nothing"),
    ("include_mocked: 1", "1:17: include_mocked takes true or false; found '1'"),
    ("include_mocked: [true]", "1:17: include_mocked takes true or false; found a list"),
    # hosts
    ("hosts: [a]", '1:8: hosts takes hosts, such as {"llm.internal:8080": openai}; found a list'),
    (
        "hosts: {https://llm.internal/v1: openai}",
        "1:9: 'https://llm.internal/v1' is no host or host:port; write 'llm.internal'",
    ),
    ("hosts: {llm.internal/v1: openai}", "1:9: 'llm.internal/v1' is no host or host:port"),
    ("hosts: {a b: openai}", "1:9: 'a b' is no host or host:port"),
    (
        "hosts: {a: open ai}",
        "1:12: hosts.a takes a provider id without spaces or slashes, such as openai or vllm; found 'open ai'",
    ),
    ("hosts: {a: }", "1:11: hosts.a takes a provider, such as openai; found nothing"),
    ("hosts: {a: x, a: y}", "1:15: hosts: the key 'a' stands twice (first in line 1)"),
    # pricing
    ("pricing: [a]", "1:10: pricing takes a mapping; found a list"),
    ("pricing: {asof: today}", "1:11: unknown key 'asof' in pricing; did you mean 'as_of'?"),
    ("pricing: {as_of: tomorrow}", "1:18: pricing.as_of takes a day, such as 2026-11-23; found 'tomorrow'"),
    (
        "pricing: {as_of: 2026-02-30}",
        "1:18: pricing.as_of takes a day, such as 2026-11-23; found '2026-02-30'",
    ),
    (
        "pricing: {as_of: [today]}",
        "1:18: pricing.as_of takes a day such as 2026-11-23, today, or recorded; found a list",
    ),
    (
        "pricing: {unknown_model: zero}",
        "1:26: pricing.unknown_model: unknown value 'zero'; allowed: fail, warn",
    ),
    (
        "pricing: {provider_reported: prefr}",
        "1:30: pricing.provider_reported: unknown value 'prefr'; did you mean 'prefer'?",
    ),
    # models
    ("pricing: {models: [a]}", "1:19: pricing.models takes models with their prices; found a list"),
    (
        'pricing: {models: {gpt-4o: {input: "1"}}}',
        "1:20: 'gpt-4o' is no provider/model, such as openai/gpt-4o",
    ),
    (
        'pricing: {models: {"openai/*-mini": {input: "1"}}}',
        "1:20: 'openai/*-mini': * and ? are allowed at the end of a key only",
    ),
    (
        'pricing: {models: {"openai/*-m*": {input: "1"}}}',
        "1:20: 'openai/*-m*': * and ? are allowed at the end of a key only",
    ),
    (rows("4"), '3:10: pricing.models.a/b takes prices, such as {input: "1.0", output: "4.0"}; found \'4\''),
    (
        rows("[]"),
        '3:10: pricing.models.a/b takes prices, such as {input: "1.0", output: "4.0"}; found a list',
    ),
    (rows("{}"), "3:10: pricing.models.a/b states no price; give input and output, same_as, or multiply"),
    (
        rows("{source: x}"),
        "3:10: pricing.models.a/b states no price; give input and output, same_as, or multiply",
    ),
    (
        rows("{inputs: 1}"),
        "3:11: unknown key 'inputs' in pricing.models.a/b; did you mean 'input'?",
    ),
    (
        rows("{input: -1}"),
        "3:18: pricing.models.a/b.input is a price in USD per million tokens and cannot be negative; found '-1'",
    ),
    (
        rows("{input: cheap}"),
        "3:18: pricing.models.a/b.input takes a price in USD per million tokens, such as \"1.25\"; found 'cheap'",
    ),
    (
        rows("{input: 1e999999999}"),
        "3:18: pricing.models.a/b.input takes a price in USD per million tokens, such as \"1.25\"; found '1e999999999'",
    ),
    (
        rows("{input: .nan}"),
        "3:18: pricing.models.a/b.input takes a price in USD per million tokens, such as \"1.25\"; found '.nan'",
    ),
    (
        rows("{input: 16:30}"),
        "3:18: pricing.models.a/b.input takes a price in USD per million tokens, such as \"1.25\"; found '16:30'",
    ),
    (
        rows("{input: }"),
        '3:17: pricing.models.a/b.input takes a price in USD per million tokens, such as "1.25"; found nothing',
    ),
    (rows('{cache_read: "1"}'), '3:10: pricing.models.a/b prices cache_read and no input; add input: "..."'),
    (
        rows('{input: "1", input: "2"}'),
        "3:23: pricing.models.a/b: the key 'input' stands twice (first in line 3)",
    ),
    (
        rows("{input: {above: {1: 2}}}"),
        '3:18: pricing.models.a/b.input has no base price; write {base: "1.25", above: {200000: "2.5"}}',
    ),
    (
        rows("{input: {base: 1, abve: {}}}"),
        "3:28: unknown key 'abve' in pricing.models.a/b.input; did you mean 'above'?",
    ),
    (
        rows("{input: {base: 1, above: {200k: 2}}}"),
        "3:36: pricing.models.a/b.input.above takes a number of input tokens; found '200k'",
    ),
    (
        rows("{fees: {web_search: 10}}"),
        "3:18: unknown key 'web_search' in pricing.models.a/b.fees; did you mean 'web_searches'?",
    ),
    (
        rows("{multiply: -0.5}"),
        "3:21: pricing.models.a/b.multiply is a factor and cannot be negative; found '-0.5'",
    ),
    (
        rows("{multiply: 85%}"),
        "3:21: pricing.models.a/b.multiply takes a factor, such as \"0.85\"; found '85%'",
    ),
    (rows("{same_as: gpt-4o}"), "3:20: 'gpt-4o' is no provider/model, such as openai/gpt-4o"),
    (
        rows("{from: soon, input: 1}"),
        "3:17: pricing.models.a/b.from takes a day, such as 2026-11-23; found 'soon'",
    ),
    (
        rows('[{input: "1"}, {input: "2"}]'),
        '3:25: pricing.models.a/b[1]: another row without "from" stands above; give each row its own day',
    ),
    (
        rows('[{from: 2026-01-01, input: "1"}, {from: 2026-01-01, input: "2"}]'),
        "3:43: pricing.models.a/b[1]: another row from 2026-01-01 stands above; give each row its own day",
    ),
    # aliases and free
    (
        "pricing: {aliases: [a]}",
        '1:20: pricing.aliases takes names, such as {"azure/prod-chat": openai/gpt-4o}; found a list',
    ),
    (
        "pricing: {aliases: {a/b: c}}",
        "1:26: 'c' is no provider/model, such as openai/gpt-4o",
    ),
    (
        "pricing: {aliases: {a/b: a/b}}",
        "1:26: pricing.aliases.a/b leads back to itself; an alias must end at a priced model",
    ),
    (
        "pricing: {aliases: {a/b: a/c, a/c: a/d, a/d: a/b}}",
        "1:46: pricing.aliases.a/d leads back to itself; an alias must end at a priced model",
    ),
    (
        'pricing: {free: "vllm/*"}',
        "1:17: pricing.free takes a list of models, such as [\"vllm/*\"]; found 'vllm/*'",
    ),
    ("pricing: {free: [vllm]}", "1:18: 'vllm' is no provider/model, such as openai/gpt-4o"),
    ("pricing: {free: [~]}", "1:18: pricing.free[0] takes provider/model; found nothing"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[message[:60] for _, message in MISTAKES])
def test_message(text, message):
    """File, line, column; what was found, what is allowed, and the nearest right word."""
    with pytest.raises(ConfigError) as caught:
        read_configuration(text, "llmcost.yaml")
    assert str(caught.value) == f"llmcost.yaml:{message}"


@pytest.mark.parametrize(
    "opening", ["[", "{a: ", "- ", "a:\n "], ids=["list", "mapping", "block list", "block mapping"]
)
@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_huge_nesting_is_refused(opening, depth):
    """It neither ends the process nor hangs."""
    with pytest.raises(ConfigError):
        read_configuration(opening * depth, "llmcost.yaml")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"version: 1\n# \xff\n", "llmcost.yaml:2: not valid UTF-8; save the file as UTF-8"),
        ("version: 1".encode("utf-16"), "llmcost.yaml:1: not valid UTF-8; save the file as UTF-8"),
    ],
)
def test_file_in_another_encoding(tmp_path, data, message):
    """The line is named as far as lines can be told."""
    path = tmp_path / "llmcost.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        load_configuration(path, "llmcost.yaml")
    assert str(caught.value) == message


def test_file_that_cannot_be_read(tmp_path):
    """The system's reason."""
    with pytest.raises(ConfigError, match="conf: cannot read it: Is a directory"):
        load_configuration(tmp_path, "conf")
