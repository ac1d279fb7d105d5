"""Spans as they end: only then is everything there that they state."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from pytest_llmcost.attribution.span_lookups import may_state_lookup, stated_lookup
from pytest_llmcost.capture.log import ExchangeLog


def watch_span(original: Callable[..., Any], log: ExchangeLog) -> Callable[..., Any]:
    """Wrap ``Span.end``, so that lookups in caches are noted that the span states.

    Args:
        original: The method.
        log: Whether anything is captured, where lookups go, and faults.
    """

    @functools.wraps(original)
    def end(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            # The plain dict inside, where there is one: the public way makes three objects and takes a lock.
            kept = getattr(self, "_attributes", None)
            attributes = getattr(kept, "_dict", None)
            if (
                may_state_lookup(self.attributes if attributes is None else attributes)
                and log.enabled
                and self.end_time is None
            ):
                _note(self, log)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            log.fault("reading a span", error)
        return original(self, *args, **kwargs)

    return end


def _note(span: Any, log: ExchangeLog) -> None:
    stated = stated_lookup(span.name, span.attributes)
    if stated is None:
        return
    from pytest_llmcost.capture.cache_lookups import lookup_log  # most apps have none

    inside = sys.modules["opentelemetry.trace"].set_span_in_context(span, log.spans.started_in(span))
    lookup_log(log).note_span(stated, span.get_span_context().span_id, inside)
