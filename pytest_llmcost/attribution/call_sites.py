"""The line of the user's project that a call comes from."""

from __future__ import annotations

import sys
from types import FrameType

# Where installed packages lie, also those of an environment inside the project.
_INSTALLED = ("site-packages", "dist-packages")


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
        # File name, as the code object has it, to its name from the root; None for somebody else's.
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
                return found, frame.f_lineno
            frame = frame.f_back
        return None

    def _in_project(self, name: str) -> str | None:
        path = name.replace("\\", "/")
        if any(path.startswith(folder) for folder in self._outside):
            return None
        for root in self._roots:
            if path.startswith(root):
                inside = path.removeprefix(root)
                return None if any(part in _INSTALLED for part in inside.split("/")) else inside
        return None


def _folder(name: str) -> str:
    return name.replace("\\", "/").rstrip("/") + "/"
