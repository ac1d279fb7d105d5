"""Spans from their start until they have ended: they may do so long after the test that started them."""

from __future__ import annotations

from pytest_llmcost.attribution.spans import SpanTree
from pytest_llmcost.attribution.started import StartedSpan


class EndedSpans:
    """Takes spans from the tree as they end.

    Args:
        tree: Knows those that were started.
    """

    def __init__(self, tree: SpanTree) -> None:
        self._tree = tree
        self.open: list[StartedSpan] = []

    def take(self, *, everything: bool = False) -> list[StartedSpan]:
        """Those that have ended since the last time, in the order in which they were started.

        Args:
            everything: Take the open ones too: nobody will end them.
        """
        self._tree.note_started()
        noted = self._tree.noted
        waiting = [*self.open, *(noted.popleft() for _ in range(len(noted)))]
        if everything:
            self.open = []
            return waiting
        self.open = [one for one in waiting if one.span.end_time is None]
        return [one for one in waiting if one.span.end_time is not None]

    def hold(self, spans: list[StartedSpan]) -> None:
        """Give back what has ended too early to be judged."""
        self.open = [*spans, *self.open]

    @property
    def open_since(self) -> float | None:
        """When the first of the open ones was started; None if none is open."""
        return min((one.since for one in self.open), default=None)
