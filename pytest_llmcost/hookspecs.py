"""The hooks that a plugin or a ``conftest.py`` may implement; docs/hooks.md shows each.

pytest reads this module on every start: it imports nothing else of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_llmcost.usage.custom import CallContext, CallUsage, HttpExchange


@pytest.hookspec(firstresult=True)
def pytest_llm_cost_usage(exchange: HttpExchange) -> CallUsage | None:
    """Say what an HTTP exchange was billed for, in a format that pytest-llmcost does not know.

    It is called after the phase of the test in which the exchange ended, with ``--llm-cost`` only, for each
    answer with a status of 200 to 299 whose path is one of a known API, or whose host stands under ``hosts:``
    in llmcost.yaml. The first plugin that returns something decides; what it raises is reported by its name,
    and never fails a test.

    Args:
        exchange: A finished request and its response.

    Returns:
        What was used; None leaves the exchange to the other plugins and to pytest-llmcost.
    """


@pytest.hookspec(firstresult=True)
def pytest_llm_cost_agent(exchange: HttpExchange, context: CallContext) -> str | None:
    """Say which agent made a call, where the app knows it and pytest-llmcost does not.

    It is called after the phase of the test in which the call ended, with ``--llm-cost`` only, once for each
    call, and comes before every other way to name an agent. The first plugin that returns something decides;
    what it raises is reported by its name, and never fails a test.

    Args:
        exchange: The finished request and its response.
        context: Who made it, as far as it is known otherwise.

    Returns:
        The name of the agent; None leaves the call to the other plugins and to pytest-llmcost.
    """
