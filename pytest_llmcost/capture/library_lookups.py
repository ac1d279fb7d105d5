"""What the caches of libraries have in common: a method that looks up is watched, and the app never knows."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_llmcost.capture.cache_lookups import LookupLog, lookup_log
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.open_lookups import Asking

if TYPE_CHECKING:
    from pytest_llmcost.attribution.lookups import Lookup

Arguments = Sequence[Any]
Options = Mapping[str, Any]


class LibraryCache(ABC):
    """How the cache of one library is read; what it raises is noted, and the app never hears of it.

    Arguments are those of the library's own method, the cache first.

    Attributes:
        name: The library.
    """

    name: str

    def begin(self, args: Arguments, kwargs: Options, outer: Asking | None) -> Asking:
        """A lookup begins.

        Args:
            args: Of the method.
            kwargs: Of the method.
            outer: The lookup of this library inside which it does.

        Returns:
            ``outer`` if it is a part of that.
        """
        del args, kwargs, outer
        return Asking(self.name)

    @abstractmethod
    def ended(self, args: Arguments, kwargs: Options, found: Any, asking: Asking) -> Lookup | None:
        """What a lookup that has ended says; None if it was none."""

    def ended_inside(self, args: Arguments, found: Any, asking: Asking) -> None:  # noqa: B027  # most have none
        """A part of a lookup has ended."""

    def over(self, asking: Asking) -> None:  # noqa: B027  # as above
        """A lookup has ended, or has raised."""


def watch(original: Any, library: LibraryCache, log: ExchangeLog) -> Any:
    """Wrap a method that looks up."""

    @functools.wraps(original)
    def lookup(*args: Any, **kwargs: Any) -> Any:
        begun = _begin(log, library, args, kwargs)
        if begun is None:
            return original(*args, **kwargs)
        try:
            found = original(*args, **kwargs)
        finally:
            begun.leave()
        begun.end(args, kwargs, found)
        return found

    return lookup


def watch_async(original: Any, library: LibraryCache, log: ExchangeLog) -> Any:
    """As ``watch``, for a method that is awaited."""

    @functools.wraps(original)
    async def lookup(*args: Any, **kwargs: Any) -> Any:
        begun = _begin(log, library, args, kwargs)
        if begun is None:
            return await original(*args, **kwargs)
        try:
            found = await original(*args, **kwargs)
        finally:
            begun.leave()
        begun.end(args, kwargs, found)
        return found

    return lookup


class _Begun:
    """A lookup that has begun in the caller's context."""

    def __init__(self, log: ExchangeLog, lookups: LookupLog, library: LibraryCache) -> None:
        self._log = log
        self._lookups = lookups
        self._library = library
        self._before = lookups.asking.get()

    def enter(self, args: Arguments, kwargs: Options) -> None:
        before = self._before
        is_outer = before is not None and before.library == self._library.name and not before.over
        self._outer = before if is_outer else None
        self._asking = self._library.begin(args, kwargs, self._outer)
        self._is_inside = self._asking.begun
        self._asking.begun = True
        self._lookups.asking.set(self._asking)

    def leave(self) -> None:
        """It has ended, or has raised. Not by a token: a coroutine may be closed in another context."""
        if self._lookups.asking.get() is self._asking:
            self._lookups.asking.set(self._before)
        if not self._is_inside:
            self._asking.over = True
            self._library.over(self._asking)

    def end(self, args: Arguments, kwargs: Options, found: Any) -> None:
        """It has given something back."""
        try:
            if not self._log.enabled:
                return
            if self._is_inside:
                self._library.ended_inside(args, found, self._asking)
                return
            said = self._library.ended(args, kwargs, found, self._asking)
            if said is not None:
                self._lookups.note_library(said, self._library.name, asking=self._asking)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            self._log.fault(f"a lookup of {self._library.name}", error)


def _begin(log: ExchangeLog, library: LibraryCache, args: Arguments, kwargs: Options) -> _Begun | None:
    try:
        if not log.enabled:
            return None
        begun = _Begun(log, lookup_log(log), library)
        begun.enter(args, kwargs)
    except Exception as error:  # noqa: BLE001  # as above
        log.fault(f"a lookup of {library.name}", error)
        return None
    return begun
