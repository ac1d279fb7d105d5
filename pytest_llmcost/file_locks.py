"""Locks on files that end with the process that holds them, however it ends.

A process id proves nothing: containers give out the same low numbers every time, and a killed process
whose parent does not ask for its end still has one.
"""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any


def hold(file: IO[Any]) -> None:
    """Lock an open file until it is closed. Where the file system has no locks, nothing happens."""
    if os.name != "posix":
        return  # an open file is protected there
    import fcntl

    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # A forked child would hold it on, also when this process is gone.
    os.register_at_fork(after_in_child=partial(_let_go, weakref.ref(file)))


def _let_go(held: weakref.ref[IO[Any]]) -> None:
    file = held()
    if file is None or file.closed:
        return
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, file.fileno(), inheritable=False)
    os.close(nowhere)


def is_held(path: Path) -> bool | None:
    """Whether somebody holds a file, this process included; None where that cannot be told."""
    try:
        if os.name != "posix":
            return _refuses_to_move(path)
        return _refuses_a_lock(path)
    except OSError:
        return None


def _refuses_a_lock(path: Path) -> bool:
    import fcntl

    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _refuses_to_move(path: Path) -> bool:
    try:
        path.rename(path)
    except PermissionError:
        return True
    return False
