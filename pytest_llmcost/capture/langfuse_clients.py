"""Langfuse without keys, as in the CI of a fork: it records no observation, and its agents are still entered.

Where it records, its spans say everything, and nothing is done here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import ModuleType, TracebackType
from typing import Any

from pytest_llmcost.attribution.agents import agent
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.patches import Patches


def patch(module: ModuleType, log: ExchangeLog, patches: Patches) -> None:
    """Enter agents where observations of a client that is switched off begin.

    Args:
        module: ``langfuse._client.client``.
        log: Whether anything is captured, and faults.
        patches: Undoes it.
    """
    patches.replace(module.Langfuse, "start_as_current_observation", lambda original: _watch(original, log))


def _watch(original: Callable[..., Any], log: ExchangeLog) -> Callable[..., Any]:
    @functools.wraps(original)
    def start_as_current_observation(client: Any, *args: Any, **kwargs: Any) -> Any:
        observation = original(client, *args, **kwargs)
        try:
            if "metadata" not in kwargs and kwargs.get("as_type") != "agent":
                return observation  # as most are
            name = _agent_of(client, kwargs) if log.enabled else None
            return observation if name is None else _Inside(observation, agent(name))
        except Exception as error:  # noqa: BLE001  # a fault of ours must not reach the app
            log.fault("an observation of Langfuse", error)
            return observation

    return start_as_current_observation


def _agent_of(client: Any, options: Mapping[str, Any]) -> str | None:
    """The agent that an unrecorded observation is; None if it is recorded, or something else."""
    metadata = options.get("metadata")
    named = metadata.get("agent_type") if metadata and isinstance(metadata, Mapping) else None
    if not named and options.get("as_type") == "agent":
        named = options.get("name")
    if not isinstance(named, str) or not named.strip():
        return None
    return named if type(getattr(client, "_otel_tracer", None)).__name__ == "NoOpTracer" else None


class _Inside:
    """An observation that is also an entry into an agent."""

    def __init__(self, observation: AbstractContextManager[Any], entered: agent) -> None:
        self._observation = observation
        self._entered = entered

    def __getattr__(self, name: str) -> Any:
        return getattr(self._observation, name)

    def __call__(self, function: Callable[..., Any]) -> Any:
        """Decorate a function, as Langfuse's own can."""
        return self._entered(self._observation(function))  # type: ignore[operator]

    def __enter__(self) -> Any:
        self._entered.__enter__()
        try:
            return self._observation.__enter__()
        except BaseException as error:
            self._entered.__exit__(type(error), error, error.__traceback__)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        try:
            return self._observation.__exit__(kind, error, trace)
        finally:
            self._entered.__exit__(kind, error, trace)
