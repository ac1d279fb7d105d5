"""Differences between two requests that say nothing of cost, and are the same in both directions.

Ids that SDKs make, times, temporary paths and ports, and what a filter has scrubbed. An edit that only moves
a time is no edit here: it has the same length.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from itertools import chain, islice
from typing import Any

# Keys whose values SDKs and servers make up anew.
_ID_KEYS = frozenset(
    {
        *("id", "tool_call_id", "tool_use_id", "toolUseId", "call_id", "callId", "item_id", "message_id"),
        *("request_id", "requestId", "trace_id", "span_id", "run_id", "session_id", "idempotency_key"),
        *("signature", "thoughtSignature", "thought_signature", "encrypted_content"),
    }
)
# A prompt that the provider keeps: its id says which text it is.
STORED_PROMPT = "pmpt_"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?[AaPp]\.?[Mm]\b\.?)?"
_ISO_TIME = rf"\d\d{{3}}-\d\d-\d\d(?:[T ]{_CLOCK})?(?:\s?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+"
_MONTH_FIRST = rf"{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}\b"
_DAY_FIRST = rf"\d{{1,2}}\.?\s+{_MONTH}\.?,?\s+\d{{4}}\b"
_HEX = r"(?=[0-9a-f]*\d)[0-9a-f]{16,128}\b"
_PORT = r":\d{2,5}\b"
_PYTEST_PATH = r"pytest-of-[^/\s\"']+/pytest-\d+"
_TEMPORARY_PATH = r"/tmp/tmp[0-9a-z_]{6,}"  # noqa: S108  # as tempfile names them


def _any(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})"


# The first character of a word decides what is tried there, as texts are long and have few of these.
_MADE_UP = re.compile(
    _any(
        r"[0-9a-fA-F][0-9a-fA-F]{7}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        r"\b"
        + _any(
            r"(?=\d)"
            + _any(
                *(_HEX, r"0x[0-9a-fA-F]{6,}\b", _ISO_TIME, _DAY_FIRST, _CLOCK),
                r"1[4-9]\d{8}(?:\d{3})?(?:\.\d+)?\b",
                rf"127\.0\.0\.1{_PORT}",
            ),
            rf"(?=[a-f]){_HEX}",
            r"(?=[A-Z])" + _any(rf"(?:{_WEEKDAY})?{_MONTH_FIRST}", _WEEKDAY + _DAY_FIRST),
            r"(?=[cflmprtw])"
            + _any(
                r"(?:call|toolu|tooluse|msg|resp|run|chatcmpl|fc|rs|ws|pyd_ai|lc_run)[-_]+(?=[0-9A-Za-z_-]{0,64}(?:\d|[a-z][A-Z]))[0-9A-Za-z_-]{8,128}\b",
                *(_PYTEST_PATH, rf"localhost{_PORT}"),
            ),
            rf"\[::1\]{_PORT}",
        ),
        *(_ISO_TIME, _PYTEST_PATH, _TEMPORARY_PATH),
    )
)
_BEFORE_DATE = re.compile(r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,?\s+(?=\x00)")
_MARK = "\x00"
# Nothing that is made up anew has two words like these: where only one of two texts has them, it was edited.
_WORDS = re.compile(r"[a-z]{2,} ([a-z]{2,} [a-z]{2,})(?=[ ,.;!?)\n]|$)")
# Cassette serializers that people write fold typographic characters into ASCII.
_FOLDED = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\xa0": " "}  # noqa: RUF001
)
_PLACEHOLDER = (
    r"(?:redacted|scrubbed|filtered|sanitized|masked|hidden|removed|dummy|fake|placeholder|secrets?|mock(?:ed)?|"
    r"test[-_ ]?(?:api[-_ ]?)?key|x{3,}|\*{3,})"
)
# Behind it, other words than these make it a sentence: "hidden gems", "fake news".
_SECRETS = (
    r"(?:[ ](?:api|access|auth|private|secret|key|token|password|email|user|org|project|account|id|name))"
)
_SCRUBBED = re.compile(
    rf"\W*{_PLACEHOLDER}(?:[-_][a-z]+|{_SECRETS}){{0,4}}\W*|[\[<{{(*]+{_PLACEHOLDER}[-_ a-z]*[\]>}})*]+",
    re.IGNORECASE,
)
_SCRUBBED_LENGTH = 48
_MOST_JSON = 100_000
_SHORT, _LONG = 256, 131_072
# What is made up anew begins at most so many characters before it differs.
_AROUND = 64
_FEW_WORDS, _TAIL = 4, 128
# A union in the place of a tuple is made anew at each look.
_LISTS = (list, tuple)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same but for noise; symmetric.

    The order of keys, and a key that is null or absent, make no difference.
    """
    if one is other:
        return True
    if isinstance(one, str):
        return isinstance(other, str) and (one == other or _same_but_noise(one, other))
    if isinstance(one, dict):
        return isinstance(other, dict) and _same_members(one, other)
    if isinstance(one, _LISTS):
        # The last message tells two requests of a conversation apart soonest.
        return (
            isinstance(other, _LISTS)
            and len(one) == len(other)
            and all(map(same, reversed(one), reversed(other)))
        )
    return (type(one) is type(other) and bool(one == other)) or _same_number(one, other)


def _same_but_noise(one: str, other: str) -> bool:
    length = len(one) + len(other)
    if length > _LONG:
        return _same_text(one, other)
    return (_same_short if length <= _SHORT else _same_long)(one, other)


def _same_number(one: Any, other: Any) -> bool:
    """1 and 1.0 are; 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    return isinstance(one, int | float) and isinstance(other, int | float) and one == other


def _same_members(one: dict[str, Any], other: dict[str, Any]) -> bool:
    for key, value in one.items():
        there = other.get(key)
        if value is there or (isinstance(value, str) and value == there):
            continue
        if not (same(value, there) or (_is_id(key, value) and _is_id(key, there))):
            return False
    return other.keys() <= one.keys() or all(value is None or key in one for key, value in other.items())


def _is_id(key: object, value: Any) -> bool:
    return key in _ID_KEYS and isinstance(value, str) and not value.startswith(STORED_PROMPT)


def _same_text(one: str, other: str) -> bool:
    if is_scrubbed(one) or is_scrubbed(other):
        return True
    if _plain_difference(one, other):
        return True
    inner, outer = _json_in(one), _json_in(other)
    return inner is not None and outer is not None and same(inner, outer)


# The names of two models, say, are compared for each pair of requests.
_same_short = lru_cache(maxsize=1024)(_same_text)
# The same prompts are compared as a whole, and again part by part.
_same_long = lru_cache(maxsize=32)(_same_text)


def _plain_difference(one: str, other: str) -> bool:
    """Whether two texts are the same but for noise: looked at from the first difference to the last."""
    start = shared_start(one, other)
    end = shared_end(one, other, start)
    middle, other_middle = one[start : len(one) - end], other[start : len(other) - end]
    start, end = max(0, start - _AROUND), max(0, end - _AROUND)
    one, other = one[start : len(one) - end], other[start : len(other) - end]
    if _has_other_words(middle, other) or _has_other_words(other_middle, one):
        return False
    if len(one) + len(other) <= _SHORT:
        return _plain_short(one) == _plain_short(other)
    return plain(one) == plain(other)


def _has_other_words(text: str, other: str) -> bool:
    """Whether a text was edited for certain; it is the quick answer for most edits."""
    found = _WORDS.search(text)
    if found is None or not other.isascii():
        return False
    if found[1] not in other:
        return True
    # Two texts differ where the differing part begins and where it ends: these are looked at, not all of it.
    more = islice(_WORDS.finditer(text, found.end()), _FEW_WORDS)
    last = islice(_WORDS.finditer(text, max(found.end(), len(text) - _TAIL)), _FEW_WORDS)
    return any(one[1] not in other for one in chain(more, last))


def shared_start(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one.startswith(other[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return low


def shared_end(one: str, other: str, start: int = 0) -> int:
    """How many characters two texts end with in common, behind their first ones."""
    length, other_length = len(one), len(other)
    low, high = 0, min(length, other_length) - start
    while low < high:
        middle = (low + high + 1) // 2
        if one.startswith(other[other_length - middle : other_length - low], length - middle):
            low = middle
        else:
            high = middle - 1
    return low


def _json_in(text: str) -> Any:
    """What a text holds that is JSON, as the arguments of a tool call are; None if it is none."""
    if text[:1] not in {"{", "["} or len(text) > _MOST_JSON:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def is_scrubbed(text: str) -> bool:
    """Whether a text stands in the place of a secret."""
    return len(text) <= _SCRUBBED_LENGTH and _is_placeholder(text)


# A question is compared with those of the other calls of its test.
@lru_cache(maxsize=1024)
def _is_placeholder(text: str) -> bool:
    return _SCRUBBED.fullmatch(text) is not None


def plain(text: str) -> str:
    """A text with what is made up anew in each run marked in it."""
    if not text.isascii():
        text = text.translate(_FOLDED)
    return _BEFORE_DATE.sub("", _MADE_UP.sub(_MARK, text))


_plain_short = lru_cache(maxsize=1024)(plain)


def plain_value(value: Any, key: object = None) -> Any:
    """A JSON value without noise, so that two that are the same mostly are equal."""
    if isinstance(value, str):
        if _is_id(key, value):
            return _MARK
        inner = _json_in(value)
        return plain(value) if inner is None else [_MARK, plain_value(inner)]
    if isinstance(value, dict):
        return {str(name): plain_value(part, name) for name, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [plain_value(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
