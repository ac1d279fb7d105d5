"""Agents by the code that calls, for apps without tracing."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_llmcost.model.agent_rule import AgentRule
from pytest_llmcost.model.call import Role
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
        rule = _rule_of(place, rules)
        if rule is not None and path[-1:] != [rule.name]:
            path.append(rule.name)
    return tuple(path)


def judges(stack: Sequence[str], rules: Sequence[AgentRule]) -> bool:
    """Whether code stands on a call stack whose calls judge the app, as a rule says."""
    found = (_rule_of(place, rules) for place in stack)
    return any(rule is not None and rule.role is Role.JUDGE for rule in found)


def _rule_of(place: str, rules: Sequence[AgentRule]) -> AgentRule | None:
    file = place.partition("::")[0]
    for rule in rules:
        if matches(rule.call_site, place if "::" in rule.call_site else file):
            return rule
    return None
