"""Sessions that end early: interrupts, pytest.exit, faults of other plugins, a process that ends itself."""

from __future__ import annotations

import pytest
from ways import alone, found, owners, stated

FIXTURES = """
    import os
    import signal
    import pytest
    from owner import ask

    @pytest.fixture(scope="session", autouse=True)
    def shop():
        ask("shop setup")
        yield
        ask("shop teardown")

    @pytest.fixture
    def item(request):
        name = request.node.name
        ask(f"{name} setup")
        yield name
        ask(f"{name} teardown")

    def test_before(item):
        ask("test_before call")

"""
WAYS = {
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "SIGINT": "os.kill(os.getpid(), signal.SIGINT)",
    "pytest.exit": "pytest.exit('enough', returncode=7)",
}
ENDS = """
    @pytest.fixture
    def last():
        ask("test_ends setup")

    def test_ends(last):
        ask("test_ends call")
        {way}

    def test_never():
        ask("test_never call")
"""


@pytest.mark.parametrize("way", WAYS)
def test_end_in_a_test(project, loopback, way):
    """The test that ended it and the tear-down of the session's fixture are in the report."""
    project.write("test_suite.py", FIXTURES, ENDS.format(way=WAYS[way]))
    run = alone(project, loopback)
    assert run.code == (7 if way == "pytest.exit" else pytest.ExitCode.INTERRUPTED)
    assert owners(run) == {
        "shop setup": 1,
        "shop teardown": 1,
        **{f"test_before {phase}": 1 for phase in ("setup", "call", "teardown")},
        **{f"test_ends {phase}": 1 for phase in ("setup", "call")},
    }
    assert run.report["meta"]["selection"]["full"] is False


def test_tear_down_of_the_test_that_ended_the_session(project, loopback):
    """The test's own fixtures are torn down by pytest after all tests; the test pays for it."""
    project.write("test_suite.py", FIXTURES, "    def test_ends(item):\n        raise KeyboardInterrupt\n")
    run = alone(project, loopback, compare=False)
    assert owners(run)["test_ends teardown"] == len(run.of("test_ends")) - 1 == 1


def test_end_while_a_response_is_open(project, loopback):
    """An interrupt while the app waits for the rest of a response: a call that is not complete."""
    project.write(
        "test_suite.py",
        FIXTURES,
        """
        def interrupt(response):
            import threading
            threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()

        def test_waits():
            from ask import http
            with http().Client(event_hooks={"response": [interrupt]}) as client:
                ask("test_waits call", client=client, behaviour="stall")
        """,
    )
    run = alone(project, loopback, compare=False)
    assert run.code == pytest.ExitCode.INTERRUPTED
    assert [call["status"] for call in run.of("test_waits")] == ["incomplete"]


ELSEWHERE = {
    "set-up": ("pytest.exit('x')", "pass", "pass"),
    "tear-down": ("pass", "pytest.exit('x')", "pass"),
    "between tests": ("pass", "pass", "pytest.exit('x')"),
}


@pytest.mark.parametrize("place", ELSEWHERE)
def test_end_outside_a_test(project, loopback, place):
    """pytest.exit in a set-up, in a tear-down, and in a hook when a test is over."""
    up, down, after = ELSEWHERE[place]
    project.write(
        "test_suite.py",
        FIXTURES,
        f"""
        @pytest.fixture
        def last():
            ask("test_ends setup")
            {up}
            yield
            ask("test_ends teardown")
            {down}

        def test_ends(last):
            ask("test_ends call")
        """,
    )
    project.write(
        "conftest.py",
        f"""
        import pytest

        def pytest_runtest_logfinish(nodeid):
            if nodeid.endswith("test_ends"):
                {after}
        """,
    )
    run = alone(project, loopback, compare=False)
    calls = {"set-up": 1, "tear-down": 3, "between tests": 3}[place]
    assert (len(run.of("test_ends")), owners(run)["shop teardown"]) == (calls, 1)


def test_fault_of_another_plugin(project, loopback):
    """An error inside pytest ends the session with status 3; what was spent until then is in the report."""
    project.write("test_suite.py", FIXTURES, ENDS.format(way="pass"))
    project.write(
        "conftest.py",
        """
        def pytest_runtest_logreport(report):
            if report.nodeid.endswith("test_ends") and report.when == "call":
                raise RuntimeError("a plugin of theirs")
        """,
    )
    loopback.forget()
    run, made = project.run(plugins=[]), loopback.requests
    assert run.code == project.run(plugins=[], cost=False).code == pytest.ExitCode.INTERNAL_ERROR
    assert [found(call) for call in run.calls] == [stated(call) for call in run.calls]
    assert len(run.calls) == made
    assert run.report["meta"]["selection"]["full"] is False


def test_exceptions_that_are_no_errors(project, loopback):
    """SystemExit and the like fail their test, as ever, and the run goes on."""
    project.write(
        "test_suite.py",
        """
        import sys
        import pytest
        from owner import ask

        @pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, BaseException, RecursionError])
        def test_raises(kind):
            ask(f"test_raises[{kind.__name__}] call")
            raise kind

        def test_deep():
            ask("test_deep call")
            def deeper():
                deeper()
            deeper()

        def test_after():
            ask("test_after call")
        """,
    )
    run = alone(project, loopback)
    assert run.outcomes == {"passed": 1, "failed": 5}


BUSY = """
    import time
    from owner import ask

    def test_busy():
        ask("test_busy call")
        time.sleep(1)
        ask("test_busy call")
"""


@pytest.mark.parametrize(
    "way",
    ["KeyboardInterrupt", "pytest.exit"],
)
def test_end_in_a_worker(project, loopback, way):
    """With xdist, one worker ends and the other is busy: what had arrived is in the report, once, and if it is not
    all, the run is not complete."""
    pytest.importorskip("xdist")
    project.write("test_one.py", FIXTURES, ENDS.format(way=WAYS[way]))
    project.write("test_two.py", BUSY)
    options = ("-n", "2", "--dist", "loadfile")
    loopback.forget()
    run = project.run(*options, plugins=["xdist"])
    made = loopback.requests
    without = project.run(*options, plugins=["xdist"], cost=False)
    assert run.code == without.code, run.output + without.output
    assert [found(call) for call in run.calls] == [stated(call) for call in run.calls]
    assert {"test_before setup", "test_before call"} <= set(owners(run))
    assert len(run.calls) <= made
    assert len(run.calls) == made or not run.report["meta"]["complete"], run.output


def test_interrupt_of_the_controller(project, loopback):
    """xdist hears no more of workers that are busy when Ctrl-C comes: the run is not complete."""
    pytest.importorskip("xdist")
    end = "os.kill(os.getppid(), signal.SIGINT); __import__('time').sleep(3)"
    project.write("test_suite.py", FIXTURES, ENDS.format(way=end))
    loopback.forget()
    run = project.run("-n", "2", plugins=["xdist"])
    made = loopback.requests
    assert run.code == pytest.ExitCode.INTERRUPTED
    assert [found(call) for call in run.calls] == [stated(call) for call in run.calls]
    assert run.report["meta"]["complete"] is False, (run.output, made)


@pytest.mark.parametrize(
    ("way", "code"), [("os._exit(3)", 3), ("os.kill(os.getpid(), signal.SIGKILL)", -9), ("time-out", 1)]
)
def test_process_that_is_killed(project, way, code):
    """The report of an earlier run does not stay behind: it could be taken for the one of this run."""
    options, plugins = [], []
    if way == "time-out":
        # pytest-timeout's thread method ends the process with os._exit.
        pytest.importorskip("pytest_timeout")
        options, plugins = ["--timeout=1", "-o", "timeout_method=thread"], ["timeout"]
        way = "__import__('time').sleep(60)"
    project.write(
        "conftest.py",
        """
        import pathlib

        pathlib.Path(".llmcost").mkdir()
        pathlib.Path(".llmcost/report.json").write_text("{}")
        """,
    )
    project.write("test_suite.py", FIXTURES, ENDS.format(way=way))
    run = project.run(*options, plugins=plugins)
    assert (run.code, run.report) == (code, None), run.output
