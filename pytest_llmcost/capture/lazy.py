"""Acting on a module as soon as somebody else imports it, without importing it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

OnImport = Callable[[ModuleType], None]


class PostImportHooks:
    """Calls back after a module was executed: now if it is loaded already, and each time it is loaded anew.

    Args:
        callbacks: Module name to what to do with it; a callback must not raise.
    """

    def __init__(self, callbacks: Mapping[str, OnImport]) -> None:
        self._callbacks = dict(callbacks)
        self._searching: set[str] = set()

    def add(self, callbacks: Mapping[str, OnImport]) -> None:
        """Watch more modules; before ``install``."""
        self._callbacks.update(callbacks)

    def install(self) -> None:
        """Serve the modules that are loaded already, and watch for the others."""
        sys.meta_path.insert(0, self)
        for name, callback in self._callbacks.items():
            module = sys.modules.get(name)
            if module is not None:
                callback(module)

    def uninstall(self) -> None:
        """Stop watching."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a watched module as the other finders do, and have its loader call back."""
        callback = self._callbacks.get(fullname)
        # A second session in this process has hooks of its own, which ask us in turn.
        if callback is None or fullname in self._searching:
            return None
        self._searching.add(fullname)
        try:
            spec = self._search(fullname, path, target)
        finally:
            self._searching.discard(fullname)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            # The loader may be shared by many modules: it is wrapped, never changed.
            spec.loader = _CallingBack(spec.loader, callback)  # type: ignore[assignment]
        return spec

    def _search(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(fullname, path, target)
            if spec is not None:
                return spec
        return None


class _CallingBack:
    """Stands in for a loader while the module is executed; the module itself keeps the real one."""

    def __init__(self, loader: Any, callback: OnImport) -> None:
        self._loader = loader
        self._callback = callback

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._callback(module)
