"""Finding a response that an exception left behind.

When sending raises, the response that had begun is in no argument and no attribute; the traceback has it.
"""

from __future__ import annotations

from inspect import CO_OPTIMIZED
from types import FrameType, TracebackType
from typing import Any


def held_in(trace: TracebackType | None, wanted: type, package: str) -> Any:
    """The object of a class that the outermost frame of a library holds in a local variable.

    Args:
        trace: Of the exception.
        wanted: The class.
        package: Of the library: what frames of the app hold may be of another request.

    Returns:
        The object; None if no frame holds one.
    """
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        found = _held_by(trace.tb_frame, wanted) if module.partition(".")[0] in {package, "vcr"} else None
        if found is not None:
            return found
        trace = trace.tb_next
    return None


def _held_by(frame: FrameType, wanted: type) -> Any:
    if not frame.f_code.co_flags & CO_OPTIMIZED:
        return None  # a module or the body of a class: no client sends from there
    names = frame.f_locals
    try:
        return next((value for value in names.values() if issubclass(type(value), wanted)), None)
    finally:
        if isinstance(names, dict):
            # Before Python 3.13 the frame keeps this copy of its variables, the exception among them: what
            # the traceback holds, such as an open socket, would live until the next garbage collection.
            names.clear()
