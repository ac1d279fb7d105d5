"""Calls of forked child processes: they are seen there, and lost with the process."""

from __future__ import annotations

import mmap
import struct

from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.sighting import Sighting, Way

_COUNT = struct.Struct("Q")


class ForkedCalls:
    """Counts the calls that forked child processes begin: their memory, and so our log, ends with them.

    The count lies in memory that the processes share.

    Args:
        log: Of this process.
    """

    def __init__(self, log: ExchangeLog) -> None:
        self._log = log
        self._told = 0
        self._shared = mmap.mmap(-1, _COUNT.size)

    def begin_in_child(self) -> None:
        """This process is the child now: count what it begins."""
        self._log.on_begin = self._count

    def _count(self) -> None:
        (so_far,) = _COUNT.unpack_from(self._shared)
        _COUNT.pack_into(self._shared, 0, so_far + 1)

    def note(self) -> None:
        """Note what children have begun since the last time."""
        (so_far,) = _COUNT.unpack_from(self._shared)
        if so_far > self._told:
            self._log.sightings.append(Sighting(Way.FORK, str(so_far - self._told), self._log.scope.now))
            self._told = so_far
