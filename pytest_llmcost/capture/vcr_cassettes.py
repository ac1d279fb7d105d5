"""vcrpy: which cassette is open, and which interaction was played or recorded.

vcr is only asked what it did; the exchange itself is seen by the HTTP clients' modules. The methods used
here exist under these names from vcrpy 6 to 9.
"""

from __future__ import annotations

import functools
import threading
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from pytest_llmcost.capture.log import ExchangeLog, InteractionRef
from pytest_llmcost.capture.patches import Patches

NAME = "vcr.cassette"


class _Positions:
    """Where in its file each interaction of a cassette stands.

    Filters drop interactions while a cassette is loaded, so the position in memory is not that in the file.
    """

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Any, list[int]] = WeakKeyDictionary()
        self._seen: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self.loading = threading.local()

    def appended(self, cassette: Any, *, kept: bool) -> int:
        """An interaction was offered to the cassette; its position in the file is returned."""
        position = self._seen.get(cassette, 0)
        self._seen[cassette] = position + 1
        if kept:
            self._of.setdefault(cassette, []).append(position)
        return position

    def of(self, cassette: Any, index: int) -> int | None:
        """The position in the file of the interaction at an index in memory."""
        positions = self._of.get(cassette, [])
        return positions[index] if index < len(positions) else None


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the cassettes of vcr.

    Args:
        module: ``vcr.cassette``.
        log: Where the exchange that is being sent is found.
        patches: Where replacements are registered.
    """
    positions = _Positions()
    cassette_class: Any = module.Cassette
    context: Any = module.CassetteContextDecorator
    patches.replace(cassette_class, "load", lambda load: _load(load, positions))
    patches.replace(cassette_class, "append", lambda append: _append(append, positions, log))
    patches.replace(cassette_class, "play_response", lambda play: _play_response(play, positions, log))
    patches.replace(cassette_class, "can_play_response_for", lambda can_play: _can_play(can_play, log))
    patches.replace(context, "__enter__", lambda enter: _enter(enter, log))
    patches.replace(context, "__exit__", lambda leave: _exit(leave, log))


def _path_of(cassette: Any) -> str:
    return str(cassette._path)  # noqa: SLF001  # the public name is younger than vcrpy 6


def _load(original: Any, positions: _Positions) -> Any:
    @functools.wraps(original.__func__)
    def load(cls: Any, *args: Any, **kwargs: Any) -> Any:
        positions.loading.now = True
        try:
            return original.__func__(cls, *args, **kwargs)
        finally:
            positions.loading.now = False

    return classmethod(load)


def _append(original: Any, positions: _Positions, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    def append(cassette: Any, *args: Any, **kwargs: Any) -> Any:
        before = len(cassette.data)
        result = original(cassette, *args, **kwargs)
        try:
            kept = len(cassette.data) > before
            loading = getattr(positions.loading, "now", False)
            if loading or kept:
                position = positions.appended(cassette, kept=kept)
            exchange = log.current.get()
            if exchange is not None and not loading:
                exchange.seen_by_vcr = True
                if kept:
                    exchange.recorded = InteractionRef(_path_of(cassette), position)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            log.fault("vcr recording", error)
        return result

    return append


def _play_response(original: Any, positions: _Positions, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    def play_response(cassette: Any, *args: Any, **kwargs: Any) -> Any:
        response = original(cassette, *args, **kwargs)
        exchange = log.current.get()
        if exchange is not None:
            try:
                index = next(i for i, (_, kept) in enumerate(cassette.data) if kept is response)
                exchange.replayed = InteractionRef(_path_of(cassette), positions.of(cassette, index))
            except StopIteration:  # a cassette class of the user's that makes its responses
                exchange.replayed = InteractionRef(_path_of(cassette), None)
            except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
                log.fault("vcr replay", error)
        return response

    return play_response


def _can_play(original: Any, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    def can_play_response_for(cassette: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = log.current.get()
        if exchange is not None:
            exchange.seen_by_vcr = True
        return original(cassette, *args, **kwargs)

    return can_play_response_for


def _enter(original: Any, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    def enter(context: Any) -> Any:
        cassette = original(context)
        try:
            path = _path_of(cassette)
            log.open_cassettes.append(path)
            log.cassettes_seen[path] = len(cassette)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            log.fault("vcr cassette", error)
        return cassette

    return enter


def _exit(original: Any, log: ExchangeLog) -> Any:
    @functools.wraps(original)
    def leave(context: Any, *exception: Any) -> Any:
        try:
            return original(context, *exception)
        finally:
            if log.open_cassettes:
                log.open_cassettes.pop()

    return leave
