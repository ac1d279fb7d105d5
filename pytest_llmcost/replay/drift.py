"""What changed from the recorded request to the one that was sent: names and sizes of its parts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import zip_longest
from typing import Any, NamedTuple

from pytest_llmcost.model.drift import Drift, PartChange
from pytest_llmcost.replay.cache_marks import cache_asked_for, cache_marks
from pytest_llmcost.replay.form import Form
from pytest_llmcost.replay.media import MARK
from pytest_llmcost.replay.noise import STORED_PROMPT, plain_value, same, shared_end, shared_start
from pytest_llmcost.replay.tokens import (
    frame_of,
    text_of,
    tokens_of_text,
    tokens_of_tool,
    unsure_of_text,
)
from pytest_llmcost.usage.request_parts import MESSAGES, SYSTEM, TOOLS, compact_json, compact_size

# Schemas of answers: models read them, as they read tools.
_SCHEMAS = frozenset({"response_format", "text", "output_config", "output_format", "outputConfig"})
# In the order in which they are asked for a limit.
_CONFIGS = ("generationConfig", "generation_config", "inferenceConfig", "config")
_SCHEMA_IN_CONFIG = ("responseSchema", "response_schema", "responseJsonSchema", "response_json_schema")
_LIMITS = (
    *("max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample"),
    *("maxOutputTokens", "maxTokens", "max_new_tokens", "max_gen_len", "num_predict"),
)
_ANY_LIMIT = frozenset(_LIMITS)
# What moves the price, or how much a model writes, by an amount that nobody can tell beforehand.
_UNTOLD = frozenset(
    {
        *("service_tier", "serviceTier", "speed", "inference_geo", "n", "best_of", "num_generations"),
        *("reasoning", "reasoning_effort", "thinking", "thinkingConfig", "thinking_config", "effort"),
        *("candidateCount", "previous_response_id", "conversation", "container", "background"),
        *("mediaResolution", "media_resolution"),
        *("web_search_options", "plugins", "mcp_servers", "modalities", "audio", "verbosity"),
    }
)
_FUNCTIONS = frozenset({"function", "custom"})
_DECLARED = frozenset(
    {"functionDeclarations", "function_declarations", "toolSpec", "function", "input_schema"}
)
# What else is a key may be text of a prompt, in a body of unknown form.
_NAME = re.compile(r"[A-Za-z_][\w.$-]{0,63}")
_MEDIA = "a picture or a file changed"
# Longer ones are compared by their lines.
_MOST_LINES = 2_000
# What changed in a longer text is remembered; the longest are not.
_LONG, _LONGEST = 256, 65_536


class _Text(NamedTuple):
    """About how many tokens of text are gone and new, and how many more they may be."""

    removed: float = 0.0
    added: float = 0.0
    unsure: float = 0.0

    def plus(self, other: _Text) -> _Text:
        if self is _NO_TEXT:
            return other
        return _Text(self.removed + other.removed, self.added + other.added, self.unsure + other.unsure)


_NO_TEXT = _Text()


def drift_of(sent: Form, recorded: Form, *, may_cache: bool = True) -> Drift:
    """What changed; without any change the drift has none.

    Args:
        sent: The request of now, as vcr's filters leave it.
        recorded: The one whose answer was replayed.
        may_cache: Whether anything in them asks for caching.
    """
    changes: list[PartChange] = []
    unknown: list[str] = []
    if sent.model != recorded.model:
        changes.append(_change("model", recorded.model, sent.model))
    tools_text, prefix, moved = _NO_TEXT, 0, False
    if not same(sent.tools, recorded.tools):
        changes.append(_change(TOOLS, recorded.tools, sent.tools))
        tools_text, moved = _of_tools(sent.tools, recorded.tools), True
        if _untold_tools(sent.tools) != _untold_tools(recorded.tools):
            unknown.append("tools that the provider runs changed")
    text = _NO_TEXT
    before_system = sum(map(compact_size, recorded.tools))
    if not same(sent.system, recorded.system):
        changes.append(_change(SYSTEM, recorded.system, sent.system))
        found, common = _of_any_text(text_of(recorded.system), text_of(sent.system))
        text = text.plus(found)
        prefix, moved = (prefix if moved else before_system + common), True
    before_messages = before_system + _length(recorded.system)
    found, common, named = _of_messages(sent, recorded)
    if named:
        changes += named
        text = text.plus(found)
        prefix, moved = (prefix if moved else before_messages + common), True
    marks_moved = may_cache and cache_marks(sent) != cache_marks(recorded)
    whole = before_messages + _length(recorded.messages)
    parameters = _of_parameters(sent.parameters, recorded.parameters, unknown)
    changes += parameters.changes
    if sent.media != recorded.media and _media(sent) != _media(recorded):
        unknown.append(_MEDIA)
    if sent.messages != recorded.messages and _stored_prompts(sent) != _stored_prompts(recorded):
        unknown.append("a prompt that the provider keeps changed")
    return Drift(
        changes=tuple(changes),
        recorded_model=recorded.model,
        removed=round(text.removed),
        added=round(text.added),
        unsure=round(text.unsure),
        tools_removed=round(tools_text.removed + parameters.schema.removed),
        tools_added=round(tools_text.added + parameters.schema.added),
        prompt=whole,
        prefix=prefix if moved else whole,
        output_limit=output_limit(sent.parameters),
        recorded_output_limit=output_limit(recorded.parameters),
        unknown=tuple(unknown),
        cache=cache_asked_for(sent) if marks_moved else None,
    )


def _length(messages: Sequence[Any]) -> int:
    return sum([len(text_of(message)) for message in messages])


def _change(part: str, before: Any, after: Any) -> PartChange:
    return PartChange(part, _bytes(before), _bytes(after))


def _bytes(value: Any) -> int | None:
    return None if value is None or value == () else compact_size(value)


def _media(form: Form) -> Counter[str]:
    return Counter(medium.cost_key for medium in form.media)


def _stored_prompts(form: Form) -> list[tuple[str, Any]]:
    """Which texts the provider takes: OpenAI's ``prompt: {id, version}``."""
    return [
        (message["id"], message.get("version"))
        for message in form.messages
        if isinstance(message, dict) and str(message.get("id", "")).startswith(STORED_PROMPT)
    ]


def _key(value: Any) -> str:
    return compact_json(plain_value(value))


def _of_tools(sent: Sequence[Any], recorded: Sequence[Any]) -> _Text:
    before, after = Counter(map(_key, recorded)), Counter(map(_key, sent))
    return _Text(
        sum(tokens_of_text(key) * number for key, number in (before - after).items()),
        sum(tokens_of_text(key) * number for key, number in (after - before).items()),
    )


def _untold_tools(tools: Sequence[Any]) -> Counter[str]:
    """Tools that run at the provider: they cost fees and tokens of their own."""
    return Counter(_key(tool) for tool in tools if not _is_function(tool))


def _is_function(tool: Any) -> bool:
    if not isinstance(tool, Mapping):
        return True
    kind = tool.get("type")
    if isinstance(kind, str):
        return kind in _FUNCTIONS or "input_schema" in tool
    return bool(_DECLARED & tool.keys()) or "name" in tool


def _of_messages(sent: Form, recorded: Form) -> tuple[_Text, int, list[PartChange]]:
    """What changed in the messages, and how many characters come before it."""
    before, after = recorded.messages, sent.messages
    if same(after, before):
        return _NO_TEXT, 0, []
    text, changes, common = _NO_TEXT, list[PartChange](), None
    for old, new in _aligned(before, after):
        if old is not None and new is not None and same(after[new], before[old]):
            continue
        gone, gone_frame = ("", 0) if old is None else (text_of(before[old]), frame_of(before[old]))
        there, there_frame = ("", 0) if new is None else (text_of(after[new]), frame_of(after[new]))
        found, shared = _of_any_text(gone, there)
        if gone_frame != there_frame:
            found = _Text(found.removed + gone_frame, found.added + there_frame, found.unsure)
        if common is None:
            at = old if old is not None else len(before) if new is None else min(new, len(before))
            common = _length(before[:at]) + shared
        text = text.plus(found)
        place = sent.first + new if new is not None else recorded.first + (old or 0)
        changes.append(
            _change(
                f"{MESSAGES}[{place}]",
                None if old is None else before[old],
                None if new is None else after[new],
            )
        )
    return text, common or 0, changes


def _aligned(before: Sequence[Any], after: Sequence[Any]) -> Iterator[tuple[int | None, int | None]]:
    """Positions of messages that stand for each other; None where one has no counterpart."""
    shared = next(
        (i for i, (one, new) in enumerate(zip(before, after, strict=False)) if one is not new), None
    )
    if shared is None or shared + 1 == len(before) == len(after):
        # Messages came or went at the end, or the last one was edited: there is no other way to align them.
        yield from zip_longest(range(len(before)), range(len(after)))
        return
    texts: dict[int, str] = {id(message): compact_json(message) for message in (*before, *after)}
    keys, others = [texts[id(message)] for message in before], [texts[id(message)] for message in after]
    for kind, first, last, start, end in SequenceMatcher(None, keys, others, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from zip(range(first, last), range(start, end), strict=True)
            continue
        both = min(last - first, end - start)
        yield from ((first + step, start + step) for step in range(both))
        yield from ((old, None) for old in range(first + both, last))
        yield from ((None, new) for new in range(start + both, end))


def _of_any_text(before: str, after: str) -> tuple[_Text, int]:
    """As ``_of_text``."""
    known = _LONG <= len(before) <= _LONGEST and len(after) <= _LONGEST
    return (_of_known_text if known else _of_text)(before, after)


def _of_text(before: str, after: str) -> tuple[_Text, int]:
    """What is gone and new of a text, and how many characters of it come before the change."""
    if not before or not after:
        return _counted(before, after), 0
    start = common_start(before, after)
    end = _common_end(before, after, start)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    common = start
    old_lines, new_lines = old.splitlines(), new.splitlines()
    if min(len(old_lines), len(new_lines)) > 1 and max(len(old_lines), len(new_lines)) <= _MOST_LINES:
        found = _NO_TEXT
        matcher = SequenceMatcher(None, old_lines, new_lines, autojunk=False)
        for kind, first, last, begin, stop in matcher.get_opcodes():
            if kind != "equal":
                gone, there = "\n".join(old_lines[first:last]), "\n".join(new_lines[begin:stop])
                found = found.plus(_counted(gone, there))
        return found, common
    return _counted(old, new), common


# A system prompt is edited once for many calls.
_of_known_text = lru_cache(maxsize=32)(_of_text)


def _counted(gone: str, there: str) -> _Text:
    removed, removed_unsure = (tokens_of_text(gone), unsure_of_text(gone)) if gone else (0.0, 0.0)
    added, added_unsure = (tokens_of_text(there), unsure_of_text(there)) if there else (0.0, 0.0)
    return _Text(removed, added, removed_unsure + added_unsure)


def common_start(one: str, other: str) -> int:
    """How many characters two texts begin with in common, back to the start of a word."""
    common = shared_start(one, other)
    if common == len(one) == len(other):
        return common
    while common and one[common - 1].isalnum():
        common -= 1
    return common


def _common_end(one: str, other: str, start: int) -> int:
    common = shared_end(one, other, start)
    while common and one[len(one) - common].isalnum():
        common -= 1
    return common


class _Parameters(NamedTuple):
    """What changed beside the prompt."""

    changes: list[PartChange]
    schema: _Text


def _of_parameters(sent: Mapping[str, Any], recorded: Mapping[str, Any], unknown: list[str]) -> _Parameters:
    changes: list[PartChange] = []
    schema = _NO_TEXT
    for key in dict.fromkeys((*recorded, *sent)):
        before, after = recorded.get(key), sent.get(key)
        if before is after or same({key: before}, {key: after}):
            continue
        name = key if _NAME.fullmatch(key) else "another parameter"
        changes.append(_change(name, before, after))
        if key in _CONFIGS and isinstance(before, Mapping | None) and isinstance(after, Mapping | None):
            inner = _of_parameters(after or {}, before or {}, unknown)
            schema = schema.plus(inner.schema)
        elif key in _SCHEMAS or key in _SCHEMA_IN_CONFIG:
            gone, there = _tokens(before), _tokens(after)
            schema = schema.plus(_Text(gone, there))
        elif any(isinstance(value, str) and MARK in value for value in (before, after)):
            unknown.append(_MEDIA)
        elif key in _UNTOLD:
            unknown.append(f"{key} changed")
    return _Parameters(changes, schema)


def _tokens(value: Any) -> float:
    return 0.0 if value is None else tokens_of_tool(value)


def output_limit(parameters: Mapping[str, Any]) -> int | None:
    """The most tokens of output that a request asks for."""
    limit = _limit_in(parameters)
    if limit is None:
        configs = [parameters[key] for key in _CONFIGS if key in parameters]
        limits = (_limit_in(config) for config in configs if isinstance(config, Mapping))
        return next((found for found in limits if found is not None), None)
    return limit


def _limit_in(parameters: Mapping[str, Any]) -> int | None:
    if _ANY_LIMIT.isdisjoint(parameters):
        return None
    for key in _LIMITS:
        limit = parameters.get(key)
        if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
            return limit
    return None
