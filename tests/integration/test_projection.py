"""What a month costs, in real sessions: from llmcost.yaml and a baseline to the terminal, the page and report.json."""

from __future__ import annotations

import json

import pytest
from ways import PRICES

# One call costs $0.000436.
SUITE = """
    import os
    from ask import chat
    from pytest_llmcost import agent

    def work():
        with agent("support"):
            for _ in range(int(os.environ.get("CALLS", "1"))):
                with agent("search"):
                    chat()

    def test_one():
        work()

    def test_two():
        work()
        work()
"""
VOLUMES = "    projection: {support: {runs_per_month: 1000}}\n"
BASELINE = "llmcost-baseline.json"


@pytest.fixture
def desk(project):
    """Three runs of an agent with a sub-agent, accepted."""
    project.write("test_desk.py", SUITE)
    project.write("llmcost.yaml", PRICES, VOLUMES)
    run = project.run("--llm-cost-update")
    assert run.code == 0, run.output
    return project


def month(run):
    (row,) = run.report["diff"]["projection"]["agents"]
    return {name: row[name] for name in ("key", "per", "per_month", "base_number", "head_number", "delta")}


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_a_change_in_dollars_a_month(desk, options):
    """A second search in each run is $0.436 a month more; alone and in workers."""
    run = desk.run("--llm-cost-report=markdown", *options, plugins=("xdist",), CALLS="2")
    assert month(run) == {
        "key": "support",
        "per": "run",
        "per_month": 1000,
        "base_number": 3,
        "head_number": 3,
        "delta": "0.436",
    }
    assert "support, 1,000 runs     3 runs   $0.4360  $0.8720  +$0.4360 (+100%)" in run.output
    page = (desk.folder / ".llmcost/report.md").read_text(encoding="utf-8")
    assert (
        "A month at 1,000 runs of `support`: **$0.4360&nbsp;→&nbsp;$0.8720**, +$0.4360 (+100%), mean of 3 runs."
        in page
    )


def test_a_part_of_the_suite(desk):
    """The mean is of the tests that ran on both sides."""
    run = desk.run("-k", "one", CALLS="2")
    assert month(run)["head_number"] == 1
    assert month(run)["delta"] == "0.436"


def test_no_volumes(desk):
    """Nothing is said of months."""
    desk.write("llmcost.yaml", PRICES)
    run = desk.run()
    assert run.report["diff"]["projection"] is None
    assert "a month" not in run.output


def test_an_older_baseline(desk):
    """It compares as before, and a notice says why there is no month before, until it is accepted again."""
    found = json.loads((desk.folder / BASELINE).read_text())
    for row in found["tests"].values():
        del row["runs"]
        for call in row["calls"]:
            del call["within"]
    (desk.folder / BASELINE).write_text(json.dumps(found))
    run = desk.run()
    assert "as in the baseline" in run.output
    assert run.notices("projection") == [
        f"support has no month before: {BASELINE} is older than the count of agent runs; accept it again"
    ]
    assert "support, 1,000 runs     3 runs         -  $0.4360         -" in run.output
    run = desk.run("--llm-cost-update")
    assert "0 new, 2 changed, 0 gone, 0 as before" in run.output
    assert not run.notices("projection")
    assert month(desk.run())["delta"] == "0"


def test_a_name_that_nobody_has(desk):
    """The nearest one is told."""
    desk.write("llmcost.yaml", PRICES, "    projection: {serch: {calls_per_month: 5}}\n")
    run = desk.run()
    assert run.notices("projection") == ["no month for 'serch': no test runs it; the nearest is 'search'"]
