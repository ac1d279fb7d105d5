"""The pytest plugin: options, ini keys, markers and the fixture. What they do is in ``registration``.

pytest imports this module on every start, also where nobody asked for costs: it imports nothing heavy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_llmcost.attribution.view import CostView

_MARKERS = (
    'llm_agent(name): the agent that makes the LLM calls of this test, such as llm_agent("support_agent")',
    'llm_budget(max_cost=..., max_calls=..., ...): limits of this test, such as llm_budget(max_cost="0.02")',
)

_NEED_COSTS = (
    "--llm-cost-report",
    "--llm-cost-config",
    "--llm-cost-baseline",
    "--llm-cost-update",
    "--llm-cost-reason",
    "--llm-cost-fail-on",
    "--llm-cost-require",
    "--llm-cost-max-spend",
)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks; also where nobody asked for costs, so that who implements them is no error."""
    from pytest_llmcost import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the group "LLM cost", and the same names as ini keys."""
    group = parser.getgroup("llm-cost", "LLM cost")
    group.addoption(
        "--llm-cost",
        action="store_true",
        default=False,
        dest="llm_cost",
        help="Price every LLM call of this run, live or replayed, and report it by test and agent.",
    )
    group.addoption(
        "--llm-cost-config",
        metavar="PATH",
        dest="llm_cost_config",
        help="Prices, hosts and budgets (default: llmcost.yaml beside the ini-file).",
    )
    group.addoption(
        "--llm-cost-report",
        metavar="TYPE[:PATH]",
        action="append",
        dest="llm_cost_report",
        help="One more report, repeatable: json:PATH, markdown[:PATH], junit (properties in pytest's"
        " --junitxml), term-calls (every call), no-term (no section).",
    )
    group.addoption(
        "--llm-cost-baseline",
        metavar="PATH",
        dest="llm_cost_baseline",
        help="What was accepted: a baseline, a report.json, or git:REF for the file at a commit"
        " (default: llmcost-baseline.json beside llmcost.yaml).",
    )
    group.addoption(
        "--llm-cost-update",
        action="store_true",
        default=False,
        dest="llm_cost_update",
        help="Accept the cost of this run: write it to the baseline.",
    )
    group.addoption(
        "--llm-cost-reason", metavar="TEXT", dest="llm_cost_reason", help="Why it is accepted, for reviewers."
    )
    group.addoption(
        "--llm-cost-fail-on",
        choices=("error", "warning", "never"),
        dest="llm_cost_fail_on",
        help="From which level a finding fails the session (default: error).",
    )
    group.addoption(
        "--llm-cost-require",
        choices=("replayed",),
        dest="llm_cost_require",
        help="replayed: a call that goes to a provider, live or to be recorded, fails the session.",
    )
    group.addoption(
        "--llm-cost-max-spend",
        metavar="USD",
        dest="llm_cost_max_spend",
        help="What live calls of this run may cost: one that would pass it, or has no price, is not sent and"
        " fails its test.",
    )
    parser.addini(
        "llm_cost", "Measure LLM costs on every run, as --llm-cost does.", type="bool", default=False
    )
    parser.addini("llm_cost_config", "As --llm-cost-config, relative to the ini-file.", default="")
    parser.addini("llm_cost_baseline", "As --llm-cost-baseline, relative to the ini-file.", default="")
    parser.addini("llm_cost_fail_on", "As --llm-cost-fail-on.", default="error")
    parser.addini("llm_cost_require", "As --llm-cost-require.", default="")
    parser.addini("llm_cost_max_spend", "As --llm-cost-max-spend.", default="")
    parser.addini("llm_cost_report", "As --llm-cost-report, one a line.", type="linelist", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and the plugins that do the work if costs are asked for."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    if not (config.getoption("llm_cost") or os.environ.get("PYTEST_LLM_COST") or config.getini("llm_cost")):
        typed = [name for name in _NEED_COSTS if config.getoption(name.lstrip("-").replace("-", "_"))]
        if typed:
            raise pytest.UsageError(f"{', '.join(typed)} needs --llm-cost: add it")
        return
    from pytest_llmcost.imports import import_plainly

    config.add_cleanup(import_plainly())
    # By the module's own name: a session inside this one (pytester) may have loaded it before and dropped it.
    from pytest_llmcost.errors import LlmCostError
    from pytest_llmcost.registration import register
    from pytest_llmcost.settings import Settings, is_enabled

    try:
        if not is_enabled(config, os.environ):
            return
        register(config, Settings.from_config(config))
    except LlmCostError as error:
        from pytest_llmcost.reports.text import safe

        raise pytest.UsageError(safe(str(error))) from None


@pytest.fixture
def llm_cost(request: pytest.FixtureRequest) -> Iterator[CostView]:
    """What this test has cost so far: read-only ``cost``, ``calls``, ``usage`` and ``cache_hit_rate``."""
    from pytest_llmcost.registration import view_of

    with view_of(request) as view:
        yield view
