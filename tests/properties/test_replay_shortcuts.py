"""The comparison of requests takes shortcuts: each gives what the plain way gives."""

from __future__ import annotations

import copy
import json
import re
from difflib import SequenceMatcher

from hypothesis import given
from hypothesis import strategies as st
from strategies import json_values

from pytest_llmcost.replay import canonical as module
from pytest_llmcost.replay import compare, drift, media, noise, tokens
from pytest_llmcost.replay.canonical import canonical
from pytest_llmcost.replay.form import form_of
from pytest_llmcost.replay.shared import with_shared
from pytest_llmcost.usage.request_parts import compact_json, compact_size

MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
WEEKDAY = r"(?:\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+)?"
CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?[AaPp]\.?[Mm]\b\.?)?"
MADE_UP = (
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    r"\b(?:call|toolu|tooluse|msg|resp|run|chatcmpl|fc|rs|ws|pyd_ai|lc_run)[-_]+(?=[0-9A-Za-z_-]{0,64}(?:\d|[a-z][A-Z]))[0-9A-Za-z_-]{8,128}\b",
    r"\b(?=[0-9a-f]*\d)[0-9a-f]{16,128}\b",
    r"\b0x[0-9a-fA-F]{6,}\b",
    rf"\d{{4}}-\d\d-\d\d(?:[T ]{CLOCK})?(?:\s?(?:Z|UTC|[+-]\d\d:?\d\d))?",
    rf"{WEEKDAY}\b{MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}\b",
    rf"{WEEKDAY}\b\d{{1,2}}\.?\s+{MONTH}\.?,?\s+\d{{4}}\b",
    rf"\b{CLOCK}",
    r"\b1[4-9]\d{8}(?:\d{3})?(?:\.\d+)?\b",
    r"pytest-of-[^/\s\"']+/pytest-\d+",
    r"/tmp/tmp[0-9a-z_]{6,}",
    r"\b(?:localhost|127\.0\.0\.1|\[::1\]):\d{2,5}\b",
)
PIECES = [
    *(
        "2026-11-23T10:00:00Z",
        "2026-11-23",
        "10:30",
        " ",
        " ",
        "-",
        "_",
        "x",
        "\n",
        "7",
        "23",
        "12",
        "2026",
        "٣",
    ),
    *(
        "Monday",
        "Mon, ",
        "November",
        "Nov",
        "May 3, 2026",
        "3 March 2026",
        "a.m.",
        "PM",
        "Z",
        "+02:00",
        "1st",
    ),
    *("/tmp/tmpabc123", "/tmp/", "tmp", "pytest-of-a/pytest-1", "pytest-of-", "localhost:80", "[::1]:8080"),
    *(
        "127.0.0.1:99",
        "call_",
        "run-",
        "0x",
        "deadbeef",
        "ab12",
        "aB3",
        "1732352400",
        "é",
        "stop",
        "the tests",
    ),
    "7f3c1f8e-5d3b-4c1e-9d2a-0123456789ab",
]
texts = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)
prompts = texts | st.text(max_size=40)
long_texts = st.builds(lambda text, times: text * times, prompts, st.integers(0, 400))
parts = st.dictionaries(
    st.sampled_from(["role", "content", "text", "name", "url", "data"]), long_texts, max_size=3
)
messages = st.lists(parts | st.builds(lambda part: {"role": "user", "content": [part]}, parts), max_size=5)
requests = st.dictionaries(
    st.sampled_from(["model", "messages", "system", "tools", "temperature", "stop"]),
    messages | json_values | long_texts | st.sampled_from([0.0, -0.0, 0, 1, 1.0, True, False, None]),
    max_size=5,
)


def plain_json(value):
    return json.dumps(value, sort_keys=True)


@given(text=texts)
def test_what_is_made_up_is_found_as_pattern_by_pattern(text):
    """Where it may begin decides only what is tried there."""
    assert noise._MADE_UP.sub("#", text) == re.sub("|".join(MADE_UP), "#", text)


@given(first=st.lists(texts, max_size=12), second=st.lists(texts, max_size=12), between=prompts)
def test_an_edit_is_told_by_its_words_only_where_the_whole_text_tells(first, second, between):
    """Wherever it lies in long texts, and in however many places."""
    middle = f" {between} and so on, as the handbook of the house says it. " * 5
    one, other = middle.join(first), middle.join(second)
    if noise.plain(one) == noise.plain(other):
        assert noise.same(one, other)


@given(text=prompts | long_texts)
def test_tokens_are_those_of_the_pieces(text):
    """Counted one by one."""
    assert tokens.tokens_of_text(text) == sum(map(tokens._tokens_of_piece, tokens._PIECE.findall(text)))


@given(value=json_values | messages | long_texts | requests)
def test_a_size_is_that_of_the_text(value):
    """Written down."""
    assert compact_size(value) == len(compact_json(value).encode("utf-8", "surrogatepass"))


@given(one=requests, other=requests)
def test_canonical_texts_are_equal_where_sorted_json_is(one, other):
    """And with one memory for both sides, too."""
    known = {}
    assert (canonical(one, known) == canonical(other, known)) == (plain_json(one) == plain_json(other))
    assert canonical(one, known) == canonical(copy.deepcopy(one))


@given(one=requests, data=st.data())
def test_what_is_shared_changes_nothing(one, data):
    """The request is the same to the letter, in the same order, and so are its parts."""
    other = {key: copy.deepcopy(value) for key, value in one.items() if data.draw(st.booleans())}
    other |= data.draw(requests)
    before = json.dumps(one)
    shared = with_shared(one, other)
    assert json.dumps(shared) == before == json.dumps(one)
    known = {}
    url = "https://api.openai.com/v1/chat/completions"
    assert form_of(other, url, known) == form_of(other, url)
    assert json.dumps(form_of(shared, url, known)._replace(parameters={})) == json.dumps(
        form_of(one, url)._replace(parameters={})
    )


def apart(value, key, found, *, held):
    """What ``set_apart`` does, for each string."""
    if isinstance(value, str):
        return media._set_apart(value, key, found, held=held)
    if isinstance(value, dict):
        if value.get("type") == "text" and isinstance(value.get("data"), str):
            return media._set_apart(value, key, found, held=held)
        first = len(found)
        new = {
            name: part
            if name in media._ARGUMENTS and isinstance(part, dict)
            else apart(part, name, found, held=held or name in media._HOLDERS)
            for name, part in value.items()
        }
        detail = value.get("detail")
        if isinstance(detail, str) and detail != "auto":
            found[first:] = [medium._replace(detail=detail) for medium in found[first:]]
        return new
    return [apart(part, key, found, held=held) for part in value] if isinstance(value, list) else value


names = st.sampled_from(
    ["image_url", "url", "source", "data", "type", "text", "detail", "args", "file_id", "parts"]
)
strings = st.sampled_from(["data:image/png;base64,iVBORw0KGgo=", "https://a/b.png", "text", "high", "A" * 40])
with_media = st.recursive(
    strings,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(value=with_media)
def test_media_are_set_apart_wherever_they_are(value):
    """In the same order, and the request is not touched."""
    before, quick, slow = copy.deepcopy(value), [], []
    assert media.set_apart(value, quick) == apart(value, None, slow, held=False)
    assert quick == slow
    assert value == before


@given(common=st.lists(parts, max_size=4), ends=st.tuples(messages, messages))
def test_messages_stand_for_each_other_as_their_texts_do(common, ends):
    """Those that both requests share, and those that came, went or were edited behind them."""
    before, after = ([*common, *end] for end in ends)
    matcher = SequenceMatcher(None, [*map(compact_json, before)], [*map(compact_json, after)], autojunk=False)
    plain = []
    for _, first, last, start, end in matcher.get_opcodes():
        both = min(last - first, end - start)
        plain += [(first + step, start + step) for step in range(both)]
        plain += [(old, None) for old in range(first + both, last)]
        plain += [(None, new) for new in range(start + both, end)]
    assert list(drift._aligned(before, after)) == plain


def texts_in(value, key=None):
    """What the model reads, found without a look at what most messages are."""
    if isinstance(value, str):
        return [] if key in tokens._UNREAD or value.startswith(media.MARK) else [value]
    if isinstance(value, dict):
        return [
            text
            for name, part in value.items()
            if name not in tokens._CACHE_MARKS
            for text in (
                [compact_json(part)]
                if name in tokens._ARGUMENTS and isinstance(part, dict)
                else texts_in(part, name)
            )
        ]
    return [text for part in value for text in texts_in(part, key)] if isinstance(value, list) else []


read = st.recursive(
    prompts | st.sampled_from([media.MARK + "7f3c", None, 1.5]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "text", "id", "cache_control", "input"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(value=read | st.builds(lambda content: {"role": "user", "content": content}, read))
def test_the_text_of_a_message_is_all_that_is_read(value):
    """Of a usual one as of any other."""
    assert tokens.text_of(value) == "\n".join(texts_in(value))


@given(start=long_texts, end=long_texts, gone=prompts, there=prompts)
def test_texts_have_in_common_what_a_look_at_each_character_finds(start, end, gone, there):
    """At both ends."""
    one, other = start + gone + end, start + there + end
    common = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    assert noise.shared_start(one, other) == common
    rest, other_rest = one[common:][::-1], other[common:][::-1]
    behind = next(
        (i for i, (a, b) in enumerate(zip(rest, other_rest)) if a != b), min(len(rest), len(other_rest))
    )
    assert noise.shared_end(one, other, common) == behind


@given(start=long_texts, end=long_texts, gone=prompts, there=prompts)
def test_an_edit_that_is_known_is_what_it_was(start, end, gone, there):
    """Also where nothing was there before, or nothing is left."""
    for one, other in ((start + gone + end, start + there + end), ("", there), (gone, "")):
        assert drift._of_any_text(one, other) == drift._of_any_text(one, other) == drift._of_text(one, other)
        assert drift._of_text("", other) == (drift._counted("", other), 0)


def abridged(value, depth):
    """What ``_abridged`` gives, with a copy of everything."""
    if isinstance(value, str):
        return value if len(value) < module._LONG else module._MARK + module.digest(value)
    if isinstance(value, dict):
        kinds = (str, list) if depth < module._DEPTH else (str, list, dict)
        return {
            name: abridged(part, depth - 1) if isinstance(part, kinds) else part
            for name, part in value.items()
        }
    if isinstance(value, list) and depth and len(value) <= module._MOST_ITEMS:
        return [abridged(part, depth - 1) for part in value]
    return value


@given(value=messages | json_values | st.recursive(long_texts, lambda inner: st.lists(inner, max_size=3)))
def test_hashes_stand_for_long_texts_only(value):
    """What has none is written down as it is, and the request is not touched."""
    before = copy.deepcopy(value)
    if isinstance(value, dict | list):
        assert json.dumps(module._abridged(value, module._DEPTH)) == json.dumps(
            abridged(value, module._DEPTH)
        )
    else:
        assert canonical({"stop": value}) == f'"stop":{abridged(value, 0)!r}'
    assert value == before


def test_all_marks_of_caching_begin_as_they_are_looked_for():
    """A request without that is not searched for each of them."""
    assert all(mark.startswith(compare._MARKS_BEGIN) for mark in compare._MARKS_IN_JSON)
