"""A span as it starts: what would be gone when it has ended, and somebody asks whose it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pytest_llmcost.attribution.agents import AgentFrame
from pytest_llmcost.attribution.call_sites import Spot, Stack, call_site_text
from pytest_llmcost.attribution.scope import Scope
from pytest_llmcost.attribution.surroundings import Surroundings


class StartedSpan(NamedTuple):
    """One span; it may have ended since.

    Attributes:
        span: OpenTelemetry's.
        since: When it was started, seconds of the clock of ``time.perf_counter``.
        scope: What pytest was doing; this and the following are as those of a call.
        agent: The agent that was entered.
        context: OpenTelemetry's context that it was started in.
        said: What frameworks say there; None for nothing.
        spot: The place in the project's code that started it; None where there is none.
        stack: The code of the project that led there; empty where nobody asks for it.
        judged: Whether a library for evaluation started it.
        missed: The lookups in the app's caches that it follows; None for none.
    """

    span: Any
    since: float
    scope: Scope
    agent: AgentFrame | None
    context: Mapping[str, Any]
    said: Surroundings | None = None
    spot: Spot | None = None
    stack: Stack = ()
    judged: bool = False
    missed: Any = None

    @property
    def call_site(self) -> str | None:
        """File and line of the project's code that started it; None where there is none."""
        return call_site_text(self.spot)

    @property
    def around(self) -> Surroundings:
        """What tracing libraries and frameworks say where it was started."""
        return (self.said or Surroundings())._replace(context=self.context)
