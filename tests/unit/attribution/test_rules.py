"""Agents by the code that calls."""

from __future__ import annotations

import pytest

from pytest_llmcost.attribution.call_sites import CallSites, call_site
from pytest_llmcost.attribution.origins import renamed
from pytest_llmcost.attribution.rules import agents_of_stack
from pytest_llmcost.model.agent_rule import AgentRule
from pytest_llmcost.model.call import Origin
from pytest_llmcost.model.rollup import runs_of

RESEARCH = AgentRule("researcher", "app/research/*.py", "")
ALL = AgentRule("app", "app/*", "")
WRITE = AgentRule("writer", "app/desk.py::Writer.*", "")


@pytest.mark.parametrize(
    ("stack", "rules", "path"),
    [
        ([], [RESEARCH], ()),
        (["app/research/plan.py::plan"], [], ()),
        (["app/research/plan.py::plan", "tests/test_a.py::test_a"], [RESEARCH], ("researcher",)),
        # A helper that every agent uses is nobody's: the frame around it decides.
        (["lib/llm.py::ask", "app/research/deep/plan.py::plan"], [RESEARCH], ("researcher",)),
        (["app/research/plan.py::plan"], [ALL, RESEARCH], ("app",)),
        (["app/research/plan.py::plan"], [RESEARCH, ALL], ("researcher",)),
        (["app/research/plan.py::plan", "app/main.py::run"], [RESEARCH, ALL], ("app", "researcher")),
        (["app/main.py::run", "app/research/plan.py::plan"], [RESEARCH, ALL], ("researcher", "app")),
        (["app/research/a.py::a", "lib/x.py::x", "app/research/b.py::b"], [RESEARCH], ("researcher",)),
        (["app/desk.py::Writer.write"], [WRITE], ("writer",)),
        (["app/desk.py::Reader.read", "app/desk.py::Writer.write"], [WRITE], ("writer",)),
        (["app/desk.py::Reader.read"], [WRITE], ()),
        (["APP/research/plan.py::plan"], [RESEARCH], ()),
    ],
)
def test_agents_of_a_stack(stack, rules, path):
    """The innermost frame that a rule names decides; agents around it are on the path."""
    assert agents_of_stack(stack, rules) == path


def run_file(name, text, **names):
    exec(compile(text, name, "exec"), names)
    return names


def test_stack_of_the_project():
    """Each function of the project once, innermost first, with the call site; somebody else's are left out."""
    sites = CallSites("/p")
    asked = run_file("/lib/sdk.py", "def ask(): return sites.stack()", sites=sites)["ask"]
    desk = "class Desk:\n    def answer(self, times=3):\n        return self.answer(times - 1) if times else ask()\n"
    made = run_file("/p/app/desk.py", desk, ask=asked)["Desk"]
    spot, stack = run_file("/p/tests/test_a.py", "def test_a(): return made().answer()", made=made)[
        "test_a"
    ]()
    assert call_site(spot) == ("app/desk.py", 3)
    assert sites.named(stack) == ("app/desk.py::Desk.answer", "tests/test_a.py::test_a")


def test_stack_ends_where_pytest_runs_a_phase():
    """What started pytest, such as a script of the project, made none of its calls."""
    sites = CallSites("/p")
    inner = run_file("/p/tests/test_a.py", "def test_a(): return sites.stack()", sites=sites)["test_a"]
    runner = run_file("/lib/site-packages/_pytest/runner.py", "def phase(): return inner()", inner=inner)[
        "phase"
    ]
    _, stack = run_file("/p/run_tests.py", "def main(): return runner()", runner=runner)["main"]()
    assert sites.named(stack) == ("tests/test_a.py::test_a",)


NESTED = Origin("t", agent="b", agent_run="2", agent_path=("a", "b"), agent_runs=("1", "2"))


@pytest.mark.parametrize(
    ("origin", "name", "path", "runs"),
    [
        (Origin("t"), "x", ("x",), {"x": ("t", None)}),
        (NESTED, "x", ("a", "b", "x"), {"a": "1", "b": "2", "x": ("t", None)}),
        (NESTED, "b", ("a", "b"), {"a": "1", "b": "2"}),
        (NESTED, "a", ("a",), {"a": "1"}),
        (Origin("t", agent="m", agent_path=("m",)), "m", ("m",), {"m": ("t", None)}),
    ],
)
def test_a_plugin_names_the_agent(origin, name, path, runs):
    """It is the innermost; an agent that the call is inside of keeps its run, another has one a test."""
    found = renamed(origin, name)
    assert (found.agent, found.agent_path) == (name, path)
    assert runs_of(found) == runs
    assert found.agent_run == (runs[name] if isinstance(runs[name], str) else None)
