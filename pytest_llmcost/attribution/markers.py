"""The ``llm_agent`` marker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest
    from _pytest.nodes import Node

OUR_MARKERS = ("llm_agent", "llm_budget")
_USAGE = 'write @pytest.mark.llm_agent("support_agent")'


def is_marked(item: pytest.Item, *names: str) -> bool:
    """Whether a test or what it stands in has one of the markers; ``iter_markers`` takes thrice the time."""
    node: pytest.Item | Node | None = item
    while node is not None:
        for mark in node.own_markers:
            if mark.name in names:
                return True
        node = node.parent
    return False


def marked_agent(item: pytest.Item) -> tuple[str | None, str | None]:
    """The agent that a test's closest marker names.

    Returns:
        The name, or None; and what is wrong with the marker, or None.
    """
    marker = item.get_closest_marker("llm_agent")
    if marker is None:
        return None, None
    if marker.kwargs:
        return None, f"llm_agent takes no keyword: {', '.join(sorted(marker.kwargs))}; {_USAGE}"
    if len(marker.args) != 1 or not isinstance(marker.args[0], str) or not marker.args[0].strip():
        shown = ", ".join(map(repr, marker.args)) or "nothing"
        return None, f"llm_agent takes one name, got {shown}; {_USAGE}"
    return marker.args[0], None
