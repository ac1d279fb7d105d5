"""pytest-xdist: every way to spread tests, fixtures on several workers, workers that die."""

from __future__ import annotations

import pytest
from ways import alone, found, owners, parallel

pytest.importorskip("xdist")

SUITE = """
    import pytest
    from owner import ask

    @pytest.fixture(scope="session")
    def shop(worker_id):
        ask("shop setup")
        yield
        ask("shop teardown")

    @pytest.mark.xdist_group("left")
    @pytest.mark.parametrize("number", range(4))
    def test_left(shop, number):
        for _ in range(number):
            ask(f"test_left[{number}] call")

    @pytest.mark.xdist_group("right")
    class TestRight:
        @pytest.mark.parametrize("number", range(4))
        def test_right(self, shop, number):
            ask(f"TestRight::test_right[{number}] call")
"""


@pytest.fixture
def suite(project):
    """Eight tests in two files of which each worker needs the session's fixture."""
    project.write("test_one.py", SUITE)
    project.write("test_two.py", "from owner import ask\ndef test_it(): ask('test_it call')\n")
    return project


@pytest.mark.parametrize("dist", ["load", "loadscope", "loadfile", "loadgroup", "worksteal"])
def test_every_distribution(suite, loopback, dist):
    """However the tests are spread, each pays for itself; a session's fixture is paid for on each worker."""
    run = parallel(suite, loopback, "--dist", dist)
    assert run.outcomes == {"passed": 9}, run.output
    counted = owners(run)
    assert 1 <= counted.pop("shop setup") <= 2
    assert 1 <= counted.pop("shop teardown") <= 2
    assert sum(counted.values()) == 6 + 4 + 1
    assert run.report["meta"]["selection"] == {"full": True, "collected": 9, "ran": 9}


def test_distribution_no_and_each(suite, loopback):
    """--dist=no is a run alone; --dist=each runs every test on every worker, and all is spent."""
    no = alone(suite, loopback, "--tx", "2*popen", "--dist", "no", plugins=("xdist",))
    assert sum(owners(no).values()) == 2 + 11
    each = parallel(suite, loopback, "--dist", "each")
    assert each.outcomes == {"passed": 18}
    assert sum(owners(each).values()) == 2 * (2 + 11)


def test_one_worker_and_none(suite, loopback):
    """-n 1 finds what -n 0, a run alone, finds."""
    none = alone(suite, loopback, "-n", "0", plugins=("xdist",), compare=False)
    one = alone(suite, loopback, "-n", "1", plugins=("xdist",), compare=False)
    assert none.report["totals"] == one.report["totals"]


STOPS = """
    import time
    import pytest
    from owner import ask

    def test_fails():
        ask("test_fails call")
        time.sleep(0.3)
        assert False

    @pytest.fixture
    def item():
        yield
        ask("test_goes_on teardown")

    def test_goes_on(item):
        ask("test_goes_on call")
        time.sleep(1)
        ask("test_goes_on call")

    def test_late_one():
        ask("test_late_one call")

    def test_late_two():
        ask("test_late_two call")
"""


@pytest.mark.parametrize("options", [["-x"], ["--maxfail=1", "--dist=loadscope"]], ids=["-x", "loadscope"])
def test_stop_while_another_worker_is_busy(project, loopback, options):
    """-x ends the run in the middle of another worker's test, which goes on to its end and is found."""
    project.write("test_one.py", STOPS)
    project.write("test_two.py", STOPS.replace("assert False", "pass"))
    run = parallel(project, loopback, *options)
    assert {"test_fails call", "test_goes_on call"} <= set(owners(run))
    assert run.report["meta"]["selection"]["full"] is False


DIES = """
    import os
    import pytest
    from owner import ask

    @pytest.mark.parametrize("number", range(3))
    def test_before(number):
        ask(f"test_before[{number}] call")

    def test_dies():
        ask("test_dies call")
        os._exit(3)

    @pytest.mark.parametrize("number", range(3))
    def test_after(number):
        ask(f"test_after[{number}] call")
"""


def test_worker_that_dies(project, loopback):
    """xdist starts another worker; all finished tests keep their calls, and the report names what was lost."""
    project.write("test_suite.py", DIES)
    loopback.forget()
    run = project.run("-n", "2", plugins=["xdist"])
    made = loopback.requests
    without = project.run("-n", "2", plugins=["xdist"], cost=False)
    assert run.outcomes == without.outcomes == {"passed": 6, "failed": 1}, run.output
    assert run.report["meta"]["complete"] is False
    assert len(run.calls) == made - 1
    finished = [f"test_{when}[{number}] call" for when in ("before", "after") for number in range(3)]
    assert sorted(map(found, run.calls)) == sorted(finished)
    rows = {row["nodeid"].partition("::")[2]: row["outcome"] for row in run.report["tests"]}
    assert rows["test_dies"] == "failed"


def test_worker_that_is_not_started_again(project, loopback):
    """--max-worker-restart=0 ends the run at a crash; what ran before it is in the report."""
    project.write("test_suite.py", DIES)
    loopback.forget()
    run = project.run("-n", "1", "--max-worker-restart=0", plugins=["xdist"])
    without = project.run("-n", "1", "--max-worker-restart=0", plugins=["xdist"], cost=False)
    assert (run.code, run.outcomes) == (without.code, without.outcomes), run.output
    assert run.report["meta"]["complete"] is False
    assert run.report["meta"]["selection"]["full"] is False
    assert sorted(map(found, run.calls)) == [f"test_before[{number}] call" for number in range(3)]
