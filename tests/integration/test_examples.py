"""The examples do what their READMEs say, offline."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "quickstart"


@pytest.fixture
def project(tmp_path):
    """A copy of the example where it lies in the repository."""
    shutil.copytree(
        EXAMPLE, tmp_path / "examples" / "quickstart", ignore=shutil.ignore_patterns(".*", "__pycache__")
    )
    return tmp_path


def run(folder, *arguments):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    # pytest-asyncio warns in every project that does not set an ini key of its own; the order is to be the same.
    command = [sys.executable, "-m", "pytest", "-p", "no:asyncio", "-p", "no:randomly", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={**environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def report_of(folder):
    return json.loads((folder / ".llmcost" / "report.json").read_text())


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        (".", ["examples/quickstart"]),
        ("examples/quickstart", []),
        ("examples/quickstart", ["-n", "2"]),
        ("examples/quickstart", ["-W", "error"]),
    ],
    ids=["from the root", "from inside", "with xdist", "warnings are errors"],
)
def test_quickstart(project, where, arguments):
    """The same figures from the root and from inside, with workers and with warnings as errors."""
    done = run(project / where, "--llm-cost", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    report = report_of(project / where)
    totals = report["totals"]
    # 1,546 fresh input tokens at $0.15, 14,168 cached at $0.015 and 225 output at $0.60 per million.
    assert totals["cost"] == {"low": "0.00057942", "value": "0.00057942", "high": "0.00057942"}
    assert totals["spent"]["value"] == "0"
    assert totals["sources"] == {"replayed": 18}
    assert totals["statuses"] == {"exact": 18}
    assert totals["usage"]["input_tokens"] == 15714
    assert totals["cache_hit_rate"] == "0.901616"
    assert len(report["tests"]) == 15
    assert report["meta"]["complete"] is True
    assert {call["stream"] for call in report["calls"]} == {True, False}
    apis = {call["api"] for call in report["calls"]}
    assert apis == {"openai.chat", "openai.responses", "anthropic.messages"}
    assert all(call["cassette"]["path"].startswith("tests/cassettes/") for call in report["calls"])


def test_the_same_outcomes_without_the_flag(project):
    """The suite knows nothing of us."""
    with_us, without = (run(project / "examples/quickstart", "-v", *flag) for flag in (["--llm-cost"], []))
    outcomes = re.compile(r"^tests/\S+ (?:PASSED|FAILED|ERROR|SKIPPED)", re.MULTILINE)
    assert len(outcomes.findall(without.stdout)) == 15
    assert outcomes.findall(with_us.stdout) == outcomes.findall(without.stdout)


def test_no_word_of_us_in_the_app_or_its_tests():
    """Zero edits: only llmcost.yaml and the README name the plugin."""
    for path in EXAMPLE.rglob("*.py"):
        assert "llmcost" not in path.read_text().replace("llm_cost", "llmcost").lower()


def test_the_readme_shows_what_the_example_prints(project):
    """The section in the README is the real one, shortened."""
    printed = run(project, "examples/quickstart", "--llm-cost").stdout
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```console", 1)[1].split("```", 1)[0].splitlines()
    lines = [line for line in shown if line.strip() and line != "..." and not line.startswith("$ pytest")]
    assert len(lines) > 8
    missing = [line for line in lines if line.split("|")[0].rstrip() not in printed]
    assert missing == []
