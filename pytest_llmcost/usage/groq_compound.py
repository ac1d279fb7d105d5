"""Groq's compound systems: models and tools inside a chat completion, each at its own price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_llmcost.model.call import SubCall
from pytest_llmcost.model.units import CACHE_READ, INPUT, OUTPUT, WEB_SEARCHES
from pytest_llmcost.model.usage import Usage, total_usage
from pytest_llmcost.usage.fields import child, count, stated, text
from pytest_llmcost.usage.reading import Stated

_KIND = "compound"
_SEARCH = "search"
_WHICH_SEARCH = "no price for the searches of compound beyond that of a basic one"
_OTHER_TOOL = "no price for the tool {tool} of compound"


def with_parts(body: Mapping[str, Any], whole: Stated) -> Stated:
    """What a completion states, with the tokens at the models inside that used them.

    Source: console.groq.com, compound: ``usage_breakdown`` lists each use of a model, ``executed_tools`` the
    tools; a system is billed by both, and has no price of its own. Which kind of search ran (a basic one, or
    an advanced one, which is dearer) depends on the version of the system and is not stated.

    Args:
        body: The completion.
        whole: What it states as one of a single model.

    Returns:
        The same, if it has no parts, or parts that do not add up to the whole.
    """
    parts = tuple(_parts(body))
    usage, used = whole.usage, total_usage(part.usage for part in parts)
    if not parts or usage is None or any(used.get(unit) != usage.get(unit) for unit in (INPUT, OUTPUT)):
        return whole
    tools = Counter(_tools(body))
    searches = tools.pop(_SEARCH, 0)
    doubts = [_OTHER_TOOL.format(tool=tool) for tool in tools]
    if searches:
        doubts.insert(0, _WHICH_SEARCH)
    return whole._replace(
        usage=Usage({WEB_SEARCHES: searches} if searches else {}),
        sub_calls=parts,
        doubts=(*whole.doubts, *doubts),
    )


def _parts(body: Mapping[str, Any]) -> Iterator[SubCall]:
    models = child(body, "usage_breakdown").get("models")
    for entry in models if isinstance(models, list) else ():
        usage = child(entry, "usage")
        counts = {
            INPUT: count(usage, "prompt_tokens"),
            OUTPUT: count(usage, "completion_tokens"),
            CACHE_READ: count(child(usage, "prompt_tokens_details"), "cached_tokens"),
        }
        yield SubCall(_KIND, text(entry, "model"), Usage(stated(**counts)))


def _tools(body: Mapping[str, Any]) -> Iterator[str]:
    choices = body.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        tools = child(choice, "message").get("executed_tools")
        for tool in tools if isinstance(tools, list) else ():
            yield text(tool, "type") or "(not named)"
