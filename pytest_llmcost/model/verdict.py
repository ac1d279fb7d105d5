"""What the gate says."""

from enum import StrEnum
from typing import NamedTuple

INCOMPLETE_RUN = "run.complete"


class Level(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    WARNING = "warning"


class Verdict(StrEnum):
    """The worst finding's level."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


class Finding(NamedTuple):
    """A limit that does not hold, or cannot be decided.

    Attributes:
        level: How much it weighs.
        rule: The key of the limit, such as ``max_cost``, or another rule's name.
        scope: ``suite``, ``test``, ...; of what the finding is.
        match: The test, agent, model or call; empty for the suite.
        limit: As it was written, such as ``$0.015`` or ``70%``.
        actual: What was found.
        message: One sentence.
        location: ``llmcost.yaml:12`` or the test with the marker; None where nobody wrote the rule.
    """

    level: Level
    rule: str
    scope: str
    match: str
    limit: str
    actual: str
    message: str
    location: str | None = None


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """The worst finding's level; pass without findings."""
    levels = {finding.level for finding in findings}
    if Level.ERROR in levels:
        return Verdict.FAIL
    return Verdict.WARN if levels else Verdict.PASS


def not_complete() -> Finding:
    """The finding of a run that may lack calls, where something limits it."""
    return Finding(
        level=Level.ERROR,
        rule=INCOMPLETE_RUN,
        scope="suite",
        match="",
        limit="complete",
        actual="not complete",
        message="calls may be missing from this run, so that no limit can be relied on",
    )
