"""Spans as they end: only then is everything there that they state."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from pytest_llmcost.attribution.parameters import with_same_parameters
from pytest_llmcost.attribution.span_lookups import may_state_lookup, stated_lookup
from pytest_llmcost.capture.log import ExchangeLog


def watch_span(original: Callable[..., Any], log: ExchangeLog) -> Callable[..., Any]:
    """Wrap ``Span.end``, so that lookups in caches are noted that the span states.

    Args:
        original: The method.
        log: Whether anything is captured, where lookups go, and faults.
    """

    def look(span: Any) -> None:
        try:
            try:  # the plain dict inside: the public way makes three objects and takes a lock
                attributes = span._attributes._dict  # noqa: SLF001
            except AttributeError:
                attributes = span.attributes
            if may_state_lookup(attributes) and log.enabled and span.end_time is None:
                _note(span, log)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            log.fault("reading a span", error)

    @functools.wraps(original)
    def end(self: Any, *args: Any, **kwargs: Any) -> Any:
        look(self)
        return original(self, *args, **kwargs)

    def end_as_known(self: Any, end_time: Any) -> Any:
        look(self)
        return original(self, end_time)

    return with_same_parameters(end_as_known, original) or end


def _note(span: Any, log: ExchangeLog) -> None:
    stated = stated_lookup(span.name, span.attributes)
    if stated is None:
        return
    from pytest_llmcost.capture.cache_lookups import lookup_log  # most apps have none

    inside = sys.modules["opentelemetry.trace"].set_span_in_context(span, log.spans.started_in(span))
    lookup_log(log).note_span(stated, span.get_span_context().span_id, inside)
