"""Which models share a tokenizer, so that the same text is as many tokens of both.

Sources: tiktoken's table of models and encodings (o200k_base, cl100k_base); Google's and Anthropic's pages on
counting tokens, where one tokenizer is named for a generation of models.
"""

from __future__ import annotations

import re

_SHARED = {
    "o200k": re.compile(r"(?:openai/)?(?:chatgpt-4o|gpt-4o|gpt-4\.1|gpt-4\.5|gpt-5|gpt-oss|o1|o3|o4)\b"),
    "cl100k": re.compile(r"(?:openai/)?(?:gpt-4|gpt-3\.5|gpt-35|text-embedding)(?!\.|o)\b"),
    "gemini": re.compile(r"(?:google/|models/)?gemini-\d"),
    "claude-3-and-4": re.compile(
        r"(?:anthropic[/.]|[a-z]{2,6}\.anthropic\.)?claude-(?:3|sonnet-4|haiku-4|opus-4(?!-[789]))\b"
    ),
}
# Of the input tokens: as far as tokenizers of one provider were seen to lie apart, and of any other two.
_WITHIN_ANTHROPIC, _ELSEWHERE, _SAME = 0.35, 0.15, 0.01


def tokenizer_of(model: str | None) -> str | None:
    """The tokenizer of a model, by a name of our own; None where nobody says."""
    if model is None:
        return None
    return next((name for name, pattern in _SHARED.items() if pattern.match(model)), None)


def apart(before: str | None, after: str | None) -> float:
    """How far the tokens of one text may lie apart for two models, as a share."""
    first, second = tokenizer_of(before), tokenizer_of(after)
    if first is not None and first == second:
        return _SAME
    is_claude = "claude" in (before or "") or "claude" in (after or "")
    return _WITHIN_ANTHROPIC if is_claude else _ELSEWHERE
