"""OpenTelemetry's tracers: which span is inside which, and what it states as it ends.

No provider, processor or exporter is touched.
"""

from __future__ import annotations

from types import ModuleType

from pytest_llmcost.attribution.spans import watch_tracer
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches
from pytest_llmcost.capture.span_ends import watch_span


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Have the log told of every span that starts.

    Args:
        module: ``opentelemetry.sdk.trace``.
        log: What is told.
        patches: Undoes it.
    """
    here = module.context_api.get_current
    patches.replace(
        module.Tracer, "start_span", lambda original: watch_tracer(original, log.spans, here, log.fault)
    )
    patches.replace(module.Span, "end", lambda original: watch_span(original, log))
