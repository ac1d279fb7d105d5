"""What live calls of a run have cost so far, in a small file that all of its processes share.

It lies in the system's folder for temporary files, which is on this machine: the locks of network file
systems are not to be relied on, and the project's folder may be read-only. One line a fact, each a JSON list:
``["call", token, usd]`` as a call is sent and again when its cost is known, which replaces the former, and
``["refused", process, nodeid, why, message]``.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, NamedTuple

from pytest_llmcost.file_locks import alone
from pytest_llmcost.model.money import EXACT, ZERO, money_text, read_money

_CALL, _REFUSED = "call", "refused"
_encode = json.JSONEncoder(ensure_ascii=True).encode


class Refused(NamedTuple):
    """A call that was not sent.

    Attributes:
        process: Of the run; forked child processes have the name of their parent.
        nodeid: The test that ran; empty outside all tests.
        why: In a few words, the same for calls of one cause.
        message: As the app was told.
    """

    process: str
    nodeid: str
    why: str
    message: str


class Admission(NamedTuple):
    """The answer to a call that is about to be sent.

    Attributes:
        token: By which its cost is told later; None if it may not be sent.
        spent: USD before it.
    """

    token: str | None
    spent: Decimal


def new_ledger_file() -> Path:
    """Make the file of a run.

    Raises:
        OSError: If there is no room for it.
    """
    handle, path = tempfile.mkstemp(prefix="llmcost-spend-", suffix=".jsonl")
    os.close(handle)
    return Path(path)


class ProcessLock:
    """A lock for the threads of a process; a forked child, whose parent may have held it, has a new one."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.RLock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it."""
        if self._pid != os.getpid():
            self._pid, self._lock = os.getpid(), threading.RLock()
        with self._lock:
            yield


class Ledger:
    """One process's view of the file.

    Its methods raise ``OSError`` or ``ValueError`` where the file is gone or was changed by others.

    Args:
        path: The file of the run.
        process: Name of this process in the run.
    """

    def __init__(self, path: Path, process: str) -> None:
        self.path = path
        self.process = process
        self._lock = ProcessLock()
        self._number = 0
        self._forget()

    def _forget(self) -> None:
        self._pid = os.getpid()
        self._read_to = 0
        self._calls: dict[str, Decimal] = {}
        self._spent = ZERO
        self._refused: list[Refused] = []

    def admit(self, usd: Decimal, limit: Decimal) -> Admission:
        """Ask whether a call may be sent, and reserve what is known of its cost.

        Once nothing is left of the limit, no call is sent: the known part is a lower bound.

        Args:
            usd: What is known of its cost.
            limit: What the run may spend.
        """
        with self._open() as file:
            spent = self._spent
            if spent >= limit or EXACT.add(spent, usd) > limit:
                return Admission(None, spent)
            self._number += 1
            token = f"{self.process}-{os.getpid()}-{self._number}"
            self._write(file, [_CALL, token, money_text(usd)])
            return Admission(token, spent)

    def settle(self, token: str, usd: Decimal) -> None:
        """Replace what was reserved for a call by what it has cost."""
        with self._open() as file:
            self._write(file, [_CALL, token, money_text(usd)])

    def refuse(self, nodeid: str, why: str, message: str) -> None:
        """Note a call that was not sent."""
        with self._open() as file:
            self._write(file, [_REFUSED, self.process, nodeid, why, message])

    def refusals(self) -> list[Refused]:
        """Calls that were not sent, of all processes, in the order in which that was noted."""
        with self._open():
            return list(self._refused)

    @property
    def spent(self) -> Decimal:
        """USD of all processes: what ended calls have cost, and what is known of the others."""
        with self._open():
            return self._spent

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        # Opened anew each time: a lock belongs to the opened file, which forked children would share.
        with self._lock.held(), open(self.path, "r+b", buffering=0, opener=_append) as file, alone(file):
            if self._pid != os.getpid():
                self._forget()  # another thread may have been reading as this process was forked
            self._read_on(file)
            yield file

    def _read_on(self, file: IO[bytes]) -> None:
        file.seek(self._read_to)
        new = file.read()
        self._read_to += len(new)
        for line in new.splitlines():
            self._take(json.loads(line))

    def _write(self, file: IO[bytes], fact: list[str]) -> None:
        file.write(f"{_encode(fact)}\n".encode("ascii"))
        self._read_on(file)

    def _take(self, fact: list[Any]) -> None:
        kind, *rest = fact
        if kind == _REFUSED:
            self._refused.append(Refused(*rest))
            return
        token, usd = rest[0], read_money(rest[1])
        self._spent = EXACT.add(EXACT.subtract(self._spent, self._calls.get(token, ZERO)), usd)
        self._calls[token] = usd


def _append(path: str, flags: int) -> int:
    # Where locks do nothing, lines still do not overwrite each other.
    return os.open(path, flags | os.O_APPEND)
