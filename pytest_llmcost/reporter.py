"""The controller's side: gathers what the processes send, prices it, writes and prints the report."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from pytest_llmcost.assembly import Facts, assemble
from pytest_llmcost.capture.observed import together
from pytest_llmcost.files import write_report
from pytest_llmcost.model.call import MeasuredCall
from pytest_llmcost.model.report import Notice, RunReport, Selection, TestResult
from pytest_llmcost.project import git_state
from pytest_llmcost.reports.json_report import render_json
from pytest_llmcost.reports.terminal import Detail, Tone, section
from pytest_llmcost.settings import ReportType, Settings, shown_path
from pytest_llmcost.wire import ATTRIBUTE, Payload, Rest

if TYPE_CHECKING:
    from pytest_llmcost.pricing.table import PriceTable

# What pytest says of a session that ran to its end.
_RAN_THROUGH = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
_INTERRUPTED = "interrupted"


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
        self._faults: list[str] = []
        self._rests: list[Rest] = []
        self._results: dict[str, TestResult] = {}
        self._attempts: dict[str, int] = {}
        self._started = self._parallel = False
        self._report: RunReport | None = None
        self._written = shown_path(settings.report_path, settings.invoked_from)
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

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note_result(report)
        found = getattr(report, ATTRIBUTE, None)
        if isinstance(found, str):
            try:
                self.add(Payload.from_text(found))
            except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
                self._faults.append(f"receiving calls: {type(error).__name__}: {error}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """An xdist worker has ended."""
        self._parallel = True
        try:
            self.add_rest(Rest.from_text(node.workeroutput[ATTRIBUTE]))
        except Exception:  # noqa: BLE001  # it was killed before it could tell
            worker = getattr(getattr(node, "gateway", None), "id", "a worker")
            self._faults.append(f"{worker} ended without its last calls ({error or 'it was killed'})")

    # Registered after the recorder, so that of the two trylast hooks this one is called last.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if not (self._results or self._calls or self._faults):
            return  # nothing ran (--collect-only, --fixtures, ...): the report of the last run stays
        try:
            self._report = assemble(
                self._in_order(),
                self._facts(session, exitstatus),
                self._settings.configuration,
                price_table(self._settings),
            )
            self._write(render_json(self._report))
        except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
            self._problems.append(f"no report: a fault of pytest-llmcost: {type(error).__name__}: {error}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the section."""
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

    def _print(self, terminalreporter: pytest.TerminalReporter, report: RunReport) -> None:
        lines = section(
            report,
            detail=self._detail(),
            width=terminalreporter._tw.fullwidth,  # noqa: SLF001  # pytest has no public name for it
            report_path=self._written,
        )
        for line in lines:
            terminalreporter.write_line(
                line.text, bold=line.tone is Tone.BOLD, yellow=line.tone is Tone.WARNING
            )

    def _detail(self) -> Detail:
        if self._settings.asks_for(ReportType.TERM_CALLS):
            return Detail.CALLS
        return Detail(max(Detail.QUIET, min(Detail.CALLS, self._config.get_verbosity())))

    def _note_result(self, report: pytest.TestReport) -> None:
        before = self._results.get(report.nodeid)
        outcome: str = report.outcome
        if report.when == "setup":
            # What becomes of the test is known when its call or its tear-down is reported.
            outcome = _INTERRUPTED if outcome == "passed" else outcome
        elif before is not None and outcome == "passed" and before.outcome != _INTERRUPTED:
            outcome = before.outcome
        elif report.when == "teardown" and outcome == "passed":
            outcome = _INTERRUPTED
        duration = report.duration + (before.duration if before else 0)
        self._results[report.nodeid] = TestResult(report.nodeid, outcome, round(duration, 6))

    def add(self, payload: Payload) -> None:
        """Take the calls that a process has finished."""
        self._calls += payload.calls
        self._faults += [fault for fault in payload.faults if fault not in self._faults]
        for nodeid, attempt in payload.attempts.items():
            self._attempts[nodeid] = max(attempt, self._attempts.get(nodeid, 1))

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
        return dict(sorted(self._results.items())) if self._parallel else self._results

    def _facts(self, session: pytest.Session, exitstatus: int) -> Facts:
        commit, branch = git_state(self._settings.root)
        results = [
            replace(result, attempts=self._attempts.get(nodeid, 1))
            for nodeid, result in self._sorted_results().items()
        ]
        return Facts(
            version=version("pytest-llmcost"),
            created_at=datetime.now(UTC),
            rootdir=self._settings.root.as_posix(),
            commit=commit,
            branch=branch,
            selection=self._selection(session, exitstatus),
            results=tuple(results),
            faults=tuple(self._faults),
            notices=tuple(_unique(notice for rest in self._rests for notice in rest.notices)),
            observed=together(rest.observed for rest in self._observing()),
        )

    def _observing(self) -> list[Rest]:
        # xdist's workers are child processes of the controller, and look around themselves.
        return self._rests[:-1] if self._parallel and len(self._rests) > 1 else self._rests

    def _selection(self, session: pytest.Session, exitstatus: int) -> Selection:
        ran = len(self._results)
        collected = max(session.testscollected, ran)
        options = self._config.option
        filtered = any(getattr(options, name, None) for name in ("keyword", "markexpr", "lf", "last_failed"))
        part = filtered or self._names_a_part() or any(rest.deselected for rest in self._rests)
        through = exitstatus in _RAN_THROUGH
        return Selection(full=through and ran == collected and not part, collected=collected, ran=ran)

    def _names_a_part(self) -> bool:
        """Whether the command line names files or folders below the project's root."""
        if self._config.args_source is not pytest.Config.ArgsSource.ARGS:
            return False
        whole = {self._settings.root, self._settings.invoked_from}
        return not all(
            (self._settings.invoked_from / argument).resolve() in whole for argument in self._config.args
        )

    def _write(self, text: str) -> None:
        start = self._settings.invoked_from
        asked = [request.path for request in self._settings.reports if request.path is not None]
        for path in [self._settings.report_path, *(start / path for path in asked)]:
            try:
                write_report(path, text)
            except OSError as error:
                shown = shown_path(path, start)
                self._problems.append(f"cannot write {shown}: {error.strerror or error}")


def _unique(notices: Iterable[Notice]) -> Iterable[Notice]:
    return dict.fromkeys(notices)
