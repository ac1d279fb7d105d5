"""Fifty tests whose prompts were edited after their answers had been recorded."""

import os
from pathlib import Path

import pytest
import vcr

from desk import answer, prompt
from edits import EDITS

HERE = Path(__file__).parents[1]
# How the recordings were made: ORIGINAL=1 before the edits, FRESH=1 for what they are compared with.
ORIGINAL, FRESH = os.environ.get("ORIGINAL"), os.environ.get("FRESH")
RECORD = os.environ.get("RECORD", "none")


@pytest.mark.parametrize("name", EDITS)
def test_desk(name):
    messages = prompt(list(EDITS).index(name))
    if not ORIGINAL:
        messages = EDITS[name](messages)
    folder = "fresh" if FRESH else "recorded"
    cassette = HERE / "cassettes" / folder / f"{name}.yaml"
    with vcr.use_cassette(str(cassette), record_mode=RECORD, filter_headers=["authorization"]):
        assert answer(messages)
