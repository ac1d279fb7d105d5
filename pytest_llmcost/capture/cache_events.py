"""Listening to ``cache_event``, which an app without type checks may give anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import TYPE_CHECKING

from pytest_llmcost.capture.cache_lookups import LookupLog, lookup_log
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.measure_lookups import text_of_any
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.model.report import Notice, NoticeKind
from pytest_llmcost.model.shown import first_of

if TYPE_CHECKING:
    from pytest_llmcost.attribution.lookups import Lookup

_MOST_NAMED = 3


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
            try:
                if log.enabled:
                    _note(lookup, lookups, log)
            except Exception as error:  # noqa: BLE001  # the app hears of no fault of ours
                log.fault("a lookup in a cache", error)

        return heard

    patches.replace(module, "heard", listen)


def unread_hits(unread: Iterable[tuple[str | None, str]]) -> Notice:
    """What is to say of hits that are neither true nor false.

    Args:
        unread: Of each the test and the type.
    """
    told = list(unread)
    places = dict.fromkeys(nodeid or "code outside any test" for nodeid, _ in told)
    types = dict.fromkeys(name for _, name in told)
    return Notice(
        NoticeKind.CACHE,
        f"{first_of(list(places), _MOST_NAMED)}: cache_event() was given a hit that is neither true nor false"
        f" ({first_of(list(types), _MOST_NAMED)}), which counts as no lookup: give it a bool,"
        " such as hit=answer is not None",
    )


def _note(said: Lookup, lookups: LookupLog, log: ExchangeLog) -> None:
    hit: object = said.hit
    if type(hit) is not bool:
        try:
            said = said._replace(hit=bool(hit))
        except Exception:  # noqa: BLE001  # an array of many elements, or an object of the app's that does anything
            lookups.unread.append((log.scope.now.nodeid, type(hit).__name__))
            return
    key: object = said.key
    layer: object = said.layer
    if key is not None and not isinstance(key, str | bytes):
        said = said._replace(key=text_of_any(key))
    if layer is not None and not isinstance(layer, str):
        said = said._replace(layer=text_of_any(layer))
    lookups.note(said)
