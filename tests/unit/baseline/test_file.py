"""llmcost-baseline.json: what is written, and the message for each file that cannot be read."""

from __future__ import annotations

import json

import pytest
from suites import NAME, A, B, Use, accepted

from pytest_llmcost.baseline.file import parse_baseline, render_baseline
from pytest_llmcost.errors import BaselineError
from pytest_llmcost.model.baseline import Baseline

BASE = accepted(
    {A: [Use(), Use(cached=500, agent="support")], B: [Use(7, model="house-model", provider="acme")]}
)
TEXT = render_baseline(BASE)


def test_it_is_json_with_format_and_kind():
    """Other tools can read it, and tell what it is."""
    found = json.loads(TEXT)
    assert (found["format"], found["tool"], found["kind"]) == (1, "pytest-llmcost", "baseline")
    assert set(found["tests"]) == {A, B}
    assert found["tests"][B]["cost"] == "0.000907"


def test_it_is_read_back():
    """Nothing is lost on the way."""
    assert parse_baseline(TEXT, NAME) == Baseline(NAME, BASE.lines)


def test_an_empty_baseline():
    """No test, no line."""
    assert parse_baseline(render_baseline(Baseline(NAME)), NAME) == Baseline(NAME)


@pytest.mark.parametrize("mark", ["<<<<<<< HEAD", "=======", ">>>>>>> feature", "||||||| base"])
def test_conflict_marks_are_named_with_their_line(mark):
    """After a merge: what to keep, and what to type."""
    lines = TEXT.splitlines()
    with pytest.raises(BaselineError) as error:
        parse_baseline("\n".join([*lines[:5], mark, *lines[5:]]), NAME)
    assert str(error.value) == (
        f"{NAME}:6: conflict marks of git; keep all lines of both sides without the marks, then type:"
        " pytest --llm-cost --llm-cost-update"
    )


def test_both_sides_of_a_merge_without_the_marks_can_be_read():
    """As the message says: where both sides have a line of a test, the later one holds until the update."""
    lines = TEXT.splitlines()
    row = next(line for line in lines if B in line)
    assert (
        parse_baseline("\n".join([*lines[:5], f"{row.rstrip(',')},", *lines[5:]]), NAME).lines == BASE.lines
    )


@pytest.mark.parametrize("kept", [(A, B), (B, A), (A, B, A)], ids=["as it was", "turned", "twice"])
def test_commas_of_a_merge_are_no_error(kept):
    """The last line of a side has none: whoever keeps the lines of both need not look for them."""
    rows = [line for line in TEXT.splitlines() if line.startswith(' "')]
    rows = [next(row for row in rows if key in row) for key in kept]
    start = TEXT[: TEXT.index('\n "') + 1]
    for comma in ("", ","):
        body = "".join(f"{row.rstrip(',')}{comma}\n" for row in rows)
        assert parse_baseline(f"{start}{body}}}\n}}\n", NAME).lines == BASE.lines
    with pytest.raises(BaselineError, match=r":6:\d+: not valid JSON"):
        parse_baseline(f"{start}{rows[0]} x\n}}\n}}\n", NAME)


def test_a_newer_format():
    """It is not guessed at."""
    with pytest.raises(
        BaselineError, match=f"^{NAME}: format 2 is newer than this version reads .1.; upgrade"
    ):
        parse_baseline(TEXT.replace('"format": 1', '"format": 2'), NAME)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"{NAME}:1:1: not valid JSON"),
        ('{"format": 1,\n "tests": {,}}', f"{NAME}:2:12: not valid JSON"),
        (
            "[]",
            f"{NAME}: not a baseline of pytest-llmcost; make one with: pytest --llm-cost --llm-cost-update",
        ),
        ("{}", f"{NAME}: not a baseline of pytest-llmcost"),
        ('{"format": 1, "tests": []}', f"{NAME}: not a baseline of pytest-llmcost"),
        ('{"format": true, "tests": {}}', f"{NAME}: not a baseline of pytest-llmcost"),
        ("[" * 100_000, f"{NAME}: not a baseline: nested too deeply"),
    ],
)
def test_what_is_no_baseline(text, message):
    """The place, and the next command."""
    with pytest.raises(BaselineError) as error:
        parse_baseline(text, NAME)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        ('"times": 1', '"times": 0'),
        ('"times": 1', '"times": -1'),
        ('"times": 1', '"times": 1.5'),
        ('"times": 1', '"times": true'),
        ('"times": 1', '"times": "1"'),
        ('"times": 1', '"times": 1000000000000'),
        ('"calls": [', '"set_ups": 0, "calls": ['),
        ('"model": "acme/house-model"', '"model": "house-model"'),
        ('"model": "acme/house-model"', '"model": null'),
        ('"api": "openai.chat"', '"api": "no.such"'),
        ('"output_tokens": 100', '"output_tokens": -100'),
        ('"output_tokens": 100', '"output_tokens": 1e999'),
        ('"output_tokens": 100', '"output_tokens": 0.5'),
        ('"cost": "0.000907"', '"cost": "-1"'),
        ('"cost": "0.000907"', '"cost": "NaN"'),
        ('"cost": "0.000907"', '"cost": 1'),
        ('"usage": {', '"used": {'),
        ('"times": 1', '"mark": "odd", "times": 1'),
    ],
)
def test_a_damaged_line_is_named(found, wrong):
    """Which test's, and how to mend it."""
    row = next(line for line in TEXT.splitlines() if B in line)
    assert found in row
    with pytest.raises(BaselineError) as error:
        parse_baseline(TEXT.replace(row, row.replace(found, wrong)), NAME)
    assert str(error.value).startswith(f"{NAME}: the line of {B} is damaged (")
    assert str(error.value).endswith("delete that line and type: pytest --llm-cost --llm-cost-update")


@pytest.mark.parametrize("row", ["1", "null", "[]", '"x"', '{"calls": 1}', '{"calls": [1]}'])
def test_a_line_of_another_shape(row):
    """Readers never raise anything else."""
    with pytest.raises(BaselineError, match="damaged"):
        parse_baseline(f'{{"format": 1, "tests": {{"a.py::t": {row}}}}}', NAME)
