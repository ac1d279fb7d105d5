"""The gate of a session: the baseline, the findings, and what is accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_llmcost.config.configuration import Configuration
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.model.report import Notice, RunReport
from pytest_llmcost.model.verdict import Level, Verdict, not_complete
from pytest_llmcost.pricing.rules import UnknownModel
from pytest_llmcost.replay.rules import Incomplete, Stale
from pytest_llmcost.settings import BASELINE_NAME, FailOn, Settings

if TYPE_CHECKING:
    from pytest_llmcost.baseline.suite import Suite
    from pytest_llmcost.budgets.evaluate import Gate
    from pytest_llmcost.model.baseline import Baseline
    from pytest_llmcost.model.budget import Budget
    from pytest_llmcost.model.diff import RunDiff
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
        of_report = self.baseline is not None and self.baseline.is_report
        if settings.update and of_report:
            raise ConfigError(
                f"--llm-cost-update cannot write to {self._source.name}, which is a report; name a baseline"
                f" to write: --llm-cost-baseline={BASELINE_NAME}"
            )
        self._home = settings.root if of_report else _home(self._source.path.parent, settings.root)
        self._folder = _folder_below(self._home, settings.root)
        # Nothing is accepted into a report.
        self._typed = settings.typed._replace(baseline=None) if of_report else settings.typed

    def _read(self) -> Baseline | None:
        if not (self._source.required or self._source.path.is_file()):
            return None  # as most runs: they need nothing of the gate
        from pytest_llmcost.baseline_source import read_baseline

        return read_baseline(self._source)

    def expected(self, nodeids: Iterable[str], prices: Prices, limit: Decimal) -> str | None:
        """What these tests will spend, in one line; None without a baseline."""
        if self.baseline is None:
            return None
        from pytest_llmcost.spending.expected import expected, expected_text

        found = expected(nodeids, self.baseline, self._folder, prices)
        return expected_text(found, self.baseline.name, limit)

    @property
    def is_set(self) -> bool:
        """Whether anything limits the costs of this session, but for markers."""
        return (
            bool(self._settings.configuration.budgets)
            or self._settings.configuration.replay.stale is Stale.FAIL
            or self._settings.require_replayed
        )

    def decide(
        self, report: RunReport, prices: Prices, collected: Collected, marked: Mapping[str, Budget]
    ) -> RunReport:
        """The report with its difference from the baseline, and its findings."""
        report = report._replace(meta=report.meta._replace(typed=self._typed))
        if self.baseline is None and not self.is_set and not marked:
            return report
        from pytest_llmcost.baseline.compare import compare
        from pytest_llmcost.budgets.evaluate import judge

        diff = None
        if self.baseline is not None:
            suite = self._suite(collected, self.baseline)
            volumes = self._settings.configuration.projection
            diff = compare(self.baseline, report, prices, suite, self._folder, volumes=volumes)
        limits = limits_of(self._settings.configuration, marked, self._folder, update=self._settings.update)
        limits = replace(limits, require_replayed=self._settings.require_replayed)
        judged = judge(report, diff, limits)
        return report._replace(
            diff=diff,
            findings=judged.findings,
            limits=judged.limits,
            marked=marked,
            notices=(*report.notices, *judged.notices, *self._of_projection(report, diff)),
        )

    def _of_projection(self, report: RunReport, diff: RunDiff | None) -> list[Notice]:
        volumes = self._settings.configuration.projection
        if not volumes or self._settings.update:
            return []
        from pytest_llmcost.baseline.projection import projection_notices

        agents = [agent.name for agent in report.agents]
        return projection_notices(
            diff, volumes, agents, full=report.meta.selection.full, typed=report.meta.typed
        )

    def undecided(self, report: RunReport, marked: Mapping[str, Budget]) -> RunReport:
        """The report of a run that a fault of ours kept from being judged: it does not pass a limit."""
        return report._replace(
            meta=report.meta._replace(complete=False),
            findings=(not_complete(),) if self.is_set or marked else (),
            marked=marked,
        )

    def accept(self, report: RunReport, collected: Collected) -> str:
        """Write the baseline with what this run has proven.

        Returns:
            What was done, in one line.
        """
        from pytest_llmcost.baseline.update import accept
        from pytest_llmcost.baseline_source import write_baseline
        from pytest_llmcost.model.baseline import Baseline

        before = self.baseline or Baseline(self._source.name)
        after = accept(before, report, self._suite(collected, before), self._folder, self._settings.reason)
        write_baseline(self._source, after)
        return f"{self._source.name}: {_accepted(before, after)}"

    def fails(self, report: RunReport) -> bool:
        """Whether the findings fail the session."""
        return fails(report.verdict, self._settings.fail_on)

    def _suite(self, collected: Collected, baseline: Baseline) -> Suite:
        from pytest_llmcost.baseline.suite import Suite, file_of
        from pytest_llmcost.model.keys import is_test, test_key

        files = {file_of(key) for key in baseline.lines if is_test(key)}
        return Suite(
            keys=frozenset(test_key(nodeid, self._folder) for nodeid in collected.nodeids),
            whole_files=frozenset(test_key(file, self._folder) for file in collected.whole_files),
            gone_files=frozenset(file for file in files if not (self._home / file).exists()),
        )


def limits_of(
    configuration: Configuration, marked: Mapping[str, Budget], folder: str, *, update: bool = False
) -> Gate:
    """What runs are judged by.

    Args:
        configuration: What llmcost.yaml says.
        marked: By nodeid, the limits of markers.
        folder: Of the baseline, relative to the root.
        update: Whether the run is being accepted.
    """
    from pytest_llmcost.budgets.evaluate import Gate

    warns = configuration.pricing.unknown_model is UnknownModel.WARN
    return Gate(
        budgets=configuration.budgets,
        marked=marked,
        unknown_model=Level.WARNING if warns else Level.ERROR,
        incomplete=Level.WARNING if configuration.replay.incomplete is Incomplete.WARN else Level.ERROR,
        update=update,
        folder=folder,
        stale=Level.ERROR if configuration.replay.stale is Stale.FAIL else None,
    )


def fails(verdict: Verdict, fail_on: FailOn) -> bool:
    """Whether a verdict fails a run."""
    if fail_on is FailOn.NEVER:
        return False
    return verdict is Verdict.FAIL or (fail_on is FailOn.WARNING and verdict is Verdict.WARN)


def _home(folder: Path, root: Path) -> Path:
    """The folder from which a baseline names test files: its own, or the root where it lies outside."""
    return folder if folder.resolve().is_relative_to(root.resolve()) else root


def _folder_below(folder: Path, root: Path) -> str:
    relative = folder.resolve().relative_to(root.resolve()).as_posix()
    return "" if relative == "." else relative


def _accepted(before: Baseline, after: Baseline) -> str:
    new = len(after.lines.keys() - before.lines.keys())
    gone = len(before.lines.keys() - after.lines.keys())
    kept = before.lines.keys() & after.lines.keys()
    changed = sum(before.lines[key].entries != after.lines[key].entries for key in kept)
    return f"{new} new, {changed} changed, {gone} gone, {len(kept) - changed} as before"
