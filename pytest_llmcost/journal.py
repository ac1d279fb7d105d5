"""The journal of a run: a line for each finished test, so that a process that is killed loses none of them.

A run has a folder of its own, with one file for each process and one that tells what the run is. It is
gone when the run has written its report.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TextIO

FOLDER = "journal"
_RUN_FILE = "run.json"
_MAIN = "main"
_encode = json.JSONEncoder(ensure_ascii=True).encode


class PhaseResult(NamedTuple):
    """What pytest reported of one phase of a test.

    Attributes:
        when: ``setup``, ``call`` or ``teardown``.
        outcome: ``passed``, ``failed`` or ``skipped``.
        duration: Seconds.
    """

    when: str
    outcome: str
    duration: float


class Entry(NamedTuple):
    """One line: a test that has finished.

    Attributes:
        nodeid: The test.
        phases: In order.
        payloads: What the process handed over since the last line, as text.
    """

    nodeid: str
    phases: tuple[PhaseResult, ...]
    payloads: tuple[str, ...]

    def to_line(self) -> str:
        """Write it in ASCII; payloads are ASCII already, and JSON."""
        head = _encode(
            {
                "nodeid": self.nodeid,
                "phases": [[phase.when, phase.outcome, phase.duration] for phase in self.phases],
            }
        )
        return f'{head[:-1]}, "payloads": [{", ".join(self.payloads)}]}}\n'


class RunFacts(NamedTuple):
    """What a run is, as far as a later command needs it to make the report.

    Attributes:
        version: Of this plugin.
        created_at: UTC.
        rootdir: The project's root.
        config: llmcost.yaml; None if there is none.
        commit: Of the project; None outside git.
        branch: Of the project; None outside git.
    """

    version: str
    created_at: datetime
    rootdir: str
    config: str | None
    commit: str | None
    branch: str | None


class Journal:
    """Writes the lines of one process. What cannot be written is left out: it is a second copy.

    Args:
        folder: Of the run.
        process: The process; xdist's name of a worker.
    """

    def __init__(self, folder: Path, process: str = _MAIN) -> None:
        self.folder = folder
        self._path = folder / f"{process}.jsonl"
        self._file: TextIO | None = None
        self._works = True

    def write(self, entry: Entry) -> None:
        """Add a line; it is with the operating system when this returns."""
        if not self._works:
            return
        try:
            if self._file is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("a", encoding="ascii")
            self._file.write(entry.to_line())
            self._file.flush()
        except OSError:
            self._works = False

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def new_run(reports: Path, now: datetime) -> Path:
    """The folder for the journal of a new run; it is not made yet. Folders sort by time.

    Args:
        reports: The folder of reports.
        now: UTC.
    """
    return reports / FOLDER / f"{now:%Y%m%dT%H%M%S}-{os.getpid()}-{secrets.token_hex(3)}"


def begin_run(folder: Path, facts: RunFacts) -> None:
    """Say what the run is, and remove what dead runs left behind: their time to be read is over."""
    for other in runs(folder.parent):
        if not is_alive(other):
            remove(other)
    found = {
        "version": facts.version,
        "created_at": facts.created_at.isoformat(),
        "rootdir": facts.rootdir,
        "config": facts.config,
        "commit": facts.commit,
        "branch": facts.branch,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _RUN_FILE).write_text(_encode(found), encoding="ascii")
    except OSError:
        return  # as in Journal


def facts_of(folder: Path) -> RunFacts | None:
    """What a run said of itself; None if it said nothing that can be read."""
    try:
        found = json.loads((folder / _RUN_FILE).read_text(encoding="utf-8"))
        return RunFacts(**{**found, "created_at": datetime.fromisoformat(found["created_at"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def runs(folder: Path) -> list[Path]:
    """The runs that have a journal, oldest first."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []


def is_alive(folder: Path) -> bool:
    """Whether the process that leads a run is there; False where the platform does not tell."""
    parts = folder.name.split("-")
    if os.name != "posix" or len(parts) < 2 or not parts[1].isdigit():  # noqa: PLR2004
        return False
    try:
        os.kill(int(parts[1]), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def read(folder: Path, process: str | None = None) -> Iterator[tuple[Entry, list[dict[str, Any]]]]:
    """The lines of a run, with their payloads as JSON objects.

    Args:
        folder: Of the run.
        process: Only this process; None for all.
    """
    for path in sorted(folder.glob(f"{process or '*'}.jsonl")):
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            try:
                found = json.loads(line)
                phases = tuple(PhaseResult(*phase) for phase in found["phases"])
                yield Entry(found["nodeid"], phases, ()), found["payloads"]
            except (ValueError, TypeError, KeyError):
                continue  # the last line of a killed process may be cut


def remove(folder: Path) -> None:
    """Remove the journal of a run."""
    try:
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
        folder.rmdir()
        folder.parent.rmdir()
    except OSError:
        return  # another run has its journal there


def last_written(folder: Path) -> float:
    """When a run has last written to its journal, in seconds since 1970."""
    return max((path.stat().st_mtime for path in folder.iterdir()), default=0.0)
