"""Who made a call, decided after the test from what was kept when it was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pytest_llmcost.attribution.agents import AgentFrame
from pytest_llmcost.attribution.call_sites import CallSites, Stack
from pytest_llmcost.attribution.rules import agents_of_stack
from pytest_llmcost.attribution.scope import Scope
from pytest_llmcost.model.agent_rule import AgentRule
from pytest_llmcost.model.call import Origin


class Sent(Protocol):
    """What is kept of a call as it is sent."""

    scope: Scope
    agent: AgentFrame | None
    stack: Stack


class Origins:
    """Decides whose a call is: the nearest context, else the YAML's rules, else the marker, else nobody's.

    Args:
        rules: The YAML's ``agents:``.
        sites: What took the stacks; None where they are not kept.
    """

    def __init__(self, rules: Sequence[AgentRule] = (), sites: CallSites | None = None) -> None:
        self._rules = rules
        self._sites = sites
        self._last: tuple[Scope, AgentFrame | None, Stack, Origin] = (Scope(), None, (), Origin())

    def of(self, sent: Sent) -> Origin:
        """The origin of a call; calls in a row mostly have the same, and share it."""
        scope, agent, stack, origin = self._last
        if sent.scope is not scope or sent.agent is not agent or sent.stack != stack:
            origin = self._decide(sent)
            self._last = (sent.scope, sent.agent, sent.stack, origin)
        return origin

    def places(self, sent: Sent) -> tuple[str, ...]:
        """``file::function`` of the project's code that led to the call, innermost first."""
        return self._sites.named(sent.stack) if self._sites is not None else ()

    def _decide(self, sent: Sent) -> Origin:
        if sent.agent is None and self._rules and sent.stack:
            path = agents_of_stack(self.places(sent), self._rules)
            if path:
                return sent.scope.origin_of(path)
        return sent.scope.origin(sent.agent)


def renamed(origin: Origin, name: str) -> Origin:
    """The origin of a call that a plugin says is an agent's.

    An agent that the call is inside of anyway keeps its run; another one is the innermost there.
    """
    if name in origin.agent_path:
        last = len(origin.agent_path) - origin.agent_path[::-1].index(name)
        path, runs = origin.agent_path[:last], origin.agent_runs[:last]
    else:
        path, runs = (*origin.agent_path, name), origin.agent_runs
    run = runs[-1] if len(runs) == len(path) else None
    return origin._replace(agent=name, agent_run=run, agent_path=path, agent_runs=runs)
