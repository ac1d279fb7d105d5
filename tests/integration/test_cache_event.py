"""``pytest_llmcost.cache_event``: the app tells of lookups in its own caches."""

from __future__ import annotations

import subprocess
import sys

import pytest

PRICES = """
    version: 1
    hosts: {"127.0.0.1": acme}
    pricing: {models: {acme/*: {input: "1", cache_read: "0.1", output: "4"}}}
"""
APP = """
    from ask import chat
    from pytest_llmcost import agent, cache_event

    L1, L2 = {}, {}

    def answer(prompt):
        found = L1.get(prompt)
        cache_event("L1", found is not None, key=prompt)
        if found is None:
            found = L2.get(prompt)
            cache_event("L2", found is not None, key=prompt)
        if found is None:
            found = L2[prompt] = chat()
        L1[prompt] = found
        return found
"""


@pytest.fixture
def project(project):
    project.write("llmcost.yaml", PRICES)
    project.write("app.py", APP)
    return project


def events(run):
    assert run.report is not None, run.output
    return run.report["cache_events"]


def test_hit_saves_what_the_last_real_call_cost(project):
    """The layers that a request asks are one lookup; a hit saves the cost of the call after the miss."""
    project.write(
        "test_suite.py",
        """
        import app

        def test_two_layers():
            app.answer("a")
            app.answer("a")
            app.L1.clear()
            app.answer("a")
            app.answer("b")
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    found = events(run)
    first, second = run.calls
    assert [(one["hit"], one["layer"], one["call"]) for one in found] == [
        (False, None, first["id"]),
        (True, "L1", first["id"]),
        (True, "L2", first["id"]),
        (False, None, second["id"]),
    ]
    assert [one["saved"] for one in found] == [None, first["cost"], first["cost"], None]
    assert {one["nodeid"] for one in found} == {"test_suite.py::test_two_layers"}
    cache = run.report["totals"]["response_cache"]
    assert (cache["lookups"], cache["hits"], cache["layers"]) == (4, 2, {"L1": 1, "L2": 1})
    assert cache["saved"]["value"] == "0.000872"  # two of $0.000436
    assert cache["saved_usage"]["input_tokens"] == 2 * first["usage"]["input_tokens"]
    [model] = run.report["models"]
    assert model["response_cache"] == cache


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_lookups_belong_to_tests_phases_fixtures_and_agents(project, workers):
    """As a call that is made in the same place would."""
    project.write(
        "test_suite.py",
        """
        import pytest
        from pytest_llmcost import agent, cache_event

        @pytest.fixture(scope="module")
        def wide():
            cache_event("L1", True)

        @pytest.fixture
        def narrow():
            cache_event("L1", False)

        @pytest.mark.llm_agent("marked")
        def test_one(wide, narrow):
            cache_event("L1", True)
            with agent("desk"):
                cache_event("L1", True, saved_cost="0.01")

        def test_two():
            cache_event(None, False)
        """,
    )
    run = project.run(*workers, plugins=["xdist"] if workers else [])
    assert run.code == 0, run.output
    rows = {
        ((one["nodeid"] or "").partition("::")[2], one["phase"], one["fixture"], one["agent"], one["hit"])
        for one in events(run)
    }
    assert rows == {
        ("", "setup", "test_suite.py::wide", None, True),
        ("test_one", "setup", None, "marked", False),
        ("test_one", "call", None, "marked", True),
        ("test_one", "call", None, "desk", True),
        ("test_two", "call", None, None, False),
    }
    agents = {row["name"]: row["response_cache"] for row in run.report["agents"]}
    assert {name: (found["lookups"], found["hits"]) for name, found in agents.items()} == {
        "desk": (1, 1),
        "marked": (2, 1),
        None: (2, 1),
    }
    assert agents["desk"]["saved"] == {"low": "0.01", "value": "0.01", "high": "0.01"}
    assert agents["marked"]["saved"] == {"low": "0", "value": "0", "high": None}
    totals = run.report["totals"]["response_cache"]
    assert (totals["lookups"], totals["hits"], totals["layers"], totals["unknown"]) == (5, 3, {"L1": 3}, 2)


def test_what_the_app_says_that_it_saved(project):
    """Tokens are priced as the model's; a cost goes before them; nonsense leaves the saving unknown."""
    project.write(
        "test_suite.py",
        """
        from pytest_llmcost import cache_event

        def test_it():
            tokens = {"input_tokens": 1000, "output_tokens": 100}
            cache_event("L1", True, model="acme/large", saved_tokens=tokens)
            cache_event("L1", True, model="acme/large", saved_tokens=tokens, saved_cost=0.25)
            cache_event("L1", True, saved_tokens=tokens)
            cache_event("L1", True, saved_cost="a lot")
            cache_event("L1", True, saved_cost=-1, saved_tokens={"input_tokens": -5})
            cache_event("L1", True, key="never asked before")
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    assert [one["saved"] and one["saved"]["value"] for one in events(run)] == [
        "0.0014", "0.25", None, None, None, None,
    ]  # fmt: skip
    assert run.report["meta"]["complete"]
    assert run.report["totals"]["response_cache"]["saved"] == {
        "low": "0.2514", "value": "0.2514", "high": None,
    }  # fmt: skip


def test_semantic_cache_names_the_entry_that_it_found(project):
    """A hit on the answer to another request saves what that one cost."""
    project.write(
        "test_suite.py",
        """
        import app
        from pytest_llmcost import cache_event

        def test_it():
            app.answer("What is it?")
            cache_event("semantic", True, key="What's that?", entry="What is it?")
        """,
    )
    run = project.run()
    assert [one["saved"] == run.calls[0]["cost"] for one in events(run) if one["hit"]] == [True]


def test_calls_that_may_answer_one_lookup_or_another(project):
    """Where several requests were looked up before the first call, no cost is guessed."""
    project.write(
        "test_suite.py",
        """
        from ask import chat
        from pytest_llmcost import cache_event

        def test_it():
            for prompt in "abc":
                cache_event("L1", False, key=prompt)
            chat()
            cache_event("L1", True, key="c")
        """,
    )
    run = project.run()
    assert [one["saved"] for one in events(run)] == [None] * 4
    assert run.report["totals"]["response_cache"]["saved"]["high"] is None


def test_asked_again_in_vain(project):
    """Without a call in between, a layer that is asked again for the same is another lookup."""
    project.write(
        "test_suite.py",
        """
        from pytest_llmcost import cache_event

        def test_it():
            for _ in range(3):
                cache_event("L1", False, key="a")
        """,
    )
    run = project.run()
    assert run.report["totals"]["response_cache"]["lookups"] == 3


def test_tasks_and_threads(project):
    """Lookups in tasks and threads that run at once each have their own call."""
    project.write(
        "test_suite.py",
        """
        import asyncio, contextvars
        from concurrent.futures import ThreadPoolExecutor
        import app

        def test_tasks():
            async def answer(prompt):
                app.answer(prompt)
            async def all_of_them():
                await asyncio.gather(*(answer(prompt) for prompt in "abc"))
            asyncio.run(all_of_them())
            app.answer("b")

        def test_threads():
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(app.answer, "defg"))
            app.answer("e")
        """,
    )
    run = project.run()
    assert run.code == 0, run.output
    hits = [one for one in events(run) if one["hit"]]
    assert len(hits) == 2
    assert all(one["saved"]["high"] is not None for one in hits)
    assert run.report["totals"]["response_cache"]["lookups"] == 9


def test_reruns_count_the_last_attempt(project):
    """A lookup of an attempt that was run again is listed and not in the rates."""
    pytest.importorskip("pytest_rerunfailures")
    project.write(
        "test_suite.py",
        """
        from pytest_llmcost import cache_event
        tries = []

        def test_it():
            tries.append(1)
            cache_event("L1", len(tries) > 1, saved_cost="0.5")
            assert len(tries) > 1
        """,
    )
    run = project.run("--reruns", "1", plugins=["rerunfailures"])
    assert run.code == 0, run.output
    assert [(one["attempt"], one["hit"]) for one in events(run)] == [(1, False), (2, True)]
    assert run.report["totals"]["response_cache"]["lookups"] == 1


def test_no_op_without_the_option(project):
    """Off, it neither raises nor loads more than itself."""
    project.write(
        "test_suite.py", "import app\n\ndef test_it():\n    app.cache_event(3, 'yes', key=object())\n"
    )
    run = project.run(cost=False)
    assert run.code == 0, run.output
    code = (
        "import sys; from pytest_llmcost import cache_event; cache_event('L1', True)\n"
        "print(*sorted(name for name in sys.modules if name.startswith('pytest_llmcost')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "pytest_llmcost",
        "pytest_llmcost.attribution",
        "pytest_llmcost.attribution.lookups",
    ]


def test_strange_arguments_reach_nobody(project):
    """Whatever an app gives, it hears of nothing, and the run is complete."""
    project.write(
        "test_suite.py",
        """
        from pytest_llmcost import cache_event

        def test_it():
            cache_event(3, 1, key=("a", 2), model=7)
            cache_event("x" * 9999, True, key=b"\\xff", saved_tokens="many", saved_cost=float("nan"))
            cache_event("\\ud800", True, key="\\ud800")
            cache_event(["L", 4], True, key={"a": [1]}, model=["x"])
            cache_event(Silent(), True, key=Silent(), model=Silent(), saved_cost=Silent(), saved_tokens=Silent())
            for count in (10**16, 10**400, -1, True):
                cache_event(None, True, model="openai/gpt-4o", saved_tokens={"input_tokens": count})

        class Silent:
            def __str__(self):
                raise RuntimeError

            __repr__ = __str__
        """,
    )
    run = project.run("-n", "1", plugins=["xdist"])
    assert run.code == 0, run.output
    assert run.report["meta"]["complete"], run.output
    assert "its hits saved $" not in run.output and "what its hits saved is unknown" in run.output
    layers = run.report["totals"]["response_cache"]["layers"]
    assert sorted(layers.values()) == [1, 1, 1, 1, 5]
    assert max(map(len, layers)) == 200
