"""Who made a call, decided after the test from what was kept when it was sent."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from pytest_llmcost.attribution.agents import AgentFrame
from pytest_llmcost.attribution.call_sites import CallSites, Stack
from pytest_llmcost.attribution.graphs import agents_of_graph
from pytest_llmcost.attribution.rules import agents_of_stack, judges
from pytest_llmcost.attribution.scope import Scope
from pytest_llmcost.attribution.span_agents import agents_of_spans, evaluates, extend
from pytest_llmcost.attribution.span_attributes import attributes_of_spans
from pytest_llmcost.attribution.spans import SpanTree, Step
from pytest_llmcost.attribution.surroundings import Entry, Surroundings
from pytest_llmcost.model.agent_rule import AgentRule
from pytest_llmcost.model.call import Origin, Role

_NONE: Mapping[str, str] = MappingProxyType({})


class Sent(Protocol):
    """What is kept of a call as it is sent."""

    @property
    def scope(self) -> Scope:
        """What pytest was doing."""

    @property
    def agent(self) -> AgentFrame | None:
        """The agent that was entered."""

    @property
    def around(self) -> Surroundings | None:
        """What tracing libraries and frameworks say there."""

    @property
    def stack(self) -> Stack:
        """The code of the project that led there."""

    @property
    def judged(self) -> bool:
        """Whether a library for evaluation sends it."""


class Origins:
    """Decides whose a call is: the nearest context, else the YAML's rules, else the marker, else nobody's.

    Args:
        rules: The YAML's ``agents:``.
        sites: What took the stacks; None where they are not kept.
        spans: Which span is inside which; None where nobody looked.
    """

    def __init__(
        self,
        rules: Sequence[AgentRule] = (),
        sites: CallSites | None = None,
        spans: SpanTree | None = None,
    ) -> None:
        self._rules = rules
        self._sites = sites
        self._spans = spans or SpanTree()
        self._last: tuple[Scope, AgentFrame | None, Stack, Origin] = (Scope(), None, (), Origin())

    def of(self, sent: Sent) -> Origin:
        """The origin of a call; calls in a row mostly have the same, and share it."""
        if sent.around is not None:
            return self._decide(sent)
        scope, agent, stack, origin = self._last
        if sent.scope is not scope or sent.agent is not agent or sent.stack != stack:
            origin = self._decide(sent)
            self._last = (sent.scope, sent.agent, sent.stack, origin)
        return origin

    def places(self, sent: Sent) -> tuple[str, ...]:
        """``file::function`` of the project's code that led to the call, innermost first."""
        return self._sites.named(sent.stack) if self._sites is not None else ()

    def role(self, sent: Sent) -> Role:
        """What the call is for, by libraries for evaluation, rules and spans."""
        context = sent.around.context if sent.around is not None else None
        judge = sent.judged or (context is not None and evaluates(self._path(context)))
        if not judge and self._rules and sent.stack:
            judge = judges(self.places(sent), self._rules)
        return Role.JUDGE if judge else Role.APP

    def attributes(self, sent: Sent) -> Mapping[str, str]:
        """For what and for whom the call is made, by the spans around it."""
        context = sent.around.context if sent.around is not None else None
        return attributes_of_spans(self._path(context), context) if context else _NONE

    def _decide(self, sent: Sent) -> Origin:
        entered = self._entered(sent)
        if entered:
            return sent.scope.origin_of(
                tuple(entry.name for entry in entered), tuple(entry.run for entry in entered)
            )
        path = agents_of_stack(self.places(sent), self._rules) if self._rules and sent.stack else ()
        if not path and sent.scope.marked_agent is not None:
            path = (sent.scope.marked_agent,)
        return sent.scope.origin_of(path)

    def _entered(self, sent: Sent) -> list[Entry]:
        """Every context around the call, from the outermost."""
        path: list[Entry] = []
        for frame in sent.agent.frames if sent.agent is not None else ():
            extend(path, self._said(frame.around))
            path.append(Entry(frame.name, frame.run))
        extend(path, self._said(sent.around))
        return path

    def _said(self, around: Surroundings | None) -> list[Entry]:
        """What libraries say, from the outermost; several may speak of the same agent."""
        if around is None:
            return []
        found = self._of_spans(around.context) if around.context else []
        named = {entry.name for entry in found}
        others = [*(agents_of_graph(around.config) if around.config else ()), *around.entries]
        return [*found, *(entry for entry in others if entry.name not in named)]

    def _of_spans(self, context: Mapping[str, Any]) -> list[Entry]:
        return agents_of_spans(self._path(context), context)

    def _path(self, context: Mapping[str, Any]) -> list[Step]:
        return self._spans.path(context, sys.modules["opentelemetry.trace"].get_current_span)


def renamed(origin: Origin, name: str) -> Origin:
    """The origin of a call that a plugin says is an agent's.

    An agent that the call is inside of anyway keeps its run; another one is the innermost there.
    """
    if name in origin.agent_path:
        last = len(origin.agent_path) - origin.agent_path[::-1].index(name)
        path, runs = origin.agent_path[:last], origin.agent_runs[:last]
    else:
        path, runs = (*origin.agent_path, name), origin.agent_runs
    run = (runs[-1] or None) if runs and len(runs) == len(path) else None
    return origin._replace(agent=name, agent_run=run, agent_path=path, agent_runs=runs)
