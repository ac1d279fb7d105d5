"""examples/content_analysis: agents, both hit rates and the month add up; a lost cache of either kind fails its gate."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest


def missing():
    """What the example needs and is not installed."""
    for name, least in {"langfuse": 4, "anthropic": 2, "pytest-recording": 0, "pytest-xdist": 0}.items():
        try:
            found = int(version(name).partition(".")[0])
        except PackageNotFoundError:
            yield name
        else:
            if found < least:
                yield f"{name} {least}"


MISSING = ", ".join(missing())
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} is not installed")

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "content_analysis"
INSIDE = "examples/content_analysis"
GOLDEN = ROOT / "tests" / "reports" / "golden"
# What fails, the one cause with its dollars, and the dollars of a month.
CHANGES = {
    "lost-breakpoint": (
        {"max_increase", "max_cost", "max_cache_hit_drop", "min_cache_hit_rate"}, "cache hit rate", "0.0193131", "410.07",
    ),
    "lost-exact-cache": (
        {"max_increase", "max_cost", "max_response_cache_hit_drop", "min_response_cache_hit_rate"}, "calls", "0.001948", "44.95",
    ),
}  # fmt: skip
TOTAL, SAVED = "0.0114339", "0.0060701"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy where the example lies in the repository, so that nothing is written into the checkout."""
    folder = tmp_path_factory.mktemp("checkout")
    target = folder / "examples" / "content_analysis"
    shutil.copytree(EXAMPLE, target, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    return folder


def run(folder, *command):
    """Without plugins that other tests need, and without anybody's Langfuse."""
    foreign = ("PYTEST_", "LANGFUSE_", "OTEL_")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environ |= {
        "COLUMNS": "100",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "-p llmcost -p recording -p xdist -p no:cacheprovider",
    }
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environ, capture_output=True, text=True, encoding="utf-8"
    )


@pytest.fixture(scope="module")
def session(checkout):
    """A session and its report, from a folder and with arguments; each once."""

    @functools.cache
    def once(where, *arguments):
        done = run(checkout / where, "-m", "pytest", "--llm-cost", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout, json.loads((checkout / where / ".llmcost" / "report.json").read_text())

    return once


@pytest.fixture(scope="module")
def changed(checkout, tmp_path_factory):
    """What is printed of a change, and its report; each once."""

    @functools.cache
    def once(change):
        path = tmp_path_factory.mktemp("changed") / "report.json"
        done = run(checkout / INSIDE, "show.py", change, f"--llm-cost-report=json:{path}")
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stdout, json.loads(path.read_text())

    return once


def section_of(printed):
    return printed.partition(" LLM cost ")[2].partition("\n")[2].rpartition("\n====")[0] + "\n"


def is_golden(name, section):
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("LLMCOST_UPDATE_GOLDEN"):
        golden.write_text(section, encoding="utf-8")
    assert section == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        (".", [INSIDE]),
        (INSIDE, []),
        (INSIDE, ["-n", "2"]),
        (INSIDE, ["-W", "error"]),
    ],
    ids=["from the root", "from inside", "with xdist", "warnings are errors"],
)
def test_figures(session, where, arguments):
    """The same ones from the root and from inside, with workers and with warnings as errors."""
    printed, report = session(where, *arguments)
    totals = report["totals"]
    assert report["meta"]["complete"] is True
    assert report["verdict"] == "pass" and report["findings"] == []
    assert totals["cost"] == {"low": TOTAL, "value": TOTAL, "high": TOTAL}
    assert totals["spent"]["value"] == "0"
    assert totals["sources"] == {"replayed": 27}
    assert totals["cache_hit_rate"] == "0.836315"
    assert totals["response_cache"]["layers"] == {"L1": 11, "L2": 4}
    assert totals["response_cache"]["saved"]["high"] == SAVED
    assert len(report["tests"]) == 16
    assert report["diff"]["totals"]["delta"] == "0"
    if where == INSIDE and not arguments:
        is_golden("content-analysis", section_of(printed))


def test_agents_add_up(session):
    """To the total: in dollars, calls, lookups and hits; the workflow has everything inside it."""
    _, report = session(INSIDE)
    agents = {row["name"]: row for row in report["agents"]}
    assert set(agents) == {"content_analysis", "security", "technology", "synthesis"}
    assert sum(Decimal(row["cost"]["value"]) for row in agents.values()) == Decimal(TOTAL)
    assert sum(row["calls"] for row in agents.values()) == report["totals"]["calls"] == 27
    paths = {tuple(call["agent_path"]) for call in report["calls"] if "test_agents.py" not in call["nodeid"]}
    assert paths == {("content_analysis", name) for name in ("security", "technology", "synthesis")}
    alone = sum(
        Decimal(test["cost"]["value"]) for test in report["tests"] if "test_agents.py" in test["nodeid"]
    )
    assert Decimal(agents["content_analysis"]["with_sub_agents"]["value"]) == Decimal(TOTAL) - alone


def test_both_hit_rates(session):
    """That of the provider's prompt cache by tokens, those of the app's caches by lookups; layers and agents add up."""
    _, report = session(INSIDE)
    usage, cache = report["totals"]["usage"], report["totals"]["response_cache"]
    assert (usage["cache_read_tokens"], usage["input_tokens"]) == (21459, 25659)
    assert (cache["lookups"], cache["hits"], cache["layers"]) == (42, 15, {"L1": 11, "L2": 4})
    assert cache["unknown"] == 0
    rows = [row["response_cache"] for row in report["agents"] if row["response_cache"]]
    assert sum(row["hits"] for row in rows) == 15
    assert sum(Decimal(row["saved"]["value"]) for row in rows) == Decimal(SAVED)
    # A hit saves what the call cost that gave the answer: L2 names the article of which it was.
    costs = {call["id"]: call["cost"] for call in report["calls"]}
    assert all(one["saved"] == costs[one["call"]] for one in report["cache_events"] if one["hit"])


def test_the_month(session):
    """Thirteen articles were analysed, five of them without a call; they cost what all calls inside cost."""
    _, report = session(INSIDE)
    (month,) = report["diff"]["projection"]["agents"]
    (workflow,) = (row for row in report["agents"] if row["name"] == "content_analysis")
    assert month["head_number"] == workflow["runs"] == 13
    mean = Decimal(workflow["with_sub_agents"]["value"]) / 13
    assert abs(Decimal(month["head"]["value"]) - mean * 300_000) < Decimal("0.000001")


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_gate_says(changed, change):
    """Of a lost cache, all tests pass and the gate fails, for the one cause that it has."""
    rules, cause, dollars, month = CHANGES[change]
    printed, report = changed(change)
    assert all(test["outcome"] == "passed" for test in report["tests"])
    assert report["verdict"] == "fail"
    assert {finding["rule"] for finding in report["findings"]} == rules
    totals = report["diff"]["totals"]
    assert [(one["cause"], one["delta"]) for one in totals["causes"]] == [(cause, dollars)]
    assert totals["delta"] == dollars
    (projected,) = report["diff"]["projection"]["agents"]
    assert round(Decimal(projected["delta"]), 2) == Decimal(month)
    is_golden(f"content-analysis-{change}", section_of(printed))


def test_the_other_cache_takes_over(changed):
    """Of what nobody puts into L1, L2 answers all but the syntheses."""
    _, report = changed("lost-exact-cache")
    found = {row["name"]: row["response_cache"] for row in report["agents"]}
    assert (found["synthesis"]["lookups"], found["synthesis"]["hits"]) == (14, 0)
    assert found["security"]["hits"] == found["technology"]["hits"] == 5


def test_every_change_is_told():
    """In the README, and here."""
    assert {path.name for path in (EXAMPLE / "changes").iterdir()} == set(CHANGES)
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in CHANGES)


def test_the_readme_shows_what_the_example_prints(session):
    """Shortened, and never another figure."""
    printed, _ = session(".", INSIDE)
    shown = (EXAMPLE / "README.md").read_text(encoding="utf-8").split("```console", 1)[1].split("```", 1)[0]
    lines = [line for line in shown.splitlines() if line.strip("., ") and not line.startswith("$ ")]
    assert len(lines) > 8
    assert [line for line in lines if line not in printed] == []


def test_the_same_outcomes_without_the_flag(checkout, session):
    """The suite knows nothing of us."""
    _, report = session(INSIDE)
    done = run(checkout / INSIDE, "-m", "pytest", "-v")
    found = re.findall(r"^(tests/\S+) PASSED", done.stdout, re.MULTILINE)
    assert sorted(found) == sorted(test["nodeid"] for test in report["tests"])
    assert {test["outcome"] for test in report["tests"]} == {"passed"}


def test_no_word_of_us_in_the_app_or_its_tests():
    """Zero edits: what the app tells Langfuse is enough."""
    for path in [*EXAMPLE.glob("app/*.py"), *EXAMPLE.glob("tests/*.py")]:
        assert "llmcost" not in path.read_text().replace("llm_cost", "llmcost").lower()


def test_the_baseline_is_what_its_command_writes(checkout):
    """Nobody has edited it by hand."""
    folder = checkout / INSIDE
    before = (folder / "llmcost-baseline.json").read_text()
    (folder / "llmcost-baseline.json").unlink()
    done = run(
        folder,
        *("-m", "pytest", "--llm-cost", "--llm-cost-update", "--llm-cost-reason=the first figures"),
    )
    assert done.returncode == 0, done.stdout
    assert (folder / "llmcost-baseline.json").read_text() == before
