"""llmcost init, as it is typed."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sample
from hypothesis import given
from hypothesis import strategies as st
from runs import GPT, made, run, save

from pytest_llmcost.model.wildcards import matches
from pytest_llmcost.config.load import read_configuration
from pytest_llmcost.model.budget import BudgetScope, LimitKey
from pytest_llmcost.reports.starter import AgentFigures, Figures, render_starter

A, B = "tests/test_a.py::test_a", "tests/test_a.py::test_b"
YAML = "llmcost.yaml"


@pytest.fixture
def llmcost(llmcost, tmp_path):
    """The command, in a folder with the report of a priced run."""
    save(tmp_path / ".llmcost" / "report.json", sample.report(sample.calls()[:6]))
    return llmcost


def test_the_run_keeps_its_own_limits(llmcost, tmp_path):
    """The file is written, and the run that it was made from passes by it."""
    done = llmcost("init")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith((tmp_path / YAML).read_text())
    assert llmcost("check", "--fail-on", "warning").code == 0


def test_what_it_limits(llmcost, tmp_path):
    """The suite and its increase, each test, each agent's dearest run, and cache hit rates where there are any."""
    llmcost("init")
    budgets = read_configuration((tmp_path / YAML).read_text(), YAML).budgets
    assert [(budget.scope, budget.match, *budget.limits) for budget in budgets] == [
        (BudgetScope.SUITE, "*", LimitKey.MAX_COST),
        (BudgetScope.SUITE, "*", LimitKey.MAX_INCREASE),
        (BudgetScope.TEST, "*", LimitKey.MAX_COST),
        (BudgetScope.AGENT_RUN, "researcher", LimitKey.MAX_COST),
        (BudgetScope.AGENT_RUN, "support_agent", LimitKey.MAX_COST),
        (BudgetScope.AGENT, "support_agent", LimitKey.MIN_CACHE_HIT_RATE),
    ]


def test_twice_as_dear_does_not_pass(llmcost, tmp_path):
    """The limits bite."""
    save(tmp_path / ".llmcost" / "report.json", run({A: [made(GPT, 1000, 100)]}))
    llmcost("init")
    save(tmp_path / "now.json", run({A: [made(GPT, 1000, 100)] * 2}))
    assert llmcost("check", "now.json").code == 1


def test_an_existing_file_stays(llmcost, tmp_path):
    """What it would say is printed, to be copied; exit status 2."""
    (tmp_path / YAML).write_text("# mine\n")
    done = llmcost("init")
    assert done.code == 2
    assert (tmp_path / YAML).read_text() == "# mine\n"
    assert "scope: suite" in done.out
    assert done.err == (
        "llmcost init: llmcost.yaml exists and stays as it is; copy from the lines above what you want\n"
    )


def test_another_name(llmcost, tmp_path):
    """Another report and another file."""
    save(tmp_path / "old.json", run({A: [made(GPT, 1000, 100)]}))
    assert llmcost("init", "--report", "old.json", "--config", "limits.yaml").code == 0
    assert (tmp_path / "limits.yaml").exists()
    assert not (tmp_path / YAML).exists()


def test_the_commands_to_type_next(llmcost, tmp_path):
    """They are about the files that were named."""
    assert llmcost("init").out.endswith(
        "\nllmcost.yaml is written; judge the run by it: llmcost check;"
        " accept its cost: pytest --llm-cost --llm-cost-update\n"
    )
    save(tmp_path / "my run.json", run({A: [made(GPT, 1000, 100)]}))
    said = llmcost("init", "--report", "my run.json", "--config", "ci.yaml").out
    assert said.endswith(
        "\nci.yaml is written; judge the run by it: llmcost check 'my run.json' --config ci.yaml;"
        " accept its cost: pytest --llm-cost --llm-cost-config=ci.yaml --llm-cost-update\n"
    )
    assert llmcost("check", "my run.json", "--config", "ci.yaml").code == 0


def test_a_run_with_calls_of_unknown_cost(llmcost, tmp_path):
    """No limit can be set to them: what to paste, exit status 3, and no file."""
    save(tmp_path / ".llmcost" / "report.json", sample.report())
    done = llmcost("init")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("llmcost init: 4 calls of unknown cost, to which no limit can be set")
    assert '"openai/gpt-7": {input: "...", output: "..."}' in done.err
    assert not (tmp_path / YAML).exists()


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (run({A: []}), "no call that counts, so that there is nothing to limit"),
        (run({A: [made(GPT, 1, 1)]}, faults=("gw0 was killed",)), "the run is not complete"),
    ],
)
def test_a_run_that_says_too_little(llmcost, tmp_path, report, says):
    """Exit status 3, and no file."""
    save(tmp_path / ".llmcost" / "report.json", report)
    done = llmcost("init")
    assert (done.code, done.out) == (3, "")
    assert says in done.err
    assert not (tmp_path / YAML).exists()


def test_a_part_of_the_suite(llmcost, tmp_path):
    """Its limits are those of a part, and that is said."""
    save(tmp_path / ".llmcost" / "report.json", run({A: [made(GPT, 1000, 100)]}, full=False))
    assert "not all of the suite has run" in llmcost("init").err


def test_nowhere_to_write(llmcost):
    """The reason in one line."""
    done = llmcost("init", "--config", "nowhere/llmcost.yaml")
    assert done.code == 2
    assert "nowhere/llmcost.yaml: cannot be written: No such file or directory" in done.err


_COSTS = st.decimals(min_value=0, max_value=10**6, places=9)
_RATES = st.decimals(min_value=0, max_value=1, places=6)


@given(cost=_COSTS, test=_COSTS, dearest=_COSTS, rate=st.none() | _RATES, name=st.text(min_size=1))
def test_any_figures_make_a_file_that_they_keep(cost, test, dearest, rate, name):
    """Whatever the figures and the agent's name: the file is read without an error, and its limits hold."""
    agent = AgentFigures(name, dearest, rate)
    text = render_starter(Figures(cost, 3, test, [agent], "report.json", "2026-11-23"))
    found = {(one.scope, key): one for one in read_configuration(text, YAML).budgets for key in one.limits}
    for scope, figure in (
        (BudgetScope.SUITE, cost),
        (BudgetScope.TEST, test),
        (BudgetScope.AGENT_RUN, dearest),
    ):
        limit = found[scope, LimitKey.MAX_COST].limits[LimitKey.MAX_COST]
        assert figure <= limit <= figure * Decimal("1.22")
    assert matches(found[BudgetScope.AGENT_RUN, LimitKey.MAX_COST].match, name)
    if rate:
        assert (
            found[BudgetScope.AGENT, LimitKey.MIN_CACHE_HIT_RATE].limits[LimitKey.MIN_CACHE_HIT_RATE] <= rate
        )
