"""The comparison of requests: never raises, is the same both ways, and sees through noise."""

from __future__ import annotations

import json

from exchanges import ANTHROPIC, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES
from hypothesis import given
from hypothesis import strategies as st
from strategies import json_values

from pytest_llmcost.model.drift import drift_from_json, drift_to_json
from pytest_llmcost.replay.drift import common_start, drift_of
from pytest_llmcost.replay.form import form_of, value_of
from pytest_llmcost.replay.json_paths import parse_path, without
from pytest_llmcost.replay.noise import plain, plain_value, same
from pytest_llmcost.replay.prompt_size import about_tokens
from pytest_llmcost.replay.tokens import tokens_of_text

KEYS = [
    "model",
    "messages",
    "system",
    "tools",
    "contents",
    "input",
    "temperature",
    "max_tokens",
    "response_format",
]
urls = st.sampled_from([OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC, GEMINI, "http://[::1", ""])
messages = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant"]) | json_values},
        optional={"content": json_values, "type": json_values, "tool_calls": json_values},
    ),
    max_size=5,
)
requests = st.dictionaries(st.sampled_from(KEYS), json_values | messages, max_size=5)
noise = st.sampled_from(
    [
        "2026-11-23T10:00:00Z",
        "2024-01-02",
        "7f3c1f8e-5d3b-4c1e-9d2a-0123456789ab",
        "call_a1b2c3d4e5f6",
        "0x7f3a1c0d2e10",
    ]
)


def form(request, url):
    return form_of(value_of(json.dumps(request).encode()), url)


@given(one=requests, other=requests, url=urls)
def test_any_two_requests_are_compared(one, other, url):
    """Whatever stands in them; sizes are never negative, and one with itself has no change."""
    found = drift_of(form(one, url), form(other, url))
    counts = (found.added, found.removed, found.tools_added, found.tools_removed, found.prompt, found.prefix)
    assert min(counts) >= 0
    assert drift_from_json(json.loads(json.dumps(drift_to_json(found)))) == found
    assert not drift_of(form(one, url), form(one, url)).changes


@given(one=requests, other=requests, url=urls)
def test_a_change_is_one_in_both_directions(one, other, url):
    """Who sent and who was recorded makes no difference to whether anything changed."""
    there, back = drift_of(form(one, url), form(other, url)), drift_of(form(other, url), form(one, url))
    assert bool(there.changes) == bool(back.changes)
    assert (there.removed == 0 and there.added == 0) == (back.removed == 0 and back.added == 0)


@given(one=json_values, other=json_values)
def test_noise_is_symmetric(one, other):
    """And values that are equal without noise are the same."""
    assert same(one, other) == same(other, one)
    assert same(one, one)
    if plain_value(one) == plain_value(other) and type(one) is type(other):
        assert same(one, other)


@given(before=st.text(max_size=20), one=noise, other=noise, after=st.text(max_size=20))
def test_what_is_made_up_anew_is_the_same_wherever_it_stands(before, one, other, after):
    """Between any words."""
    if one[:2] == other[:2]:
        assert same(f"{before} {one} {after}", f"{before} {other} {after}")


words = st.sampled_from(["at", "pm", "call", "now and", "deadbeef", "tmp", "mar", "then", "run", "localhost"])
pieces = st.lists(
    noise
    | words
    | st.sampled_from([" ", "  ", "-", "_", "/tmp/tmpabcdef", "10:30 pm", "March 3, 2026", "’", "7"]),
    max_size=8,
)


@given(one=pieces, other=pieces, joint=st.sampled_from([" ", ", "]))
def test_the_quick_answer_for_edits_is_never_wrong(one, other, joint):
    """Words that only one text has tell an edit at once: never where all that differs is made up anew."""
    first, second = joint.join(one), joint.join(other)
    assert same(first, second) or plain(first) != plain(second)


@given(body=st.binary(max_size=300))
def test_any_bytes_are_a_request(body):
    """Also those of forms that are cut."""
    found = form_of(value_of(body), OPENAI_CHAT)
    assert not drift_of(found, found).changes
    assert about_tokens(body) is None or about_tokens(body) >= 0


@given(body=st.binary(max_size=100))
def test_any_form_is_a_request(body):
    """Of uploads."""
    whole = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--b\r\n' + body
    found = form_of(value_of(whole), OPENAI_CHAT)
    assert not drift_of(found, found).changes


@given(one=st.text(max_size=60), other=st.text(max_size=60))
def test_rough_counts_hold(one, other):
    """Of any text, and of what two texts begin with."""
    assert tokens_of_text(one) >= 0
    assert tokens_of_text(one + " " + other) >= tokens_of_text(one) * 0.5
    start = common_start(one, other)
    assert one[:start] == other[:start]


@given(value=json_values, path=st.sampled_from(["$.a", "$.a.*", "$..b", "$.a[0]", "$.*[*].c"]))
def test_a_path_takes_out_and_puts_nothing_in(value, path):
    """And once is enough."""
    steps = [parse_path(path)]
    assert len(json.dumps(without(value, steps))) <= len(json.dumps(value))
