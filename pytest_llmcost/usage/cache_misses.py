"""Why a prompt cache was missed, as the provider itself says.

Sources: Anthropic's guide to cache diagnostics (``diagnostics.cache_miss_reason``, in the SDK's type
``Diagnostics``); OpenAI's SDK type ``PromptCacheDiagnostics`` of a response.
"""

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.usage.fields import child, count, text

_NO_REASON = frozenset(
    {"unavailable", "previous_message_not_found", "comparison_response_not_found", "cache_hit"}
)
_LONGEST = 60


def cache_miss(body: Mapping[str, Any]) -> str | None:
    """``tools changed (about 1,200 tokens)``; None where the answer says nothing, or of no use."""
    found = child(child(body, "diagnostics"), "cache_miss_reason")
    reason, missed = text(found, "type"), count(found, "cache_missed_input_tokens")
    if reason is None:
        found = child(body, "prompt_cache_diagnostics")
        reason = text(found, "reason") or text(found, "type")
        missed = count(found, "cache_missed_tokens")
    if reason is None or reason in _NO_REASON:
        return None
    tokens = f" (about {missed:,} tokens)" if missed else ""
    return f"{reason[:_LONGEST].replace('_', ' ')}{tokens}"
