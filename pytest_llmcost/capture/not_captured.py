"""What may carry model calls past us: WebSockets, gRPC channels and child processes, noted as they begin.

Nothing is decided here: ``not_captured_notices`` says later, after the test, which of them matter.
"""

from __future__ import annotations

import functools
import os
from types import ModuleType
from typing import Any

from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.capture.sighting import Sighting, Way


def patch_websockets(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Note the connections of websockets.

    Args:
        module: ``websockets.client``; both its clients, for threads and for asyncio, make the same object.
        log: Where sightings go.
        patches: Where replacements are registered.
    """

    def target(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        uri: Any = args[1] if len(args) > 1 else kwargs.get("uri", kwargs.get("wsuri"))
        return f"{'wss' if uri.secure else 'ws'}://{uri.host}:{uri.port}{uri.path}"

    patches.replace(module.ClientProtocol, "__init__", lambda init: _noting(init, log, Way.WEBSOCKET, target))


def patch_legacy_websockets(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Note the connections of the older client of websockets (``websockets.legacy.client``)."""
    patches.replace(module.Connect, "__init__", lambda init: _noting(init, log, Way.WEBSOCKET, _second))


def patch_websocket_client(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Note the connections of websocket-client (``websocket._core``)."""
    patches.replace(
        module.WebSocket, "connect", lambda connect: _noting(connect, log, Way.WEBSOCKET, _second)
    )


def patch_aiohttp(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Note the WebSockets of aiohttp (``aiohttp.client``)."""
    patches.replace(
        module.ClientSession, "_ws_connect", lambda connect: _noting(connect, log, Way.WEBSOCKET, _second)
    )


def patch_grpc(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Note the channels of gRPC (``grpc._channel`` or ``grpc.aio._channel``)."""
    patches.replace(module.Channel, "__init__", lambda init: _noting(init, log, Way.GRPC, _second))


def patch_subprocess(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Note the child processes that ``subprocess`` starts, those of asyncio among them."""

    def target(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        command = args[1] if len(args) > 1 else kwargs.get("args")
        # An iterator is not ours to use up, and what subprocess refuses is no process.
        parts: list[Any] = [*command] if isinstance(command, list | tuple) else [command]
        if not all(isinstance(part, str | bytes | os.PathLike) for part in parts):
            return ""
        return "\0".join(os.fsdecode(part) for part in parts)

    patches.replace(module.Popen, "__init__", lambda init: _noting(init, log, Way.PROCESS, target))


def _second(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The argument after ``self``, which all of these call a URL or a target."""
    found = (
        args[1]
        if len(args) > 1
        else next(kwargs[name] for name in ("uri", "url", "target") if name in kwargs)
    )
    return found.decode(errors="replace") if isinstance(found, bytes) else str(found)


def _noting(original: Any, log: ExchangeLog, way: Way, target: Any) -> Any:
    @functools.wraps(original)
    def begin(*args: Any, **kwargs: Any) -> Any:
        if log.enabled:
            try:
                log.sightings.append(Sighting(way, target(args, kwargs), log.scope.now))
            except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
                log.fault(f"noting a {way.value}", error)
        return original(*args, **kwargs)

    return begin
