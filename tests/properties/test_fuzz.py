"""The fuzzer of ``benchmarks/``: a small run that finds nothing, and one that finds what is broken for it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASSETTES = ROOT / "examples" / "quickstart" / "tests" / "cassettes"


@pytest.fixture
def fuzz(tmp_path):
    def run(*arguments, first=""):
        code = (
            f"import sys\nsys.path.insert(0, {str(ROOT / 'benchmarks')!r})\n{first}\nimport fuzz\nfuzz.main()"
        )
        command = [
            sys.executable,
            "-c",
            code,
            "--failures",
            str(tmp_path / "failures.jsonl"),
            *map(str, arguments),
        ]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    return run


@pytest.mark.parametrize("folder", [CASSETTES, "nowhere"])
def test_hostile_inputs(fuzz, folder, tmp_path):
    """No reader raises, nothing is negative, and parts sum to the whole."""
    done = fuzz("--inputs", 3000, "--seed", "ci", "--corpus", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r" 3,000 inputs, to block 1, 0 failures, ", done.stdout)
    assert (tmp_path / "failures.jsonl").read_text() == ""


BROKEN = """
from pytest_llmcost.usage import fields, openai_chat
openai_chat.count = lambda value, key: -1 if isinstance(value.get(key), str) else fields.count(value, key)
"""


def test_a_broken_reader_is_found_and_the_run_goes_on(fuzz, tmp_path):
    """Each failure is counted by its place and written with its input."""
    done = fuzz("--inputs", 3000, "--corpus", CASSETTES, first=BROKEN)
    assert done.returncode == 1
    assert "ValueError at" in done.stdout
    assert " 3,000 inputs, " in done.stdout
    assert "negative" in (tmp_path / "failures.jsonl").read_text()
