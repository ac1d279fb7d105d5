"""The sections ``budgets:`` and ``replay:`` of llmcost.yaml: what they may say, and the message for each mistake."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_llmcost.replay.rules import Incomplete
from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.model.budget import BudgetScope, LimitKey
from pytest_llmcost.model.verdict import Level

WHOLE = """\
version: 1
replay: {incomplete: warn}
budgets:
  - {scope: suite, max_cost: "0.50", max_increase: 10%, ignore_increase_below: "0.001"}
  - {scope: test, match: "tests/test_triage.py::*", max_cost: "$0.015", max_calls: 8}
  - {scope: agent_run, match: support_agent, max_cost: 0.02, max_input_tokens: 10_000}
  - {scope: agent, match: support_agent, min_cache_hit_rate: 70%, max_cache_hit_drop: 5pp}
  - {scope: call, max_cost: "0.10", level: warning}
  - {scope: model, match: "openai/gpt-5*-pro", max_calls: 0}
  - scope: test
    match: "tests/test_a.py::test_it[1]"
    max_output_tokens: 5
    max_total_tokens: "20"
    min_cache_hit_rate: 0.7
    max_increase: 2.5%
"""


def read(text):
    return read_configuration(text, "llmcost.yaml")


def test_the_replay_section():
    """Weeks are days, and paths are read."""
    found = read("replay: {stale: fail, max_age: 26w, ignore: [$.user, '$.metadata.*']}").replay
    assert (found.stale.value, found.max_age, found.incomplete.value) == ("fail", 182, "fail")
    assert [[step.name for step in path] for path in found.ignore] == [["user"], ["metadata", "*"]]
    assert read("replay: {max_age: 180d}").replay.max_age == 180


def test_whole_sections():
    """Every scope and key, exactly as typed, each with its line."""
    found = read(WHOLE)
    assert found.replay.incomplete is Incomplete.WARN
    assert [(b.scope.value, b.match, b.location) for b in found.budgets] == [
        ("suite", "*", "llmcost.yaml:4"),
        ("test", "tests/test_triage.py::*", "llmcost.yaml:5"),
        ("agent_run", "support_agent", "llmcost.yaml:6"),
        ("agent", "support_agent", "llmcost.yaml:7"),
        ("call", "*", "llmcost.yaml:8"),
        ("model", "openai/gpt-5*-pro", "llmcost.yaml:9"),
        ("test", "tests/test_a.py::test_it[1]", "llmcost.yaml:10"),
    ]
    assert [{key.value: str(value) for key, value in b.limits.items()} for b in found.budgets] == [
        {"max_cost": "0.50", "max_increase": "0.1"},
        {"max_cost": "0.015", "max_calls": "8"},
        {"max_cost": "0.02", "max_input_tokens": "10000"},
        {"min_cache_hit_rate": "0.7", "max_cache_hit_drop": "0.05"},
        {"max_cost": "0.10"},
        {"max_calls": "0"},
        {
            "max_output_tokens": "5",
            "max_total_tokens": "20",
            "max_increase": "0.025",
            "min_cache_hit_rate": "0.7",
        },
    ]
    assert found.budgets[0].ignore_increase_below == Decimal("0.001")
    assert [b.level for b in found.budgets].count(Level.WARNING) == 1


@pytest.mark.parametrize("text", ["budgets:", "budgets: []", "budgets: ~\nreplay:", "replay: {}"])
def test_empty_sections(text):
    """No limit is no mistake."""
    found = read(text)
    assert (found.budgets, found.replay.incomplete) == ((), Incomplete.FAIL)


@pytest.mark.parametrize("scope", BudgetScope)
@pytest.mark.parametrize("key", LimitKey)
def test_which_limits_a_scope_may_have(scope, key):
    """Relative ones need what a baseline keeps: the suite, tests and agents; a call looks nothing up."""
    typed = "5pp" if key.is_drop else "5%" if key.is_lower or key is LimitKey.MAX_INCREASE else "5"
    text = f"budgets: [{{scope: {scope.value}, {key.value}: {typed}}}]"
    if key.is_relative and scope not in {BudgetScope.SUITE, BudgetScope.TEST, BudgetScope.AGENT}:
        with pytest.raises(
            ConfigError, match="needs a baseline, which there is for the scopes agent, suite, test"
        ):
            read(text)
    elif key.is_of_response_cache and scope is BudgetScope.CALL:
        with pytest.raises(ConfigError, match="is about lookups, which a call has not"):
            read(text)
    else:
        assert list(read(text).budgets[0].limits) == [key]


def row(text):
    return f"budgets:\n  - {text}\n"


MISTAKES = [
    ("budgets: {}", "1:10: budgets takes a list of budgets, such as - {scope: test, max_cost: \"0.02\"}; found a mapping"),
    ("budgets: 5", "1:10: budgets takes a list of budgets, such as - {scope: test, max_cost: \"0.02\"}; found '5'"),
    ("budget: []", "1:1: unknown key 'budget' in the file; did you mean 'budgets'?"),
    (row("suite"), "2:5: budgets[0] takes a budget, such as {scope: test, max_cost: \"0.02\"}; found 'suite'"),
    (row("~"), "2:5: budgets[0] takes a budget, such as {scope: test, max_cost: \"0.02\"}; found nothing"),
    (row("{max_cost: 1}"), "2:5: budgets[0] has no scope; add one of suite, test, call, agent, agent_run, model, feature, user, session, org"),
    (row("{scope: tests, max_cost: 1}"), "2:13: budgets[0].scope: unknown value 'tests'; did you mean 'test'?"),
    (row("{scope: city, max_cost: 1}"), "2:13: budgets[0].scope: unknown value 'city'; allowed: agent, agent_run, call, feature, model, org, session, suite, test, user"),
    (row("{scope: [test], max_cost: 1}"), "2:13: budgets[0].scope takes one of suite, test, call, agent, agent_run, model, feature, user, session, org; found a list"),
    (row("{scope: test}"), "2:5: budgets[0] limits nothing; add a limit, such as max_cost: \"0.02\""),
    (row("{scope: test, level: warning}"), "2:5: budgets[0] limits nothing; add a limit, such as max_cost: \"0.02\""),
    (row("{scope: test, max_costs: 1}"), "2:19: unknown key 'max_costs' in budgets[0]; did you mean 'max_cost'?"),
    (row("{scope: test, max_cost: 1, max_cost: 2}"), "2:32: budgets[0]: the key 'max_cost' stands twice (first in line 2)"),
    (row("{scope: test, max_cost: cheap}"), "2:29: budgets[0].max_cost takes an amount in USD, such as \"0.015\"; found 'cheap'"),
    (row("{scope: test, max_cost: -1}"), "2:29: budgets[0].max_cost takes an amount in USD, such as \"0.015\", and cannot be negative; found '-1'"),
    (row("{scope: test, max_cost: 5%}"), "2:29: budgets[0].max_cost takes an amount in USD, such as \"0.015\"; found '5%'"),
    (row("{scope: test, max_cost: .inf}"), "2:29: budgets[0].max_cost takes an amount in USD, such as \"0.015\"; found '.inf'"),
    (row("{scope: test, max_cost: }"), "2:28: budgets[0].max_cost takes a limit; found nothing"),
    (row("{scope: test, max_cost: [1]}"), "2:29: budgets[0].max_cost takes a limit; found a list"),
    (row("{scope: test, max_calls: 1.5}"), "2:30: budgets[0].max_calls takes a whole number, such as 8; found '1.5'"),
    (row("{scope: test, max_calls: many}"), "2:30: budgets[0].max_calls takes a whole number, such as 8; found 'many'"),
    (row("{scope: test, max_input_tokens: -1}"), "2:37: budgets[0].max_input_tokens takes a whole number, such as 8; found '-1'"),
    (row("{scope: test, min_cache_hit_rate: 70}"), "2:39: budgets[0].min_cache_hit_rate takes a rate, such as 70% or 0.7, from 0 to 100%: write 70%; found '70'"),
    (row("{scope: test, min_cache_hit_rate: 101%}"), "2:39: budgets[0].min_cache_hit_rate takes a rate, such as 70% or 0.7, from 0 to 100%; found '101%'"),
    (row("{scope: test, max_increase: 10}"), "2:33: budgets[0].max_increase takes an increase in percent, such as 10%: a number without % could mean two things; found '10'"),
    (row("{scope: test, max_increase: -10%}"), "2:33: budgets[0].max_increase takes an increase in percent, such as 10%, and cannot be negative; found '-10%'"),
    (row("{scope: test, max_increase: ten%}"), "2:33: budgets[0].max_increase takes an increase in percent, such as 10%; found 'ten%'"),
    (row("{scope: test, max_cache_hit_drop: 5%}"), "2:39: budgets[0].max_cache_hit_drop takes a drop in percentage points, such as 5pp: a number without pp could mean two things; found '5%'"),
    (row("{scope: call, max_increase: 10%}"), "2:33: budgets[0].max_increase needs a baseline, which there is for the scopes agent, suite, test; found call"),
    (row("{scope: suite, match: x, max_cost: 1}"), "2:27: budgets[0].match: a budget of the suite is about all of it; leave match out"),
    (row("{scope: test, match: [x], max_cost: 1}"), "2:26: budgets[0].match takes a name, such as \"tests/test_triage.py::*\"; found a list"),
    (row("{scope: test, match: , max_cost: 1}"), "2:25: budgets[0].match takes a name, such as \"tests/test_triage.py::*\"; found nothing"),
    (row("{scope: test, max_cost: 1, ignore_increase_below: 1}"), "2:55: budgets[0].ignore_increase_below belongs to max_increase, which this budget does not have"),
    (row("{scope: test, max_increase: 1%, ignore_increase_below: 1%}"), "2:60: budgets[0].ignore_increase_below takes an amount in USD, such as \"0.015\"; found '1%'"),
    (row("{scope: test, max_cost: 1, level: fatal}"), "2:39: budgets[0].level: unknown value 'fatal'; allowed: error, warning"),
    ("replay: [x]", "1:9: replay takes settings, such as {stale: estimate, max_age: 180d}; found a list"),
    ("replay: {incomplet: warn}", "1:10: unknown key 'incomplet' in replay; did you mean 'incomplete'?"),
    ("replay: {stale: maybe}", "1:17: replay.stale: unknown value 'maybe'; allowed: estimate, fail, ignore"),
    ("replay: {max_age: 180}", "1:19: replay.max_age takes an age in days or weeks, such as 180d or 26w; found '180'"),
    ("replay: {max_age: 0d}", "1:19: replay.max_age takes an age in days or weeks, such as 180d or 26w; found '0d'"),
    ("replay: {ignore: $.user}", "1:18: replay.ignore takes a list of JSON paths; found '$.user'"),
    ("replay: {ignore: [user]}", "1:19: replay.ignore[0]: 'user': a path begins with \"$\", such as $.user or $.metadata.*"),
    ("replay: {ignore: [$]}", "1:19: replay.ignore[0]: '$': \"$\" alone would ignore the whole request; name a part of it, such as $.user"),
    ("replay: {ignore: ['$.a b']}", "1:19: replay.ignore[0]: '$.a b': cannot read ' b'; steps are .name, .*, ..name, [0], [*] and ['name']"),
    ("replay: {incomplete: zero}", "1:22: replay.incomplete: unknown value 'zero'; allowed: fail, warn"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[message[:60] for _, message in MISTAKES])
def test_message(text, message):
    """File, line, column; what was found, what is allowed, and the nearest right word."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value) == f"llmcost.yaml:{message}"
