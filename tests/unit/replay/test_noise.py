"""What two requests may differ in without a change of cost."""

from __future__ import annotations

import json

import pytest

from pytest_llmcost.replay.noise import is_scrubbed, same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": [2, {"c": "x"}]}, {"b": [2, {"c": "x"}], "a": 1}),
        ({"a": 1, "b": None}, {"a": 1}),
        ({"temperature": 1}, {"temperature": 1.0}),
        ({"tool_call_id": "call_abcdefgh12345"}, {"tool_call_id": "pyd_ai_0123456789abcdef"}),
        ("run 7f3c1f8e-5d3b-4c1e-9d2a-0123456789ab", "run 00000000-5d3b-4c1e-9d2a-0123456789ab"),
        ("Now: 2026-11-23T10:00:00.123Z.", "Now: 2025-01-02T03:04:05+00:00."),
        ("Today is Monday, November 23, 2026.", "Today is Friday, January 2, 2026."),
        ("It is 23 Nov 2026, 10:15 AM", "It is 1 December 2025, 9:01 PM"),
        ("at 1732352400", "at 1764150000.25"),
        ("object at 0x7f3a1c0d2e10>", "object at 0x7fffdeadbeef>"),
        ("/tmp/pytest-of-anna/pytest-12/x", "/tmp/pytest-of-ci/pytest-0/x"),
        ("http://127.0.0.1:54321/mcp", "http://127.0.0.1:8000/mcp"),
        ("it’s “fine” – really…", 'it\'s "fine" - really...'),
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}'),
        ({"key": "REDACTED"}, {"key": "sk-proj-1234"}),
        ({"key": "<SCRUBBED>"}, {"key": "sk-proj-1234"}),
    ],
    ids=[
        *("order-of-keys", "null", "int-and-float", "ids", "uuid", "iso-time", "date", "day-first", "epoch"),
        *("address", "temporary-path", "port", "typographic", "json-in-text", "redacted", "scrubbed"),
    ],
)
def test_noise_is_no_change_in_either_direction(one, other):
    """What SDKs, clocks, machines and filters make anew says nothing of cost."""
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("You are terse.", "You are terse. Think step by step."),
        ({"content": ""}, {"content": "hello"}),
        ([1, 2], [2, 1]),
        ([1], [1, 1]),
        ({"stream": True}, {"stream": 1}),
        ({"name": "a"}, {"name": "b"}),
        ("order 66", "order 67"),
        ('{"city": "Rome"}', '{"city": "Oslo"}'),
        ({"a": {}}, {"a": []}),
        ("Hidden gems in Paris", "List everything that there is to see in Paris, by district and by season."),
        ("Fake news in the south", "Fake news in the far north"),
        ("use run_search_query", "use run_everything_else_that_you_find"),
        ("data " + "ab12" * 4000, "data " + "ab12" * 5),
        ("pi is 3." + "14159265" * 400, "pi is 3." + "14159265" * 5),
        ({"prompt": {"id": "pmpt_68a1"}}, {"prompt": {"id": "pmpt_7c02"}}),
    ],
)
def test_an_edit_is_a_change_in_either_direction(one, other):
    """Text, order of a list, types and values of parameters matter."""
    assert not same(one, other)
    assert not same(other, one)


@pytest.mark.parametrize(
    "text",
    [
        *("REDACTED", "***", "<redacted>", "DUMMY_API_KEY", "scrubbed", "XXXX", "fake-key", "FILTERED"),
        *("[filtered by the recorder]", "dummy api key", "removed_by_vcr", "test-key", "*** hidden ***"),
    ],
)
def test_what_filters_put_in_the_place_of_secrets_is_known(text):
    """Filters write a few words."""
    assert is_scrubbed(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "a secret garden is a place where flowers grow", "hello", "fake news spread", "Hidden gems"),
        *("Mock interview please", "removed the item", "filtered water or tap?", "test keys of a piano"),
    ],
)
def test_prompts_are_not_taken_for_placeholders(text):
    """A sentence that begins with such a word is a prompt."""
    assert not is_scrubbed(text)


def test_deep_nesting_in_a_text_is_text():
    """A tool's arguments may be of anybody's making."""
    deep = "[" * 100_000
    assert same(deep, deep + "")
    assert not same(deep, deep + "[")
    assert same(json.dumps({"a": [1]}), '{"a":[1]}')
