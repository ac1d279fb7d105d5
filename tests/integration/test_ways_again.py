"""Tests that run more than once, in another order, or out of time."""

from __future__ import annotations

from decimal import Decimal

import pytest
from ways import CHAT, alone, both, owners

RERUNS = """
    import unittest
    import pytest
    from owner import ask

    tried = {}

    def attempt(name):
        # " 2" behind an owner is its second attempt.
        return f" {tried[name]}" if tried[name] > 1 else ""

    @pytest.fixture
    def item(request):
        name = request.node.nodeid.partition("::")[2]
        tried[name] = tried.get(name, 0) + 1
        ask(f"{name} setup{attempt(name)}")
        yield name
        ask(f"{name} teardown{attempt(name)}")

    @pytest.mark.flaky(reruns=2)
    def test_third_time(item):
        ask(f"{item} call{attempt(item)}")
        assert tried[item] == 3

    @pytest.mark.flaky(reruns=1)
    @pytest.mark.parametrize("number", [1, 2])
    def test_never(item, number):
        for _ in range(number):
            ask(f"{item} call{attempt(item)}")
        assert False

    @pytest.fixture
    def slippery(item):
        if tried[item] < 2:
            raise RuntimeError("not yet")

    @pytest.mark.flaky(reruns=3)
    def test_set_up_fails_once(slippery, item):
        ask(f"{item} call{attempt(item)}")

    @pytest.mark.flaky(reruns=1)
    class TestCase(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def _item(self, item):
            self.item = item

        def test_twice(self):
            ask(f"{self.item} call{attempt(self.item)}")
            self.assertEqual(tried[self.item], 2)

    def test_once(item):
        ask(f"{item} call")
"""


def test_reruns(project, loopback):
    """pytest-rerunfailures: spent counts every attempt with its set-up and tear-down, cost the last."""
    pytest.importorskip("pytest_rerunfailures")
    project.write("test_suite.py", RERUNS)
    run = both(project, loopback, plugins=("rerunfailures",))
    rows = {row["nodeid"].partition("::")[2]: row for row in run.report["tests"]}
    figures = {
        name: (row["outcome"], row["calls"], Decimal(row["spent"]["value"]) / CHAT)
        for name, row in rows.items()
    }
    assert figures == {
        "test_third_time": ("passed", 3, 9),
        "test_never[1]": ("failed", 3, 6),
        "test_never[2]": ("failed", 4, 8),
        "test_set_up_fails_once": ("passed", 3, 5),
        "TestCase::test_twice": ("passed", 3, 6),
        "test_once": ("passed", 3, 3),
    }
    assert Decimal(run.report["totals"]["cost"]["value"]) == CHAT * 19


def test_reruns_of_the_whole_suite(project, loopback):
    """--reruns on the command line is the same, with a shared fixture that every attempt uses."""
    pytest.importorskip("pytest_rerunfailures")
    project.write(
        "test_suite.py",
        """
        import pytest
        from owner import ask
        tried = []

        @pytest.fixture(scope="module")
        def shelf():
            ask("shelf setup")
            yield
            ask("shelf teardown")

        def test_second_time(shelf):
            tried.append(1)
            ask("test_second_time call" + (" 2" if len(tried) == 2 else ""))
            assert len(tried) == 2
        """,
    )
    run = alone(project, loopback, "--reruns", "3", plugins=("rerunfailures",))
    assert run.outcomes == {"passed": 1, "rerun": 1}
    # The shelf is set up anew for each attempt.
    assert owners(run)["shelf setup"] == owners(run)["shelf teardown"]


def test_repeat(project, loopback):
    """pytest-repeat makes tests of its own from one, and each pays for itself."""
    pytest.importorskip("pytest_repeat")
    project.write(
        "test_suite.py",
        """
        import pytest
        from owner import ask

        def test_it(request):
            ask(f"{request.node.name} call")

        @pytest.mark.repeat(1)
        def test_once():
            ask("test_once call")
        """,
    )
    run = both(project, loopback, "--count", "3", plugins=("repeat",))
    assert run.outcomes == {"passed": 4}
    assert owners(run) == {"test_once call": 1, **{f"test_it[{number}-3] call": 1 for number in (1, 2, 3)}}


def test_randomly(project, loopback):
    """pytest-randomly: the same figures in another order, and costs take nothing from the tests' random numbers."""
    pytest.importorskip("pytest_randomly")
    project.write(
        "test_suite.py",
        """
        import random
        import pytest
        from owner import ask

        @pytest.mark.parametrize("number", range(6))
        def test_many(number):
            # Seeded anew for each test.
            for _ in range(random.randrange(1, 4)):
                ask(f"test_many[{number}] call")
        """,
    )
    run = both(project, loopback, "--randomly-seed=7", plugins=("randomly",))
    assert run.outcomes == {"passed": 6}
    order = [row["nodeid"] for row in run.report["tests"]]
    assert order != sorted(order)


def test_timeout_by_signal(project, loopback):
    """pytest-timeout's signal fails the test; the response that it waited for is an open one, and is counted."""
    pytest.importorskip("pytest_timeout")
    project.write(
        "test_suite.py",
        """
        import time
        import pytest
        from ask import http
        from owner import ask

        http().Client().close()  # its first import takes time of its own

        @pytest.fixture
        def slow():
            ask("test_slow_set_up setup")
            time.sleep(60)

        @pytest.mark.timeout(1)
        def test_slow_set_up(slow):
            pass

        @pytest.mark.timeout(1)
        def test_waits_for_a_response():
            ask("test_waits_for_a_response call", behaviour="stall")

        def test_after():
            ask("test_after call")
        """,
    )
    run = both(project, loopback, "-o", "timeout_method=signal", plugins=("timeout",))
    assert run.outcomes == {"passed": 1, "failed": 1, "error": 1}
    assert owners(run) == {
        "test_slow_set_up setup": 1,
        "test_waits_for_a_response call": 1,
        "test_after call": 1,
    }
    assert run.of("test_waits_for_a_response")[0]["status"] == "incomplete"
