"""OpenTelemetry's tracers: which span is inside which, and what it states as it ends.

No provider, processor or exporter is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from pytest_llmcost.attribution.agents import current_agent
from pytest_llmcost.attribution.call_sites import Spot, Stack
from pytest_llmcost.attribution.spans import watch_tracer
from pytest_llmcost.attribution.surroundings import speaks_beside_spans, surroundings
from pytest_llmcost.capture.clocks import RealClocks
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.capture.span_ends import watch_span

_OURS = 3  # frames: of the call site, of the note and of the method that is watched


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Have the log told of every span that starts.

    Args:
        module: ``opentelemetry.sdk.trace``.
        log: What is told.
        patches: Undoes it.
    """
    note = _noting(log, module.context_api.get_current)
    patches.replace(module.Tracer, "start_span", lambda original: watch_tracer(original, note, log.fault))
    patches.replace(module.Span, "end", lambda original: watch_span(original, log))


def _noting(
    log: ExchangeLog, here: Callable[[], Mapping[str, Any]]
) -> Callable[[Any, Mapping[str, Any] | None], None]:
    """What is told of each span: this is a hot path too."""
    started, since = log.spans.started, RealClocks.since

    def note(span: Any, context: Mapping[str, Any] | None) -> None:
        if not log.enabled:
            return
        if context is None:
            context = here()
        said = surroundings() if speaks_beside_spans() else None
        spot: Spot | None = None
        stack: Stack = ()
        judged = False
        if (sites := log.call_sites) is not None:
            if log.keeps_stacks:
                spot, stack = sites.stack(_OURS)
            else:
                spot = sites.spot(_OURS)
            judged = bool(log.evaluations) and sites.passes(log.evaluations)
        missed = log.lookups.missed_here() if log.lookups is not None else None
        started.append(
            (span, since(), log.scope.now, current_agent(), context, said, spot, stack, judged, missed)
        )
        if len(started) > log.spans.most:
            log.spans.tidy()

    return note
