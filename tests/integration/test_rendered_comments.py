"""The comments of examples/gate as reviewers see them: they fit, and who adds up or subtracts gets what is said."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import sample_diff
from rendered_page import dollars, find_browser, tables, too_wide
from suites import Use, accepted, collected, difference, run, verdict
from changed import replace

from pytest_llmcost.reports.markdown import render_comment

ROOT = Path(__file__).parents[2]
CHANGES = (
    "longer-prompt",
    "lost-breakpoint",
    "moved-prices",
    "one-more-loop",
    "other-model",
    "renamed-tests",
)
needs_browser = pytest.mark.skipif(
    find_browser() is None, reason="no Chromium: install it, or name one in LLMCOST_CHROMIUM"
)


@pytest.fixture(scope="module")
def comments(tmp_path_factory):
    """By change, the text."""
    folder = tmp_path_factory.mktemp("comments")
    for change in CHANGES:
        command = [
            sys.executable,
            ROOT / "examples/gate/show.py",
            change,
            f"--llm-cost-report=markdown:{folder / change}",
        ]
        subprocess.run(command, capture_output=True, timeout=120)
    return {change: (folder / change).read_text(encoding="utf-8") for change in CHANGES}


@needs_browser
@pytest.mark.parametrize("change", CHANGES)
def test_it_fits(comments, tmp_path, change):
    """Nothing is to be moved sideways."""
    assert too_wide(comments[change], tmp_path) == "fits"


@pytest.mark.parametrize("change", CHANGES)
def test_it_adds_up(comments, change):
    """Rows to their sum, before and after to the difference, causes to the change, a run to the month."""
    text, found = comments[change], tables(comments[change])
    title = dollars(text.splitlines()[0])
    changed = [
        (*dollars(cost), *dollars(delta), dollars(why)) for _, cost, delta, why in found.get("Changed", [])
    ]
    for base, head, delta, causes in changed:
        assert head - base == delta == sum(causes)
    assert sum((delta for _, _, delta, _ in changed), Decimal(0)) == sum(title)
    *agents, total = [dollars(row[2])[0] for row in found["Agent"]]
    (model,) = [dollars(row[4])[0] for row in found["Model"]]
    assert sum(agents) == total == model
    sides = dollars(text.splitlines()[2].partition(" to run live")[0])
    assert (sides[0], sides[-1]) == (total - sum(title), total)
    (month,) = [line for line in text.splitlines() if line.startswith("A month")]
    each = Decimal(120_000) / int(re.search(r"mean of (\d+) runs", month)[1])
    assert dollars(month) == [side * each for side in sides] + [delta * each for delta in title]


LONG = "tests/integration/assistants/test_escalation_of_enterprise_customers.py::TestEscalationDesk::"
NAMES = [
    f"{LONG}test_writes_a_note_to_the_colleague_on_duty_{word}[gpt-4o-mini-enterprise-de]"
    for word in ("a", "b")
]
OTHER = "tests/test_support_of_a_quite_ordinary_kind.py::test_answers_in_the_language_of_the_customer"


def long_names():
    """A report whose tests, agents and models have long names, with findings and months."""
    agent, model = (
        "escalation_desk_of_enterprise_customers_writer",
        "a_model_of_a_long_name_without_dashes_v2",
    )
    base = accepted({name: [Use(2000, agent=agent)] for name in [*NAMES, OTHER]})
    found = run(
        {
            name: [Use(9000, cached=100, agent=agent, model="gpt-fixed" if name == OTHER else model)]
            for name in [*NAMES, OTHER]
        }
    )
    diff = difference(base, found, collected(found))
    budgets = "  - {scope: test, max_cost: '0.0001'}\n  - {scope: agent, max_calls: 1}\n  - {scope: suite, max_increase: 1%}\n"
    judged = verdict(found, budgets, diff)
    return replace(found, diff=diff, findings=judged.findings, limits=judged.limits)


@needs_browser
@pytest.mark.parametrize("make", [sample_diff.changed_report, sample_diff.months_report, long_names])
def test_other_comments_fit(tmp_path, make):
    """With everything that a comment can have, and with long names."""
    assert too_wide(render_comment(make()), tmp_path) == "fits"


@needs_browser
def test_a_page_that_does_not_fit(tmp_path):
    """It would be noticed."""
    assert too_wide(f"| a |\n|:--|\n| `{'x' * 200}` |\n", tmp_path).startswith("TABLE ")
