"""Asking the plugins of the user: what they return is checked, and what they raise is told by their name."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any

import pytest

from pytest_llmcost.errors import HookError
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.reading import Reading

_NAME = "pytest_llm_cost_usage"


class UsageHook:
    """The plugins that read formats of their own.

    Args:
        pluginmanager: pytest's.
    """

    def __init__(self, pluginmanager: pytest.PytestPluginManager) -> None:
        self._hooks = pluginmanager.hook

    @property
    def is_implemented(self) -> bool:
        """Whether any plugin reads formats; a ``conftest.py`` in a folder may come late."""
        return bool(self._implementations())

    def read(self, exchange: Exchange) -> Reading | None:
        """Ask about an exchange.

        Returns:
            What the first plugin says that knows it; None if none does.

        Raises:
            HookError: If a plugin raises, or returns something else; the message names it.
        """
        if not self._implementations():
            return None
        from pytest_llmcost.usage.custom import CallUsage, custom_reading, exchange_for_plugins

        asked = exchange_for_plugins(exchange)
        if asked is None:
            return None
        try:
            found = self._hooks.pytest_llm_cost_usage(exchange=asked)
        except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:
            who = self._who_raised(error.__traceback__)
            raise HookError(f"{_NAME} of {who} raised {type(error).__name__}: {error}") from error
        if found is None:
            return None
        if not isinstance(found, CallUsage):
            who = _names(self._implementations())
            raise HookError(
                f"{_NAME} of {who} returned {type(found).__name__}; return a pytest_llmcost.CallUsage or None"
            )
        return custom_reading(found, exchange)

    def _implementations(self) -> list[Any]:
        caller = getattr(self._hooks, _NAME, None)  # None where the plugin was registered by hand
        return [] if caller is None else caller.get_hookimpls()

    def _who_raised(self, traceback: TracebackType | None) -> str:
        codes = {}
        for implementation in self._implementations():
            codes[getattr(implementation.function, "__code__", None)] = implementation
        while traceback is not None:
            found = codes.get(traceback.tb_frame.f_code)
            if found is not None:
                return _names([found])
            traceback = traceback.tb_next
        return _names(self._implementations())


def _names(implementations: Iterable[Any]) -> str:
    return " or ".join(dict.fromkeys(str(one.plugin_name) for one in implementations))
