"""Putting the hooks in, and taking them out."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from pytest_llmcost.capture.lazy import PostImportHooks
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches

_Patch = Callable[[ModuleType, ExchangeLog, Patches], None]
_HERE = "pytest_llmcost.capture."
# Module of somebody else: module of ours, loaded when that one is, and its function.
_WATCHED = {
    "httpx": (_HERE + "httpx_clients", "patch"),
    "httpx2": (_HERE + "httpx_clients", "patch"),
    "requests.sessions": (_HERE + "requests_sessions", "patch"),
    "urllib3.connectionpool": (_HERE + "urllib3_pools", "patch"),
    "botocore.httpsession": (_HERE + "botocore_sessions", "patch"),
    "aiohttp.client": (_HERE + "aiohttp_sessions", "patch"),
    "vcr.cassette": (_HERE + "vcr_cassettes", "patch"),
    "vcr.stubs.aiohttp_stubs": (_HERE + "aiohttp_sessions", "patch_vcr"),
    "pytest_recording._vcr": (_HERE + "vcr_cassettes", "patch_recording"),
}


class Capture:
    """The hooks of one session.

    Args:
        log: Where exchanges go.
    """

    def __init__(self, log: ExchangeLog) -> None:
        self._log = log
        self._patches = Patches()
        self._hooks = PostImportHooks({name: self._guarded(*hook) for name, hook in _WATCHED.items()})

    def install(self) -> None:
        """Begin to capture."""
        self._log.enabled = True
        self._hooks.install()

    def uninstall(self) -> None:
        """Stop capturing; a wrapper that somebody wrapped in turn stays, and does nothing."""
        self._log.enabled = False
        self._hooks.uninstall()
        self._patches.undo()

    def _guarded(self, ours: str, function: str) -> Callable[[ModuleType], None]:
        def on_import(module: ModuleType) -> None:
            try:
                patch: _Patch = getattr(import_module(ours), function)
                patch(module, self._log, self._patches)
            except Exception as error:  # noqa: BLE001  # the user's import must go on
                self._log.fault(f"hooking {module.__name__}", error)

        return on_import
