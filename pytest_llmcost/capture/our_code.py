"""Where a fault of ours was raised."""

from __future__ import annotations

import os

_PACKAGE = f"{os.sep}pytest_llmcost{os.sep}"


def place_in_our_code(error: BaseException) -> str:
    """`` at log.py:12``, the innermost of ours; empty if the error was never raised there."""
    found, traceback = "", error.__traceback__
    while traceback is not None:
        path = traceback.tb_frame.f_code.co_filename
        if _PACKAGE in path:
            found = f" at {path.rpartition(os.sep)[2]}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return found
