"""Starting a session: the recorder in every process, and the reporter on the controller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_llmcost.collected import COLLECTION, CollectionWatch, MarkerCheck
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.hooks import PluginHooks
from pytest_llmcost.journal import Journal
from pytest_llmcost.session import CostRecorder
from pytest_llmcost.settings import Settings
from pytest_llmcost.wire import JOURNAL

if TYPE_CHECKING:
    from decimal import Decimal

    from pytest_llmcost.attribution.view import CostView
    from pytest_llmcost.reporter import CostReporter

RECORDER = "llmcost-recorder"
MARKERS = "llmcost-markers"
REPORTER = "llmcost-reporter"


def register(config: pytest.Config, settings: Settings) -> None:
    """Start a session: the recorder here, and the reporter unless this is an xdist worker."""
    worker_output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    reporter = _reporter(config, settings) if worker_output is None else None
    watch, hooks = CollectionWatch(config), PluginHooks(config.pluginmanager)
    recorder = CostRecorder(
        settings, hooks, worker_output, reporter, journal=_journal(config, reporter), watch=watch
    )
    if settings.max_spend is not None:
        _cap_spending(config, settings.max_spend, recorder, reporter)
    recorder.start()
    config.pluginmanager.register(watch, COLLECTION)
    config.pluginmanager.register(recorder, RECORDER)
    config.pluginmanager.register(MarkerCheck(), MARKERS)
    if reporter is not None:
        config.pluginmanager.register(reporter, REPORTER)


def _cap_spending(
    config: pytest.Config, limit: Decimal, recorder: CostRecorder, reporter: CostReporter | None
) -> None:
    from pytest_llmcost.spending.ledger import Ledger, new_ledger_file
    from pytest_llmcost.spending.watch import (
        LEDGER,
        SPENDING,
        SPENDING_REPORTER,
        SpendReporter,
        SpendWatch,
    )

    worker_input: dict[str, Any] = getattr(config, "workerinput", {})
    path = worker_input.get(LEDGER)
    try:
        ledger = Ledger(Path(path) if path else new_ledger_file(), worker_input.get("workerid", "main"))
    except OSError as error:
        raise ConfigError(
            f"--llm-cost-max-spend needs a file for temporary use: {error.strerror or error}"
        ) from error
    cap = recorder.cap_spending(limit, ledger)
    config.pluginmanager.register(SpendWatch(cap, recorder.fault), SPENDING)
    if reporter is None:
        return
    told = SpendReporter(
        config,
        cap,
        expect=lambda nodeids: reporter.gate.expected(nodeids, recorder.prices(), limit),
        note=recorder.note,
        fault=recorder.fault,
    )
    config.pluginmanager.register(told, SPENDING_REPORTER)


def _reporter(config: pytest.Config, settings: Settings) -> CostReporter:
    # Workers have none, and need nothing of what it imports.
    from pytest_llmcost.reporter import CostReporter

    return CostReporter(config, settings)


def _journal(config: pytest.Config, reporter: CostReporter | None) -> Journal | None:
    if reporter is not None:
        return Journal(reporter.journal)
    worker_input: dict[str, Any] = getattr(config, "workerinput", {})
    folder = worker_input.get(JOURNAL)
    return Journal(Path(folder), worker_input["workerid"]) if folder else None


def view_of(request: pytest.FixtureRequest) -> AbstractContextManager[CostView]:
    """The ``llm_cost`` fixture's value, also where costs are not measured for the whole session."""
    recorder: CostRecorder | None = request.config.pluginmanager.get_plugin(RECORDER)
    if recorder is not None:
        return nullcontext(recorder.view(request.node.nodeid))
    return _single_view(request)


@contextmanager
def _single_view(request: pytest.FixtureRequest) -> Iterator[CostView]:
    try:
        settings = Settings.from_config(request.config)
    except ConfigError as error:
        pytest.fail(f"llm_cost: {error}", pytrace=False)
    recorder = CostRecorder(settings, PluginHooks(request.config.pluginmanager))
    recorder.start()
    recorder.scope.begin_test(request.node.nodeid, None)
    try:
        yield recorder.view(request.node.nodeid)
    finally:
        recorder.stop()
