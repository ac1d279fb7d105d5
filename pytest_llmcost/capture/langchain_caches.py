"""LangChain's caches: ``lookup`` and ``alookup`` of every class that is one.

Models ask the cache that is theirs (``cache=``) or everybody's (``set_llm_cache``), and each class looks up
in its own way: so the methods are watched where a class defines them, those of the app's classes too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import iscoroutinefunction
from threading import get_ident
from types import FunctionType, ModuleType
from typing import Any

from pytest_llmcost.attribution.lookups import Lookup
from pytest_llmcost.capture.library_lookups import Arguments, LibraryCache, Options, watch, watch_async
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.open_lookups import Asking
from pytest_llmcost.capture.patches import Patches


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the caches that there are, and those that will be.

    Args:
        module: ``langchain_core.caches``.
        log: Where lookups go.
        patches: Undoes it.
    """
    base = module.BaseCache
    caches = LangchainCaches()

    def look_at(cache: type) -> None:
        if isinstance(vars(cache).get("lookup"), FunctionType):
            patches.replace(cache, "lookup", lambda lookup: watch(lookup, caches, log))
        if iscoroutinefunction(vars(cache).get("alookup")):
            patches.replace(cache, "alookup", lambda lookup: watch_async(lookup, caches.waiting, log))

    for cache in _with_subclasses(base):
        look_at(cache)
    if "__init_subclass__" in vars(base):
        patches.replace(base, "__init_subclass__", lambda original: _of_new(original, base, look_at, log))
    else:
        patches.add(base, "__init_subclass__", _of_new(None, base, look_at, log))


def _of_new(original: Any, base: type, look_at: Callable[[type], None], log: ExchangeLog) -> Any:
    """What a class is told of that is derived from the base class."""

    def derived(cls: type, /, **kwargs: Any) -> None:
        if original is None:
            super(base, cls).__init_subclass__(**kwargs)  # type: ignore[arg-type]  # it is derived from base
        else:
            original.__get__(None, cls)(**kwargs)
        try:
            if log.enabled:
                look_at(cls)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            log.fault(f"watching the cache {cls.__name__}", error)

    return classmethod(derived)


def _with_subclasses(base: type) -> Iterator[type]:
    yield base
    known: list[type] = base.__subclasses__()
    for cache in known:
        yield from _with_subclasses(cache)


class LangchainCaches(LibraryCache):
    """Reads ``lookup``; ``waiting`` reads ``alookup``.

    A cache may ask others inside: that is one lookup, of the one that had the answer. So is an ``alookup``
    that has ``lookup`` run in an executor, which may lose the context.
    """

    name = "langchain"

    def __init__(self) -> None:
        self._waiting: dict[tuple[Any, ...], Asking] = {}
        self.waiting = _Waiting(self._waiting)

    def begin(self, args: Arguments, kwargs: Options, outer: Asking | None) -> Asking:
        """See ``LibraryCache``."""
        asked = _asked(args, kwargs)
        if outer is not None and outer.request is not None and outer.request[-1] == asked[-1]:
            return outer
        waiting = self._waiting.get(asked) if self._waiting else None
        if waiting is not None and waiting.thread != get_ident():
            return waiting
        return Asking(self.name, asked)

    def ended(self, args: Arguments, kwargs: Options, found: Any, asking: Asking) -> Lookup:
        """See ``LibraryCache``."""
        _, prompt, llm_string = _asked(args, kwargs)
        hit = isinstance(found, list)  # models take nothing else for an answer
        layer = (asking.layer or type(args[0]).__name__) if hit else None
        return Lookup(layer, hit, f"{llm_string}\0{prompt}")

    def ended_inside(self, args: Arguments, found: Any, asking: Asking) -> None:
        """See ``LibraryCache``."""
        if isinstance(found, list):
            asking.layer = asking.layer or type(args[0]).__name__


class _Waiting(LangchainCaches):
    """Reads ``alookup``."""

    def __init__(self, waiting: dict[tuple[Any, ...], Asking]) -> None:
        self._waiting = waiting

    def begin(self, args: Arguments, kwargs: Options, outer: Asking | None) -> Asking:
        """See ``LibraryCache``."""
        asked = _asked(args, kwargs)
        if outer is not None and outer.request is not None and outer.request[-1] == asked[-1]:
            return outer
        asking = Asking(self.name, asked)
        asking.thread = get_ident()
        self._waiting[asked] = asking
        return asking

    def over(self, asking: Asking) -> None:
        """See ``LibraryCache``."""
        if asking.request is not None and self._waiting.get(asking.request) is asking:
            del self._waiting[asking.request]


def _asked(args: Arguments, kwargs: Options) -> tuple[Any, Any, Any]:
    """The cache's identity, the prompt and the model with its options, both as text."""
    prompt = args[1] if len(args) > 1 else kwargs.get("prompt")
    llm_string = args[2] if len(args) > 2 else kwargs.get("llm_string")  # noqa: PLR2004
    return id(args[0]), str(prompt), str(llm_string)
