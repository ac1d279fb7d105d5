"""Findings as workflow commands."""

from __future__ import annotations

from changed import replace

import sample_diff
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmcost.integrations.github.annotations import MOST, Place, annotation_lines, escape_property
from pytest_llmcost.model.verdict import Finding, Level

REPORT = sample_diff.changed_report()
PLACES = {sample_diff.TRIAGE: Place("app/tests/test_triage.py", 41)}


def finding(**changes):
    facts = {
        "level": Level.ERROR,
        "rule": "max_cost",
        "scope": "test",
        "match": sample_diff.TRIAGE,
        "limit": "$0.0002",
        "actual": "$0.0015",
        "message": "it costs $0.0015, and its limit is $0.0002",
        "location": "llmcost.yaml:4",
    }
    return Finding(**{**facts, **changes})


def lines_of(*findings, folder=""):
    return annotation_lines(replace(REPORT, findings=findings), PLACES, folder)


def test_a_finding_of_a_test_is_at_its_line():
    """With the limit's place and the cause in the text."""
    (line,) = lines_of(finding())
    assert line.startswith(
        "::error file=app/tests/test_triage.py,line=41,title=LLM cost::"
        "it costs $0.0015, and its limit is $0.0002 (llmcost.yaml:4). Why: openai/gpt-fixed"
    )


def test_a_finding_of_the_suite_is_at_the_line_of_the_yaml():
    """Its path begins at the root of the repository."""
    suite = finding(scope="suite", match="", level=Level.WARNING)
    assert lines_of(suite)[0].startswith("::warning file=llmcost.yaml,line=4,title=LLM cost::")
    assert lines_of(suite, folder="services/a")[0].startswith(
        "::warning file=services/a/llmcost.yaml,line=4,"
    )
    assert lines_of(suite, folder=None)[0].startswith("::warning title=LLM cost::")


def test_a_finding_without_a_place():
    """Nobody wrote the rule: the annotation is that of the job."""
    assert lines_of(finding(scope="suite", match="", location=None))[0].startswith("::error title=LLM cost::")


def test_errors_first_and_at_most_ten():
    """GitHub drops what is beyond; the last says how many."""
    warnings = [finding(level=Level.WARNING, message=f"w{index}") for index in range(8)]
    errors = [finding(message=f"e{index}") for index in range(7)]
    lines = lines_of(*warnings, *errors)
    assert len(lines) == MOST
    assert [line.startswith("::error") for line in lines] == [True] * 7 + [False] * 3
    assert lines[-1] == "::warning title=LLM cost::6 more findings: see the summary of the job"
    assert len(lines_of(*warnings[:3], *errors)) == 10


@given(st.text(max_size=40), st.text(max_size=40))
def test_names_cannot_begin_a_command_or_a_property(message, name):
    """Line ends, percent signs, colons and commas of anybody's making stay text."""
    report = replace(REPORT, findings=(finding(message=message, match=name),), diff=None)
    (line,) = annotation_lines(report, {name: Place(name, 1)}, "")
    assert len(line.splitlines()) == 1
    assert line.startswith(f"::error file={escape_property(name)},line=1,title=LLM cost::")
    assert not {":", ",", "\n", "\r"} & set(escape_property(name))


def test_a_long_message_is_cut():
    """An annotation is a sentence."""
    assert len(lines_of(finding(message="x" * 10_000))[0]) < 1_200
