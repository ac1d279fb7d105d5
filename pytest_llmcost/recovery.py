"""The report of a run that was killed, made from its journal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_llmcost.assembly import Facts, assemble
from pytest_llmcost.config.configuration import Configuration
from pytest_llmcost.errors import ConfigError
from pytest_llmcost.files import write_report
from pytest_llmcost.journal import FOLDER, RunFacts, facts_of, is_alive, last_written, read, remove, runs
from pytest_llmcost.model.call import MeasuredCall
from pytest_llmcost.model.report import Selection
from pytest_llmcost.outcomes import Outcomes
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.reports.json_report import render_json
from pytest_llmcost.reports.text import plural
from pytest_llmcost.wire import Payload

if TYPE_CHECKING:
    from pytest_llmcost.model.cache import CacheLookup


def recover(report: Path) -> bool:
    """Write the report of the last run, if that run was killed before it could.

    Args:
        report: Where a run writes its report.json.

    Returns:
        Whether there was something to recover.
    """
    dead = [(folder, facts) for folder in runs(report.parent / FOLDER) if (facts := facts_of(folder))]
    dead = [(folder, facts) for folder, facts in dead if not is_alive(folder)]
    if not dead:
        return False
    folder, facts = max(dead, key=lambda run: last_written(run[0]))
    if report.exists() and report.stat().st_mtime > last_written(folder):
        return False  # a later run has written it
    calls, lookups, outcomes, faults = _contents(folder)
    configuration, problem = _configuration(facts)
    results = tuple(outcomes.results.values())
    unfinished = f"the session did not finish: it was killed after {plural(len(results), 'test')}"
    run = assemble(
        calls,
        Facts(
            version=facts.version,
            created_at=facts.created_at,
            rootdir=facts.rootdir,
            commit=facts.commit,
            branch=facts.branch,
            selection=Selection(full=False, collected=len(results), ran=len(results)),
            results=results,
            faults=(unfinished, *faults, *problem),
            lookups=tuple(lookups),
        ),
        configuration,
        PriceTable(configuration.pricing, facts.created_at.date()),
    )
    write_report(report, render_json(run))
    remove(folder)
    return True


def _contents(folder: Path) -> tuple[list[MeasuredCall], list[CacheLookup], Outcomes, list[str]]:
    calls: list[MeasuredCall] = []
    lookups: list[CacheLookup] = []
    faults: list[str] = []
    attempts: dict[str, int] = {}
    outcomes = Outcomes()
    for entry, payloads in read(folder):
        for phase in entry.phases:
            outcomes.note(entry.nodeid, phase.when, phase.outcome, phase.duration)
        for found in payloads:
            try:
                payload = Payload.from_json(found)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                faults.append(f"a line of the journal cannot be read: {type(error).__name__}: {error}")
                continue
            calls += payload.calls
            lookups += payload.lookups
            faults += payload.faults
            for nodeid, attempt in payload.attempts.items():
                attempts[nodeid] = max(attempt, attempts.get(nodeid, 1))
    for nodeid, attempt in attempts.items():
        if nodeid in outcomes.results:
            outcomes.results[nodeid] = outcomes.results[nodeid]._replace(attempts=attempt)
    return calls, lookups, outcomes, faults


def _configuration(facts: RunFacts) -> tuple[Configuration, list[str]]:
    from pytest_llmcost.config.load import load_configuration

    if facts.config is None:
        return Configuration(), []
    try:
        return load_configuration(Path(facts.config), facts.config), []
    except (ConfigError, OSError) as error:
        return Configuration(), [f"prices of your own were left out: {error}"]
