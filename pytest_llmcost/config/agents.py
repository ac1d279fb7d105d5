"""The ``agents:`` section: which code is which agent's."""

from __future__ import annotations

from pytest_llmcost.config.document import Value, members
from pytest_llmcost.config.scalars import choice
from pytest_llmcost.model.agent_rule import AgentRule
from pytest_llmcost.model.call import Role

_NEEDED = ("name", "call_site")
_KEYS = (*_NEEDED, "role")
_EXAMPLE = '{name: researcher, call_site: "app/research/*.py"}'


def read_agents(section: Value) -> tuple[AgentRule, ...]:
    """Check the section and turn it into rules, in their order.

    Raises:
        ConfigError: With the place of the first mistake.
    """
    return tuple(_rule(value) for value in section.elements(f"a list of rules, such as - {_EXAMPLE}"))


def _rule(value: Value) -> AgentRule:
    found = members(value, _KEYS, f"a rule, such as {_EXAMPLE}")
    missing = [key for key in _NEEDED if key not in found]
    if missing:
        value.fail(f"{value.name} has no {missing[0]}; write it as {_EXAMPLE}")
    name = found["name"].text("the name of an agent, such as researcher")
    if not name.strip():
        found["name"].fail(f"{found['name'].label} is empty; write the name of an agent, such as researcher")
    role = choice(found["role"], Role) if "role" in found else Role.APP
    return AgentRule(name, _call_site(found["call_site"]), f"{value.path}:{value.line}", role)


def _call_site(value: Value) -> str:
    typed = value.text('files from the root, such as "app/research/*.py"')
    if not typed.strip():
        value.fail(f'{value.label} is empty; write files from the root, such as "app/research/*.py"')
    slashes = typed.replace("\\", "/")
    if slashes != typed or slashes.startswith(("/", "./", "../")) or slashes[1:3] == ":/":
        start = slashes.removeprefix("./")
        hint = f"; write {start!r}" if not start.startswith(("/", "../")) and start[1:3] != ":/" else ""
        value.fail(f"{value.label} takes files from the root, with slashes; found {typed!r}{hint}")
    return typed
