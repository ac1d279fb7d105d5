"""Our own modules are imported as they are.

pytest takes every package of a plugin through its rewriting of asserts, which helps tests and not us: it
reads a compiled module several times slower than Python does, and compiles it anew at each start where it
cannot write a cache of its own (``PYTHONDONTWRITEBYTECODE``, an image whose packages belong to root).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_OURS = __package__ + "."


class _PlainImports:
    """Finds the modules of this package before pytest does, and no others."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return PathFinder.find_spec(fullname, path, target) if fullname.startswith(_OURS) else None


def import_plainly() -> Callable[[], None]:
    """Begin.

    Returns:
        What ends it.
    """
    finder = _PlainImports()
    sys.meta_path.insert(0, finder)

    def end() -> None:
        if finder in sys.meta_path:  # tools put back the list as they knew it
            sys.meta_path.remove(finder)

    return end
