"""The controller's side: gathers what the processes send, prices it, writes and prints the report."""

from __future__ import annotations

from collections.abc import Iterable
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

_DECIDED = ("failed", "error")


def price_table(settings: Settings) -> PriceTable:
    """The prices of this run; genai-prices is loaded when the first one is needed."""
    from pytest_llmcost.pricing.table import PriceTable

    return PriceTable(settings.configuration.pricing, datetime.now(UTC).date())


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
        self._deselected = 0
        self._report: RunReport | None = None
        self._written = shown_path(settings.report_path, settings.invoked_from)
        self._problems: list[str] = []

    def pytest_report_header(self) -> str:
        """One line: which file holds."""
        path = self._settings.configuration.path
        return f"llm-cost: {path or 'no llmcost.yaml'}"

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._deselected += len(items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note_result(report)
        found = getattr(report, ATTRIBUTE, None)
        if found is not None:
            self.add(Payload.from_builtins(found))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """An xdist worker has ended."""
        found = getattr(node, "workeroutput", {}).get(ATTRIBUTE)
        if found is not None:
            self.add_rest(Rest.from_builtins(found))
        else:
            worker = getattr(getattr(node, "gateway", None), "id", "a worker")
            self._faults.append(f"{worker} ended without its last calls ({error or 'it was killed'})")

    # Registered after the recorder, so that of the two trylast hooks this one is called last.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._config.option.collectonly and not self._calls:
            return  # nothing ran: the report of the last run stays
        try:
            self._report = assemble(
                self._in_order(),
                self._facts(session),
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
        if shown is not None:
            self._print(terminalreporter, shown)
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
        if before is not None and report.when != "setup":
            worse = before.outcome != "passed" and report.when == "teardown" and outcome == "passed"
            outcome = before.outcome if worse else outcome
        duration = report.duration + (before.duration if before else 0)
        self._results[report.nodeid] = TestResult(report.nodeid, outcome, round(duration, 6))

    def add(self, payload: Payload) -> None:
        """Take the calls that a process has finished."""
        self._calls += payload.calls
        self._faults += [fault for fault in payload.faults if fault not in self._faults]

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
        parallel = len(self._rests) > 1
        return dict(sorted(self._results.items())) if parallel else self._results

    def _facts(self, session: pytest.Session) -> Facts:
        commit, branch = git_state(self._settings.root)
        ran = len(self._results)
        collected = max(session.testscollected, ran)
        chosen = any("::" in str(arg) or str(arg).endswith(".py") for arg in self._config.args)
        options = self._config.option
        filtered = any(getattr(options, name, None) for name in ("keyword", "markexpr", "lf", "last_failed"))
        return Facts(
            version=version("pytest-llmcost"),
            created_at=datetime.now(UTC),
            rootdir=self._settings.root.as_posix(),
            commit=commit,
            branch=branch,
            selection=Selection(
                full=ran == collected and not (self._deselected or chosen or filtered),
                collected=collected,
                ran=ran,
            ),
            results=tuple(self._sorted_results().values()),
            faults=tuple(self._faults),
            notices=tuple(_unique(notice for rest in self._rests for notice in rest.notices)),
            observed=together(rest.observed for rest in self._rests),
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
