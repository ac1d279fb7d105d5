"""Putting the hooks in, and taking them out."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from pytest_llmcost.capture import httpx_clients, vcr_cassettes
from pytest_llmcost.capture.lazy import PostImportHooks
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches

_Patch = Callable[[ModuleType, ExchangeLog, Patches], None]


class Capture:
    """The hooks of one session.

    Args:
        log: Where exchanges go.
    """

    def __init__(self, log: ExchangeLog) -> None:
        self._log = log
        self._patches = Patches()
        watched: dict[str, _Patch] = dict.fromkeys(httpx_clients.NAMES, httpx_clients.patch)
        vcr = vcr_cassettes.VcrHooks()
        watched[vcr_cassettes.NAME] = vcr.patch
        watched[vcr_cassettes.RECORDING] = vcr.patch_recording
        self._hooks = PostImportHooks({name: self._guarded(patch) for name, patch in watched.items()})

    def install(self) -> None:
        """Begin to capture."""
        self._log.enabled = True
        self._hooks.install()

    def uninstall(self) -> None:
        """Stop capturing; a wrapper that somebody wrapped in turn stays, and does nothing."""
        self._log.enabled = False
        self._hooks.uninstall()
        self._patches.undo()

    def _guarded(self, patch: _Patch) -> Callable[[ModuleType], None]:
        def on_import(module: ModuleType) -> None:
            try:
                patch(module, self._log, self._patches)
            except Exception as error:  # noqa: BLE001  # the user's import must go on
                self._log.fault(f"hooking {module.__name__}", error)

        return on_import
