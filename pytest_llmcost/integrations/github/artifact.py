"""The report.json in an artifact of a run: read in memory, bounded, never unpacked to a disk."""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Any
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from pytest_llmcost.errors import GitHubError, ReportError
from pytest_llmcost.integrations.github.api import GitHubApi

MOST_BYTES = 5 * 1000 * 1000
REPORT = "report.json"


def download_report(api: GitHubApi, repo: str, run_id: int, name: str) -> str | None:
    """The text of report.json in an artifact; None if the run has left none.

    Args:
        api: GitHub's.
        repo: ``owner/name``.
        run_id: Of the workflow run.
        name: Of the artifact.

    Raises:
        GitHubError: If it cannot be read.
        ReportError: If it is too large or no archive with a report.
    """
    answer = api.get(f"repos/{repo}/actions/runs/{run_id}/artifacts?per_page=100&name={quote(name, safe='')}")
    found = _newest(answer.json(), name)
    if found is None:
        return None
    number, size = found
    if size > MOST_BYTES:
        raise ReportError(_too_large(name))
    packed = api.get(f"repos/{repo}/actions/artifacts/{number}/zip", MOST_BYTES).body
    if len(packed) > MOST_BYTES:
        raise ReportError(_too_large(name))
    return unpack(packed, name)


def unpack(packed: bytes, name: str) -> str:
    """The text of report.json in an archive.

    Args:
        packed: The archive, from anybody.
        name: Of the artifact, for messages.

    Raises:
        ReportError: If it is too large or no archive with a report.
    """
    try:
        with ZipFile(BytesIO(packed)) as archive:
            inside = [info for info in archive.infolist() if info.filename.rpartition("/")[2] == REPORT]
            if not inside:
                raise ReportError(f"artifact {name}: has no {REPORT}")
            found = min(inside, key=lambda info: len(info.filename))
            if found.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
                raise ReportError(f"artifact {name}: packed in a way that no job packs")
            with archive.open(found) as file:
                # What the archive says of its sizes is anybody's word too.
                content = file.read(MOST_BYTES + 1)
    except (BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, LookupError) as error:
        raise ReportError(f"artifact {name}: cannot be unpacked ({type(error).__name__})") from error
    if len(content) > MOST_BYTES:
        raise ReportError(_too_large(name))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReportError(f"artifact {name}: {REPORT} is not UTF-8 (byte {error.start})") from error


def _too_large(name: str) -> str:
    return f"artifact {name}: larger than {MOST_BYTES // 10**6} MB, which is refused"


def _newest(listed: Any, name: str) -> tuple[int, int] | None:
    try:
        rows = [
            (int(row["id"]), int(row["size_in_bytes"]))
            for row in listed["artifacts"]
            if row["name"] == name and not row["expired"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise GitHubError("GitHub's answer is no list of artifacts") from error
    return max(rows, default=None)
