"""Everything that a session writes beside the terminal: report.json, other reports, and what CI reads."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
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

    def write(self, report: RunReport, rows: Mapping[int, str]) -> list[str]:
        """Write all files.

        Args:
            report: The run.
            rows: What is written of its calls already; see ``render_json``.

        Returns:
            What could not be written, one sentence each.
        """
        problems = self._write(self._settings.report_path, ReportType.JSON, report, rows)
        start = self._settings.invoked_from
        for asked in self._settings.reports:
            if asked.path is not None:
                problems += self._write(start / asked.path, asked.type, report, rows)
        if self._github is not None:
            try:
                problems += self._github.publish(report, self.written)
            except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
                problems.append(f"GitHub is not told: {_fault(error)}")
        return problems

    def _write(self, path: Path, kind: ReportType, report: RunReport, rows: Mapping[int, str]) -> list[str]:
        shown = shown_path(path, self._settings.invoked_from)
        try:
            text = render_json(report, rows) if kind is ReportType.JSON else _markdown(report)
            write_report(path, text)
        except OSError as error:
            return [f"cannot write {shown}: {error.strerror or error}"]
        except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
            return [f"{shown} is not written: {_fault(error)}"]
        return []

    def annotate(self, report: RunReport | None) -> list[str]:
        """Write the findings as lines that the CI system shows beside the code.

        Returns:
            Why it could not be done, in a sentence.
        """
        if self._github is None or report is None:
            return []
        try:
            sys.stderr.writelines(f"{line}\n" for line in self._github.annotations(report))
        except Exception as error:  # noqa: BLE001  # a fault of ours must not change the exit status
            return [f"no annotations: {_fault(error)}"]
        return []


def _fault(error: Exception) -> str:
    return f"a fault of pytest-llmcost: {type(error).__name__}: {error}"


def _markdown(report: RunReport) -> str:
    from pytest_llmcost.reports.markdown import render_comment

    return render_comment(report)


def _github_job(settings: Settings, environ: Mapping[str, str]) -> GitHubJob | None:
    if environ.get("GITHUB_ACTIONS") != "true":
        return None
    from pytest_llmcost.integrations.github.outputs import GitHubJob

    return GitHubJob(environ, settings.root, settings.invoked_from)
