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

    def here(self) -> tuple[str, int] | None:
        """The innermost frame of the project.

        Returns:
            Its file, named from the root, and its line; None if the call stack has none.
        """
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # inspect.currentframe() is the same, slower
        known = self._known
        while frame is not None:
            name = frame.f_code.co_filename
            try:
                found = known[name]
            except KeyError:
                found = known[name] = self._in_project(name)
            if found is not None:
                return (found, frame.f_lineno) if found is not _OUTSIDE else None
            frame = frame.f_back
        return None

    def stack(self) -> tuple[tuple[str, int] | None, Stack]:
        """The call site, and the code of every frame of the project, which ``named`` gives names to.

        Returns:
            As ``here``; and the code from the innermost frame outwards.
        """
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # as above
        known = self._known
        site: tuple[str, int] | None = None
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
                if site is None:
                    site = found, frame.f_lineno
                stack.append(code)
            frame = frame.f_back
        return site, tuple(stack)

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
