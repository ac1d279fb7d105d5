"""The ``llm_cost`` fixture: what a test can read about itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import Call
from pytest_llmcost.model.report import Rollup
from pytest_llmcost.model.rollup import last_attempts, rollup
from pytest_llmcost.model.usage import Usage


class CostView:
    """A read-only view on the calls that the running test has made so far.

    It is computed anew at each access; streams that are still open are not in it.

    Args:
        calls: Gives the priced calls of the test's current attempt.
        include_mocked: Whether mocked calls count.

    Example:
        >>> def test_answer_is_cheap(llm_cost):
        ...     answer("Where is my parcel?")
        ...     assert llm_cost.cost <= "0.002"
        ...     assert llm_cost.calls == 1
    """

    def __init__(self, calls: Callable[[], Sequence[Call]], *, include_mocked: bool) -> None:
        self._calls = calls
        self._include_mocked = include_mocked

    @property
    def cost(self) -> Amount:
        """USD that the calls would cost live; compares with numbers, for the whole interval."""
        return self._rollup().cost

    @property
    def calls(self) -> int:
        """How many billed calls."""
        return self._rollup().calls

    @property
    def usage(self) -> Usage:
        """Their units."""
        return self._rollup().usage

    @property
    def cache_hit_rate(self) -> Decimal | None:
        """Prompt-cache hit rate from 0 to 1; None without prompt tokens."""
        return self._rollup().cache_hit_rate

    def __repr__(self) -> str:
        return f"<llm_cost: {self.calls} calls, {self.cost}>"

    def _rollup(self) -> Rollup:
        calls = self._calls()
        return rollup(calls, last=last_attempts(calls, []), include_mocked=self._include_mocked)
