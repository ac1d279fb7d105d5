"""Asking the plugins of the user: what they return is checked, and what they raise is told by their name."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any

import pytest

from pytest_llmcost.errors import HookError
from pytest_llmcost.model.call import Origin
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.reading import Reading

_USAGE = "pytest_llm_cost_usage"
_AGENT = "pytest_llm_cost_agent"


class PluginHooks:
    """The plugins that read formats of their own, or name agents.

    Args:
        pluginmanager: pytest's.
    """

    def __init__(self, pluginmanager: pytest.PytestPluginManager) -> None:
        self._hooks = pluginmanager.hook

    @property
    def read_formats(self) -> bool:
        """Whether any plugin reads formats; a ``conftest.py`` in a folder may come late."""
        return bool(self._implementations(_USAGE))

    @property
    def name_agents(self) -> bool:
        """Whether any plugin names agents; as above."""
        return bool(self._implementations(_AGENT))

    def read(self, exchange: Exchange) -> Reading | None:
        """Ask about an exchange.

        Returns:
            What the first plugin says that knows it; None if none does.

        Raises:
            HookError: If a plugin raises, or returns something else; the message names it.
        """
        if not self._implementations(_USAGE):
            return None
        from pytest_llmcost.usage.custom import CallUsage, custom_reading, exchange_for_plugins

        asked = exchange_for_plugins(exchange)
        found = None if asked is None else self._ask(_USAGE, exchange=asked)
        if found is None:
            return None
        if not isinstance(found, CallUsage):
            raise self._refused(_USAGE, found, "a pytest_llmcost.CallUsage or None")
        return custom_reading(found, exchange)

    def agent(self, exchange: Exchange, origin: Origin, call_stack: tuple[str, ...]) -> str | None:
        """Ask whose a call is.

        Args:
            exchange: Its bytes.
            origin: Who it is without this hook.
            call_stack: ``file::function`` of the project's code that led to it, innermost first.

        Returns:
            The agent that the first plugin names which knows it; None if none does.

        Raises:
            HookError: As ``read``.
        """
        if not self._implementations(_AGENT):
            return None
        from pytest_llmcost.usage.custom import CallContext, exchange_for_plugins

        asked = exchange_for_plugins(exchange)
        if asked is None:
            return None
        context = CallContext(
            nodeid=origin.nodeid,
            fixture=origin.fixture,
            agent=origin.agent,
            agent_path=origin.agent_path,
            call_stack=call_stack,
        )
        found = self._ask(_AGENT, exchange=asked, context=context)
        if found is None:
            return None
        if not isinstance(found, str) or not found.strip():
            raise self._refused(_AGENT, found, "the name of an agent or None")
        return found

    def _ask(self, hook: str, **arguments: object) -> object:
        try:
            return getattr(self._hooks, hook)(**arguments)
        except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:
            who = self._who_raised(hook, error.__traceback__)
            raise HookError(f"{hook} of {who} raised {type(error).__name__}: {error}") from error

    def _refused(self, hook: str, found: object, wanted: str) -> HookError:
        what = "an empty text" if isinstance(found, str) else type(found).__name__
        return HookError(f"{hook} of {_names(self._implementations(hook))} returned {what}; return {wanted}")

    def _implementations(self, hook: str) -> list[Any]:
        caller = getattr(self._hooks, hook, None)  # None where the plugin was registered by hand
        return [] if caller is None else caller.get_hookimpls()

    def _who_raised(self, hook: str, traceback: TracebackType | None) -> str:
        codes = {}
        for implementation in self._implementations(hook):
            codes[getattr(implementation.function, "__code__", None)] = implementation
        while traceback is not None:
            found = codes.get(traceback.tb_frame.f_code)
            if found is not None:
                return _names([found])
            traceback = traceback.tb_next
        return _names(self._implementations(hook))


def _names(implementations: Iterable[Any]) -> str:
    return " or ".join(dict.fromkeys(str(one.plugin_name) for one in implementations))
