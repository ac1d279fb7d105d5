"""The part of a session that every process has: it captures, attributes and hands over."""

from __future__ import annotations

import functools
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_llmcost.attribution.markers import OUR_MARKERS, is_marked, marked_agent
from pytest_llmcost.attribution.origins import Origins
from pytest_llmcost.attribution.scope import CurrentScope, Scope
from pytest_llmcost.capture.collect import Collector
from pytest_llmcost.capture.install import Capture
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.observed import child_processes, observe
from pytest_llmcost.capture.own_code import project_call_sites
from pytest_llmcost.collected import CollectionWatch, marked_budget
from pytest_llmcost.hooks import PluginHooks
from pytest_llmcost.journal import Entry, Journal, PhaseResult
from pytest_llmcost.model.call import Call, MeasuredCall, Phase
from pytest_llmcost.model.rows import measured_row
from pytest_llmcost.settings import ReportType, Settings
from pytest_llmcost.wire import ATTRIBUTE, Payload, Rest

if TYPE_CHECKING:
    from decimal import Decimal

    from pytest_llmcost.attribution.view import CostView
    from pytest_llmcost.model.cache import CacheLookup
    from pytest_llmcost.model.report import Notice
    from pytest_llmcost.pricing.table import PriceTable
    from pytest_llmcost.reporter import CostReporter
    from pytest_llmcost.spending.cap import SpendCap
    from pytest_llmcost.spending.ledger import Ledger


class CostRecorder:
    """Captures the calls of this process and hands them over: in a worker on pytest's reports.

    Args:
        settings: What was asked for.
        hooks: The user's plugins.
        worker_output: xdist's channel for what is left at the end; None outside a worker.
        reporter: Of this process; None in a worker.
        journal: Of this process; None for none.
        watch: Of what is collected; None where nobody asks.
    """

    def __init__(
        self,
        settings: Settings,
        hooks: PluginHooks,
        worker_output: dict[str, Any] | None = None,
        reporter: CostReporter | None = None,
        *,
        journal: Journal | None = None,
        watch: CollectionWatch | None = None,
    ) -> None:
        self.scope = CurrentScope()
        self._settings = settings
        self._hooks = hooks
        self._worker_output = worker_output
        self._reporter = reporter
        sites = project_call_sites(settings.root)
        self._log = ExchangeLog(self.scope, sites)
        self._capture = Capture(self._log)
        configured = settings.configuration
        self._collector = Collector(
            self._log,
            configured.hosts,
            settings.root,
            hooks.read,
            configured.replay,
            origins=Origins(configured.agents, sites, self._log.spans),
            name_agent=hooks.agent,
        )
        self._unsent: list[MeasuredCall] = []
        self._unsent_lookups: list[CacheLookup] = []
        self._of_test: list[MeasuredCall] = []
        self._faults_sent = 0
        self._riding: dict[str, Payload] = {}
        self._journal = journal
        self._watch = watch
        self._in_junit = settings.asks_for(ReportType.JUNIT)
        self._budgets: dict[str, dict[str, object]] = {}
        self._phases: list[PhaseResult] = []
        self._texts: list[str] = []
        self._handed_over = 0
        self._deselected = 0
        self._leaving: dict[int, Scope] = {}
        self._children = child_processes()
        self._table: PriceTable | None = None

    def cap_spending(self, limit: Decimal, ledger: Ledger) -> SpendCap:
        """Let no live call of this process pass a cap; before ``start``.

        Args:
            limit: USD.
            ledger: What all processes of the run have spent.
        """
        from pytest_llmcost.spending.cap import SpendCap

        cap = SpendCap(
            limit,
            ledger,
            log=self._log,
            hosts=self._settings.configuration.hosts,
            prices=self.prices,
            read_first=self._hooks.read,
        )
        self._capture.guard(cap.guard)
        return cap

    def fault(self, place: str, error: BaseException) -> None:
        """Note a fault of ours: the run is not complete."""
        self._log.fault(place, error)

    def note(self, notice: Notice) -> None:
        """Tell the user something at the end."""
        self._collector.notices.append(notice)

    def start(self) -> None:
        """Begin to capture."""
        self._keep_for_plugins()
        self._capture.install()

    def stop(self) -> None:
        """Stop capturing."""
        self._capture.uninstall()

    def view(self, nodeid: str) -> CostView:
        """What the running test can read about itself."""
        from pytest_llmcost.attribution.view import CostView

        return CostView(
            functools.partial(self._priced_so_far, nodeid),
            include_mocked=self._settings.configuration.include_mocked,
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._of_test = []
        agent = self._read_markers(item) if is_marked(item, *OUR_MARKERS) else None
        outer = self.scope.begin_test(item.nodeid, agent)
        try:
            result = yield
        except BaseException:
            # Whoever breaks off the session leaves the test's tear-down to its end.
            if self.scope.now.nodeid == item.nodeid:
                self.scope.begin_phase(Phase.TEARDOWN)
            else:
                self.scope.back_to(outer)
            raise
        self.scope.back_to(outer)
        return result

    def _read_markers(self, item: pytest.Item) -> str | None:
        agent, _ = marked_agent(item)
        budget, _ = marked_budget(item)
        if budget is not None:
            from pytest_llmcost.budgets.markers import budget_to_json

            self._budgets[item.nodeid] = budget_to_json(budget)
        return agent

    # What other plugins do between two phases belongs to the one that has ended.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        self.scope.begin_attempt()
        self.scope.begin_phase(Phase.SETUP)
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        self.scope.begin_phase(Phase.CALL)
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        self.scope.begin_phase(Phase.TEARDOWN)
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        if fixturedef.scope == "function":
            return (yield)
        outer = self.scope.begin_fixture(_name_of(fixturedef), Phase.SETUP)
        try:
            return (yield)
        finally:
            # Finalizers run last-in first-out: this one runs before the fixture's own.
            fixturedef.addfinalizer(functools.partial(self._begin_fixture_teardown, fixturedef))
            self.scope.back_to(outer)

    def _begin_fixture_teardown(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        self._leaving[id(fixturedef)] = self.scope.begin_fixture(_name_of(fixturedef), Phase.TEARDOWN)

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        outer = self._leaving.pop(id(fixturedef), None)
        if outer is not None:
            self.scope.back_to(outer)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        if self._in_junit and call.when != "setup":
            self._note_cost(item)
        report = yield
        try:
            self._collect()
            payload = self._take()
            if payload is not None:
                self._hand_over(payload, report)
            self._note_phase(report)
        except Exception as error:  # noqa: BLE001  # a fault of ours never fails a user's test
            self._log.fault("reporting", error)
        return report

    def _note_cost(self, item: pytest.Item) -> None:
        from pytest_llmcost.junit_xml import note_cost

        try:
            calls = self._priced_so_far(item.nodeid)
            note_cost(item, calls, include_mocked=self._settings.configuration.include_mocked)
        except Exception as error:  # noqa: BLE001  # as above
            self._log.fault("properties for JUnit", error)

    def _hand_over(self, payload: Payload, report: pytest.TestReport) -> None:
        self._handed_over += 1
        payload = payload._replace(number=self._handed_over)
        rows = list(map(measured_row, payload.calls))
        text = payload.to_text(rows)
        if self._reporter is not None:
            self._reporter.add(payload, rows)
        else:
            setattr(report, ATTRIBUTE, text)
            self._riding[text] = payload
        self._texts.append(text)

    def _note_phase(self, report: pytest.TestReport) -> None:
        if self._journal is None:
            return
        self._phases.append(PhaseResult(report.when, report.outcome, report.duration))
        if report.when == "teardown":
            self._journal.write(Entry(report.nodeid, tuple(self._phases), tuple(self._texts)))
            self._phases, self._texts = [], []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # It is on its way, perhaps as a copy (subtests). Plugins that run a test again never log some
        # reports: what rode on those goes with the rest.
        self._riding.pop(getattr(report, ATTRIBUTE, ""), None)

    def pytest_collection_finish(self) -> None:
        self._keep_for_plugins()  # a conftest.py below the root is known now

    def _keep_for_plugins(self) -> None:
        configuration = self._settings.configuration
        if self._hooks.read_formats:
            self._log.kept_hosts = frozenset(configuration.hosts)
        self._log.keeps_stacks = bool(configuration.agents) or self._hooks.name_agents

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._deselected += len(items)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        try:
            for payload in self._riding.values():
                self._unsent += payload.calls
                self._unsent_lookups += payload.lookups
                self._budgets.update({name: dict(found) for name, found in payload.budgets.items()})
            if self._riding:
                self._faults_sent = 0  # theirs are told again; the reporter takes each once
            self._unsent += self._collector.collect_rest()
            self._unsent_lookups += self._collector.lookups()
        except Exception as error:  # noqa: BLE001  # as above
            self._log.fault("reporting the rest", error)
        if self._journal is not None:
            self._journal.close()
        rest = Rest(
            payload=self._take() or Payload(),
            notices=tuple(self._collector.notices),
            observed=observe(self._log, self._collector, self._children),
            deselected=max(self._deselected, self._watch.left_out if self._watch else 0),
            whole_files=tuple(sorted(self._watch.whole_files())) if self._watch else (),
            texts=self._collector.staleness.texts,
            unplayed=self._collector.unplayed(),
        )
        if self._reporter is not None:
            self._reporter.add_rest(rest)
        elif self._worker_output is not None:
            self._worker_output[ATTRIBUTE] = rest.to_text()

    def pytest_unconfigure(self) -> None:
        self.stop()
        if self._journal is not None:
            self._journal.close()

    def _collect(self) -> None:
        self._capture.note_forked_calls()
        if new := self._collector.collect():
            self._unsent += new
            self._of_test += new
        self._unsent_lookups += self._collector.lookups()

    def _take(self) -> Payload | None:
        """What is there to tell; None for nothing, as after most set-ups and tear-downs."""
        now = self.scope.now
        again = {now.nodeid: now.attempt} if now.nodeid is not None and now.attempt > 1 else {}
        faults = self._log.faults[self._faults_sent :]
        if not (self._unsent or self._unsent_lookups or faults or again or self._budgets):
            return None
        calls, self._unsent = self._unsent, []
        lookups, self._unsent_lookups = self._unsent_lookups, []
        budgets, self._budgets = self._budgets, {}
        self._faults_sent += len(faults)
        return Payload(tuple(calls), tuple(faults), again, budgets=budgets, lookups=tuple(lookups))

    def _priced_so_far(self, nodeid: str) -> Sequence[Call]:
        from pytest_llmcost.pricing.price_call import price_calls
        from pytest_llmcost.replay.estimate import estimated

        self._collect()
        attempt = self.scope.now.attempt
        own = [
            call for call in self._of_test if (call.origin.nodeid, call.origin.attempt) == (nodeid, attempt)
        ]
        return price_calls(estimated(own), self.prices())

    def prices(self) -> PriceTable:
        """The prices of this run."""
        from pytest_llmcost.reporter import price_table

        if self._table is None:
            self._table = price_table(self._settings)
        return self._table


def _name_of(fixturedef: pytest.FixtureDef[Any]) -> str:
    return f"{fixturedef.baseid}::{fixturedef.argname}" if fixturedef.baseid else fixturedef.argname
