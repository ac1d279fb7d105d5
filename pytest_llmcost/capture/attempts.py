"""Attempts that failed belong to the call that succeeded in the end.

SDKs send a request again after an error (429, 5xx, no response). Each attempt is an exchange of its own, and
none but the last is billed.
"""

from __future__ import annotations

from typing import NamedTuple

from pytest_llmcost.attribution.scope import Scope
from pytest_llmcost.capture.exchange import OpenExchange

# Requests that fail for good are never claimed.
_MOST = 100
_Key = tuple[Scope, str, str, bytes]


class Failed(NamedTuple):
    """Attempts of one request, none of which has been answered.

    Attributes:
        seen: The last of them.
        statuses: Of all; 0 where no response came.
        started: When the first was sent, seconds of the clock of ``time.perf_counter``.
    """

    seen: OpenExchange
    statuses: tuple[int, ...]
    started: float


class FailedAttempts:
    """Remembers failed attempts until the same request of the same test succeeds."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, Failed] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, seen: OpenExchange) -> None:
        """An attempt has failed."""
        key = _key(seen)
        before = self._waiting.pop(key, None)
        if len(self._waiting) >= _MOST:
            del self._waiting[next(iter(self._waiting))]
        earlier = before.statuses if before is not None else ()
        started = before.started if before is not None else seen.started
        self._waiting[key] = Failed(seen, (*earlier, *seen.failed_attempts, seen.status), started)

    def before(self, seen: OpenExchange) -> tuple[int, ...]:
        """HTTP statuses of the attempts before one that succeeded; 0 where no response came."""
        earlier = self._waiting.pop(_key(seen), None) if self._waiting else None
        return (earlier.statuses if earlier is not None else ()) + seen.failed_attempts

    def of(self, scope: Scope) -> list[Failed]:
        """Those of a phase of a test that wait, the first that was sent first."""
        found = [failed for key, failed in self._waiting.items() if key[0] == scope]
        return sorted(found, key=lambda failed: failed.started)

    def claim(self, failed: Failed) -> None:
        """They wait no more: another request has taken their place."""
        self._waiting.pop(_key(failed.seen), None)


def _key(seen: OpenExchange) -> _Key:
    return seen.scope, seen.method, seen.url, seen.request_body
