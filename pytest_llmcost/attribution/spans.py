"""Which span is inside which: a span of OpenTelemetry knows only the identity of the one around it."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from weakref import ref

from pytest_llmcost.attribution.parameters import with_same_parameters
from pytest_llmcost.attribution.started import StartedSpan

# How the attributes begin by which spans are told to be of a model, or of a cache in front of one.
_OF_MODELS = ("gen_ai.", "llm.", "langfuse.", "openinference.", "cache", "metadata", "traceloop.")


class Step(NamedTuple):
    """A span on the way to a call.

    Attributes:
        span: Which.
        context: The context that it was started in; None if nobody has seen that.
    """

    span: Any
    context: Mapping[str, Any] | None


def _is_recorded(span: Any) -> bool:
    return hasattr(span, "end_time")


def _matters(span: Any) -> bool:
    if not _is_recorded(span):
        return False
    return span.end_time is None or any(key.startswith(_OF_MODELS) for key in span.attributes or ())


class _Known(ref[Any]):
    """A span that is held elsewhere, and the context that it was started in."""

    __slots__ = ("context", "identity")
    context: Mapping[str, Any]
    identity: int


class SpanTree:
    """Remembers the context that each span was started in, for as long as somebody holds the span.

    It takes neither part in a span's life nor a place in a provider: it is told of a span by whoever has
    seen it being started.

    Attributes:
        started: Spans as they start, in the order of ``StartedSpan``: adding one is all that is done then,
            and a plain tuple is made in a fourth of the time.
        most: How many of them are kept before some are let go.
        noted: Those that are recorded, once the tree knows them, until somebody takes them.
    """

    def __init__(self) -> None:
        # As a WeakValueDictionary, which takes thrice the time.
        self._known: dict[int, _Known] = {}
        self.started: deque[tuple[Any, ...]] = deque()
        self.most = 1000
        self.noted: deque[StartedSpan] = deque()

    def tidy(self) -> None:
        """Let go of spans that have ended and say nothing of a model: a test may start any number of them."""
        self.note_started(_matters)

    def note_started(self, is_kept: Callable[[Any], bool] = _is_recorded) -> None:
        """Take what has started since the last time into the tree; threads may go on starting spans."""
        for _ in range(len(self.started)):
            try:
                one = StartedSpan._make(self.started.popleft())
            except IndexError:  # another thread does the same, and has taken the rest
                return
            self.note(one.span, one.context)
            if is_kept(one.span):
                self.noted.append(one)

    def note(self, span: Any, context: Mapping[str, Any]) -> None:
        """A span has started.

        Args:
            span: Which.
            context: The context that it was started in.
        """
        identity = span.get_span_context().span_id
        # A tracer that is switched off gives out spans with the identity of the one around them.
        if identity not in self._known:
            known = self._known[identity] = _Known(span, self._forget)
            known.identity, known.context = identity, context

    def _forget(self, known: _Known) -> None:
        """Nobody holds the span any more."""
        if self._known.get(known.identity) is known:
            del self._known[known.identity]

    def started_in(self, span: Any) -> Mapping[str, Any] | None:
        """The context that a span was started in; None if nobody has seen that."""
        if self.started:
            self.note_started()
        known = self._known.get(span.get_span_context().span_id)
        return known.context if known is not None else None

    def path(self, context: Mapping[str, Any], current: Callable[[Any], Any]) -> list[Step]:
        """From the outermost span that is known to the current one; invalid ones are left out.

        A span may stand in for another: libraries wrap spans, and a call inside this process carries the
        identity of its caller's span.

        Args:
            context: Of a call.
            current: Gives the span that is current in a context.
        """
        if self.started:
            self.note_started()
        found: dict[int, Step] = {}
        inside: Mapping[str, Any] | None = context
        while inside is not None:
            span = current(inside)
            identity = span.get_span_context().span_id
            if not identity or identity in found:
                break
            known = self._known.get(identity)
            inside = known.context if known is not None else None
            noted = known() if known is not None else None
            found[identity] = Step(span if noted is None else noted, inside)
        return list(reversed(found.values()))


def watch_tracer(
    original: Callable[..., Any],
    note: Callable[[Any, Mapping[str, Any] | None], None],
    fault: Callable[[str, BaseException], None],
) -> Callable[..., Any]:
    """Wrap ``Tracer.start_span``, so that somebody is told of each span.

    Args:
        original: The method.
        note: Is told of a span and the context that it was started in, if that is not the caller's.
        fault: Is told what goes wrong here, which the app never hears of.
    """

    @functools.wraps(original)
    def start_span(self: Any, name: str, context: Any = None, *args: Any, **kwargs: Any) -> Any:
        span = original(self, name, context, *args, **kwargs)
        try:
            note(span, context)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            fault("noting a span", error)
        return span

    def start_span_as_known(  # noqa: PLR0917  # they are the SDK's
        self: Any, name: Any, context: Any, kind: Any, attributes: Any, links: Any, start_time: Any,
        record_exception: Any, set_status_on_exception: Any,
    ) -> Any:  # fmt: skip
        span = original(
            self,
            name,
            context,
            kind,
            attributes,
            links,
            start_time,
            record_exception,
            set_status_on_exception,
        )
        try:
            note(span, context)
        except Exception as error:  # noqa: BLE001  # as above
            fault("noting a span", error)
        return span

    return with_same_parameters(start_span_as_known, original) or start_span
