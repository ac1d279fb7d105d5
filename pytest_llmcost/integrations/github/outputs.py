"""What a run on GitHub Actions tells its job: the step summary, outputs and annotations."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from pytest_llmcost.integrations.github.annotations import Place, annotation_lines
from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.diff import Change
from pytest_llmcost.model.money import exact_money, money_text
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.reports.markdown import SUMMARY_BYTES, render_summary

# With less room not even the title fits.
_LEAST_BYTES = 4_096


class GitHubJob:
    """The job that pytest runs in.

    Args:
        environ: Of the process.
        root: pytest's rootdir: nodeids begin there.
        invoked_from: Where pytest was started: paths of llmcost.yaml begin there.
    """

    def __init__(self, environ: Mapping[str, str], root: Path, invoked_from: Path) -> None:
        self._summary = environ.get("GITHUB_STEP_SUMMARY")
        self._output = environ.get("GITHUB_OUTPUT")
        workspace = Path(environ.get("GITHUB_WORKSPACE") or root)
        self._root = _below(root, workspace)
        self._folder = _below(invoked_from, workspace)
        self._tests: dict[str, Place] = {}

    def saw(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """A test was reported, with pytest's location: file from the rootdir, line from 0."""
        file, line, _ = location
        if line is not None and nodeid not in self._tests:
            inside = self._root is not None and not file.startswith("..")
            path = f"{self._root}/{file}" if self._root else file
            self._tests[nodeid] = Place(path.replace(os.sep, "/") if inside else None, line + 1)

    def annotations(self, report: RunReport) -> list[str]:
        """Workflow commands, to be written to a stream of the job."""
        return annotation_lines(report, self._tests, self._folder)

    def publish(self, report: RunReport, report_path: str) -> list[str]:
        """Write the step summary and the outputs.

        Args:
            report: The run.
            report_path: Of report.json, as the user would type it.

        Returns:
            What could not be written, one sentence each.
        """
        problems = []
        if self._summary:
            try:
                problems += _append_summary(Path(self._summary), report)
            except OSError as error:
                problems.append(f"cannot write the step summary: {error.strerror or error}")
        if self._output:
            try:
                _append(Path(self._output), outputs_text(report, report_path, secrets.token_hex(16)))
            except OSError as error:
                problems.append(f"cannot write the outputs of the step: {error.strerror or error}")
        return problems


def _append_summary(path: Path, report: RunReport) -> list[str]:
    room = SUMMARY_BYTES - (path.stat().st_size if path.exists() else 0)
    if room < _LEAST_BYTES:
        return ["no room is left in the step summary: GitHub takes 1 MiB of all that a step writes"]
    _append(path, f"{render_summary(report, most_bytes=room - 1)}\n")
    return []


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)


def outputs_text(report: RunReport, report_path: str, delimiter: str) -> str:
    """The outputs of the step in the form of GitHub's file.

    Args:
        report: The run.
        report_path: Of report.json.
        delimiter: Not to be guessed, or a path could end its value and begin another output.
    """
    lines = []
    for name, value in outputs(report, report_path).items():
        lines += [f"{name}<<{delimiter}", value, delimiter]
    return "\n".join(lines) + "\n"


def outputs(report: RunReport, report_path: str) -> dict[str, str]:
    """The outputs: amounts in USD, rates from 0 to 1; empty where a figure is not known."""
    totals = report.diff.totals if report.diff is not None else None
    compared = totals if totals is not None and totals.base is not None else None
    rate = report.totals.cache_hit_rate
    return {
        "verdict": report.verdict.value,
        "cost_usd": _usd(report.totals.cost),
        "delta_usd": "" if compared is None else _usd(compared.delta),
        "delta_percent": "" if compared is None else _percent(compared),
        "cache_hit_rate": "" if rate is None else money_text(round(rate, 4)),
        "report_path": report_path,
    }


def _usd(amount: Amount) -> str:
    return "" if amount.high is None else money_text(amount.value)


def _percent(change: Change) -> str:
    base = change.base.cost.value if change.base is not None else Decimal(0)
    if not base or change.delta.high is None:
        return ""
    with exact_money():
        return money_text(round(change.delta.value / base * 100, 2))


def _below(path: Path, workspace: Path) -> str | None:
    """A folder from the root of the repository, empty for that itself; None outside it."""
    try:
        relative = path.resolve().relative_to(workspace.resolve()).as_posix()
    except (ValueError, OSError):
        return None
    return "" if relative == "." else relative
