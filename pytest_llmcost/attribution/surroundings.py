"""What tracing libraries and agent frameworks say of where a call is, read from the caller's context.

Nothing is imported: a library that the app has not loaded is not asked. Only references are kept, and what
would be gone after the test; the rest is read then.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One entry into an agent.

    Attributes:
        name: The agent.
        run: Identity of the entry; empty where nothing tells one from another.
    """

    name: str
    run: str


class Surroundings(NamedTuple):
    """Where a call is.

    Attributes:
        context: OpenTelemetry's context, which holds the current span; None without one.
        config: LangChain's configuration of what runs; None outside it.
        entries: Into agents of frameworks with contexts of their own, from the outermost.
    """

    context: Any = None
    config: Any = None
    entries: tuple[Entry, ...] = ()


def surroundings() -> Surroundings | None:
    """What holds here and now.

    Returns:
        None if no library says anything; what one raises is the same.
    """
    modules = sys.modules
    if modules.keys().isdisjoint(LIBRARIES):
        return None
    context = _asked(_context) if _SPANS in modules else None
    config = _asked(_metadata) if _CHAINS in modules else None
    entries: tuple[Entry, ...] = (_asked(_openai_agents) or ()) if _AGENTS in modules else ()
    if _PYDANTIC_AI in modules:
        entries += _asked(_pydantic_ai) or ()
    return Surroundings(context, config, entries) if context or config or entries else None


def speaks_beside_spans() -> bool:
    """Whether a library is loaded that says more than spans do."""
    modules = sys.modules
    return _CHAINS in modules or _AGENTS in modules or _PYDANTIC_AI in modules


def _asked(library: Callable[[], Any]) -> Any:
    try:
        return library()
    except Exception:  # noqa: BLE001  # half loaded, another version, or somebody else's module of that name
        return None


_SPANS = "opentelemetry.sdk.trace"
_CHAINS = "langchain_core.runnables.config"
_AGENTS = "agents.tracing.scope"
_PYDANTIC_AI = "pydantic_ai._run_context"
# Where none of them is loaded, nothing says anything.
LIBRARIES = (_SPANS, _CHAINS, _AGENTS, _PYDANTIC_AI)
_DEEPEST = 100


def _context() -> Any:
    return sys.modules["opentelemetry.context"].get_current()


def _metadata() -> Any:
    config = sys.modules[_CHAINS].var_child_runnable_config.get()
    return config.get("metadata") if config else None


def _openai_agents() -> tuple[Entry, ...]:
    """The agents of openai-agents, whose spans forget what was around them when they end."""
    span = sys.modules[_AGENTS].Scope.get_current_span()
    found: list[Entry] = []
    for _ in range(_DEEPEST):
        if span is None:
            break
        if span.span_data.type == "agent":
            identity = span.span_id
            found.append(Entry(span.span_data.name, "" if identity == "no-op" else identity))
        token = span._prev_span_token  # noqa: SLF001  # there is no other way to the span around it
        before = token.old_value if token is not None else None
        span = before if hasattr(before, "span_data") else None
    return tuple(reversed(found))


def _pydantic_ai() -> tuple[Entry, ...]:
    """The agent of pydantic-ai that is asking its model."""
    run = sys.modules[_PYDANTIC_AI].get_current_run_context()
    name = run.agent.name if run is not None and run.agent is not None else None
    return (Entry(name, run.run_id or ""),) if name else ()
