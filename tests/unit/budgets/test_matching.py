"""Which rules hold: wildcards, the last rule, and markers over it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_llmcost.budgets.markers import budget_of_markers
from pytest_llmcost.budgets.matching import limits_for, marked_over, nearest
from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.model.budget import BudgetScope, LimitKey
from pytest_llmcost.model.wildcards import matches

TEST = "tests/test_a.py::test_it[en-*]"


@pytest.mark.parametrize(
    ("match", "name", "holds"),
    [
        ("*", "", True),
        ("*", "anything\nat all", True),
        ("tests/test_a.py::*", "tests/test_a.py::test_it[x]", True),
        ("tests/*::test_it", "tests/deep/down/test_a.py::test_it", True),
        ("tests/test_a.py::test_it[de]", "tests/test_a.py::test_it[de]", True),
        ("tests/test_a.py::test_it[de]", "tests/test_a.py::test_itd", False),
        ("test_it[?]", "test_it[1]", True),
        ("test_it[?]", "test_it[12]", False),
        ("test_it[!a]", "test_it[b]", False),
        ("Support", "support", False),
        ("support", "support_agent", False),
        ("support*", "support_agent", True),
        ("a.b", "axb", False),
        ("a+", "aa", False),
        ("", "a", False),
    ],
)
def test_match(match, name, holds):
    """Only * and ? are special: brackets are literal, case matters, the whole name must fit."""
    assert matches(match, name) is holds


def budgets(text):
    return read_configuration(f"budgets:\n{text}", "llmcost.yaml").budgets


def held(text, scope=BudgetScope.TEST, name=TEST):
    found = limits_for(scope, name, budgets(text))
    return {key.value: (str(limit.value), limit.budget.location) for key, limit in found.items()}


def test_the_last_rule_that_matches_holds_for_each_key():
    """General rules first, exceptions below; a rule that lacks a key leaves it as it was."""
    assert held(
        "  - {scope: test, max_cost: '1', max_calls: 5}\n"
        "  - {scope: test, match: 'tests/test_a.py::*', max_cost: '3'}\n"
        "  - {scope: test, match: 'tests/test_b.py::*', max_cost: '4', max_calls: 9}\n"
        "  - {scope: call, max_cost: '5'}\n"
    ) == {"max_cost": ("3", "llmcost.yaml:3"), "max_calls": ("5", "llmcost.yaml:2")}


def test_an_exception_may_come_back_to_the_general_rule():
    """Order decides, and not how narrow a match is."""
    rows = (
        "  - {scope: test, match: 'tests/test_a.py::test_it[[]en-*]', max_calls: 1}\n"
        "  - {scope: test, match: 'tests/test_a.py::test_it[en-*]', max_calls: 2}\n"
        "  - {scope: test, max_calls: 3}\n"
    )
    assert held(rows) == {"max_calls": ("3", "llmcost.yaml:4")}


def test_ignore_increase_below_follows_the_same_rule():
    """It goes with the rule that says it last."""
    rows = (
        "  - {scope: test, max_increase: 10%, ignore_increase_below: '0.01'}\n"
        "  - {scope: test, match: 'tests/test_a.py::*', max_increase: 20%}\n"
    )
    limit = limits_for(BudgetScope.TEST, TEST, budgets(rows))[LimitKey.MAX_INCREASE]
    assert (limit.value, limit.ignore_below) == (Decimal("0.2"), Decimal("0.01"))


def marked(**keywords):
    return budget_of_markers([((), keywords)], TEST, "tests/test_a.py:7")


def test_a_marker_is_over_the_rules_and_says_what_it_loosens():
    """Tightened limits are nobody's concern; a loosened one is shown in each run."""
    rules = limits_for(
        BudgetScope.TEST,
        TEST,
        budgets(
            "  - {scope: test, max_cost: '1', max_calls: 5, min_cache_hit_rate: 50%, max_increase: 10%}\n"
        ),
    )
    limits, loosened = marked_over(
        TEST, rules, marked(max_cost="2", max_calls=4, min_cache_hit_rate="40%", max_increase="5%")
    )
    assert {key.value: str(limit.value) for key, limit in limits.items()} == {
        "max_cost": "2",
        "max_calls": "4",
        "min_cache_hit_rate": "0.4",
        "max_increase": "0.05",
    }
    assert [one.key.value for one in loosened] == ["max_cost", "min_cache_hit_rate"]
    assert loosened[0].before.budget.location == "llmcost.yaml:2"
    assert loosened[0].after.budget.location == "tests/test_a.py:7"


@pytest.mark.parametrize(
    ("said", "holds"),
    [({}, "0.01"), ({"ignore_increase_below": "0.5"}, "0.5"), ({"ignore_increase_below": "0"}, "0")],
    ids=["silent", "more", "none"],
)
def test_a_marker_takes_over_what_is_ignored_unless_it_says_so(said, holds):
    """A marker with a limit of its own leaves the rest of the rule as it was, and its own word is the last."""
    rules = limits_for(
        BudgetScope.TEST,
        TEST,
        budgets("  - {scope: test, max_increase: 10%, ignore_increase_below: '0.01'}\n"),
    )
    limits, _ = marked_over(TEST, rules, marked(max_increase="20%", **said))
    assert limits[LimitKey.MAX_INCREASE].ignore_below == Decimal(holds)
    limits, _ = marked_over(TEST, {}, marked(max_increase="20%"))
    assert limits[LimitKey.MAX_INCREASE].ignore_below == 0


@pytest.mark.parametrize(("ignored", "is_loosened"), [("0.02", True), ("0.01", False), ("0", False)])
def test_ignoring_more_dollars_is_loosening(ignored, is_loosened):
    """The same percentage lets more pass when larger increases are ignored."""
    rows = "  - {scope: test, max_cost: '1', max_increase: 10%, ignore_increase_below: '0.01'}\n"
    rules = limits_for(BudgetScope.TEST, TEST, budgets(rows))
    _, loosened = marked_over(
        TEST, rules, marked(max_cost="1", max_increase="10%", ignore_increase_below=ignored)
    )
    assert [one.key for one in loosened] == [LimitKey.MAX_INCREASE] * is_loosened


@pytest.mark.parametrize(
    ("rule", "said", "is_loosened"),
    [("error", "warning", True), ("error", "error", False), ("warning", "warning", False)],
)
def test_a_limit_that_only_warns_is_loosened(rule, said, is_loosened):
    """The same figure passes where it failed."""
    rows = f"  - {{scope: test, max_cost: '1', level: {rule}}}\n"
    rules = limits_for(BudgetScope.TEST, TEST, budgets(rows))
    _, loosened = marked_over(TEST, rules, marked(max_cost="0.5", level=said))
    assert [one.key for one in loosened] == [LimitKey.MAX_COST] * is_loosened


def test_the_same_limit_again_is_not_loosened():
    """A marker that repeats its rule is no exception."""
    rows = "  - {scope: test, max_cost: '1', min_cache_hit_rate: 50%}\n"
    rules = limits_for(BudgetScope.TEST, TEST, budgets(rows))
    assert marked_over(TEST, rules, marked(max_cost="1", min_cache_hit_rate="50%"))[1] == []


def test_a_marker_alone_limits_too_and_loosens_nothing():
    """No rule of the YAML is needed."""
    limits, loosened = marked_over(TEST, {}, marked(max_calls=1))
    assert list(limits) == [LimitKey.MAX_CALLS]
    assert loosened == []


def test_no_marker_changes_nothing():
    """The rules hold as they are."""
    rules = limits_for(BudgetScope.TEST, TEST, budgets("  - {scope: test, max_calls: 5}\n"))
    assert marked_over(TEST, rules, None) == (rules, [])


def test_nearest():
    """A hint for a name that was mistyped, and none where nothing is like it."""
    names = ["support_agent", "researcher"]
    assert nearest("suport_agent", names) == "support_agent"
    assert nearest("zebra", names) is None
    assert nearest("support", ["support_desk_eu_agent"]) == "support_desk_eu_agent"
