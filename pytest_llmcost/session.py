"""The stateful part of a session: one recorder in every process, one reporter on the controller."""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_llmcost.attribution.markers import marked_agent
from pytest_llmcost.attribution.scope import CurrentScope
from pytest_llmcost.attribution.view import CostView
from pytest_llmcost.capture.collect import Collector
from pytest_llmcost.capture.install import Capture
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.observed import child_processes, observe
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.model.call import Call, MeasuredCall, Phase
from pytest_llmcost.settings import Settings
from pytest_llmcost.wire import ATTRIBUTE, Payload, Rest

if TYPE_CHECKING:
    from pytest_llmcost.pricing.table import PriceTable
    from pytest_llmcost.reporter import CostReporter

RECORDER = "llmcost-recorder"
MARKERS = "llmcost-markers"
REPORTER = "llmcost-reporter"


def register(config: pytest.Config, settings: Settings) -> None:
    """Start a session: the recorder here, and the reporter unless this is an xdist worker."""
    worker_output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    reporter = _reporter(config, settings) if worker_output is None else None
    recorder = CostRecorder(settings, worker_output, reporter)
    recorder.start()
    config.pluginmanager.register(recorder, RECORDER)
    config.pluginmanager.register(MarkerCheck(), MARKERS)
    if reporter is not None:
        config.pluginmanager.register(reporter, REPORTER)


def _reporter(config: pytest.Config, settings: Settings) -> CostReporter:
    # Workers have none, and need nothing of what it imports.
    from pytest_llmcost.reporter import CostReporter

    return CostReporter(config, settings)


def view_of(request: pytest.FixtureRequest) -> AbstractContextManager[CostView]:
    """The ``llm_cost`` fixture's value, also where costs are not measured for the whole session."""
    recorder: CostRecorder | None = request.config.pluginmanager.get_plugin(RECORDER)
    if recorder is not None:
        return recorder.view(request.node.nodeid)
    return _single_view(request)


@contextmanager
def _single_view(request: pytest.FixtureRequest) -> Iterator[CostView]:
    try:
        settings = Settings.from_config(request.config)
    except ConfigError as error:
        pytest.fail(f"llm_cost: {error}", pytrace=False)
    recorder = CostRecorder(settings)
    recorder.start()
    try:
        with recorder.scope.test(request.node.nodeid, None), recorder.view(request.node.nodeid) as view:
            yield view
    finally:
        recorder.stop()


class MarkerCheck:
    """Fails a test whose marker is wrong at its own set-up; an error at collection would break xdist.

    It is no wrapper: what other plugins' wrappers set up for the test must be there when it is torn down.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        _, problem = marked_agent(item)
        if problem is not None:
            pytest.fail(problem, pytrace=False)


class CostRecorder:
    """Captures the calls of this process and hands them over: in a worker on pytest's reports.

    Args:
        settings: What was asked for.
        worker_output: xdist's channel for what is left at the end; None outside a worker.
        reporter: Of this process; None in a worker.
    """

    def __init__(
        self,
        settings: Settings,
        worker_output: dict[str, Any] | None = None,
        reporter: CostReporter | None = None,
    ) -> None:
        self.scope = CurrentScope()
        self._settings = settings
        self._worker_output = worker_output
        self._reporter = reporter
        self._log = ExchangeLog(self.scope)
        self._capture = Capture(self._log)
        self._collector = Collector(self._log, settings.configuration.hosts, settings.root)
        self._unsent: list[MeasuredCall] = []
        self._of_test: list[MeasuredCall] = []
        self._faults_sent = 0
        self._riding: dict[str, Payload] = {}
        self._deselected = 0
        self._leaving: dict[int, AbstractContextManager[None]] = {}
        self._children = child_processes()
        self._table: PriceTable | None = None

    def start(self) -> None:
        """Begin to capture."""
        self._capture.install()

    def stop(self) -> None:
        """Stop capturing."""
        self._capture.uninstall()

    @contextmanager
    def view(self, nodeid: str) -> Iterator[CostView]:
        """What the running test can read about itself."""
        yield CostView(
            functools.partial(self._priced_so_far, nodeid),
            include_mocked=self._settings.configuration.include_mocked,
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._of_test = []
        agent, _ = marked_agent(item)
        with self.scope.test(item.nodeid, agent):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        self.scope.begin_attempt()
        with self.scope.phase(Phase.SETUP):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        with self.scope.phase(Phase.CALL):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        with self.scope.phase(Phase.TEARDOWN):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        if fixturedef.scope == "function":
            return (yield)
        with self.scope.fixture(_name_of(fixturedef), Phase.SETUP):
            try:
                return (yield)
            finally:
                # Finalizers run last-in first-out: this one runs before the fixture's own.
                fixturedef.addfinalizer(functools.partial(self._begin_fixture_teardown, fixturedef))

    def _begin_fixture_teardown(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        leaving = self.scope.fixture(_name_of(fixturedef), Phase.TEARDOWN)
        leaving.__enter__()
        self._leaving[id(fixturedef)] = leaving

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        leaving = self._leaving.pop(id(fixturedef), None)
        if leaving is not None:
            leaving.__exit__(None, None, None)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        try:
            self._collect()
            payload = self._take()
            if payload and self._reporter is not None:
                self._reporter.add(payload)
            elif payload:
                text = payload.to_text()
                setattr(report, ATTRIBUTE, text)
                self._riding[text] = payload
        except Exception as error:  # noqa: BLE001  # a fault of ours never fails a user's test
            self._log.fault("reporting", error)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # It is on its way, perhaps as a copy (subtests). Plugins that run a test again never log some
        # reports: what rode on those goes with the rest.
        self._riding.pop(getattr(report, ATTRIBUTE, ""), None)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._deselected += len(items)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        try:
            for payload in self._riding.values():
                self._unsent += payload.calls
            if self._riding:
                self._faults_sent = 0  # theirs are told again; the reporter takes each once
            self._unsent += self._collector.collect_rest()
        except Exception as error:  # noqa: BLE001  # as above
            self._log.fault("reporting the rest", error)
        rest = Rest(
            payload=self._take(),
            notices=tuple(self._collector.notices),
            observed=observe(self._log, self._collector, self._children),
            deselected=self._deselected,
        )
        if self._reporter is not None:
            self._reporter.add_rest(rest)
        elif self._worker_output is not None:
            self._worker_output[ATTRIBUTE] = rest.to_text()

    def pytest_unconfigure(self) -> None:
        self.stop()

    def _collect(self) -> None:
        new = self._collector.collect()
        self._unsent += new
        self._of_test += new

    def _take(self) -> Payload:
        calls, self._unsent = self._unsent, []
        faults = self._log.faults[self._faults_sent :]
        self._faults_sent += len(faults)
        now = self.scope.now
        again = {now.nodeid: now.attempt} if now.nodeid is not None and now.attempt > 1 else {}
        return Payload(tuple(calls), tuple(faults), again)

    def _priced_so_far(self, nodeid: str) -> Sequence[Call]:
        from pytest_llmcost.pricing.price_call import price_calls

        self._collect()
        attempt = self.scope.now.attempt
        own = [
            call for call in self._of_test if (call.origin.nodeid, call.origin.attempt) == (nodeid, attempt)
        ]
        return price_calls(own, self._prices())

    def _prices(self) -> PriceTable:
        from pytest_llmcost.reporter import price_table

        if self._table is None:
            self._table = price_table(self._settings)
        return self._table


def _name_of(fixturedef: pytest.FixtureDef[Any]) -> str:
    return f"{fixturedef.baseid}::{fixturedef.argname}" if fixturedef.baseid else fixturedef.argname
