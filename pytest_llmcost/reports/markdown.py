"""A run in GitHub's Markdown: the comment on a pull request, and the step summary."""

from __future__ import annotations

import re

from pytest_llmcost.model.diff import State
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.verdict import Verdict
from pytest_llmcost.reports.markdown_parts import fit
from pytest_llmcost.reports.markdown_sections import sections
from pytest_llmcost.reports.markdown_text import opening, provenance, title

# GitHub takes 65,536 characters in a comment, and drops a step's summary of more than 1 MiB.
COMMENT_BYTES = 60_000
SUMMARY_BYTES = 900 * 1024
DEFAULT_ID = "default"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def is_comment_id(text: str) -> bool:
    """Whether a text can tell the comments of one pull request apart."""
    return _ID.fullmatch(text) is not None and "--" not in text


def marker(comment_id: str) -> str:
    """The last line of a comment, by which it is found again."""
    return f"<!-- pytest-llmcost:{comment_id} -->"


def render_comment(report: RunReport, *, comment_id: str = DEFAULT_ID, note: str | None = None) -> str:
    """The comment on a pull request: the verdict, what changed and why; the rest is folded.

    Args:
        report: The run.
        comment_id: Tells the comments of several suites apart.
        note: Text of ours for the line of provenance.

    Returns:
        At most 60,000 bytes, and so characters. Its last line is the marker.
    """
    foot = f"{provenance(report, note)}\n\n{marker(comment_id)}"
    return fit(_head(report), sections(report, everything=False), foot, COMMENT_BYTES)


def render_summary(report: RunReport, *, most_bytes: int = SUMMARY_BYTES) -> str:
    """The summary of a step: as the comment, open, with all tests.

    Args:
        report: The run.
        most_bytes: What the step has left.
    """
    return fit(_head(report), sections(report, everything=True), provenance(report), most_bytes)


def says_something(report: RunReport) -> bool:
    """Whether a reviewer learns anything: a finding, a change, or costs without a baseline."""
    if report.verdict is not Verdict.PASS or not report.meta.complete:
        return True
    if report.diff is None:
        return bool(report.calls) or report.totals.response_cache is not None
    told = {State.CHANGED, State.NEW, State.GONE}
    return any(change.state in told for change in report.diff.tests)


def _head(report: RunReport) -> str:
    return "\n\n".join([f"### {title(report)}", *opening(report)])
