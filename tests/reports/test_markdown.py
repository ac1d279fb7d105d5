"""The comment on a pull request and the step summary, read by GitHub's own parser."""

from __future__ import annotations

from changed import replace
from decimal import Decimal
import json

import pytest
import sample
import sample_diff
from github_page import OURS, Page
from golden import check
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import Source
from pytest_llmcost.model.diff import State
from pytest_llmcost.model.report import Selection
from pytest_llmcost.reports.json_reader import parse_report
from pytest_llmcost.reports.json_report import render_json
from pytest_llmcost.reports.markdown import (
    COMMENT_BYTES,
    marker,
    render_comment,
    render_summary,
    says_something,
)
from pytest_llmcost.reports.markdown_escape import cell, code, code_in_lines, fenced, figure

REPORTS = {
    "changed": sample_diff.changed_report,
    "unchanged": sample_diff.unchanged_report,
    "month": sample_diff.month_report,
    "months": sample_diff.months_report,
    "first": sample.report,
    "empty": lambda: sample.empty_report(imported=("openai",)),
}
# What breaks code spans, tables, tags, links, mentions and lines, among ordinary characters.
NASTY = st.text(
    st.sampled_from("`|\\<>&[]()!*_~#@:/.-=$\"' \t\r\na1\u202e\u200b\ud800é漢"), max_size=30
) | st.sampled_from(
    [
        "```",
        "</code><img src=x onerror=alert(1)>",
        "@octocat",
        "https://evil.example/x",
        "www.evil.example",
        "me@evil.example",
        "a|b\\|c",
        "| --- |",
        "<!-- pytest-llmcost:default -->",
        "[x](javascript:1)",
        "![x](//evil.example/p.png)",
        "</details>",
        "<details open>",
        "#1",
        "\n\n# heading",
        "::error::x",
    ]
)


@pytest.mark.parametrize("name", REPORTS)
def test_comment(name):
    """The verdict first, then what is exceeded, what changed and why."""
    check(f"markdown-comment-{name}.md", render_comment(REPORTS[name]()))


def test_summary():
    """As the comment, open, with all tests."""
    check("markdown-summary.md", render_summary(sample_diff.changed_report()))


@pytest.mark.parametrize("name", REPORTS)
def test_what_github_reads_is_ours_alone(name):
    """Tables keep their columns, and no tag, link or image stands in them."""
    for text in (render_comment(REPORTS[name]()), render_summary(REPORTS[name]())):
        page = Page(text)
        assert set(page.tags) <= OURS
        assert not page.attributes
        assert "~~" not in text


@given(NASTY)
@settings(max_examples=300, deadline=None)
def test_a_name_stays_in_its_code_span(name):
    """Whatever a name holds, GitHub reads one code span with that name, spelled out where it hides something."""
    page = Page(code(name))
    assert set(page.tags) <= {"p", "code"}
    assert page.tags.count("code") == (1 if name else 0)
    if name.isprintable() and name:
        assert page.codes == [name]


@given(NASTY, NASTY)
@settings(max_examples=300, deadline=None)
def test_a_name_stays_in_its_cell(first, second):
    """In a table too: two cells are two cells."""
    page = Page(f"| a | b |\n|:--|--:|\n| {cell(code(first))} | {cell(figure(second))} |\n")
    assert page.rows == [2, 2]
    assert set(page.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    if first.isprintable() and first:
        assert page.codes[0] == first


@given(st.lists(NASTY, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_lines_stay_in_their_fence(lines):
    """Lines of anybody's making are one block of code."""
    page = Page("\n".join(["<details>", "", *fenced(lines), "", "</details>"]))
    assert page.tags == ["details", "pre", "code"]


@given(nodeid=NASTY, agent=NASTY, model=NASTY, path=NASTY, limit=NASTY, message=NASTY)
@settings(max_examples=60, deadline=None)
def test_a_hostile_report_is_a_page_of_ours(nodeid, agent, model, path, limit, message):
    """Names, figures, places and messages of anybody's making: no tag, link, image or marker but ours."""
    report = hostile(nodeid, agent, model, path, limit, message)
    for text in (render_comment(report), render_summary(report)):
        page = Page(text)
        assert set(page.tags) <= OURS
        assert not page.attributes
        assert len({number for number in page.rows if number}) <= 2  # tables of four and five columns
        assert page.tags.count("details") == text.count("<details><summary>")
        assert page.comments in ([], ["pytest-llmcost:default"])


def hostile(nodeid, agent, model, path, limit, message):
    report = sample_diff.changed_report()
    row, change, finding = report.tests[0], report.diff.tests[0], report.findings[0]
    cause = replace(change.causes[0], before=limit, after=path, detail=message) if change.causes else None
    return replace(
        report,
        meta=replace(
            report.meta, version=model, commit=path, pricing=report.meta.pricing._replace(as_of=limit)
        ),
        tests=(
            replace(row, result=replace(row.result, nodeid=nodeid)),
            *report.tests[1:],
        ),
        agents=tuple(one._replace(name=agent) for one in report.agents),
        models=tuple(one._replace(model=model) for one in report.models),
        findings=(
            replace(
                finding,
                rule=model,
                scope=agent,
                match=nodeid,
                limit=limit,
                actual=message,
                message=message,
                location=path,
            ),
            *report.findings[1:],
        ),
        notices=tuple(one._replace(message=message, paste=path) for one in sample.report().notices),
        diff=replace(
            report.diff,
            base=path,
            tests=(
                replace(change, key=nodeid, causes=(cause,) if cause else ()),
                *report.diff.tests[1:],
            ),
        ),
    )


def many(number, name="tests/test_many.py::test_number_{}"):
    """A report with many changed tests."""
    report = sample_diff.changed_report()
    change = next(one for one in report.diff.tests if one.causes)
    test = report.tests[0]
    changes = tuple(replace(change, key=name.format(index)) for index in range(number))
    tests = tuple(
        replace(test, result=replace(test.result, nodeid=name.format(index))) for index in range(number)
    )
    return replace(report, tests=tests, diff=replace(report.diff, tests=changes))


def test_a_comment_has_twenty_changed_tests():
    """The others are counted."""
    text = render_comment(many(120))
    assert text.count("test_number_") == 20
    assert "100 more changed tests not shown here." in text


def test_a_summary_has_all_tests():
    """Nobody has to look for the others elsewhere."""
    text = render_summary(many(120))
    assert "more changed test" not in text
    assert text.count("test_number_") == 240


@pytest.mark.parametrize("most", [2_000, 3_000, 6_000, 20_000])
def test_what_is_too_long_is_left_out_in_whole_rows(most):
    """The page keeps to its limit, its tables stay whole, and what is missing is said."""
    text = render_summary(many(500, "tests/test_many.py::test_{}_`|` " + "漢" * 20), most_bytes=most)
    assert len(text.encode()) <= most
    assert "not shown here." in text or "Left out, as the page would be too long" in text
    page = Page(text)
    assert {number for number in page.rows if number} <= {4, 5}
    assert set(page.tags) <= OURS


def test_the_largest_comment():
    """Thousands of findings, agents and models are cut too."""
    report = many(3_000)
    report = replace(
        report,
        findings=report.findings * 1_000,
        agents=tuple(report.agents[0]._replace(name=f"agent_{index}" * 9) for index in range(2_000)),
        models=tuple(report.models[0]._replace(model=f"model_{index}" * 9) for index in range(2_000)),
    )
    text = render_comment(report)
    assert len(text.encode()) <= COMMENT_BYTES
    assert text.rstrip().endswith(marker("default"))
    assert "more agents not shown here." in text


def test_a_name_cannot_be_the_marker():
    """The marker is the last line; a test that is named like another comment's is a code span above it."""
    report = many(1, "<!-- pytest-llmcost:other -->")
    lines = render_comment(report, comment_id="mine").splitlines()
    assert lines[-1] == "<!-- pytest-llmcost:mine -->"
    assert "<!-- pytest-llmcost:other -->" not in lines


@pytest.mark.parametrize(
    ("report", "title"),
    [
        (sample_diff.changed_report(budgets=""), "### ℹ️ LLM cost: +$0.015770 (+80%)"),
        (
            sample_diff.unchanged_report(),
            "### ✅ LLM cost: unchanged",
        ),
        (
            sample_diff.changed_report(budgets="version: 1\nbudgets: [{scope: suite, max_cost: '9'}]"),
            "### ✅ LLM cost: +$0.015770 (+80%), 1 limit kept",
        ),
        (
            sample.report(faults=("x",)),
            "### ⚠️ LLM cost: this run is not complete, ≥ $1.45 to run live, no baseline yet",
        ),
        (
            sample_diff.changed_report(base=[], budgets=""),
            "### ℹ️ LLM cost: $0.035770 to run live, nothing to compare with",
        ),
    ],
)
def test_titles(report, title):
    """Symbol and words, never the one without the other."""
    assert render_comment(report).splitlines()[0] == title


def test_the_delta_is_that_of_the_figures_on_the_page():
    """Who subtracts the two amounts that are shown gets the delta that is shown."""
    report = sample_diff.changed_report(budgets="")
    usage = {"input_tokens": 1, "output_tokens": 1}  # $0.0000125 at this price
    calls = [sample_diff._call(index, sample.REFUND, "gpt-fixed", usage) for index in range(3)]
    dear = [
        sample_diff._call(9, sample.REFUND, "claude-fixed", {"input_tokens": 100_000, "output_tokens": 1})
    ]
    report = sample_diff.changed_report(base=[*calls, *dear], head=[*calls[:1], *dear], budgets="")
    assert "$0.3001&nbsp;→&nbsp;$0.3000 | **−&NoBreak;$0.0001" in render_comment(report)


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (sample_diff.changed_report(), True),
        (sample_diff.unchanged_report(), False),
        (sample.report(), True),
        (sample.empty_report(), False),
    ],
)
def test_whether_there_is_anything_to_say(report, says):
    """As before, or nothing at all, is nothing to write a comment about."""
    assert says_something(report) is says


def test_a_view_of_the_file():
    """The trusted job has only report.json, and writes the same page."""
    report = sample_diff.changed_report()
    assert render_comment(parse_report(render_json(report), "report.json")) == render_comment(report)


def test_mocked_calls_are_said():
    """The line of provenance tells what was left out."""
    assert "1 mocked (left out)" in render_comment(sample.report())
    assert sample.report().totals.sources[Source.MOCKED] == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("tests/test_a.py::test_it", "`tests/test_a.py::test_it`"),
        (
            "tests/test_desk.py::TestDesk::test_answers[long-enough]",
            "`tests/test_desk.py`<br>`TestDesk::test_answers[long-enough]`",
        ),
        (
            "tests/test_desk.py::test_answers_in_every_language[a::b[c]]",
            "`tests/test_desk.py`<br>`test_answers_in_every_language`<br>`[a::b[c]]`",
        ),
        ("x" * 50, f"`{'x' * 16}...{'x' * 17}`"),
        ("", "(empty)"),
        ("::", "`::`"),
        ("ab::" * 500, f"`{'ab::' * 4}...{('ab::' * 5)[3:]}`"),
    ],
)
def test_a_long_name_in_lines(name, shown):
    """Broken where a reader looks for it: the file, the test, its parameters."""
    assert code_in_lines(name, width=36) == shown


@given(st.lists(NASTY, min_size=1, max_size=5).map("::".join))
def test_lines_of_a_name_stay_code(name):
    """However it is broken, each line is a code span and nothing else."""
    page = Page(f"| a |\n|:--|\n| {cell(code_in_lines(name, width=20))} |\n")
    assert set(page.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code", "br"}
    assert page.rows == [1, 1]
    assert page.attributes == []


def test_price_tables_of_anybody_are_few():
    """The line of provenance is always there, so it has a length: a page holds however many files have prices."""
    found = json.loads(render_json(sample_diff.changed_report()))
    (card, *_), (call, *_) = found["rate_cards"].values(), found["calls"]
    for number in range(600):
        origin = f"{'x' * 150}{number}.yaml:7"
        found["rate_cards"][f"card {number}"] = {**card, "origin": origin, "source": "yaml"}
        price = {**call["price"], "card": f"card {number}", "source": "yaml", "origin": origin}
        found["calls"].append({**call, "id": f"more {number}", "price": price})
    report = parse_report(json.dumps(found), "report.json")
    comment = render_comment(report)
    assert len(comment.encode()) <= COMMENT_BYTES
    assert "and 597 more" in comment
    assert len(render_summary(report, most_bytes=10_000).encode()) <= 10_000


@pytest.mark.parametrize(
    ("state", "said"),
    [(State.NEW, "now, with no month before"), (State.GONE, "before, and no run now")],
)
def test_a_month_of_one_side(state, said):
    """One figure alone would read as a month that has not changed."""
    months = sample_diff.months_report()
    for report in (months, only_first_month(months)):
        first, *others = report.diff.projection.agents
        side = {"base": None} if state is State.NEW else {"head": None}
        change = replace(first.change, state=state, **side)
        agents = (replace(first, change=change), *others)
        diff = replace(report.diff, projection=replace(report.diff.projection, agents=agents, totals=None))
        for page in (render_comment(replace(report, diff=diff)), render_summary(replace(report, diff=diff))):
            assert page.count(said) == 1


def only_first_month(report):
    projection = replace(report.diff.projection, agents=report.diff.projection.agents[:1])
    return replace(report, diff=replace(report.diff, projection=projection))


@pytest.mark.parametrize(
    "detail",
    [
        "estimated: the recording is of an older request",
        "messages +2,186 bytes, estimated: the recording is of an older request",
        "system +1,819 bytes, tools -300 bytes, messages +2,186 bytes, estimated: the recording is of an older request",
        "2 repeat identical calls, 3 failed attempts before",
    ],
)
def test_details_of_our_own_are_words(detail):
    """What we say of a cause is no name in a code span; what stands behind it is none of ours."""
    assert "`" not in figure(detail)
    assert figure(f"{detail} @octocat").startswith("`")


def test_estimates_are_said_once():
    """Of an estimate the bounds of the run and of the comparison may differ by what no reader sees."""
    report = sample_diff.changed_report()
    head = report.diff.totals.head
    cost = head.cost.value
    low, high = cost * Decimal("0.9"), cost * Decimal("1.1")
    totals = replace(report.totals, cost=Amount(low - Decimal("1e-9"), cost, high))
    side = replace(head, cost=Amount(low, cost, high))
    change = replace(report.diff.totals, head=side)
    shown = render_comment(replace(report, totals=totals, diff=replace(report.diff, totals=change)))
    assert "±10%** to run live" in shown
    assert "to run all live" not in shown


@pytest.mark.parametrize(
    ("ran", "said"),
    [(3, "3 of 5 tests ran"), (5, "5 tests ran, and files were skipped or left out")],
)
def test_a_part_of_the_suite(ran, said):
    """A reader sees that not everything ran, also where it was whole files that did not."""
    report = sample.report(selection=Selection(full=False, collected=5, ran=ran))
    assert f" · {said} · " in render_summary(report)
