"""What became of each test, from what pytest reports of its phases."""

from __future__ import annotations

from pytest_llmcost.model.report import TestResult

# A test whose call or tear-down was never reported.
INTERRUPTED = "interrupted"


class Outcomes:
    """Adds up the phases of tests.

    Attributes:
        results: By nodeid, in the order in which the tests began.
    """

    def __init__(self) -> None:
        self.results: dict[str, TestResult] = {}

    def note(self, nodeid: str, when: str, outcome: str, duration: float) -> None:
        """A phase was reported.

        Args:
            nodeid: The test.
            when: ``setup``, ``call`` or ``teardown``.
            outcome: ``passed``, ``failed`` or ``skipped``, or a word of another plugin.
            duration: Seconds.
        """
        before = self.results.get(nodeid)
        if when == "setup":
            # What becomes of the test is known when its call or its tear-down is reported.
            outcome = INTERRUPTED if outcome == "passed" else outcome
        elif before is not None and outcome == "passed" and before.outcome != INTERRUPTED:
            outcome = before.outcome
        elif when == "teardown" and outcome == "passed":
            outcome = INTERRUPTED
        total = duration + (before.duration if before else 0)
        self.results[nodeid] = TestResult(nodeid, outcome, round(total, 6))
