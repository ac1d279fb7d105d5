"""Lookups in the app's own caches, from the moment the app asks until they are drained."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pytest_llmcost.attribution.agents import current_agent
from pytest_llmcost.attribution.lookups import Lookup
from pytest_llmcost.attribution.surroundings import surroundings
from pytest_llmcost.capture.clocks import RealClocks
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.model.cache import CacheLookup
from pytest_llmcost.model.money import parse_money
from pytest_llmcost.model.usage import Usage

if TYPE_CHECKING:
    from pytest_llmcost.attribution.origins import Origins
    from pytest_llmcost.capture.log import ExchangeLog

_LONGEST = 200  # a name; somebody may put a prompt there
_APP = "app"


class OpenLookup:
    """One lookup, as it was told; the layers that a request asks in turn are one.

    Attributes:
        said: What the app says of it; of the layer that was asked last.
        teller: Who told of it: keys of one are not those of another.
        asked: The layers that were.
        at: Seconds since 1970.
        drained: Whether it was read already.
        scope: What pytest was doing; this and the following are as those of a call.
        agent: The agent that was entered.
        around: What tracing libraries and agent frameworks say there.
        stack: The code of the project that led there.
        judged: Always False.
    """

    judged = False
    drained = False

    def __init__(self, said: Lookup, teller: str, log: ExchangeLog) -> None:
        self.said = said
        self.teller = teller
        self.asked = {said.layer}
        self.at = RealClocks.wall()
        self.scope = log.scope.now
        self.agent = current_agent()
        self.around = surroundings()
        self.stack = log.call_sites.stack()[1] if log.keeps_stacks and log.call_sites is not None else ()

    def goes_on_with(self, said: Lookup, teller: str, log: ExchangeLog) -> bool:
        """Whether what is told now is of the same request, which asks the next layer."""
        return (
            self.said.key == said.key
            and self.teller == teller
            and not self.drained
            and said.layer not in self.asked
            and self.scope is log.scope.now
        )


class Missed:
    """Lookups that had no answer, since the last call.

    Attributes:
        lookups: Those with a key; of each key the last.
        sent: Whether a call was sent since.
        answered: Whether one has been measured.
    """

    sent = False
    answered = False

    def __init__(self, lookups: tuple[OpenLookup, ...]) -> None:
        self.lookups = lookups

    def keys(self) -> tuple[str, ...]:
        """What the first call after them answers; where it may be one or another, nothing."""
        by_teller: dict[str, list[OpenLookup]] = {}
        for lookup in self.lookups:
            by_teller.setdefault(lookup.teller, []).append(lookup)
        alone = [found[0] for found in by_teller.values() if len(found) == 1]
        return tuple(digest for lookup in alone if (digest := _digest(lookup.said.key, lookup.teller)))


class LookupLog:
    """Keeps the lookups of this process until they are drained.

    Args:
        log: The exchanges of the process.
    """

    def __init__(self, log: ExchangeLog) -> None:
        self._log = log
        self._lookups: deque[OpenLookup] = deque()
        # In the caller's context: what was looked up there, and not found, since the last call.
        self._missed: ContextVar[Missed | None] = ContextVar("llmcost_missed", default=None)

    def note(self, said: Lookup, teller: str = _APP) -> None:
        """The app has looked something up. It hears of no fault of ours.

        Args:
            said: What it says.
            teller: Who says so.
        """
        try:
            if self._log.enabled:
                self._note(said, teller)
        except Exception as error:  # noqa: BLE001  # as the docstring says
            self._log.fault("a lookup in a cache", error)

    def _note(self, said: Lookup, teller: str) -> None:
        key: object = said.key  # whatever an app without type checks gives
        if key is not None and not isinstance(key, str | bytes):
            said = said._replace(key=str(key))
        missed = self._missed.get()
        before = missed.lookups if missed is not None and not missed.sent else ()
        lookup = next((one for one in before if one.goes_on_with(said, teller, self._log)), None)
        if lookup is None:
            lookup = OpenLookup(said, teller, self._log)
            self._lookups.append(lookup)
        else:
            lookup.said = said
            lookup.asked.add(said.layer)
        if said.key is None:
            return
        others = tuple(one for one in before if one.said.key != said.key or one.teller != teller)
        self._missed.set(Missed(others if said.hit else (*others, lookup)))

    def before_call(self) -> Missed | None:
        """A call is about to be sent: what it follows, in its context and in its test."""
        missed = self._missed.get()
        if missed is None or not missed.lookups:
            return None
        missed.sent = True
        here = self._log.scope.now.nodeid
        return missed if all(lookup.scope.nodeid == here for lookup in missed.lookups) else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to drain."""
        return not self._lookups

    def drain(self) -> Iterable[OpenLookup]:
        """Take out all of them."""
        for _ in range(len(self._lookups)):
            lookup = self._lookups.popleft()
            lookup.drained = True
            yield lookup


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Listen to ``cache_event``.

    Args:
        module: ``pytest_llmcost.attribution.lookups``.
        log: Where lookups go.
        patches: Undoes it.
    """
    lookups = lookup_log(log)

    def listen(original: Callable[[Lookup], None]) -> Callable[[Lookup], None]:
        def heard(lookup: Lookup) -> None:
            original(lookup)  # a session around this one listens too
            lookups.note(lookup)

        return heard

    patches.replace(module, "heard", listen)


def lookup_log(log: ExchangeLog) -> LookupLog:
    """The lookups beside the exchanges of a process."""
    if log.lookups is None:
        log.lookups = LookupLog(log)
    return log.lookups


def measured_lookups(
    opened: Iterable[OpenLookup], origins: Origins, fault: Callable[[str, BaseException], None]
) -> list[CacheLookup]:
    """What was told, with whose it is.

    Args:
        opened: As they were told.
        origins: Decides whose a lookup is.
        fault: Is told what goes wrong.
    """
    found = []
    for lookup in opened:
        try:
            found.append(_measured(lookup, origins))
        except Exception as error:  # noqa: BLE001  # nothing may escape a hook
            fault("reading a lookup in a cache", error)
    return found


def _measured(lookup: OpenLookup, origins: Origins) -> CacheLookup:
    said = lookup.said
    hit = bool(said.hit)
    entry = said.entry if hit and said.entry is not None else said.key
    return CacheLookup(
        origin=origins.of(lookup),
        layer=_name(said.layer) if hit else None,
        hit=hit,
        at=datetime.fromtimestamp(lookup.at, UTC),
        key=_digest(entry, lookup.teller),
        model=_name(said.model),
        saved_usage=_usage(said.saved_tokens) if hit else None,
        saved_cost=_money(said.saved_cost) if hit else None,
        attributes=origins.attributes(lookup),
    )


def _name(value: object) -> str | None:
    return None if value is None else str(value).strip()[:_LONGEST] or None


def _digest(key: object, teller: str) -> str | None:
    """A hash of a key: it may hold a prompt."""
    if key is None:
        return None
    raw = key if isinstance(key, bytes) else str(key).encode("utf-8", "surrogatepass")
    return hashlib.sha256(teller.encode() + b"\0" + raw).hexdigest()


def _usage(counts: Any) -> Usage | None:
    """What a hit saved; None where it is no usage: then it is unknown, which is more than nothing."""
    if not isinstance(counts, Mapping):
        return None
    found = {str(name): count for name, count in counts.items() if type(count) is int and count >= 0}
    return Usage(found) if found and len(found) == len(counts) else None


def _money(usd: Any) -> Decimal | None:
    if usd is None or isinstance(usd, bool):
        return None
    try:
        found = parse_money(str(usd))
    except ValueError:
        return None
    return found if found >= 0 else None
