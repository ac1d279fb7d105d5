"""Attempts that failed belong to the call that succeeded in the end.

SDKs send a request again after an error (429, 5xx, no response). Each attempt is an exchange of its own, and
none but the last is billed.
"""

from __future__ import annotations

from pytest_llmcost.attribution.scope import Scope
from pytest_llmcost.capture.exchange import OpenExchange

# Requests that fail for good are never claimed.
_MOST = 100
_Key = tuple[Scope, str, str, bytes]


class FailedAttempts:
    """Remembers failed attempts until the same request of the same test succeeds."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, tuple[int, ...]] = {}

    def add(self, seen: OpenExchange) -> None:
        """An attempt has failed."""
        if len(self._waiting) >= _MOST:
            del self._waiting[next(iter(self._waiting))]
        key = _key(seen)
        self._waiting[key] = (*self._waiting.get(key, ()), *seen.failed_attempts, seen.status)

    def before(self, seen: OpenExchange) -> tuple[int, ...]:
        """HTTP statuses of the attempts before one that succeeded; 0 where no response came."""
        earlier = self._waiting.pop(_key(seen), ()) if self._waiting else ()
        return earlier + seen.failed_attempts


def _key(seen: OpenExchange) -> _Key:
    return seen.scope, seen.method, seen.url, seen.request_body
