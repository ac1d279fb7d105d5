"""The gate of a session: the baseline, the findings, and what is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from pytest_llmcost.config.configuration import Incomplete
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.model.report import RunReport
from pytest_llmcost.model.verdict import Level, Verdict
from pytest_llmcost.pricing.rules import UnknownModel
from pytest_llmcost.settings import FailOn, Settings, shown_path

if TYPE_CHECKING:
    from pytest_llmcost.baseline.suite import Suite
    from pytest_llmcost.budgets.evaluate import Gate
    from pytest_llmcost.model.baseline import Baseline
    from pytest_llmcost.model.budget import Budget
    from pytest_llmcost.pricing.prices import Prices


class Collected(NamedTuple):
    """What pytest has collected in a session.

    Attributes:
        nodeids: Of all tests.
        whole_files: Files whose tests are all known.
    """

    nodeids: frozenset[str] = frozenset()
    whole_files: frozenset[str] = frozenset()


class CostGate:
    """Judges a session, and accepts it where that is asked for.

    Args:
        settings: What was asked for.

    Raises:
        BaselineError: If the baseline cannot be read.
        ConfigError: If a report of an earlier run is to be updated.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._source = settings.baseline
        if settings.update and not self._source.path.exists():
            self._source = self._source._replace(required=False)
        self.baseline = self._read()
        self._folder = _folder_below(self._source.path.parent, settings.root)
        if settings.update and self._source.path.name.endswith("report.json"):
            raise ConfigError(f"--llm-cost-update cannot write to {self._source.name}, which is a report")

    def _read(self) -> Baseline | None:
        if not (self._source.required or self._source.path.is_file()):
            return None  # as most runs: they need nothing of the gate
        from pytest_llmcost.baseline_source import read_baseline

        return read_baseline(self._source)

    @property
    def is_set(self) -> bool:
        """Whether anything limits the costs of this session, but for markers."""
        return bool(self._settings.configuration.budgets)

    def decide(
        self, report: RunReport, prices: Prices, collected: Collected, marked: Mapping[str, Budget]
    ) -> RunReport:
        """The report with its difference from the baseline, and its findings."""
        if self.baseline is None and not self.is_set and not marked:
            return report
        from pytest_llmcost.baseline.compare import compare
        from pytest_llmcost.budgets.evaluate import Gate, judge

        diff = None
        if self.baseline is not None:
            diff = compare(self.baseline, report, prices, self._suite(collected, self.baseline), self._folder)
        judged = judge(report, diff, self._limits(Gate, marked))
        return report._replace(
            diff=diff,
            findings=judged.findings,
            limits=judged.limits,
            notices=(*report.notices, *judged.notices),
        )

    def _limits(self, gate: type[Gate], marked: Mapping[str, Budget]) -> Gate:
        configuration = self._settings.configuration
        warns = configuration.pricing.unknown_model is UnknownModel.WARN
        return gate(
            budgets=configuration.budgets,
            marked=marked,
            unknown_model=Level.WARNING if warns else Level.ERROR,
            incomplete=Level.WARNING if configuration.incomplete is Incomplete.WARN else Level.ERROR,
            update=self._settings.update,
            folder=self._folder,
        )

    def accept(self, report: RunReport, collected: Collected) -> str:
        """Write the baseline with what this run has proven.

        Returns:
            What was done, in one line.
        """
        from pytest_llmcost.baseline.update import accept
        from pytest_llmcost.baseline_source import write_baseline
        from pytest_llmcost.model.baseline import Baseline

        if not report.meta.complete:
            return f"{self._source.name} is as it was: this run is not complete, calls may be missing"
        before = self.baseline or Baseline(self._source.name)
        after = accept(before, report, self._suite(collected, before), self._folder, self._settings.reason)
        write_baseline(self._source, after)
        return f"{self._source.name}: {_accepted(before, after)}"

    def fails(self, report: RunReport) -> bool:
        """Whether the findings fail the session."""
        fail_on = self._settings.fail_on
        if fail_on is FailOn.NEVER:
            return False
        return report.verdict is Verdict.FAIL or (
            fail_on is FailOn.WARNING and report.verdict is Verdict.WARN
        )

    def _suite(self, collected: Collected, baseline: Baseline) -> Suite:
        from pytest_llmcost.baseline.suite import Suite, file_of
        from pytest_llmcost.model.keys import is_test, test_key

        folder = self._source.path.parent
        files = {file_of(key) for key in baseline.lines if is_test(key)}
        return Suite(
            keys=frozenset(test_key(nodeid, self._folder) for nodeid in collected.nodeids),
            whole_files=frozenset(test_key(file, self._folder) for file in collected.whole_files),
            gone_files=frozenset(file for file in files if not (folder / file).exists()),
        )


def _folder_below(folder: Path, root: Path) -> str:
    relative = PurePosixPath(shown_path(folder, root))
    return "" if relative == PurePosixPath(".") else relative.as_posix()


def _accepted(before: Baseline, after: Baseline) -> str:
    new = len(after.lines.keys() - before.lines.keys())
    gone = len(before.lines.keys() - after.lines.keys())
    changed = sum(
        before.lines[key].entries != line.entries for key, line in after.lines.items() if key in before.lines
    )
    return f"{len(after.lines)} tests accepted ({new} new, {changed} changed, {gone} gone)"
