"""Which span is inside which: a span of OpenTelemetry knows only the identity of the one around it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakValueDictionary


class Step(NamedTuple):
    """A span on the way to a call.

    Attributes:
        span: Which.
        context: The context that it was started in; None if nobody has seen that.
    """

    span: Any
    context: Mapping[str, Any] | None


class SpanTree:
    """Remembers the context that each span was started in, for as long as somebody holds the span.

    It takes neither part in a span's life nor a place in a provider: it is told of a span by whoever has
    seen it being started.
    """

    def __init__(self) -> None:
        self._contexts: WeakKeyDictionary[Any, Mapping[str, Any]] = WeakKeyDictionary()
        self._by_identity: WeakValueDictionary[int, Any] = WeakValueDictionary()

    def note(self, span: Any, context: Mapping[str, Any]) -> None:
        """A span has started.

        Args:
            span: Which.
            context: The context that it was started in.
        """
        identity = span.get_span_context().span_id
        # A tracer that is switched off gives out spans with the identity of the one around them.
        if identity not in self._by_identity:
            self._contexts[span] = context
            self._by_identity[identity] = span

    def started_in(self, span: Any) -> Mapping[str, Any] | None:
        """The context that a span was started in; None if nobody has seen that."""
        return self._contexts.get(span)

    def path(self, context: Mapping[str, Any], current: Callable[[Any], Any]) -> list[Step]:
        """From the outermost span that is known to the current one; invalid ones are left out.

        A span may stand in for another: libraries wrap spans, and a call inside this process carries the
        identity of its caller's span.

        Args:
            context: Of a call.
            current: Gives the span that is current in a context.
        """
        found: dict[int, Step] = {}
        inside: Mapping[str, Any] | None = context
        while inside is not None:
            span = current(inside)
            identity = span.get_span_context().span_id
            if not identity or identity in found:
                break
            known = self._by_identity.get(identity)
            inside = self._contexts.get(known) if known is not None else None
            known = span if known is None else known
            found[identity] = Step(known, inside)
        return list(reversed(found.values()))


def watch_tracer(
    original: Callable[..., Any],
    tree: SpanTree,
    here: Callable[[], Mapping[str, Any]],
    fault: Callable[[str, BaseException], None],
) -> Callable[..., Any]:
    """Wrap ``Tracer.start_span``, so that the tree is told of each span.

    Args:
        original: The method.
        tree: What is told.
        here: Gives the caller's context.
        fault: Is told what goes wrong here, which the app never hears of.
    """

    @functools.wraps(original)
    def start_span(self: Any, name: str, context: Any = None, *args: Any, **kwargs: Any) -> Any:
        span = original(self, name, context, *args, **kwargs)
        try:
            tree.note(span, here() if context is None else context)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            fault("noting a span", error)
        return span

    return start_span
