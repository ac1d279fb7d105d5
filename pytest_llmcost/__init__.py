"""What every test and every agent of an LLM app costs, measured while pytest runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_llmcost.attribution.agents import agent
    from pytest_llmcost.attribution.lookups import cache_event
    from pytest_llmcost.usage.custom import CallContext, CallUsage, HttpExchange

    __version__: str

__all__ = ["CallContext", "CallUsage", "HttpExchange", "__version__", "agent", "cache_event"]


def __getattr__(name: str) -> object:
    # Late, so that importing the package (as pytest does on every start) loads nothing.
    if name == "agent":
        from pytest_llmcost.attribution.agents import agent

        return agent
    if name == "cache_event":
        from pytest_llmcost.attribution.lookups import cache_event

        return cache_event
    if name in {"CallContext", "CallUsage", "HttpExchange"}:
        from pytest_llmcost.usage import custom

        return getattr(custom, name)
    if name == "__version__":
        from importlib.metadata import version

        return version("pytest-llmcost")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
