"""What the terminal says of changes that are easy to misread."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.diff import Change, RunDiff, Side, State
from pytest_llmcost.reports.gate_section import change_lines, headline_parts, share
from pytest_llmcost.reports.text import MoneyStyle

STYLE = MoneyStyle(4)


def known(text):
    return Amount.exactly(Decimal(text))


def changed(base, head, key="tests/test_a.py::test_a"):
    high = None if head.high is None else head.high - base.value
    delta = Amount(head.low - base.value, head.value - base.value, high)
    return Change(key=key, state=State.CHANGED, base=Side(cost=base), head=Side(cost=head), delta=delta)


def diff_of(*changes, totals=None):
    return RunDiff(base="base.json", totals=totals or changes[0], tests=changes, agents=())


def test_an_unknown_cost_is_no_decrease():
    """A model without a price has not made a test cheaper by 100 %."""
    change = changed(known("0.5"), Amount.at_least(Decimal(0)))
    assert share(change) == ""
    text = "\n".join(change_lines(diff_of(change), STYLE, 100, everything=True))
    assert "-" not in text.splitlines()[-1].split("test_a")[-1]
    assert "unknown" in text
    assert "-" not in headline_parts(diff_of(change), STYLE)[0]


def test_a_known_part_that_is_more_is_said_as_such():
    """What is certain may be more than all of the base."""
    change = changed(known("0.5"), Amount.at_least(Decimal("0.75")))
    assert "≥ +$0.2500" in "\n".join(change_lines(diff_of(change), STYLE, 100, everything=True))


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (["tests/test_a.py::test_a"], ["1 new test: $0.5000, not counted as an increase"]),
        (["fixture tests::index"], ["new beside the tests: $0.5000, not counted as an increase"]),
        (
            ["tests/test_a.py::test_a", "outside any test"],
            [
                "1 new test: $0.5000, not counted as an increase",
                "new beside the tests: $0.5000, not counted as an increase",
            ],
        ),
    ],
)
def test_fixtures_are_no_tests(keys, says):
    """What runs beside the tests is not counted among them."""
    new = [Change(key=key, state=State.NEW, head=Side(cost=known("0.5"))) for key in keys]
    lines = list(change_lines(diff_of(*new), STYLE, 100, everything=True))
    assert [line for line in lines if "new" in line] == says
