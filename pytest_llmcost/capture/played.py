"""A recorded answer that vcr has played, with the request that asked for it and the one it was recorded for.

They are kept by reference in the hot path, and read when the test has ended. vcr makes its request of its own
from what the client sends, so that nothing an app does later changes it; where it has the app's own object
for a body (aiohttp's ``json=``), that is written down at once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pytest_llmcost.replay.sent import Sent
from pytest_llmcost.usage.request_parts import compact_json

_CHANGEABLE = (dict, list, bytearray, memoryview)


def kept(request: Any) -> Any:
    """A request of vcr as it is now, whatever the app does to its body from here on."""
    body = getattr(request, "body", None)
    return Sent(str(request.uri), _bytes(body)) if isinstance(body, _CHANGEABLE) else request


class Played(NamedTuple):
    """What vcr knows of one replay.

    Attributes:
        cassette: It has the filters.
        sent: The request that was sent, before the filters.
        recorded: The one of the interaction.
        filtered: The request that was sent as the filters left it when vcr looked for an answer; None where
            vcr has not told.
    """

    cassette: Any
    sent: Any
    recorded: Any
    filtered: Any = None

    @property
    def may_differ(self) -> bool:
        """Whether the request is not the recorded one to the byte."""
        sent, recorded = self.sent, self.recorded
        return bool(sent.body != recorded.body or sent.uri != recorded.uri)

    def as_sent(self) -> Sent:
        """The request as the client sent it."""
        return _plain(self.sent)

    def as_recorded(self) -> Sent:
        """The request of the interaction."""
        return _plain(self.recorded)

    def as_filtered(self) -> Sent | None:
        """The request that was sent as it would be recorded.

        Filters are the user's: asked again they may raise, count, or miss a fixture that is gone. So they are
        only where vcr has not told what they have left.

        Returns:
            None where they leave nothing.
        """
        if self.filtered is not None:
            return _plain(self.filtered)
        try:
            filtered = self.cassette.filter_request(self.sent)
        except Exception:  # noqa: BLE001  # then the request is taken as it is
            return self.as_sent()
        return None if filtered is None else _plain(filtered)


def played(cassette: Any, sent: Any, recorded: Any, filtered: Any) -> Played:
    """Keep what is needed of a replay of a request that is not the recorded one; see ``Played``."""
    return Played(cassette, kept(sent), recorded, kept(filtered))


def _plain(request: Any) -> Sent:
    return Sent(str(request.uri), _bytes(request.body))  # of vcr, or one that was kept


def _bytes(body: Any) -> bytes:
    """A body as vcr keeps it; the serializers that people write may make anything of one."""
    if body is None or isinstance(body, bytes):
        return body or b""
    if isinstance(body, bytearray | memoryview):
        return bytes(body)
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    try:
        if isinstance(body, dict | list):
            return compact_json(body).encode("utf-8", "surrogatepass")
        found = body.read() if hasattr(body, "read") else b"".join(body)
    except Exception:  # noqa: BLE001  # what cannot be read is not compared
        return b""
    return found if isinstance(found, bytes) else b""
