"""The example of edited prompts does what its README says, offline."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "stale"


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "stale"
    shutil.copytree(EXAMPLE, target, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    return target


def run(folder, *command, **environ):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**inherited, "COLUMNS": "120", **environ},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_all_tests_pass_the_gate_fails_and_the_truth_is_within_the_intervals(folder):
    """At least 45 of 50 recordings made anew cost what lies within the interval of the estimate."""
    pytest.importorskip("openai")
    options = ("-m", "pytest", "-p", "no:asyncio", "-p", "no:randomly", "--llm-cost")
    done = run(folder, *options)
    assert "50 passed" in done.stdout, done.stdout
    assert done.returncode == 1
    assert "50 stale calls in 50 tests" in done.stdout
    shown = run(folder, "show.py")
    assert shown.returncode == 0, shown.stderr
    inside, median = re.search(r"(\d+) of 50 .*?median ([\d.]+)%", shown.stdout).groups()
    assert int(inside) >= 45
    assert float(median) <= 2.5
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert f"for {inside} of the 50" in readme
    assert f"{median} % in the median" in " ".join(readme.split())


def test_the_unedited_prompts_are_as_recorded(folder):
    """And keep every limit."""
    pytest.importorskip("openai")
    options = ("-m", "pytest", "-p", "no:asyncio", "-p", "no:randomly", "--llm-cost")
    done = run(folder, *options, ORIGINAL="1")
    assert done.returncode == 0, done.stdout
    assert "stale call" not in done.stdout
