"""Locks on files that end with the process that holds them, however it ends.

A process id proves nothing: containers give out the same low numbers every time, and a killed process
whose parent does not ask for its end still has one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import IO, Any


def hold(file: IO[Any]) -> None:
    """Lock an open file until it is closed. Where the file system has no locks, nothing happens."""
    if os.name == "posix":
        import fcntl

        # Of the POSIX kind: a child process that was forked does not inherit it.
        with suppress(OSError):
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(path: Path) -> bool:
    """Whether another process holds a file.

    A process that asks for a file that it holds itself loses its lock.
    """
    if os.name != "posix":
        try:
            path.rename(path)  # Windows refuses while somebody has it open
        except OSError:
            return True
        return False
    import fcntl

    try:
        with path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
