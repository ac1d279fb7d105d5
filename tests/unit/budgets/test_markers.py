"""@pytest.mark.llm_budget: what it takes, and the one line for each mistake."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_llmcost.budgets.markers import (
    MarkerError,
    budget_from_json,
    budget_of_markers,
    budget_to_json,
)
from pytest_llmcost.model.budget import BudgetScope, LimitKey
from pytest_llmcost.model.verdict import Level

TEST = "tests/test_a.py::test_it"


def read(*markers):
    return budget_of_markers(markers, TEST, "tests/test_a.py:7")


def limits(**keywords):
    return {key.value: str(value) for key, value in read(((), keywords)).limits.items()}


def test_every_key():
    """Each limit of the YAML, as text or as a number."""
    found = limits(
        max_cost="0.02",
        max_calls=5,
        max_input_tokens="10_000",
        max_output_tokens=200,
        max_total_tokens=10_200,
        min_cache_hit_rate=0.6,
        max_increase="10%",
        max_cache_hit_drop="5pp",
    )
    assert found == {
        "max_cost": "0.02",
        "max_calls": "5",
        "max_input_tokens": "10000",
        "max_output_tokens": "200",
        "max_total_tokens": "10200",
        "min_cache_hit_rate": "0.6",
        "max_increase": "0.1",
        "max_cache_hit_drop": "0.05",
    }


@pytest.mark.parametrize("typed", ["0.1", 0.1, "$0.1", Decimal("0.1")])
def test_a_float_is_what_its_digits_say(typed):
    """0.1 is a tenth."""
    assert limits(max_cost=typed) == {"max_cost": "0.1"}


def test_whose_it_is():
    """It is of the test, and found at its line."""
    found = read(((), {"max_calls": 1, "level": "warning"}))
    assert (found.scope, found.match, found.location) == (BudgetScope.TEST, TEST, "tests/test_a.py:7")
    assert (found.level, found.ignore_increase_below) == (Level.WARNING, None)


def test_the_closest_marker_holds_for_each_key():
    """Of the function over that of the class over that of the module."""
    found = read(((), {"max_calls": 1}), ((), {"max_calls": 2, "max_cost": "2"}), ((), {"max_cost": "3"}))
    assert {key: str(value) for key, value in found.limits.items()} == {
        LimitKey.MAX_COST: "2",
        LimitKey.MAX_CALLS: "1",
    }


def test_no_marker_no_budget():
    """Most tests have none."""
    assert read() is None


@pytest.mark.parametrize(
    ("args", "keywords", "message"),
    [
        (
            ("0.02",),
            {},
            "llm_budget takes keywords only, got '0.02'; write @pytest.mark.llm_budget(",
        ),
        ((), {}, 'llm_budget limits nothing; write @pytest.mark.llm_budget(max_cost="0.02", max_calls=5)'),
        ((), {"level": "warning"}, "llm_budget limits nothing; write @pytest.mark.llm_budget("),
        (
            (),
            {"max_calls": 1, "ignore_increase_below": "0.1"},
            "llm_budget: ignore_increase_below belongs to max_increase, which this marker does not have",
        ),
        ((), {"max_costs": 1}, "llm_budget: unknown max_costs; did you mean 'max_cost'?"),
        ((), {"zzz": 1}, "llm_budget: unknown zzz; allowed: max_cost, max_calls, max_input_tokens"),
        ((), {"max_cost": "cheap"}, "llm_budget: max_cost takes an amount in USD, such as \"0.015\"; found 'cheap'"),
        ((), {"max_cost": "-1"}, "llm_budget: max_cost takes an amount in USD, such as \"0.015\", and cannot be negative"),
        ((), {"max_cost": None}, 'llm_budget: max_cost takes an amount in USD, such as "0.015"; found None'),
        ((), {"max_cost": True}, 'llm_budget: max_cost takes an amount in USD, such as "0.015"; found True'),
        ((), {"max_cost": float("nan")}, 'llm_budget: max_cost takes an amount in USD, such as "0.015"; found nan'),
        ((), {"max_calls": 1.5}, "llm_budget: max_calls takes a whole number, such as 8; found 1.5"),
        ((), {"max_calls": -1}, "llm_budget: max_calls takes a whole number, such as 8; found -1"),
        ((), {"min_cache_hit_rate": 70}, "llm_budget: min_cache_hit_rate takes a rate, such as 70% or 0.7, from 0 to 100%: write 70%; found 70"),
        ((), {"max_increase": 0.1}, "llm_budget: max_increase takes an increase in percent, such as 10%: a number without % could mean two things; found 0.1"),
        ((), {"max_cache_hit_drop": "5%"}, "llm_budget: max_cache_hit_drop takes a drop in percentage points, such as 5pp: a number without pp could mean two things; found '5%'"),
        ((), {"max_increase": "-5%"}, "llm_budget: max_increase takes an increase in percent, such as 10%, and cannot be negative; found '-5%'"),
        ((), {"max_increase": "1%", "ignore_increase_below": "x"}, 'llm_budget: ignore_increase_below takes an amount in USD, such as "0.015"; found \'x\''),
        ((), {"max_calls": 1, "level": "fatal"}, "llm_budget: level takes error or warning; found 'fatal'"),
        ((), {"max_calls": 1, "level": []}, "llm_budget: level takes error or warning; found []"),
    ],
)  # fmt: skip
def test_mistakes(args, keywords, message):
    """What was found, and what is allowed."""
    with pytest.raises(MarkerError) as error:
        read((args, keywords))
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_a_mistake_of_the_class_shows_at_each_of_its_tests():
    """A marker further out is read too."""
    with pytest.raises(MarkerError, match="unknown max_call"):
        read(((), {"max_calls": 1}), ((), {"max_call": 2}))


def test_it_travels_from_a_worker():
    """As builtin types, without losing a digit."""
    found = read(
        ((), {"max_cost": "0.1234567890123456789", "max_increase": "7%", "ignore_increase_below": 0.001})
    )
    assert budget_from_json(TEST, budget_to_json(found)) == found
