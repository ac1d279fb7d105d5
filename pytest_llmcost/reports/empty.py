"""The honest empty state: no call was seen, and what was seen instead."""

from __future__ import annotations

from pytest_llmcost.model.report import NoticeKind, RunReport
from pytest_llmcost.reports.text import plural, safe


def empty_state(report: RunReport) -> list[str]:
    """Say that no LLM call was seen, and every clue as to why.

    Args:
        report: A report without calls.
    """
    if any(notice.kind is NoticeKind.SPEND_CAP for notice in report.notices):
        return [f"no LLM call sent in {plural(len(report.tests), 'test')}"]
    seen = report.observed
    lines = [f"no LLM call seen in {plural(len(report.tests), 'test')}"]
    if seen.imported:
        lines.append(f"imported: {', '.join(map(safe, seen.imported))}")
    else:
        lines.append("imported: no LLM SDK and no HTTP client that is known here")
    if seen.not_captured:
        lines.append(f"not captured by this version: calls that go through {', '.join(seen.not_captured)}")
    if seen.cassettes:
        opened = plural(seen.cassettes, "cassette")
        lines.append(f"{opened} opened, with {plural(seen.interactions, 'interaction')}")
    for reason, number in seen.not_calls.items():
        lines.append(f"{plural(number, 'request')} to LLM endpoints not counted as calls: {safe(reason)}")
    if seen.child_processes:
        lines.append("child processes ran: if one of them calls a model, that is not seen")
    lines.append("are calls made where a fake replaces the client? Fakes above HTTP send nothing to price.")
    return lines
