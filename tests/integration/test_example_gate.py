"""examples/gate: the right verdict, the right cause, dollars that add up; what is printed is in golden files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "gate"
GOLDEN = ROOT / "tests" / "reports" / "golden"
CAUSES = {
    "longer-prompt": ("fail", "0.000225", ["max_increase"], {"input per call": "0.000461", "cache hit rate": "-0.000236"}),
    "other-model": ("fail", "0.00886", ["max_increase", "max_cost"], {"model": "0.00886"}),
    "lost-breakpoint": ("fail", "0.009", ["max_increase", "max_cost", "max_cache_hit_drop"], {"cache hit rate": "0.009"}),
    "one-more-loop": ("fail", "0.0023", ["max_increase", "max_calls"], {"calls": "0.0023"}),
    "renamed-tests": ("pass", "0", [], {}),
    "moved-prices": ("pass", "0", [], {}),
}  # fmt: skip


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A copy, so that nothing is written into the checkout."""
    folder = tmp_path_factory.mktemp("examples") / "gate"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".llmcost", "__pycache__"))
    return folder


def run(example, change, report):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environ |= {"COLUMNS": "100", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "-p llmcost"}
    done = subprocess.run(
        [sys.executable, example / "show.py", change, f"--llm-cost-report=json:{report}"],
        env=environ,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("change", CAUSES)
def test_what_the_gate_says(example, tmp_path, change):
    """Of each pull request."""
    verdict, delta, rules, causes = CAUSES[change]
    code, printed = run(example, change, tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    assert (code, report["verdict"]) == ({"pass": 0, "fail": 1}[verdict], verdict), printed
    assert [finding["rule"] for finding in report["findings"]] == rules
    totals = report["diff"]["totals"]
    assert totals["delta"] == delta
    found = {cause["cause"]: Decimal(cause["delta"]) for cause in totals["causes"]}
    assert {name: round(amount, 6) for name, amount in found.items()} == {
        name: Decimal(amount) for name, amount in causes.items()
    }
    assert sum(found.values(), Decimal(0)) == Decimal(delta)
    section = printed.partition(" LLM cost ")[2].partition("\n")[2].rpartition("\n====")[0] + "\n"
    golden = GOLDEN / f"gate-{change}.txt"
    if os.environ.get("LLMCOST_UPDATE_GOLDEN"):
        golden.write_text(section, encoding="utf-8")
    assert section == golden.read_text(encoding="utf-8")


def test_every_change_is_told(example):
    """In the README, and here."""
    names = {path.name for path in (example / "changes").iterdir()}
    assert names == set(CAUSES)
    readme = (example / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in names)


def test_the_baseline_is_what_its_command_writes(example):
    """Nobody has edited it by hand."""
    main = example / "main"
    before = (main / "llmcost-baseline.json").read_text()
    (main / "llmcost-baseline.json").unlink()
    command = [sys.executable, "-m", "pytest", "-p", "llmcost", "-p", "no:cacheprovider", "--llm-cost"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, "--llm-cost-update", "--llm-cost-reason=the first figures"],
        cwd=main,
        env={**environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert (main / "llmcost-baseline.json").read_text() == before
