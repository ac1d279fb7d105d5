"""A report that is read after another one is what it is when it is read alone."""

from __future__ import annotations

import pytest
import sample
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llmcost.errors import ReportError
from pytest_llmcost.reports.json_calls import KnownCalls
from pytest_llmcost.reports.json_reader import parse_report
from pytest_llmcost.reports.json_report import render_json

TEXT = render_json(sample.report())
START = TEXT.index('\n"calls": ')
END = TEXT.index('\n"cache_events": ')
# What a row may have in the place of what it has: more, less, another type, an object within an object.
BITS = [
    *('"', "\\", "{", "}", "[", "]", ",", ":", "\n", " ", "\x00", "9", "-", "e", "null", "true", '"x"', "{}"),
    *('"0.5"', '"NaN"', '"\\u0041"', '"id": 1, ', '"id": "c1", ', ', "cost": {', ', "started_at": "', ",\n "),
    ', "price": null',
    ', "x": {"y": 1',
    '"x": {"y": 1, ',
    '}, "latency": null',
    '"failed_attempts": [], ',
    '"sub_calls": [], ',
    '"usage": null, ',
    '"status": "free", ',
    '", "nodeid": ',
]


def read(text, known=None):
    """The report, or why it cannot be read."""
    try:
        return repr(parse_report(text, "report.json", known))
    except ReportError as error:
        return str(error)


def after(first, text):
    """What is read of a report once another one is known."""
    known = KnownCalls()
    parse_report(first, "head.json", known)
    return read(text, known)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("", ""),
        ('"id": "c1"', '"id": "c0"'),
        ('"id": "c1"', '"id": "\\u0063"'),
        ('"id": "c1"', '"id": "a\tb"'),
        ('"id": "c1"', '"id": 1'),
        ("T12:00:00.000Z", "T13:30:00.000Z"),
        ("T12:00:00.000Z", "T99:30:00.000Z"),
        ('"latency": null', '"latency": 1.25'),
        ('"latency": null', '"latency": 01.25'),
        ('"answered_at": null', '"answered_at": "2026-11-23T12:00:00.000Z"'),
        ('"failed_attempts": []', '"failed_attempts": [429]'),
        ('"input_tokens": 1200', '"input_tokens": 1201'),
        ('"input_tokens": 1200', '"input_tokens": "1200"'),
        ("genai-prices 9.9.9", "genai-prices 9.9.10"),
        ('"0.00034"', '"0.00035"'),
        ('"0.00034"', '"1e9"'),
        ('"0.00034"', "0.00034"),
        ('"status": "exact"', '"status": "free"'),
        ('"status": "exact"', '"status": "cheap"'),
        ('"openai/gpt-fixed@standard": {', '"openai/other@standard": {'),
        ('"card": "openai/gpt-fixed@standard"', '"card": "nobody/knows"'),
        ('"format": 1', '"format": 2'),
        ('"nodeid"', '"test"'),
        ('"phase"', '"when"'),
        ('"started_at"', '"began_at"'),
        (', "nodeid"', ',"nodeid"'),
    ],
)
def test_a_difference(before, now):
    """Each is read, or refused in the same words, as if no other report were known."""
    assert before in TEXT
    text = TEXT.replace(before, now) if before else TEXT
    assert after(TEXT, text) == read(text)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_cut_short(share):
    """Half a file is refused as ever, whichever of both it is."""
    text = TEXT[: int(len(TEXT) * share)]
    assert after(TEXT, text) == read(text)
    assert "not a report of pytest-llmcost" in read(text)


def test_calls_that_are_known_share_what_they_say():
    """What was used is one object in both reports; the prices are those of each."""
    known = KnownCalls()
    one = parse_report(TEXT, "head.json", known)
    other = parse_report(TEXT.replace("T12:00:", "T14:00:"), "base.json", known)
    both = [
        (a, b) for a, b in zip(one.calls, other.calls, strict=True) if a.measured.usage is b.measured.usage
    ]
    assert len(both) > len(one.calls) // 2
    for a, b in both:
        assert a.measured.started_at != b.measured.started_at
        assert b.lookup == a.lookup
        assert b.lookup.card is (b.lookup.card and other.rate_cards[b.lookup.card.name])


def test_calls_in_another_order():
    """Tests that run in another order, and calls that come and go, are read as they stand."""
    rows = TEXT[START:END].removeprefix('\n"calls": [\n ').removesuffix("\n],").split(",\n ")
    for order in (rows[::-1], rows[1:], [*rows, *rows], rows[:1]):
        text = "".join((TEXT[:START], '\n"calls": [\n ', ",\n ".join(order), "\n],", TEXT[END:]))
        assert after(TEXT, text) == read(text)
        assert after(text, TEXT) == read(TEXT)


@settings(deadline=None, max_examples=400)
@given(
    st.lists(st.tuples(st.integers(START, END), st.integers(0, 12), st.sampled_from(BITS)), max_size=3),
    st.data(),
)
def test_whatever_stands_there(edits, data):
    """Any damage to either report: the same report, or the same refusal, as if the other were not known."""
    text = TEXT
    for place, cut, bit in edits:
        if data.draw(st.booleans()):  # where a member starts
            place = text.find(', "', place) + 2
        text = f"{text[:place]}{bit}{text[place + cut :]}"
    assert after(TEXT, text) == read(text)
    if read(text).startswith("RunReport"):
        assert after(text, TEXT) == read(TEXT)
