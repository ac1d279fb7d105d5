"""Agents of LangGraph: its nodes, but for those that every prebuilt agent is made of.

Source: LangGraph's ``langgraph_node`` and ``langgraph_checkpoint_ns`` in the metadata of what runs, and
``lc_agent_name``, which LangChain's ``create_agent(name=...)`` adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.attribution.surroundings import Entry

_INSIDE_AN_AGENT = frozenset(
    {
        *("agent", "model", "tools", "call_model", "llm", "model_request", "generate_structured_response"),
        *("pre_model_hook", "post_model_hook", "__start__", "__end__"),
    }
)


def agent_of_node(node: str, named: str | None) -> str | None:
    """The agent that a node is.

    Args:
        node: Its name.
        named: What the agent around it was named; None if nobody did.
    """
    inside = node in _INSIDE_AN_AGENT or "Middleware." in node
    return named if inside else node


def agents_of_graph(metadata: Mapping[str, Any]) -> list[Entry]:
    """The agents around a call, from the outermost.

    Args:
        metadata: Of LangChain's current configuration.
    """
    node = metadata.get("langgraph_node")
    if not isinstance(node, str):
        return []
    named = metadata.get("lc_agent_name")
    places = str(metadata.get("langgraph_checkpoint_ns") or node).split("|")
    found = []
    run = ""
    for place in places:
        name, _, task = place.partition(":")
        is_last = place is places[-1]
        agent = agent_of_node(name, named if is_last and isinstance(named, str) else None)
        # The nodes inside an agent are one run of it: that of the node around them.
        run = task if name not in _INSIDE_AN_AGENT else run
        if agent is not None:
            found.append(Entry(agent, run))
    return found
