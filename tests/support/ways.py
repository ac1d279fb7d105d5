"""What every way of running tests is held to: calls found are calls made, each with the one who made it.

In the small suites each call states its owner (see the module ``owner``), and the report must come to the same
by itself. How many calls were made, the provider on loopback has counted.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from inner import Project, Run
from loopback import Loopback

# Prices for which one call costs a known amount: 200 fresh, 1000 cached and 34 written tokens.
PRICES = """
    version: 1
    hosts: {"127.0.0.1": acme}
    pricing:
      models:
        acme/*: {input: "1", cache_read: "0.1", output: "4"}
"""
CHAT = Decimal("0.000436")


def stated(call: dict[str, Any]) -> str:
    """The owner that made a call."""
    return call["model"]["requested"]


def found(call: dict[str, Any]) -> str:
    """The owner that the report names."""
    if call["nodeid"] is None and call["fixture"] is None:
        return call["phase"]
    if call["nodeid"] is None:
        name = call["fixture"].rpartition("::")[2]
        # pytest makes fixtures of setup_module, setUpClass and their like, and names them as it pleases.
        return f"{'shared' if name.startswith('_') else name} {call['phase']}"
    attempt = f" {call['attempt']}" if call["attempt"] > 1 else ""
    return f"{call['nodeid'].partition('::')[2]} {call['phase']}{attempt}"


def owners(run: Run) -> Counter[str]:
    """How many calls each owner has made."""
    return Counter(map(stated, run.calls))


def alone(
    project: Project,
    loopback: Loopback,
    *options: str,
    plugins: tuple[str, ...] = (),
    complete: bool = True,
    compare: bool = True,
    cache: bool = False,
    **environ: str,
) -> Run:
    """Run a suite and check its report against the provider, and its outcomes against a run without costs.

    Args:
        project: With a suite whose calls state their owners.
        loopback: The provider that they ask.
        options: Of pytest.
        plugins: As in ``Project.run``.
        complete: What the report shall say.
        compare: Whether to run without ``--llm-cost`` too.
        cache: Whether pytest keeps its cache.
        environ: More variables.
    """
    project.write("llmcost.yaml", PRICES)
    loopback.forget()
    run = project.run(*options, plugins=plugins, cache=cache, **environ)
    made = loopback.requests
    assert [found(call) for call in run.calls] == [stated(call) for call in run.calls], run.output
    assert len(run.calls) == made, run.output
    assert run.report["meta"]["complete"] is complete, run.output
    _check_totals(run)
    if compare:
        loopback.forget()
        without = project.run(*options, cost=False, plugins=plugins, **environ)
        assert (without.code, without.outcomes, loopback.requests) == (run.code, run.outcomes, made), (
            run.output + without.output
        )
    return run


def parallel(
    project: Project, loopback: Loopback, *options: str, plugins: tuple[str, ...] = (), **more
) -> Run:
    """As ``alone``, with two xdist workers."""
    more.setdefault("compare", False)
    return alone(project, loopback, "-n", "2", *options, plugins=("xdist", *plugins), **more)


def both(project: Project, loopback: Loopback, *options: str, plugins: tuple[str, ...] = ()) -> Run:
    """Run a suite alone and with two workers, which make the same of every test; returns the run alone."""
    run = alone(project, loopback, *options, plugins=plugins)
    shared = parallel(project, loopback, *options, plugins=plugins)
    assert (shared.code, shared.outcomes) == (run.code, run.outcomes), shared.output
    assert _rows(shared) == _rows(run), shared.output
    return run


def check_unfinished(run: Run, calls: dict[str, int]) -> None:
    """The report of a session that was killed has these calls of the tests that had finished, and is not complete.

    Of the test that was running then, which is called ``test_dies``, more may be known or not.
    """
    assert run.code == 0, run.output
    assert "did not finish" in run.output
    assert run.report["meta"]["complete"] is False
    assert run.report["meta"]["selection"]["full"] is False
    assert list(map(found, run.calls)) == list(map(stated, run.calls))
    assert {name: n for name, n in owners(run).items() if "test_dies" not in name} == calls


def _check_totals(run: Run) -> None:
    totals, rows = run.report["totals"], run.report["tests"]
    assert Decimal(totals["spent"]["value"]) == _cost(run.calls)
    last = {row["nodeid"]: 1 for row in rows}
    for call in run.calls:
        last[call["nodeid"]] = max(call["attempt"], last.get(call["nodeid"], 1))
    counted = [call for call in run.calls if call["attempt"] == last[call["nodeid"]]]
    assert (totals["calls"], Decimal(totals["cost"]["value"])) == (len(counted), _cost(counted))
    for row in rows:
        own = [call for call in run.calls if call["nodeid"] == row["nodeid"]]
        assert Decimal(row["spent"]["value"]) == _cost(own), row
        assert row["calls"] == sum(call["attempt"] == last[row["nodeid"]] for call in own), row


def _cost(calls: list[dict[str, Any]]) -> Decimal:
    # A response that was cut off has stated no usage.
    return CHAT * sum(call["status"] != "incomplete" for call in calls)


def _rows(run: Run) -> list[dict[str, Any]]:
    rows = [{**row, "duration": 0} for row in run.report["tests"]]
    return sorted(rows, key=lambda row: row["nodeid"])
