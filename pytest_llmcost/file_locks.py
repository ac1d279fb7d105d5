"""Locks on files that end with the process that holds them, however it ends.

A process id proves nothing: containers give out the same low numbers every time, and a killed process
whose parent does not ask for its end still has one.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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


@contextmanager
def alone(file: IO[Any]) -> Iterator[None]:
    """Hold the lock of an open file and wait for it, for the moment that a few lines are read and written.

    Where the file system has no locks, nothing is held.
    """
    if sys.platform == "win32":
        import msvcrt

        held = _lock_a_byte(file, msvcrt.LK_LOCK)
        try:
            yield
        finally:
            if held:
                file.flush()
                _lock_a_byte(file, msvcrt.LK_UNLCK)
    else:
        import fcntl

        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            with suppress(OSError):
                file.flush()
                fcntl.flock(file, fcntl.LOCK_UN)


if sys.platform == "win32":
    # Far behind all that is ever written: locked bytes cannot be read there.
    _FAR = 2**30

    def _lock_a_byte(file: IO[Any], mode: int) -> bool:
        import msvcrt

        before = file.tell()
        try:
            file.seek(_FAR)
            msvcrt.locking(file.fileno(), mode, 1)
        except OSError:
            return False
        finally:
            file.seek(before)
        return True
