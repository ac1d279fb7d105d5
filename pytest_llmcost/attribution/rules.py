"""Agents by the code that calls, for apps without tracing."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_llmcost.model.agent_rule import AgentRule
from pytest_llmcost.model.wildcards import matches


def agents_of_stack(stack: Sequence[str], rules: Sequence[AgentRule]) -> tuple[str, ...]:
    """The agents whose code stands on a call stack.

    Args:
        stack: ``file::function`` of the project's frames, from the innermost outwards.
        rules: In the order of the file: the first that matches a frame names its agent.

    Returns:
        From the outermost to the innermost, who makes the call; each once in a row.
    """
    path: list[str] = []
    for place in reversed(stack):
        name = _agent_of(place, rules)
        if name is not None and path[-1:] != [name]:
            path.append(name)
    return tuple(path)


def _agent_of(place: str, rules: Sequence[AgentRule]) -> str | None:
    file = place.partition("::")[0]
    for rule in rules:
        if matches(rule.call_site, place if "::" in rule.call_site else file):
            return rule.name
    return None
