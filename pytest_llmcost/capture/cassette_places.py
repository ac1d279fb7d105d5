"""Where in its file each interaction of an open cassette stands.

Filters drop interactions while a cassette is loaded, and some plugins load several files into one
cassette: the place in memory is not that in the file.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, ref


class InteractionRef(NamedTuple):
    """An interaction of an open cassette.

    Attributes:
        cassette: Absolute path of the file.
        interaction: Position over all interactions of the file; None if it is not known.
    """

    cassette: str
    interaction: int | None


class _Source:
    """What is known of one cassette.

    Attributes:
        path: Its file, named from the folder that was current when it was opened.
        offered: How many interactions of the files were seen so far.
        kept: For each interaction in memory, its position over all files.
        parts: The files that were loaded, and how many interactions each holds; empty for just one.
        places: Those in the files that were asked for, by the index in memory.
    """

    __slots__ = ("kept", "offered", "parts", "path", "places")

    def __init__(self, path: str) -> None:
        self.path = path
        self.offered = 0
        self.kept: list[int] = []
        self.parts: list[tuple[str, int]] = []
        self.places: dict[int, InteractionRef] = {}


class Places:
    """The cassettes of a session and where their interactions stand."""

    def __init__(self) -> None:
        self._sources: WeakKeyDictionary[Any, _Source] = WeakKeyDictionary()
        self._loading = threading.local()
        # The cassette that was asked for last, and what is known of it: most calls of a test play one.
        self._last: tuple[Callable[[], Any], _Source | None] = (lambda: None, None)
        # Of each cassette that was closed, and was not written: its file, and what was played of it.
        self._played: list[tuple[_Source, frozenset[int]]] = []

    @property
    def loading(self) -> bool:
        """Whether a cassette is being loaded in this thread."""
        return self._now is not None

    @property
    def _now(self) -> _Source | None:
        found: _Source | None = getattr(self._loading, "now", None)
        return found

    @contextmanager
    def load(self, cassette: Any) -> Iterator[None]:
        """A cassette is loaded inside."""
        source = self._sources[cassette] = _Source(_path_of(cassette))
        self._last = ref(cassette), source
        before, self._loading.now = self._now, source
        try:
            yield
        finally:
            self._loading.now = before

    def load_file(self, path: str, interactions: int) -> None:
        """A file was read, as one of those that make up the cassette that is being loaded."""
        source = self._now
        if source is not None:
            source.parts.append((os.path.abspath(path), interactions))  # noqa: PTH100  # not resolved

    def offer(self) -> None:
        """The next interaction of the files comes by; whether the cassette keeps it is not known yet."""
        source = self._now
        if source is not None:
            source.offered += 1

    def keep(self) -> None:
        """The cassette keeps the interaction that was offered last."""
        source = self._now
        if source is not None:
            source.kept.append(source.offered - 1)

    def of(self, cassette: Any, index: int) -> InteractionRef:
        """The place of the interaction at an index in memory."""
        asked, source = self._last
        if asked() is not cassette:
            source = self._sources.get(cassette)
            self._last = ref(cassette), source
        if source is None:
            return InteractionRef(_path_of(cassette), index)
        if cassette.dirty or index >= len(source.kept):
            # It will be written as it is in memory; "all" moves what was there before, which ends later.
            known = index < len(source.kept) or not (source.kept and _records_all(cassette))
            return InteractionRef(source.path, index if known else None)
        place = source.places.get(index)
        if place is None:
            place = source.places[index] = self._in_parts(source, source.kept[index])
        return place

    def unknown(self, cassette: Any) -> InteractionRef:
        """A place in the cassette's file that nobody knows."""
        source = self._sources.get(cassette)
        return InteractionRef(source.path if source else _path_of(cassette), None)

    def close(self, cassette: Any) -> None:
        """A cassette is closed."""
        source = self._sources.get(cassette)
        if source is not None and not cassette.dirty:
            self._played.append((source, frozenset(cassette.play_counts)))

    def unplayed(self) -> dict[str, set[int]]:
        """By file, the interactions that nobody has played, however often it was opened."""
        found: dict[str, set[int]] = {}
        for source, played in self._played:
            left: dict[str, set[int]] = {path: set() for path, _ in source.parts} or {source.path: set()}
            for index, position in enumerate(source.kept):
                if index not in played:
                    path, interaction = self._in_parts(source, position)
                    if interaction is not None:
                        left.setdefault(path, set()).add(interaction)
            for path, interactions in left.items():
                found[path] = found[path] & interactions if path in found else interactions
        return found

    @staticmethod
    def _in_parts(source: _Source, position: int) -> InteractionRef:
        start = 0
        for path, interactions in source.parts:
            if position < start + interactions:
                return InteractionRef(path, position - start)
            start += interactions
        return InteractionRef(source.path, position)


def _path_of(cassette: Any) -> str:
    # The public name of the path is younger than vcrpy 6; the current folder may change before it is used.
    return os.path.abspath(str(cassette._path))  # noqa: PTH100, SLF001


def _records_all(cassette: Any) -> bool:
    mode = cassette.record_mode
    return str(getattr(mode, "value", mode)) == "all"
