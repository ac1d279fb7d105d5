"""Finding a response that an exception left behind.

When sending raises, the response that had begun is in no argument and no attribute; the traceback has it.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any


def held_in(trace: TracebackType | None, wanted: type) -> Any:
    """The object of a class that the outermost frame holds in a local variable.

    Args:
        trace: Of the exception.
        wanted: The class.

    Returns:
        The object; None if no frame holds one.
    """
    while trace is not None:
        for value in trace.tb_frame.f_locals.values():
            if isinstance(value, wanted):
                return value
        trace = trace.tb_next
    return None
