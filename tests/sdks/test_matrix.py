"""Every SDK, sync, async and streamed, live, recorded and replayed, with the plugin before vcr and after it.

``tests/sdks/run`` makes the environments. $LLMCOST_SDKS names the one it is run in, whose SDKs must then be there;
without it, SDKs that are not installed are skipped.
"""

from __future__ import annotations

import ast
import os
from pathlib import Path

import libraries_table
import pytest
from families import ENVIRONMENTS, FAMILIES
from matrix import MODES, ORDERS

ENVIRONMENT = os.environ.get("LLMCOST_SDKS")
WANTED = [FAMILIES[name] for name in (ENVIRONMENTS[ENVIRONMENT] if ENVIRONMENT else FAMILIES)]
INSTALLED = [family for family in WANTED if not family.missing]
SCENARIOS = [
    pytest.param(family, scenario, id=f"{family.name}-{scenario.name}")
    for family in INSTALLED
    for scenario in family.scenarios
]


@pytest.mark.parametrize("family", WANTED, ids=[family.name for family in WANTED])
def test_family_is_installed(family):
    """What is not there is skipped and named; in an environment made for it, it must be there."""
    if family.missing and ENVIRONMENT is None:
        pytest.skip(
            f"{', '.join(family.missing)}: not installed; tests/sdks/run makes an environment with it"
        )
    assert not family.missing


@pytest.mark.parametrize("name", FAMILIES)
def test_scenarios_are_those_of_the_file(name):
    """Every test of a file of callers is listed, and every listed one is there."""
    text = FAMILIES[name].file.read_text(encoding="utf-8")
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    there = {node.name for node in ast.parse(text).body if isinstance(node, functions)}
    listed = {f"test_{scenario.name}" for scenario in FAMILIES[name].scenarios}
    assert {function for function in there if function.startswith("test_")} == listed
    assert any(name in names for names in ENVIRONMENTS.values())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("family", INSTALLED, ids=[family.name for family in INSTALLED])
def test_nothing_is_lost_and_nothing_twice(matrix, family, order, mode):
    """The run is complete, has one call a scenario, and sends nothing in a replay."""
    cell = matrix.cell(family, order, mode)
    assert cell.run.outcomes == {"passed": len(family.scenarios)}, cell.run.output
    assert cell.run.report["meta"]["complete"], cell.run.output
    seen = [scenario for scenario in family.scenarios if mode != "live" or scenario.group.live]
    assert cell.run.report["totals"]["calls"] == len(seen)
    assert (cell.sent == 0) == (mode == "replayed")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("family", "scenario"), SCENARIOS)
def test_call_is_captured_once(matrix, family, scenario, order, mode):
    """Wire format, provider, model, usage, source and cassette of the one call are right."""
    problems = matrix.cell(family, order, mode).problems(scenario)
    assert not problems, "\n".join(problems)


def test_table_in_the_docs(matrix):
    """docs/libraries.md says what was found here; LLMCOST_UPDATE_GOLDEN=1 writes it anew."""
    found = [row for family in INSTALLED for row in libraries_table.rows(matrix, family, ENVIRONMENT)]
    path = Path(__file__).parents[2] / "docs" / "libraries.md"
    text = path.read_text(encoding="utf-8")
    if os.environ.get("LLMCOST_UPDATE_GOLDEN"):
        text = libraries_table.updated(text, found)
        path.write_text(text, encoding="utf-8")
    assert libraries_table.differences(text, found) == []
