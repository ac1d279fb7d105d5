"""Agents of apps without tracing: rules of llmcost.yaml, and the hook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "hooks.md"
PRICES = """
    version: 1
    hosts: {"127.0.0.1": acme}
    pricing: {models: {acme/*: {input: "1", cache_read: "0.1", output: "4"}}}
"""
RULES = """
    agents:
      - {name: researcher, call_site: "app/research/*.py"}
      - {name: writer, call_site: "app/desk.py::write"}
      - {name: desk, call_site: app/desk.py}
"""
SUITE = """
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    import pytest
    import pytest_llmcost
    from app import desk
    from ask import chat

    def test_research():
        desk.research()

    def test_write():
        desk.write()

    def test_in_a_pool():
        with ThreadPoolExecutor() as pool:
            pool.submit(desk.write).result()

    def test_async():
        asyncio.run(desk.write_async())

    def test_context_comes_first():
        with pytest_llmcost.agent("editor"):
            desk.write()

    @pytest.mark.llm_agent("marked")
    def test_rule_comes_before_marker():
        desk.write()

    @pytest.mark.llm_agent("marked")
    def test_marker():
        chat()

    def test_nobody():
        chat()
"""


@pytest.fixture
def app(project):
    """An app in layers: every agent asks through one client."""
    project.write("llm/__init__.py", "import ask\n\ndef complete():\n    return ask.chat()\n")
    project.write("app/__init__.py")
    project.write("app/research/__init__.py")
    project.write("app/research/plan.py", "import llm\n\ndef plan():\n    return llm.complete()\n")
    project.write(
        "app/desk.py",
        """
        import ask, llm
        from app.research.plan import plan

        def research():
            return plan()

        def write():
            return llm.complete()

        async def write_async():
            async def write():
                return await ask.async_chat()
            return await write()
        """,
    )
    project.write(
        "conftest.py", "import sys, pathlib; sys.path.insert(0, str(pathlib.Path(__file__).parent))\n"
    )
    project.write("test_suite.py", SUITE)
    return project


def paths(run):
    return {call["nodeid"].partition("::")[2]: call["agent_path"] for call in run.calls}


def test_rules(app):
    """Context, then rule by any frame of the project, then marker; each agent's calls add up to the total."""
    app.write("llmcost.yaml", PRICES, RULES + '      - {name: reviewer, call_site: "app/reserch/*.py"}\n')
    run = app.run("-vv")
    assert run.outcomes == {"passed": 8}, run.output
    assert paths(run) == {
        "test_research": ["desk", "researcher"],
        "test_write": ["writer"],
        "test_in_a_pool": ["writer"],
        "test_async": ["desk"],
        "test_context_comes_first": ["editor"],
        "test_rule_comes_before_marker": ["writer"],
        "test_marker": ["marked"],
        "test_nobody": [],
    }
    rows = {row["name"]: (row["runs"], row["calls"], row["cost"]["value"]) for row in run.report["agents"]}
    assert rows["writer"] == (3, 3, "0.001308")
    assert sum(calls for _, calls, _ in rows.values()) == run.report["totals"]["calls"] == 8
    idle, nobody = run.notices("agents")
    assert idle == (
        "llmcost.yaml:10: no call comes from 'app/reserch/*.py', so 'reviewer' has none;"
        " the nearest file that calls is app/desk.py"
    )
    assert nobody == (
        "1 call of 8 has no agent, from test_suite.py: enter one around them with pytest_llmcost.agent(...),"
        " in threads with contextvars.copy_context().run; or name their files in llmcost.yaml"
    )
    assert "desk" in run.output and "(no agent)" in run.output


def test_a_budget_of_a_run_includes_the_agents_inside(app):
    """With rules one test is one run, and the outer agent of the stack pays for the inner ones."""
    limits = 'budgets:\n  - {scope: agent_run, match: desk, max_cost: "0.0005"}\n'
    app.write(
        "test_suite.py",
        """
        from app import desk

        def test_dear():
            desk.research()
            desk.research()

        def test_cheap():
            desk.research()
        """,
    )
    app.write("llmcost.yaml", PRICES, RULES, limits)
    run = app.run()
    assert run.code == 1, run.output
    (finding,) = [one for one in run.report["findings"] if one["scope"] == "agent_run"]
    assert "desk" in finding["message"] and "test_dear" in finding["message"]


def test_a_faulty_rule(app):
    """The session ends before a test runs, with the place and what is allowed."""
    app.write("llmcost.yaml", PRICES, "agents:\n  - {name: a, callsite: b}\n")
    run = app.run()
    assert run.code == 4
    assert "unknown key 'callsite' in agents[0]; did you mean 'call_site'?" in run.output


def example():
    """The block of the page that implements the hook."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if "pytest_llm_cost_agent" in block]
    return found


def test_example_of_the_page(project):
    """The app names its agents in the request; whoever does not is left to the other ways."""
    project.write("conftest.py", example())
    project.write("llmcost.yaml", PRICES)
    project.write(
        "test_suite.py",
        """
        import pytest_llmcost
        from ask import BODY, chat, http, url

        def test_named():
            for name in ("planner", "critic", "planner"):
                http().post(url(), json={**BODY, "metadata": {"agent": name}})

        def test_unnamed():
            with pytest_llmcost.agent("editor"):
                chat()

        def test_inside():
            with pytest_llmcost.agent("editor"):
                http().post(url(), json={**BODY, "metadata": {"agent": "critic"}})
        """,
    )
    run = project.run()
    assert run.outcomes == {"passed": 3}, run.output
    assert [call["agent_path"] for call in run.calls] == [
        ["planner"],
        ["critic"],
        ["planner"],
        ["editor"],
        ["editor", "critic"],
    ]
    assert {row["name"]: row["runs"] for row in run.report["agents"]} == {
        "planner": 1,
        "critic": 2,
        "editor": 2,
    }
    assert run.report["meta"]["complete"] is True


def test_what_the_hook_is_given(project):
    """The test, what is known otherwise, and the code that led to the call; arguments may be left out."""
    project.write(
        "conftest.py",
        """
        def pytest_llm_cost_agent(context):
            print("ASKED", context.nodeid, context.agent, context.agent_path, context.call_stack)
        """,
    )
    project.write(
        "test_suite.py",
        """
        import pytest, ask

        class Desk:
            def answer(self):
                return ask.chat()

        @pytest.mark.llm_agent("marked")
        def test_it():
            Desk().answer()
        """,
    )
    run = project.run("-s")
    stack = ("test_suite.py::Desk.answer", "test_suite.py::test_it")
    assert f"ASKED test_suite.py::test_it marked ('marked',) {stack}" in run.output
    assert [call["agent"] for call in run.calls] == ["marked"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("1 / 0", "raised ZeroDivisionError: division by zero"),
        ("return 5", "returned int; return the name of an agent or None"),
        ("return ' '", "returned an empty text; return the name of an agent or None"),
    ],
)
def test_when_it_fails(project, body, told):
    """The plugin is named, the call has the agent that it has otherwise, and no test fails."""
    project.write("conftest.py", f"def pytest_llm_cost_agent(exchange):\n    {body}\n")
    project.write(
        "test_suite.py",
        "import pytest, ask\n\n@pytest.mark.llm_agent('marked')\ndef test_it():\n    ask.chat()\n",
    )
    run = project.run()
    assert run.outcomes == {"passed": 1}
    assert [call["agent"] for call in run.calls] == ["marked"]
    assert run.report["meta"]["complete"] is False
    (fault,) = run.notices("fault")
    assert "pytest_llm_cost_agent of" in fault and "conftest.py" in fault and fault.endswith(told)
