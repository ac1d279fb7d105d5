"""The spend cap as pytest sees it: what is said before and after, and tests that fail of a call not sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_llmcost.model.money import money_text
from pytest_llmcost.model.report import Notice, NoticeKind
from pytest_llmcost.model.shown import plural
from pytest_llmcost.spending.cap import SpendCap
from pytest_llmcost.spending.ledger import Refused
from pytest_llmcost.spending.refusal import OPTION

SPENDING = "llmcost-spending"
SPENDING_REPORTER = "llmcost-spending-reporter"
# In xdist's workerinput: the ledger of the run.
LEDGER = "llm_cost_ledger"
# In its workeroutput: whether calls were not sent that failed no test.
_LATE = "llm_cost_late_refusals"
_SECTION = "LLM spend cap"
Fault = Callable[[str, BaseException], None]


class SpendWatch:
    """Fails the tests whose calls were not sent, however the app took that.

    Args:
        cap: Of this process.
        fault: Takes note of a fault of ours.
    """

    def __init__(self, cap: SpendCap, fault: Fault) -> None:
        self._cap = cap
        self._fault = fault

    def pytest_collection_finish(self) -> None:
        try:
            self._cap.warm_up()
        except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
            self._fault("spend cap", error)

    # Registered before the recorder, whose wrapper is around this one: it hands on what is decided here.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        try:
            self._cap.settle()
            refused = self._cap.new_refusals()
            if refused:
                _fail(report, refused)
        except Exception as error:  # noqa: BLE001  # a fault of ours never fails a user's test
            self._fault("spend cap", error)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """An xdist worker tells the controller of calls after its last test, which could fail none."""
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is None:
            return
        try:
            output[_LATE] = bool(self._cap.new_refusals())
        except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
            self._fault("spend cap", error)


def _fail(report: pytest.TestReport, refused: Iterable[Refused]) -> None:
    message = "\n\n".join(dict.fromkeys(one.message for one in refused))
    if report.outcome == "failed" or hasattr(report, "wasxfail"):
        if message not in report.longreprtext:
            report.sections.append((_SECTION, message))
        return
    report.outcome = "failed"
    report.longrepr = message


class SpendReporter:
    """What the controller does for the cap of a run, beside ``SpendWatch``.

    Args:
        config: pytest's.
        cap: Of this process.
        expect: What tests with these nodeids are expected to spend, in one line; None where nobody knows.
        note: Takes a notice for the report.
        fault: Takes note of a fault of ours.
    """

    def __init__(
        self,
        config: pytest.Config,
        cap: SpendCap,
        *,
        expect: Callable[[Iterable[str]], str | None],
        note: Callable[[Notice], None],
        fault: Fault,
    ) -> None:
        self._config = config
        self._cap = cap
        self._expect = expect
        self._note = note
        self._fault = fault
        self._has_told = False
        self._is_late = False

    def pytest_report_collectionfinish(self, items: list[pytest.Item]) -> str:
        """One line: the cap, and what the selected tests will spend."""
        self._has_told = True
        return self._line([item.nodeid for item in items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """An xdist worker has collected; all of them collect the same."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is None or self._has_told or self._config.get_verbosity() < 0:
            return
        self._has_told = True
        terminal.ensure_newline()
        terminal.write_line(self._line(ids))

    def _line(self, nodeids: Iterable[str]) -> str:
        try:
            found = self._expect(nodeids)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
            self._fault("expected spend", error)
            found = None
        return found or f"llm-cost: spend cap ${self._cap.limit:f}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """An xdist worker is about to start."""
        node.workerinput[LEDGER] = str(self._cap.ledger.path)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """An xdist worker has ended, or crashed: then it has no output."""
        self._is_late |= bool(getattr(node, "workeroutput", {}).get(_LATE))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        try:
            self._cap.settle()
            refused = self._cap.ledger.refusals()
            if refused:
                self._note(_notice(refused, self._cap))
            # Those of no test's phase, which could fail none.
            if (self._cap.new_refusals() or self._is_late) and session.exitstatus == pytest.ExitCode.OK:
                session.testsfailed += 1
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        except Exception as error:  # noqa: BLE001  # a fault of ours must not end the user's session
            self._fault("spend cap", error)

    def pytest_unconfigure(self) -> None:
        remove(self._cap.ledger.path)


def remove(path: Path) -> None:
    """Remove the ledger of a run."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _notice(refused: list[Refused], cap: SpendCap) -> Notice:
    causes = Counter(one.why for one in refused)
    why = "; ".join(f"{why} ({number:,})" for why, number in causes.most_common())
    tests = len({one.nodeid for one in refused if one.nodeid})
    places = f" in {plural(tests, 'test')}" if tests else ""
    spent = f"${money_text(cap.ledger.spent)} of {OPTION}={cap.limit:f}"
    return Notice(
        NoticeKind.SPEND_CAP,
        f"{plural(len(refused), 'call')}{places} not sent: {why}. Live calls have spent {spent}",
    )
