"""The controller's side: gathers what the processes send, prices it, writes and prints the report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TextIO

import pytest

from pytest_llmcost.assembly import Facts, assemble
from pytest_llmcost.capture.observed import together
from pytest_llmcost.collected import names_a_part, re_record_command
from pytest_llmcost.files import make_folder
from pytest_llmcost.gate import Collected, CostGate
from pytest_llmcost.journal import RunFacts, begin_run, new_run, read, remove
from pytest_llmcost.model.call import MeasuredCall
from pytest_llmcost.model.report import RunReport, Selection, TestResult
from pytest_llmcost.outcomes import Outcomes
from pytest_llmcost.outputs import Outputs
from pytest_llmcost.project import git_state
from pytest_llmcost.settings import ReportType, Settings
from pytest_llmcost.wire import ATTRIBUTE, JOURNAL, Payload, Rest, unplayed_by_all

if TYPE_CHECKING:
    from pytest_llmcost.model.budget import Budget
    from pytest_llmcost.model.cache import CacheLookup
    from pytest_llmcost.pricing.table import PriceTable
    from pytest_llmcost.reports.terminal import Detail

# Looking it up reads the metadata of the distribution.
_version = cache(partial(version, "pytest-llmcost"))
# What pytest says of a session that ran to its end.
_RAN_THROUGH = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


def price_table(settings: Settings) -> PriceTable:
    """The prices of this run; genai-prices is loaded when the first one is needed."""
    from pytest_llmcost.pricing.table import PriceTable

    return PriceTable(settings.configuration.pricing, settings.today)


class CostReporter:
    """Makes the report of a session.

    Args:
        config: pytest's.
        settings: What was asked for.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._calls: list[MeasuredCall] = []
        self._lookups: list[CacheLookup] = []
        # By the identity of a call: what was written to the journal need not be written out again.
        self._rows: dict[int, str] = {}
        self._faults: list[str] = []
        self._rests: list[Rest] = []
        self._outcomes = Outcomes()
        # Numbers of the payloads that came, by worker.
        self._received: dict[str, set[int]] = {}
        # Workers that have not told their end.
        self._running: set[str] = set()
        self.journal = new_run(settings.report_path.parent, datetime.now(UTC))
        self._attempts: dict[str, int] = {}
        self._budgets: dict[str, Budget] = {}
        self._nodeids: frozenset[str] = frozenset()
        self.gate = CostGate(settings)
        self._accepted: str | None = None
        self._started = self._parallel = False
        # Held while this run lives: sessions beside it leave its journal alone.
        self._alive: TextIO | None = None
        self._report: RunReport | None = None
        self._outputs = Outputs(settings, os.environ)
        self._problems: list[str] = []

    def pytest_report_header(self) -> str:
        """One line: which file holds."""
        path = self._settings.configuration.path
        return f"llm-cost: {path or 'no llmcost.yaml'}"

    def pytest_runtest_logstart(self) -> None:
        # If this process is killed, nobody may take the report of an earlier run for that of this one.
        if not self._started:
            self._started = True
            with suppress(OSError):
                self._settings.report_path.unlink(missing_ok=True)
                make_folder(self._settings.report_path.parent)
            try:
                self._alive = begin_run(self.journal, self._run_facts())
            except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
                self._faults.append(f"beginning the journal: {type(error).__name__}")

    def _run_facts(self) -> RunFacts:
        path = self._settings.configuration.path
        commit, branch = git_state(self._settings.root)
        return RunFacts(
            version=_version(),
            created_at=datetime.now(UTC),
            rootdir=self._settings.root.as_posix(),
            config=None if path is None else str(self._settings.invoked_from / path),
            commit=commit,
            branch=branch,
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._outcomes.note(report.nodeid, report.when, report.outcome, report.duration)
        self._outputs.saw(report)
        found = getattr(report, ATTRIBUTE, None)
        if isinstance(found, str):
            try:
                payload = Payload.from_text(found)
                self._received.setdefault(getattr(report, "worker_id", ""), set()).add(payload.number)
                self.add(payload)
            except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
                self._faults.append(f"receiving calls: {type(error).__name__}: {error}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """An xdist worker is about to start."""
        self._parallel = True
        node.workerinput[JOURNAL] = str(self.journal)
        self._running.add(node.gateway.id)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str) -> None:
        """The xdist worker that was just told to be down was killed while it ran a test."""
        if self._faults:
            self._faults[-1] += f", in {crashitem}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """An xdist worker has ended; of some ends xdist tells twice."""
        worker = node.gateway.id
        if worker not in self._running:
            return
        self._running.discard(worker)
        try:
            self.add_rest(Rest.from_text(node.workeroutput[ATTRIBUTE]))
        except Exception:  # noqa: BLE001  # it was killed before it could tell
            self._note_unheard(worker, str(error or "it was killed"))

    def _note_unheard(self, worker: str, why: str) -> None:
        self._faults.append(f"{worker} ended without its last calls ({why})")
        self._add_unsent(worker)

    def _add_unsent(self, worker: str) -> None:
        """What a killed worker had written down and not yet sent."""
        received = self._received.get(worker, set())
        for _, payloads in read(self.journal, worker):
            for payload in map(Payload.from_json, payloads):
                if payload.number not in received:
                    self.add(payload)

    # Registered after the recorder, so that of the two trylast hooks this one is called last.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if not (self._outcomes.results or self._calls or self._lookups or self._faults):
            return  # nothing ran (--collect-only, --fixtures, ...): the report of the last run stays
        for worker in sorted(self._running):
            self._note_unheard(worker, "the session was broken off")
        try:
            table = price_table(self._settings)
            self._report = assemble(
                self._in_order(),
                self._facts(session, exitstatus),
                self._settings.configuration,
                table,
            )
            self._judge(session, self._report, table)
            self._problems += self._outputs.write(self._report, self._rows)
            if self._settings.asks_for(ReportType.JUNIT):
                from pytest_llmcost.junit_xml import note_total

                note_total(self._config, self._report)
            self._calls, self._rows = [], {}
            self._end_journal()
        except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
            self._problems.append(f"no report: a fault of pytest-llmcost: {type(error).__name__}: {error}")

    def _judge(self, session: pytest.Session, report: RunReport, table: PriceTable) -> None:
        """Let the gate decide; its verdict is the session's where pytest itself has nothing to say."""
        try:
            collected = self._collected(session)
            self._report = self.gate.decide(report, table, collected, self._budgets)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
            self._problems.append(f"no verdict: a fault of pytest-llmcost: {type(error).__name__}: {error}")
            self._report = self.gate.undecided(report, self._budgets)
        if (
            self.gate.fails(self._report)
            and self._outcomes.results
            and session.exitstatus == pytest.ExitCode.OK
        ):
            session.testsfailed += 1
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._settings.update:
            self._accept(self._report, session)

    def _accept(self, report: RunReport, session: pytest.Session) -> None:
        if not report.meta.complete:
            name = self._settings.baseline.name
            self._problems.append(
                f"nothing accepted: {name} is as it was; calls may be missing from this run"
            )
            return
        try:
            self._accepted = self.gate.accept(report, self._collected(session))
        except OSError as error:
            name = self._settings.baseline.name
            self._problems.append(f"nothing accepted: cannot write {name}: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
            self._problems.append(
                f"nothing accepted: a fault of pytest-llmcost: {type(error).__name__}: {error}"
            )

    def _collected(self, session: pytest.Session) -> Collected:
        nodeids = self._nodeids or frozenset(item.nodeid for item in getattr(session, "items", ()))
        return Collected(
            nodeids, next((frozenset(r.whole_files) for r in self._rests if r.whole_files), frozenset())
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """An xdist worker has collected; all of them collect the same."""
        self._nodeids = frozenset(ids)

    def _end_journal(self) -> None:
        if self._alive is not None:
            with suppress(OSError):
                self._alive.close()
        remove(self.journal)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the section."""
        self._problems += self._outputs.annotate(self._report)
        shown = None if self._settings.asks_for(ReportType.NO_TERM) else self._report
        if shown is None and not self._problems:
            return
        terminalreporter.write_sep("=", "LLM cost")
        try:
            if shown is not None:
                self._print(terminalreporter, shown)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not change the exit status
            self._problems.append(
                f"not all is shown: a fault of pytest-llmcost: {type(error).__name__}: {error}"
            )
        for problem in self._problems:
            terminalreporter.write_line(problem, red=True)
        self._report = None  # or every collection of garbage until the end goes through it

    def _print(self, terminalreporter: pytest.TerminalReporter, report: RunReport) -> None:
        from pytest_llmcost.reports.terminal import Tone, section

        lines = section(
            report,
            detail=self._detail(),
            width=terminalreporter._tw.fullwidth,  # noqa: SLF001  # pytest has no public name for it
            report_path=self._outputs.written,
            accepted=self._accepted,
            texts={name: lines for rest in self._rests for name, lines in rest.texts.items()},
        )
        for line in lines:
            terminalreporter.write_line(
                line.text,
                bold=line.tone is Tone.BOLD,
                yellow=line.tone is Tone.WARNING,
                red=line.tone is Tone.ERROR,
            )

    def _detail(self) -> Detail:
        from pytest_llmcost.reports.terminal import Detail

        if self._settings.asks_for(ReportType.TERM_CALLS):
            return Detail.CALLS
        return Detail(max(Detail.QUIET, min(Detail.CALLS, self._config.get_verbosity())))

    def add(self, payload: Payload, rows: Sequence[str] = ()) -> None:
        """Take the calls that a process has finished.

        Args:
            payload: Them, and what else it tells.
            rows: What ``measured_row`` has written of each; empty if nobody has kept that.
        """
        self._calls += payload.calls
        self._lookups += payload.lookups
        self._rows.update(zip(map(id, payload.calls), rows, strict=False))
        self._faults += [fault for fault in payload.faults if fault not in self._faults]
        for nodeid, attempt in payload.attempts.items():
            self._attempts[nodeid] = max(attempt, self._attempts.get(nodeid, 1))
        if payload.budgets:
            from pytest_llmcost.budgets.markers import budget_from_json

            self._budgets.update({name: budget_from_json(name, row) for name, row in payload.budgets.items()})

    def add_rest(self, rest: Rest) -> None:
        """Take what a process tells at its end."""
        self._rests.append(rest)
        self.add(rest.payload)

    def _in_order(self) -> list[MeasuredCall]:
        """Calls by test, in the order of the tests; those of no test come last."""
        place = {nodeid: index for index, nodeid in enumerate(self._sorted_results())}
        return sorted(
            self._calls, key=lambda call: (place.get(call.origin.nodeid or "", len(place)), call.started_at)
        )

    def _sorted_results(self) -> dict[str, TestResult]:
        # With xdist the order of arrival differs from run to run.
        return dict(sorted(self._outcomes.results.items())) if self._parallel else self._outcomes.results

    def _facts(self, session: pytest.Session, exitstatus: int) -> Facts:
        commit, branch = git_state(self._settings.root)
        results = self._sorted_results()
        for nodeid, attempts in self._attempts.items():
            if nodeid in results:
                results[nodeid] = results[nodeid]._replace(attempts=attempts)
        return Facts(
            version=_version(),
            created_at=datetime.now(UTC),
            rootdir=self._settings.root.as_posix(),
            commit=commit,
            branch=branch,
            selection=self._selection(session, exitstatus),
            results=tuple(results.values()),
            faults=tuple(self._faults),
            notices=tuple(dict.fromkeys(notice for rest in self._rests for notice in rest.notices)),
            observed=together(rest.observed for rest in self._observing()),
            re_record=re_record_command(self._config),
            unplayed=unplayed_by_all(self._rests),
            lookups=tuple(self._lookups),
        )

    def _observing(self) -> list[Rest]:
        # xdist's workers are child processes of the controller, and look around themselves.
        return self._rests[:-1] if self._parallel and len(self._rests) > 1 else self._rests

    def _selection(self, session: pytest.Session, exitstatus: int) -> Selection:
        ran = len(self._outcomes.results)
        collected = max(session.testscollected, ran)
        settings = self._settings
        part = names_a_part(self._config, {settings.root, settings.invoked_from})
        part = part or any(rest.deselected for rest in self._rests)
        through = exitstatus in _RAN_THROUGH
        return Selection(full=through and ran == collected and not part, collected=collected, ran=ran)
