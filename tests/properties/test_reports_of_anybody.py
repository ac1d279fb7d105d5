"""A report.json of anybody's making is refused, or becomes a page of ours: nothing else."""

from __future__ import annotations

import json

import sample
import sample_diff
from github_page import OURS, Page
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llmcost.errors import ReportError
from pytest_llmcost.integrations.github.annotations import annotation_lines
from pytest_llmcost.integrations.github.outputs import outputs
from pytest_llmcost.model.check import check_report
from pytest_llmcost.reports.json_reader import parse_report
from pytest_llmcost.reports.json_report import render_json
from pytest_llmcost.reports.markdown import COMMENT_BYTES, marker, render_comment, render_summary

TEXTS = [
    render_json(report)
    for report in (
        sample_diff.changed_report(),
        sample.report(),
        sample_diff.month_report(),
        sample_diff.months_report(),
    )
]
# Where they differ from the others.
MONTHS = "projection"
NASTY = [
    "</details>",
    "|",
    "`",
    "@octocat",
    "https://evil.example",
    "\n# x",
    "\u202e",
    "\ud800",
    "[x](//y)",
    marker("default"),
]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(10**30), max_value=10**30),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [
            *NASTY,
            "NaN",
            "-1",
            "1e999999",
            "Infinity",
            "0.5",
            "x" * 5_000,
            [],
            {},
            [[]],
            "2026-01-01T00:00:00Z",
        ]
    ),
)


def leaves(found, path=()):
    """The path of every value in a document."""
    yield path
    parts = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, part in parts:
        yield from leaves(part, (*path, key))


PATHS = [[path for path in leaves(json.loads(text)) if path] for text in TEXTS]


@given(st.data())
@settings(max_examples=250, deadline=None)
def test_refused_or_rendered(data):
    """Any value in any place."""
    which = data.draw(st.integers(0, len(TEXTS) - 1))
    found = json.loads(TEXTS[which])
    paths = [path for path in PATHS[which] if MONTHS in path] if which > 1 else PATHS[which]
    for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=3)):
        row = found
        try:
            for key in path[:-1]:
                row = row[key]
            row[path[-1]] = data.draw(VALUES)
        except (KeyError, IndexError, TypeError):
            continue  # a value above it was replaced
    try:
        report = parse_report(json.dumps(found), "report.json")
        check_report(report)
    except (ReportError, ValueError):
        return
    comment, summary = render_comment(report), render_summary(report)
    for text in (comment, summary):
        page = Page(text)
        assert set(page.tags) <= OURS
        assert not page.attributes
    assert len(comment.encode()) <= COMMENT_BYTES
    assert comment.rstrip().splitlines()[-1] == marker("default")
    assert all(len(line.splitlines()) == 1 for line in annotation_lines(report, {}, ""))
    assert set(outputs(report, "x"))
