"""What pytest is doing now.

It belongs to the process and not to a context variable: threads, executors, worker tasks of a session
fixture and anyio's runner all lose or mix up context variables, and one process runs one test at a time.
"""

from typing import NamedTuple

from pytest_llmcost.model.call import Origin, Phase


class Scope(NamedTuple):
    """Who pays for a call that starts now.

    Attributes:
        nodeid: The test that runs; None between tests and in a wider fixture.
        phase: Of the test, or ``SESSION`` outside any test.
        fixture: The fixture wider than function scope that is set up or torn down.
        attempt: Which run of the test, from 1.
        marked_agent: The agent that the test's marker names.
    """

    nodeid: str | None = None
    phase: Phase = Phase.SESSION
    fixture: str | None = None
    attempt: int = 1
    marked_agent: str | None = None

    def origin_of(self, path: tuple[str, ...], runs: tuple[str, ...] = ()) -> Origin:
        """The scope with agents.

        Args:
            path: From the outermost to the one that calls.
            runs: Identities of the entries into them, empty where there is none; none at all where only a
                rule or a marker names them.
        """
        return Origin(
            nodeid=self.nodeid,
            phase=self.phase,
            fixture=self.fixture,
            attempt=self.attempt,
            agent=path[-1] if path else None,
            agent_run=(runs[-1] or None) if runs else None,
            agent_path=path,
            agent_runs=runs,
        )


class CurrentScope:
    """The scope of this process: what begins gives back the scope that holds again when it has ended.

    So scopes nest, as a fixture is set up inside a test's set-up.
    """

    def __init__(self) -> None:
        self.now = Scope()
        self.set_ups: dict[str, int] = {}  # of each wider fixture, how often
        self._attempts: dict[str, int] = {}

    def begin_test(self, nodeid: str, marked_agent: str | None) -> Scope:
        """Everything that pytest does for one test."""
        outer = self.now
        self.now = Scope(nodeid, Phase.SETUP, None, self._attempts.get(nodeid, 1), marked_agent)
        return outer

    def begin_attempt(self) -> None:
        """The set-up of the current test begins; plugins that rerun a test come here again."""
        nodeid = self.now.nodeid
        if nodeid is not None:
            attempt = self._attempts[nodeid] = self._attempts.get(nodeid, 0) + 1
            self.now = self.now._replace(attempt=attempt)

    def begin_phase(self, phase: Phase) -> Scope:
        """One phase of the current test."""
        outer = self.now
        # _replace() takes five times as long, and this runs three times a test.
        self.now = Scope(outer.nodeid, phase, outer.fixture, outer.attempt, outer.marked_agent)
        return outer

    def begin_fixture(self, name: str, phase: Phase) -> Scope:
        """The set-up or tear-down of a fixture that more than one test uses: none of them pays for it."""
        outer = self.now
        self.now = Scope(None, phase, name)
        if phase is Phase.SETUP:
            self.set_ups[name] = self.set_ups.get(name, 0) + 1
        return outer

    def back_to(self, outer: Scope) -> None:
        """What began last has ended."""
        self.now = outer
