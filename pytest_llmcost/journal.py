"""The journal of a run: a line for each finished test, so that a process that is killed loses none of them.

A run has a folder of its own, with one file for each process and one that tells what the run is. It is
gone when the run has written its report. While a process of the run lives, it holds its file.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from pytest_llmcost.file_locks import hold, is_held

FOLDER = "journal"
_RUN_FILE = "run.json"
_MAIN = "main"
_A_DAY = 86_400.0
# Between making its folder and holding a file in it, a run looks dead.
_A_MOMENT = 2.0
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

    def to_text(self) -> str:
        """Write it in ASCII, as JSON."""
        when, outcome = encode_basestring_ascii(self.when), encode_basestring_ascii(self.outcome)
        return f"[{when}, {outcome}, {self.duration!r}]"


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
        phases = ", ".join([phase.to_text() for phase in self.phases])
        head = f'"nodeid": {encode_basestring_ascii(self.nodeid)}, "phases": [{phases}]'
        return f'{{{head}, "payloads": [{", ".join(self.payloads)}]}}\n'


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
                hold(self._file)
            self._file.write(entry.to_line())
            self._file.flush()
        except OSError:
            self._works = False

    def close(self) -> None:
        """Close the file; what a full disk has refused is left out."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None


def new_run(reports: Path, now: datetime) -> Path:
    """The folder for the journal of a new run; it is not made yet. Folders sort by time.

    Args:
        reports: The folder of reports.
        now: UTC.
    """
    return reports / FOLDER / f"{now:%Y%m%dT%H%M%S}-{os.getpid()}-{os.urandom(3).hex()}"


def begin_run(folder: Path, facts: RunFacts) -> TextIO | None:
    """Say what the run is, and remove what dead runs left behind: their time to be read is over.

    Returns:
        What to close at the end of the run; while it is open, the run is alive. None if nothing could be
        written.
    """
    for other in runs(folder.parent):
        if _is_over(other):
            remove(other)
    found = {
        "version": facts.version,
        "created_at": facts.created_at.isoformat(),
        "rootdir": facts.rootdir,
        "config": facts.config,
        "commit": facts.commit,
        "branch": facts.branch,
    }
    file: TextIO | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / _RUN_FILE).open("w", encoding="ascii")
        hold(file)
        file.write(_encode(found))
        file.flush()
    except OSError:
        if file is not None:
            with suppress(OSError):
                file.close()
        return None  # as in Journal
    return file


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
    """Whether a process of the run is there; False where the file system does not tell."""
    return True in _held(folder)


def _is_over(folder: Path) -> bool:
    """Whether a run is dead for certain: not one that begins now, nor one that cannot be told, for a day."""
    held = _held(folder)
    try:
        age = time.time() - last_written(folder)
    except OSError:
        return False
    return True not in held and age > (_A_DAY if None in held else _A_MOMENT)


def _held(folder: Path) -> set[bool | None]:
    try:
        return {is_held(path) for path in folder.iterdir()}
    except OSError:
        return {None}


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
    return max((path.stat().st_mtime for path in [folder, *folder.iterdir()]), default=0.0)
