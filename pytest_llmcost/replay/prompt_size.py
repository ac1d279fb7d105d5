"""The rough size of a whole prompt, for recordings from which slopes are learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.replay.form import form_of
from pytest_llmcost.replay.media import HINT
from pytest_llmcost.replay.tokens import tokens_of_messages, tokens_of_tool
from pytest_llmcost.usage.body import json_object, plain_bytes

# Where the provider adds to the prompt what is not in the request.
_HIDDEN = (
    *("previous_response_id", "conversation", "container", "mcp_servers", "web_search_options", "plugins"),
    *("connectors", "cached_content", "cachedContent", "documents", "data_sources"),
)
_FUNCTIONS = frozenset({"function", "custom"})


def about_tokens(body: bytes) -> int | None:
    """About how many tokens a prompt has, by words and marks.

    Args:
        body: Of the request.

    Returns:
        None where the text of the request does not decide it: pictures, files, tools of the provider, and
        conversations that it keeps.
    """
    body = plain_bytes(body, "")
    if HINT.search(body):
        return None
    value = json_object(body)
    if value is None or any(value.get(key) for key in _HIDDEN) or _has_provider_tools(value):
        return None
    form = form_of(value, "")
    if not form.messages:
        return None
    tools = sum(map(tokens_of_tool, form.tools))
    return round(tools + tokens_of_messages(form.system) + tokens_of_messages(form.messages))


def _has_provider_tools(value: Mapping[str, Any]) -> bool:
    tools = value.get("tools")
    if not isinstance(tools, list):
        return False
    for tool in tools:
        kind = tool.get("type") if isinstance(tool, Mapping) else None
        if isinstance(kind, str) and kind not in _FUNCTIONS and "input_schema" not in tool:
            return True
        if isinstance(tool, Mapping) and not tool.keys().isdisjoint(_GOOGLE):
            return True
    return False


_GOOGLE = frozenset(
    {
        *("google_search", "googleSearch", "googleSearchRetrieval", "google_search_retrieval"),
        *("code_execution", "codeExecution", "url_context", "urlContext", "google_maps", "googleMaps"),
    }
)
