"""Agents that llmcost.yaml names by the code that makes their calls."""

from typing import NamedTuple

from pytest_llmcost.model.call import Role


class AgentRule(NamedTuple):
    """One element of ``agents:``.

    Attributes:
        name: The agent.
        call_site: A pattern for files of the project, named from its root, or, where ``::`` is in it, for
            functions: ``app/desk.py::Desk.*``.
        location: File and line of the YAML.
        role: What its calls are for.
    """

    name: str
    call_site: str
    location: str
    role: Role = Role.APP
