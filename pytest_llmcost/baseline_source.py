"""Reading and writing the baseline: a file, a report of an earlier run, or the file at a commit of git."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_llmcost.baseline.file import parse_baseline, render_baseline
from pytest_llmcost.baseline.from_report import baseline_of
from pytest_llmcost.errors import BaselineError
from pytest_llmcost.files import write_report
from pytest_llmcost.model.baseline import Baseline
from pytest_llmcost.project import GitError, file_at
from pytest_llmcost.reports.json_reader import parse_report
from pytest_llmcost.settings import BaselineSource

_REPORT = re.compile(r'\s*\{\s*"meta"\s*:')
_MOST_BYTES = 512 * 1024 * 1024


def read_baseline(source: BaselineSource) -> Baseline | None:
    """The baseline; None if there is none and nobody has asked for it.

    Raises:
        BaselineError: If it cannot be read.
        ReportError: If it is a report that cannot be read.
    """
    text = read_source(source)
    return None if text is None else parse_any(text, source.name)


def read_source(source: BaselineSource) -> str | None:
    """The text of the baseline; None if there is none, or the commit does not have it.

    Raises:
        BaselineError: If it cannot be read.
    """
    if source.ref is None:
        if not source.path.is_file() and not source.required:
            return None
        return read_text(source.path, source.name)
    try:
        return file_at(source.path, source.ref)
    except GitError as error:
        raise BaselineError(f"{source.name}: {error}") from error


def write_baseline(source: BaselineSource, baseline: Baseline) -> None:
    """Write the file whole or not at all."""
    write_report(source.path, render_baseline(baseline))


def read_text(path: Path, name: str) -> str:
    """The text of a report or a baseline.

    Raises:
        BaselineError: If it cannot be read.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BaselineError(f"{name}: larger than {_MOST_BYTES // 2**20} MiB, which no run writes")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BaselineError(f"{name}: not UTF-8 (byte {error.start})") from error
    except OSError as error:
        hint = (
            "; pytest --llm-cost --llm-cost-update writes one" if isinstance(error, FileNotFoundError) else ""
        )
        raise BaselineError(f"{name}: cannot be read: {error.strerror or error}{hint}") from error


def parse_any(text: str, name: str) -> Baseline:
    """A baseline from its own text or from that of a report.json.

    Raises:
        BaselineError: If the text is neither.
        ReportError: If it is a report that cannot be read.
    """
    if is_report(text):
        return baseline_of(parse_report(text, name), name)
    return parse_baseline(text, name)


def is_report(text: str) -> bool:
    """Whether a text is that of a report.json: its first key is ``meta``."""
    return _REPORT.match(text) is not None
