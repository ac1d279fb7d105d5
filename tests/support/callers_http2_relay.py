"""An HTTP/2 server on 127.0.0.1, without TLS, that relays to the provider on loopback."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

_PASSED_ON = {"content-type", "content-encoding", "content-length", "location"}


class Http2Relay:
    """A running relay; use it as a context manager.

    Args:
        origin: Of the provider.
    """

    def __init__(self, origin: str) -> None:
        self._target = origin.removeprefix("http://")
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(64)
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Http2Relay:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    def _run(self) -> None:
        config = Config()
        config.bind = [f"fd://{self._socket.detach()}"]
        config.accesslog = config.errorlog = None
        config.graceful_timeout = 0.1
        self._loop.run_until_complete(serve(self._relay, config, shutdown_trigger=self._stopped.wait))
        self._loop.close()

    async def _relay(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            assert (await receive())["type"] == "lifespan.startup"
            await send({"type": "lifespan.startup.complete"})
            self._ready.set()
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        assert scope["http_version"] == "2"
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        connection = http.client.HTTPConnection(self._target)
        try:
            await asyncio.to_thread(connection.request, scope["method"], scope["path"], body)
            response = await asyncio.to_thread(connection.getresponse)
            headers = [
                (name.lower().encode(), value.encode())
                for name, value in response.getheaders()
                if name.lower() in _PASSED_ON
            ]
            await send({"type": "http.response.start", "status": response.status, "headers": headers})
            while chunk := await asyncio.to_thread(response.read1):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body"})
        finally:
            connection.close()
