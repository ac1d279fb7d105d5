"""OpenTelemetry's tracers: which span is inside which. No provider, processor or exporter is touched."""

from __future__ import annotations

from types import ModuleType

from pytest_llmcost.attribution.spans import watch_tracer
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches


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
