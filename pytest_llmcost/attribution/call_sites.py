"""The line of the user's project that a call comes from."""

from __future__ import annotations

import sys
from itertools import groupby
from types import CodeType, FrameType

# Where installed packages lie, also those of an environment inside the project.
_INSTALLED = ("site-packages", "dist-packages")
# Further out than these files of pytest's, which run tests and their phases, stands nothing of a project.
_RUNNERS = tuple(f"/_pytest/{name}.py" for name in ("python", "unittest", "runner"))
_OUTSIDE = ""

Stack = tuple[CodeType, ...]
# A file, named from the root, its code and where that has come to; to find the line takes far longer.
Spot = tuple[str, CodeType, int]


def call_site(spot: Spot | None) -> tuple[str, int] | None:
    """File and line of a place in the project; None of none."""
    if spot is None:
        return None
    file, code, reached = spot
    lines = (line for start, end, line in code.co_lines() if start <= reached < end)
    return file, next(lines, None) or code.co_firstlineno


def call_site_text(spot: Spot | None) -> str | None:
    """``app/desk.py:12``; None of none."""
    site = call_site(spot)
    return None if site is None else f"{site[0]}:{site[1]}"


class CallSites:
    """Finds the innermost frame of the call stack that is the user's own code.

    No file is looked at: it works on names alone, and remembers what it decided about each.

    Args:
        root: The project's root, absolute.
        also: Other names of the same folder, as symbolic links make them.
        outside: Folders below the root that are no part of the project, such as an environment.
    """

    def __init__(self, root: str, also: tuple[str, ...] = (), outside: tuple[str, ...] = ()) -> None:
        self._roots = tuple(map(_folder, dict.fromkeys((root, *also))))
        self._outside = tuple(_folder(name) for name in outside if name)
        # File name, as the code object has it, to its name from the root; None for somebody else's,
        # and empty for the files with which pytest begins.
        self._known: dict[str, str | None] = {}

    def spot(self, further: int = 1) -> Spot | None:
        """The innermost frame of the project.

        Args:
            further: How many frames further out to begin: those in between are known to be ours.

        Returns:
            What ``call_site`` reads; None if the call stack has none.
        """
        try:
            # inspect.currentframe() is the same, slower.
            frame: FrameType | None = sys._getframe(further)  # noqa: SLF001
        except ValueError:  # a thread may begin with the function that was wrapped
            return None
        known = self._known
        while frame is not None:
            code = frame.f_code
            try:
                found = known[code.co_filename]
            except KeyError:
                found = known[code.co_filename] = self._in_project(code.co_filename)
            if found is not None:
                return (found, code, frame.f_lasti) if found is not _OUTSIDE else None
            frame = frame.f_back
        return None

    def stack(self, further: int = 1) -> tuple[Spot | None, Stack]:
        """The call site, and the code of every frame of the project, which ``named`` gives names to.

        Args:
            further: As of ``spot``.

        Returns:
            As ``spot``; and the code from the innermost frame outwards.
        """
        try:
            frame: FrameType | None = sys._getframe(further)  # noqa: SLF001  # as above
        except ValueError:
            return None, ()
        known = self._known
        spot: Spot | None = None
        stack: list[CodeType] = []
        while frame is not None:
            code = frame.f_code
            try:
                found = known[code.co_filename]
            except KeyError:
                found = known[code.co_filename] = self._in_project(code.co_filename)
            if found is not None:
                if found is _OUTSIDE:
                    break
                if spot is None:
                    spot = found, code, frame.f_lasti
                stack.append(code)
            frame = frame.f_back
        return spot, tuple(stack)

    def passes(self, folders: tuple[str, ...]) -> bool:
        """Whether code of a folder stands further in than all of the project.

        Args:
            folders: Absolute, each with a separator at its end.
        """
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # as above
        while frame is not None and self._known.get(frame.f_code.co_filename) is None:
            if frame.f_code.co_filename.startswith(folders):
                return True
            frame = frame.f_back
        return False

    def named(self, stack: Stack) -> tuple[str, ...]:
        """``app/desk.py::Desk.answer`` for the code of each frame that ``stack`` gave, once in a row."""
        places = (f"{self._known[code.co_filename]}::{code.co_qualname}" for code in stack)
        return tuple(place for place, _ in groupby(places))

    def _in_project(self, name: str) -> str | None:
        path = name.replace("\\", "/")
        if path.endswith(_RUNNERS):
            return _OUTSIDE
        if any(path.startswith(folder) for folder in self._outside):
            return None
        for root in self._roots:
            if path.startswith(root):
                inside = path.removeprefix(root)
                return None if any(part in _INSTALLED for part in inside.split("/")) else inside
        return None


def _folder(name: str) -> str:
    return name.replace("\\", "/").rstrip("/") + "/"
