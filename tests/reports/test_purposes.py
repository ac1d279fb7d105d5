"""What a run cost by feature, session, organisation and user, where calls state them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from golden import check
from looked_up import lookups
from suites import A, B, Use, run

from pytest_llmcost.attribution.span_attributes import STATED
from pytest_llmcost.model.call import Source
from pytest_llmcost.model.purposes import PURPOSES, by_purpose
from pytest_llmcost.reports.json_reader import parse_report
from pytest_llmcost.reports.json_report import render_json
from pytest_llmcost.reports.markdown import render_comment, render_summary
from pytest_llmcost.reports.terminal import Detail, section

ANN, BOB = "9f86d081884c", "b5d4045c3f46"


def of(**attributes):
    return Use().but(attributes=attributes)


TESTS = {
    A: [
        of(feature="triage", user=ANN, session="s-1"),
        Use(3000).but(attributes={"feature": "refund", "user": ANN}),
    ],
    B: [of(feature="triage", user=BOB, org=ANN), Use(500)],
}


def text(found, detail=Detail.TESTS, width=100):
    lines = section(found, detail=detail, width=width, report_path=".llmcost/report.json")
    return "\n".join(line.text for line in lines) + "\n"


@pytest.mark.parametrize("width", [60, 100])
def test_terminal(width):
    """With -v, a table for each attribute that is stated; the dearest first, and what states none last."""
    found = text(run(TESTS), width=width)
    check(f"purposes-{width}.txt", found)
    assert max(map(len, found.splitlines())) <= width


def test_markdown():
    """The comment has them folded; users and organisations are said to be hashes."""
    check("purposes-comment.md", render_comment(run(TESTS)))


def test_lookups():
    """A feature that a cache of the app has spared all calls has a row, and there is a column for the rates."""
    hits = lookups(A, "11.", saved_cost=Decimal("0.01"), attributes={"feature": "search"})
    found = run(TESTS, lookups=tuple(hits))
    shown = text(found).split("\nfeature ")[1].split("\n\n")[0].splitlines()
    assert [line.split()[-1] for line in shown if line.startswith(("search", "triage"))] == ["-", "66.7%"]
    assert "| `search` | 0 | 0 | - | $0 | 66.7% |" in render_comment(found)


@pytest.mark.parametrize("attribute", PURPOSES)
def test_rows_sum(attribute):
    """Rows of an attribute add up to the total, exactly, with those of calls that are left out of it."""
    mocked = of(feature="mocked", session="x").but(attributes={"feature": "mocked"}, source=Source.MOCKED)
    found = run({**TESTS, "tests/test_c.py::test_mocked": [mocked]})
    rows = by_purpose(found, attribute)
    assert sum(row.rollup.cost.value for row in rows) == found.totals.cost.value
    assert sum(row.rollup.calls for row in rows) == found.totals.calls
    assert sum(row.rollup.spent.value for row in rows) == found.totals.spent.value
    assert "mocked" not in [row.value for row in rows]


def test_from_the_file():
    """report.json has what the tables need."""
    found = run(TESTS)
    again = parse_report(render_json(found), "report.json")
    assert again == found
    assert text(again) == text(found)


def test_nothing_is_said_where_nothing_is_stated():
    """A suite without such spans reads as before."""
    found = run({A: [Use()]})
    assert "feature" not in text(found, Detail.CALLS) + render_summary(found)


def test_shown_with_v_only():
    """They are detail: a plain run does not list sessions."""
    assert "s-1" not in text(run(TESTS), Detail.NORMAL)
    assert "s-1" in text(run(TESTS))


def test_many_values():
    """Thousands of sessions do not fill the screen: the dearest are listed, and all with -vv."""
    uses = [Use(1000 + number).but(attributes={"session": f"s-{number:03}"}) for number in range(25)]
    found = run({A: uses})
    shown = text(found)
    assert "15 more rows (show all: -vv)" in shown
    assert "s-024" in shown
    assert "s-010" not in shown
    assert "s-010" in text(found, Detail.CALLS).split("\nsession")[1]
    assert "5 more rows not shown here." in render_comment(found)
    assert "`s-000`" in render_summary(found)


def test_names():
    """Features and sessions are anybody's text."""
    odd = "\x1b[31m|`<b>\n::error::x"
    found = run({A: [of(feature=odd, session=odd)]})
    shown, comment = text(found, Detail.TESTS), render_comment(found)
    assert "\x1b" not in shown + comment
    assert "\n::error" not in shown + comment
    assert r"``\x1b[31m\|`<b>\x0a::error::x``" in comment.replace(" ", "")


def test_every_attribute_has_a_table():
    """What spans state is what reports show."""
    assert set(STATED) == set(PURPOSES)
