"""Putting the hooks in, and taking them out."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.lazy import PostImportHooks
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches

if TYPE_CHECKING:
    from pytest_llmcost.capture.forked import ForkedCalls

_Patch = Callable[[ModuleType, ExchangeLog, Patches], None]
_HERE = "pytest_llmcost.capture."
# Module of somebody else: our module, which is loaded when that one is, and its functions.
_WATCHED = {
    "httpx": ("httpx_clients", "patch"),
    "httpx2": ("httpx_clients", "patch"),
    "requests.sessions": ("requests_sessions", "patch"),
    "requests_mock.mocker": ("requests_sessions", "patch_requests_mock"),
    "urllib3.connectionpool": ("urllib3_pools", "patch"),
    "botocore.httpsession": ("botocore_sessions", "patch"),
    "aiohttp.client": ("aiohttp_sessions", "patch"),
    "vcr.cassette": ("vcr_cassettes", "patch"),
    "vcr.stubs.aiohttp_stubs": ("aiohttp_sessions", "patch_vcr"),
    "pytest_recording._vcr": ("vcr_cassettes", "patch_recording"),
    "websockets.client": ("not_captured", "patch_websockets"),
    "websockets.legacy.client": ("not_captured", "patch_legacy_websockets"),
    "websocket._core": ("not_captured", "patch_websocket_client"),
    "grpc._channel": ("not_captured", "patch_grpc"),
    "grpc.aio._channel": ("not_captured", "patch_grpc"),
    "subprocess": ("not_captured", "patch_subprocess"),
    "opentelemetry.sdk.trace": ("otel_tracers", "patch"),
    "langfuse._client.client": ("langfuse_clients", "patch"),
    "pytest_llmcost.attribution.lookups": ("cache_events", "patch"),
    "langchain_core.caches": ("langchain_caches", "patch"),
    "litellm.caching.caching": ("litellm_caches", "patch"),
    "hishel": ("http_caches", "patch"),
    "hishel._controller": ("http_caches", "patch_controller"),
}
# Who asks models to judge what an app answered.
_EVALUATIONS = (
    *("deepeval", "ragas", "autoevals", "openevals", "agentevals", "pydantic_evals", "trulens.feedback"),
    *("phoenix.evals", "inspect_ai", "evidently", "giskard", "uptrain", "mlflow.genai"),
)
_WATCHED.update(dict.fromkeys(_EVALUATIONS, ("evaluations", "patch")))
# Where requests leave this process, below vcr and the mocks.
_DEPARTURES = {
    "httpcore": ("departures", "patch_httpcore"),
    "httpcore2": ("departures", "patch_httpcore"),
    "http.client": ("departures", "patch_http_client"),
    "aiohttp.client_reqrep": ("departures", "patch_aiohttp"),
}


class Capture:
    """The hooks of one session.

    Args:
        log: Where exchanges go.
    """

    def __init__(self, log: ExchangeLog) -> None:
        self._log = log
        self._patches = Patches()
        self._forked: ForkedCalls | None = None
        self._watches_forks = False
        self._hooks = PostImportHooks({name: self._guarded(*hook) for name, hook in _WATCHED.items()})

    def guard(self, ask: Callable[[OpenExchange], None]) -> None:
        """Have each request that may be a model's asked for before it leaves this process.

        Args:
            ask: Raises for a request that shall not be sent.
        """
        self._log.guard = ask
        self._hooks.add({name: self._guarded(*hook) for name, hook in _DEPARTURES.items()})

    def install(self) -> None:
        """Begin to capture."""
        self._log.enabled = True
        self._hooks.install()
        if not self._watches_forks and hasattr(os, "register_at_fork"):
            self._watches_forks = True
            # This cannot be taken back, and must not keep the session alive.
            before, after = weakref.WeakMethod(self._before_fork), weakref.WeakMethod(self._in_child)
            os.register_at_fork(before=lambda: _call(before), after_in_child=lambda: _call(after))

    def note_forked_calls(self) -> None:
        """Note what forked child processes have begun since the last time."""
        if self._forked is not None:
            self._forked.note()

    def uninstall(self) -> None:
        """Stop capturing; a wrapper that somebody wrapped in turn stays, and does nothing."""
        self._log.enabled = False
        self._hooks.uninstall()
        self._patches.undo()

    def _before_fork(self) -> None:
        if self._log.enabled and self._forked is None:
            from pytest_llmcost.capture.forked import ForkedCalls

            self._forked = ForkedCalls(self._log)

    def _in_child(self) -> None:
        if self._forked is not None:
            self._forked.begin_in_child()

    def _guarded(self, ours: str, function: str) -> Callable[[ModuleType], None]:
        def on_import(module: ModuleType) -> None:
            try:
                patch: _Patch = getattr(import_module(_HERE + ours), function)
                patch(module, self._log, self._patches)
            except Exception as error:  # noqa: BLE001  # the user's import must go on
                self._log.fault(f"hooking {module.__name__}", error)

        return on_import


def _call(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    found = method()
    if found is not None:
        found()
