"""Everything that a session writes beside the terminal: report.json, other reports, and what CI reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from pytest_llmcost.files import write_report
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.reports.json_report import render_json
from pytest_llmcost.settings import ReportType, Settings, shown_path

if TYPE_CHECKING:
    from pytest_llmcost.integrations.github.outputs import GitHubJob


class Outputs:
    """Writes the reports of a session.

    Args:
        settings: What was asked for.
        environ: Of the process.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._github = _github_job(settings, environ)
        self.written = shown_path(settings.report_path, settings.invoked_from)

    def saw(self, report: pytest.TestReport) -> None:
        """A phase of a test was reported."""
        if self._github is not None:
            self._github.saw(report.nodeid, report.location)

    def write(self, report: RunReport) -> list[str]:
        """Write all files.

        Returns:
            What could not be written, one sentence each.
        """
        texts = {ReportType.JSON: render_json(report)}
        wanted = [(self._settings.report_path, ReportType.JSON)]
        start = self._settings.invoked_from
        wanted += [
            (start / asked.path, asked.type) for asked in self._settings.reports if asked.path is not None
        ]
        problems = []
        for path, kind in wanted:
            if kind not in texts:
                texts[kind] = _render(report)
            try:
                write_report(path, texts[kind])
            except OSError as error:
                problems.append(f"cannot write {shown_path(path, start)}: {error.strerror or error}")
        if self._github is not None:
            problems += self._github.publish(report, self.written)
        return problems

    def annotations(self, report: RunReport | None) -> list[str]:
        """Lines that the CI system shows beside the code."""
        return [] if self._github is None or report is None else self._github.annotations(report)


def _render(report: RunReport) -> str:
    from pytest_llmcost.reports.markdown import render_comment

    return render_comment(report)


def _github_job(settings: Settings, environ: Mapping[str, str]) -> GitHubJob | None:
    if environ.get("GITHUB_ACTIONS") != "true":
        return None
    from pytest_llmcost.integrations.github.outputs import GitHubJob

    return GitHubJob(environ, settings.root, settings.invoked_from)
