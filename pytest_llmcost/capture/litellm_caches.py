"""LiteLLM's cache: ``Cache.get_cache`` and ``async_get_cache``, whatever keeps the answers behind them.

Neither says whether it has looked at all, nor for what: what they call while they do says so.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from pytest_llmcost.attribution.lookups import Lookup
from pytest_llmcost.capture.library_lookups import Arguments, LibraryCache, Options, watch, watch_async
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.open_lookups import Asking
from pytest_llmcost.capture.patches import Patches


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Watch the class that all of LiteLLM's lookups pass.

    Args:
        module: ``litellm.caching.caching``.
        log: Where lookups go.
        patches: Undoes it.
    """
    caches = LitellmCaches()
    patches.replace(module.Cache, "get_cache", lambda get: watch(get, caches, log))
    patches.replace(module.Cache, "async_get_cache", lambda get: watch_async(get, caches, log))
    patches.replace(module.Cache, "get_cache_key", lambda get: _heard(get, log, _hear_key))
    patches.replace(module.Cache, "should_use_cache", lambda asked: _heard(asked, log, _hear_use))


class LitellmCaches(LibraryCache):
    """Reads LiteLLM's lookups."""

    name = "litellm"

    def ended(self, args: Arguments, kwargs: Options, found: Any, asking: Asking) -> Lookup | None:
        """See ``LibraryCache``."""
        key = kwargs.get("cache_key") or asking.key
        if not asking.is_lookup or key is None:
            return None
        kind = getattr(args[0], "type", None)
        model = kwargs.get("model")
        hit = found is not None
        return Lookup(
            f"litellm {getattr(kind, 'value', kind) or type(args[0]).__name__}" if hit else None,
            hit,
            str(key),
            model=model if isinstance(model, str) else None,
        )


def _heard(original: Any, log: ExchangeLog, hear: Any) -> Any:
    """Wrap a method of which a lookup is to know what it gives back."""

    @functools.wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        found = original(*args, **kwargs)
        lookups = log.lookups
        asking = lookups.asking.get() if lookups is not None else None
        if asking is not None and asking.library == LitellmCaches.name and not asking.over:
            hear(asking, found)
        return found

    return method


def _hear_key(asking: Asking, key: Any) -> None:
    if isinstance(key, str):
        asking.key = key


def _hear_use(asking: Asking, uses: Any) -> None:
    asking.is_lookup = uses is True
