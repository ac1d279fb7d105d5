"""A recorded answer that vcr has played, with the request that asked for it and the one it was recorded for.

They are kept by reference in the hot path, and read when the test has ended. vcr makes its request of its own
from what the client sends, so that nothing an app does later changes it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pytest_llmcost.replay.sent import Sent


class Played(NamedTuple):
    """What vcr knows of one replay.

    Attributes:
        cassette: It has the filters.
        sent: The request that was sent, before the filters.
        recorded: The one of the interaction.
    """

    cassette: Any
    sent: Any
    recorded: Any

    def as_sent(self) -> Sent:
        """The request as the client sent it."""
        return _plain(self.sent)

    def as_recorded(self) -> Sent:
        """The request of the interaction."""
        return _plain(self.recorded)

    def as_filtered(self) -> Sent | None:
        """The request that was sent as it would be recorded.

        Filters are the user's: they may raise, or count on a fixture that is gone.

        Returns:
            None where they leave nothing.
        """
        try:
            filtered = self.cassette.filter_request(self.sent)
        except Exception:  # noqa: BLE001  # then the request is taken as it is
            return self.as_sent()
        return None if filtered is None else _plain(filtered)


def _plain(request: Any) -> Sent:
    body = request.body
    if body is not None and not isinstance(body, bytes):
        if isinstance(body, str):
            body = body.encode("utf-8", "surrogatepass")
        else:
            body = body.read() if hasattr(body, "read") else b"".join(body)
    return Sent(str(request.uri), body or b"")
