"""Whose call it is: test, phase, fixture, attempt and agent."""

from __future__ import annotations

import pytest

PRICES = """
    version: 1
    hosts: {"127.0.0.1": acme}
    pricing:
      models:
        acme/*: {input: "1", cache_read: "0.1", output: "4"}
"""
# 200 fresh + 1000 cached + 34 written tokens.
CHAT = "0.000436"


@pytest.fixture
def priced(project):
    """A project whose calls have a price."""
    project.write("llmcost.yaml", PRICES)
    return project


def origins(run):
    return [(_name(call), call["phase"], call["fixture"]) for call in run.calls]


def _name(call):
    return call["nodeid"] and call["nodeid"].partition("::")[2]


def test_phases_and_fixtures(priced):
    """A test pays for its own phases and fixtures; a fixture that more tests share has a bucket of its own."""
    priced.write(
        "conftest.py",
        """
        import pytest
        from ask import async_chat, chat

        @pytest.fixture(scope="session")
        def shop():
            chat("shop up")
            yield
            chat("shop down")
        """,
    )
    priced.write(
        "pkg/test_suite.py",
        """
        import pytest
        import pytest_asyncio
        from ask import async_chat, chat

        @pytest.fixture(scope="module")
        def shelf(shop, request):
            chat("shelf up")
            request.addfinalizer(lambda: chat("shelf down"))

        @pytest.fixture(scope="class")
        def box():
            chat("box up")

        @pytest_asyncio.fixture(loop_scope="module", scope="module")
        async def stream():
            await async_chat("stream up")
            yield
            await async_chat("stream down")

        @pytest.fixture(scope="module", params=[1, 2])
        def cup(request):
            chat("cup up")
            yield
            chat("cup down")

        @pytest.fixture
        def item(shelf):
            chat("item up")
            yield
            chat("item down")

        def test_one(item):
            chat("one")

        class TestBox:
            def setup_method(self):
                chat("method up")

            def test_two(self, box, stream):
                chat("two")

        def test_three(cup):
            chat("three")

        def test_silent(shelf):
            pass
        """,
    )
    run = priced.run()
    assert run.outcomes == {"passed": 5}, run.output
    shelf, box, cup = (f"pkg/test_suite.py::{name}" for name in ("shelf", "TestBox::box", "cup"))
    assert sorted(origins(run), key=str) == sorted(
        [
            (None, "setup", "shop"),
            (None, "teardown", "shop"),
            (None, "setup", shelf),
            (None, "teardown", shelf),
            ("test_one", "setup", None),
            ("test_one", "call", None),
            ("test_one", "teardown", None),
            (None, "setup", "pkg/test_suite.py::box"),
            ("TestBox::test_two", "setup", None),
            (None, "setup", "pkg/test_suite.py::stream"),
            (None, "teardown", "pkg/test_suite.py::stream"),
            ("TestBox::test_two", "call", None),
            *[(None, phase, cup) for phase in ("setup", "setup", "teardown", "teardown")],
            ("test_three[1]", "call", None),
            ("test_three[2]", "call", None),
        ],
        key=str,
    )
    rows = {row["nodeid"].partition("::")[2]: row["calls"] for row in run.report["tests"]}
    assert rows == {
        "test_one": 3,
        "TestBox::test_two": 2,
        "test_three[1]": 1,
        "test_three[2]": 1,
        "test_silent": 0,
    }
    assert run.report["totals"]["calls"] == 18


def test_failing_tests_keep_their_cost(priced):
    """A test that fails, errors, is skipped half-way, or is expected to fail has still spent."""
    priced.write(
        "test_suite.py",
        """
        import unittest
        import pytest
        from ask import chat

        def test_fails():
            chat()
            assert False

        @pytest.fixture
        def broken():
            chat()
            raise RuntimeError

        def test_errors(broken):
            pass

        def test_is_skipped():
            chat()
            pytest.skip("half-way")

        @pytest.mark.xfail
        def test_is_expected_to_fail():
            chat()
            assert False

        class TestCase(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                chat("class")

            def setUp(self):
                chat("up")

            def test_unit(self):
                chat("unit")
                with self.subTest("a"):
                    chat("sub a")
                with self.subTest("b"):
                    chat("sub b")
        """,
    )
    run = priced.run()
    assert run.report["meta"]["complete"], run.output
    rows = {row["nodeid"].partition("::")[2]: (row["outcome"], row["calls"]) for row in run.report["tests"]}
    assert rows == {
        "test_fails": ("failed", 1),
        "test_errors": ("failed", 1),
        "test_is_skipped": ("skipped", 1),
        "test_is_expected_to_fail": ("skipped", 1),
        "TestCase::test_unit": ("passed", 4),
    }
    (shared,) = (call for call in run.calls if call["nodeid"] is None)
    assert (shared["phase"], "setUpClass" in shared["fixture"]) == ("setup", True)
    assert run.report["totals"]["cost"]["value"] == run.report["totals"]["spent"]["value"] == "0.003924"


@pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="the fixture is younger")
def test_subtests(priced):
    """What a subtest spends belongs to its test, whether it passes or fails, also with xdist."""
    priced.write(
        "test_suite.py",
        """
        from ask import chat

        def test_all(subtests):
            for number in range(3):
                with subtests.test(number=number):
                    chat()
                    assert number != 1
            chat()
        """,
    )
    for options in ([], ["-n", "1"]):
        if options:
            pytest.importorskip("xdist")
        run = priced.run(*options, plugins=["xdist"] if options else [])
        assert len(run.of("test_all")) == run.report["tests"][0]["calls"] == 4, run.output
        assert run.report["tests"][0]["outcome"] == "failed"
        assert run.report["meta"]["complete"]


def test_calls_outside_any_test(priced):
    """Calls at import, in collection and at the end of the session are in no test, and shown."""
    priced.write(
        "conftest.py",
        """
        from ask import chat

        chat("conftest")

        def pytest_collection_modifyitems():
            chat("collection")

        def pytest_sessionfinish():
            chat("end")
        """,
    )
    priced.write("test_suite.py", "from ask import chat\nchat('import')\ndef test_one(): chat('one')\n")
    run = priced.run()
    # What the root conftest does while it is imported comes before any plugin is configured.
    assert sorted(str(_name(call)) for call in run.calls) == ["None", "None", "None", "test_one"], run.output
    assert {call["phase"] for call in run.calls if call["nodeid"] is None} == {"session"}
    assert "(outside any test)" in run.output


def test_threads_and_tasks(priced):
    """A thread, a pool, an executor and a task that a session fixture started all work for the running test."""
    priced.write(
        "test_suite.py",
        """
        import asyncio
        from concurrent.futures import ThreadPoolExecutor
        from queue import Queue
        from threading import Thread

        import pytest
        from ask import async_chat, chat

        @pytest.fixture(scope="session")
        def worker():
            todo, done = Queue(), Queue()
            def work():
                while (prompt := todo.get()) is not None:
                    done.put(chat(prompt))
            thread = Thread(target=work)
            thread.start()
            yield todo, done
            todo.put(None)
            thread.join()

        def test_worker_one(worker):
            worker[0].put("one")
            worker[1].get()

        def test_worker_two(worker):
            worker[0].put("two")
            worker[1].get()

        def test_pool():
            with ThreadPoolExecutor(3) as pool:
                list(pool.map(chat, "abc"))

        async def test_gather():
            await asyncio.gather(*(async_chat() for _ in range(3)))

        async def test_to_thread():
            await asyncio.to_thread(chat)
        """,
    )
    run = priced.run()
    assert run.outcomes == {"passed": 5}, run.output
    calls = {
        name: len(run.of(name)) for name in ("test_worker_one", "test_worker_two", "test_pool", "test_gather")
    }
    assert calls == {"test_worker_one": 1, "test_worker_two": 1, "test_pool": 3, "test_gather": 3}
    assert len(run.of("test_to_thread")) == 1


def test_agents(priced):
    """Names, paths and runs of agents: with, decorators of every kind of function, nesting, marker."""
    priced.write(
        "test_suite.py",
        """
        import asyncio
        import pytest
        from ask import async_chat, chat
        from pytest_llmcost import agent

        def test_with():
            with agent("writer"):
                chat()
            chat()

        def test_nested():
            with agent("boss"):
                chat()
                with agent("helper"):
                    chat()
                chat()

        @agent("planner")
        def plan():
            chat()
            return 1

        @agent("async_planner")
        async def async_plan():
            await async_chat()

        @agent("lister")
        def pieces():
            chat()
            with agent("inner"):
                yield 1
                chat()
            chat()

        @agent("async_lister")
        async def async_pieces():
            await async_chat()
            with agent("inner"):
                yield 1
                await async_chat()
            await async_chat()

        def test_function_run_twice():
            assert plan() + plan() == 2

        async def test_coroutine():
            await asyncio.gather(async_plan(), async_plan())

        def test_generator():
            for _ in pieces():
                chat()
            chat()

        async def test_async_generator():
            async for _ in async_pieces():
                await async_chat()
            await async_chat()

        @agent("closer")
        def closing():
            try:
                yield 1
            finally:
                chat()

        @agent("async_closer")
        async def async_closing():
            try:
                yield 1
            finally:
                await async_chat()

        async def test_closed_early():
            steps = closing()
            next(steps)
            steps.close()
            steps = async_closing()
            await anext(steps)
            await steps.aclose()

        @pytest.mark.llm_agent("marked")
        class TestMarked:
            def test_by_class(self):
                chat()
                with agent("explicit"):
                    chat()

            @pytest.mark.llm_agent("closest")
            def test_by_function(self):
                chat()

        @pytest.fixture(scope="module")
        def shared():
            with agent("fixture_agent"):
                chat()

        @pytest.mark.llm_agent("marked")
        def test_fixture_is_not_marked(shared):
            pass
        """,
    )
    run = priced.run()
    assert run.outcomes == {"passed": 10}, run.output
    assert _agents(run, "test_with") == ["writer", ""]
    assert _agents(run, "test_nested") == ["boss", "boss/helper", "boss"]
    assert _agents(run, "test_function_run_twice") == ["planner", "planner"]
    assert _agents(run, "test_coroutine") == ["async_planner", "async_planner"]
    assert _agents(run, "test_generator") == ["lister", "", "lister/inner", "lister", ""]
    assert _agents(run, "test_async_generator") == [
        "async_lister",
        "",
        "async_lister/inner",
        "async_lister",
        "",
    ]
    assert _agents(run, "test_closed_early") == ["closer", "async_closer"]
    assert _agents(run, "TestMarked::test_by_class") == ["marked", "explicit"]
    assert _agents(run, "test_by_function") == ["closest"]
    assert [call["agent"] for call in run.calls if call["fixture"]] == ["fixture_agent"]
    runs = {row["name"]: row["runs"] for row in run.report["agents"]}
    assert (runs["planner"], runs["async_planner"], runs["boss"], runs["lister"], runs["marked"]) == (
        2,
        2,
        1,
        1,
        1,
    )
    first, second = run.of("test_function_run_twice")
    assert first["agent_run"] != second["agent_run"]
    assert len({call["agent_run"] for call in run.of("test_nested") if call["agent"] == "boss"}) == 1
    assert run.of("test_by_function")[0]["agent_run"] is None


def _agents(run, test):
    return ["/".join(call["agent_path"]) for call in run.of(test)]


def test_reruns(priced):
    """Spent counts all attempts; cost, usage and the number of calls count the last."""
    pytest.importorskip("pytest_rerunfailures")
    priced.write(
        "test_suite.py",
        """
        import pytest
        from ask import chat
        seen = []

        @pytest.mark.flaky(reruns=2)
        def test_third_time():
            chat()
            seen.append(1)
            assert len(seen) == 3
            chat()

        def test_once():
            chat()
        """,
    )
    run = priced.run(plugins=["rerunfailures"])
    assert run.outcomes == {"passed": 2, "rerun": 2}, run.output
    assert [call["attempt"] for call in run.of("test_third_time")] == [1, 2, 3, 3]
    row = run.report["tests"][0]
    assert (row["outcome"], row["calls"]) == ("passed", 2)
    assert (row["cost"]["value"], row["spent"]["value"]) == ("0.000872", "0.001744")
    totals = run.report["totals"]
    assert (totals["calls"], totals["cost"]["value"], totals["spent"]["value"]) == (3, "0.001308", "0.00218")


@pytest.mark.parametrize("parallel", [False, True], ids=["one process", "xdist"])
def test_teardown_of_an_attempt_that_is_run_again(project, parallel):
    """pytest-rerunfailures makes a report of each attempt's tear-down and logs only the last."""
    pytest.importorskip("pytest_rerunfailures")
    pytest.importorskip("xdist")
    project.write(
        "test_suite.py",
        """
        import pytest
        from ask import chat
        seen = []

        @pytest.fixture
        def judge():
            yield
            chat("judge")

        @pytest.mark.flaky(reruns=1)
        def test_second_time(judge):
            chat()
            seen.append(1)
            assert len(seen) == 2
        """,
    )
    options = ["-n", "1"] if parallel else []
    run = project.run(*options, plugins=[*(["xdist"] if parallel else []), "rerunfailures"])
    assert run.outcomes == {"passed": 1, "rerun": 1}, run.output
    assert [(call["attempt"], call["phase"]) for call in run.of("test_second_time")] == [
        (1, "call"),
        (1, "teardown"),
        (2, "call"),
        (2, "teardown"),
    ]


@pytest.mark.parametrize("cost", [True, False], ids=["--llm-cost", "without"])
def test_fixture_reads_the_running_test(priced, cost):
    """``llm_cost`` tells a test what it has cost so far, also where costs are not measured for the session."""
    priced.write(
        "test_suite.py",
        """
        from decimal import Decimal
        import httpx
        import pytest
        from ask import chat

        def test_before():
            chat()

        def test_reads(llm_cost):
            assert llm_cost.calls == 0 and llm_cost.cache_hit_rate is None
            chat()
            assert llm_cost.cost == Decimal("0.000436")
            assert llm_cost.cost <= "0.001"
            chat()
            assert llm_cost.calls == 2
            assert llm_cost.usage.input_tokens == 2400
            assert round(llm_cost.cache_hit_rate, 2) == Decimal("0.83")
            assert "2 calls" in repr(llm_cost)
            with pytest.raises(AttributeError):
                llm_cost.calls = 3

        def test_another(llm_cost):
            chat()
            assert llm_cost.calls == 1

        def test_mocked_calls_do_not_count(llm_cost):
            transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"usage": {}}))
            with httpx.Client(transport=transport) as client:
                chat(client=client)
            assert llm_cost.calls == 0

        def test_broken(llm_cost):
            chat()
            assert llm_cost.cost < "0.0001"
        """,
    )
    run = priced.run(cost=cost)
    assert run.outcomes == {"passed": 4, "failed": 1}, run.output
    assert (run.report is not None) is cost
    if cost:
        assert run.report["totals"]["calls"] == 5
        assert {call["phase"] for call in run.calls} == {"call"}


SUITE = """
    import pytest
    from ask import chat

    @pytest.fixture(scope="module")
    def shared():
        chat("shared")

    @pytest.mark.parametrize("number", range(6))
    def test_many(number):
        for _ in range(number):
            chat(f"prompt {number}")

    @pytest.mark.llm_agent("helper")
    def test_agent(shared):
        chat()
"""


def test_xdist_gives_the_same_totals(priced):
    """Two workers and one process find the same calls, tests and cost."""
    pytest.importorskip("xdist")
    priced.write("test_suite.py", SUITE)
    alone, parallel = priced.run(), priced.run("-n", "2", plugins=["xdist"])
    assert parallel.outcomes == {"passed": 7}, parallel.output
    assert alone.report["totals"] == parallel.report["totals"]
    assert alone.report["totals"]["calls"] == 17
    assert alone.report["totals"]["cost"]["value"] == "0.007412"
    for key in ("tests", "agents", "models"):
        rows = [[{**row, "duration": 0} for row in run.report[key]] for run in (alone, parallel)]
        assert sorted(rows[0], key=str) == sorted(rows[1], key=str)
    assert parallel.report["meta"]["complete"]
    assert parallel.report["meta"]["selection"] == alone.report["meta"]["selection"]


def test_killed_worker_makes_the_run_incomplete(priced):
    """A worker that dies takes calls with it: the report says so, and keeps what had arrived."""
    pytest.importorskip("xdist")
    priced.write(
        "test_suite.py",
        """
        import os
        from ask import chat

        def test_a():
            chat()

        def test_dies():
            chat()
            os._exit(3)

        def test_b():
            chat()
        """,
    )
    run = priced.run("-n", "1", plugins=["xdist"])
    assert run.report["meta"]["complete"] is False
    assert "NOT COMPLETE" in run.output
    assert len(run.notices("fault")) == 1, run.output
    assert "ended without its last calls" in run.notices("fault")[0]
    assert [_name(call) for call in run.calls] == ["test_a", "test_b"]
