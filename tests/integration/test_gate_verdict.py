"""Budgets in real sessions: verdict and exit status, alone and beside everything else that may happen."""

from __future__ import annotations

import pytest
from ways import PRICES

# Each call costs $0.000436.
SUITE = """
    import os
    import pytest
    from ask import chat

    def times(name):
        return range(int(os.environ.get(name, "1")))

    def test_one():
        for _ in times("ONE"):
            chat()

    def test_two():
        for _ in times("TWO"):
            chat()

    def test_offline():
        assert "FAIL" not in os.environ
        if "EXIT" in os.environ:
            os._exit(1)
        if "SKIP" in os.environ:
            pytest.skip("not now")
"""
OK, FAILED, INTERRUPTED, USAGE, NOTHING = 0, 1, 2, 4, 5


@pytest.fixture
def shop(project):
    """A suite of two calls, each test limited to one and a half of them."""
    project.write("test_shop.py", SUITE)
    project.write("llmcost.yaml", PRICES, "    budgets: [{scope: test, max_cost: '0.0006'}]\n")
    return project


def rules(run):
    return [(finding["level"], finding["rule"], finding["match"]) for finding in run.report["findings"]]


BROKEN = [("error", "max_cost", "test_shop.py::test_one")]


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("-W", "error"), ("-p", "no:terminal"), ("-q",)])
def test_limits_that_hold(shop, options):
    """Exit status 0, verdict pass."""
    run = shop.run(*options, plugins=("xdist",))
    assert (run.code, run.report["verdict"], rules(run)) == (OK, "pass", [])
    assert "no:terminal" in options or "3 limits kept" in run.output


@pytest.mark.parametrize(
    "options", [(), ("-n", "2"), ("-W", "error"), ("-x",), ("--maxfail=1",), ("-p", "no:terminal"), ("-q",)]
)
def test_a_limit_that_does_not_hold(shop, options):
    """Exit status 1 though all tests passed, the verdict in report.json, and the reason printed."""
    run = shop.run(*options, plugins=("xdist",), ONE="2")
    assert (run.code, run.report["verdict"], rules(run)) == (FAILED, "fail", BROKEN)
    assert run.report["meta"]["complete"] is True
    if "no:terminal" not in options:
        assert run.outcomes == {"passed": 3}
        assert (
            "FAIL  max_cost  test_shop.py::test_one costs $0.000872, and its limit is $0.0006" in run.output
        )
        assert "Traceback" not in run.output


@pytest.mark.parametrize(
    ("level", "fail_on", "code"),
    [
        ("error", "error", FAILED),
        ("error", "warning", FAILED),
        ("error", "never", OK),
        ("warning", "error", OK),
        ("warning", "warning", FAILED),
        ("warning", "never", OK),
    ],
)
def test_fail_on(shop, level, fail_on, code):
    """From which level a finding fails the session; the verdict is the same whatever it says."""
    shop.write(
        "llmcost.yaml", PRICES, f"    budgets: [{{scope: test, max_cost: '0.0006', level: {level}}}]\n"
    )
    run = shop.run(f"--llm-cost-fail-on={fail_on}", ONE="2")
    assert run.code == code
    assert run.report["verdict"] == {"error": "fail", "warning": "warn"}[level]
    assert ("FAIL  max_cost" if level == "error" else "WARN  max_cost") in run.output


def test_ini_keys(shop):
    """The same from the ini-file, and the command line comes before it."""
    shop.write("pytest.ini", "[pytest]\nllm_cost = true\nllm_cost_fail_on = never\n")
    assert shop.run(cost=False, ONE="2").code == OK
    assert shop.run("--llm-cost-fail-on=error", cost=False, ONE="2").code == FAILED
    shop.write("pytest.ini", "[pytest]\nllm_cost = true\nllm_cost_fail_on = sometimes\n")
    run = shop.run(cost=False)
    assert run.code == USAGE
    assert "llm_cost_fail_on = sometimes: unknown; allowed: error, warning, never" in run.output


def test_tests_that_fail_by_themselves(shop):
    """pytest's own status stays, and the gate says what it found beside it."""
    run = shop.run(FAIL="1")
    assert (run.code, run.report["verdict"]) == (FAILED, "pass")
    run = shop.run("--llm-cost-fail-on=never", FAIL="1", ONE="2")
    assert (run.code, run.report["verdict"], rules(run)) == (FAILED, "fail", BROKEN)


def test_without_tests(shop):
    """No test, no verdict of ours: pytest's status 5 stays."""
    run = shop.run("-k", "nothing_of_the_kind", ONE="2")
    assert (run.code, run.report) == (NOTHING, None)
    assert "Traceback" not in run.output


def test_collect_only(shop):
    """Nothing ran: nothing is judged, printed or written."""
    run = shop.run("--collect-only", ONE="2")
    assert (run.code, run.report) == (OK, None)
    assert "LLM cost" not in run.output
    assert not (shop.folder / "llmcost-baseline.json").exists()


def test_a_session_that_was_broken_off(shop):
    """Status 2 is pytest's; what had run is judged, and told."""
    shop.write(
        "conftest.py",
        "def pytest_runtest_logfinish(nodeid):\n    if 'two' in nodeid: raise KeyboardInterrupt\n",
    )
    run = shop.run(ONE="2")
    assert (run.code, rules(run)) == (INTERRUPTED, BROKEN)
    assert run.report["meta"]["selection"]["full"] is False


def test_a_usage_error_of_pytest(shop):
    """Status 4 is pytest's too."""
    run = shop.run("no_such_file.py")
    assert run.code == USAGE
    assert "Traceback" not in run.output


def test_a_worker_that_crashed(shop):
    """Calls may be missing: with a limit the run does not pass, whatever was heard."""
    run = shop.run("-n", "2", plugins=("xdist",), EXIT="1")
    assert (run.code, run.report["verdict"]) == (FAILED, "fail")
    assert ("error", "run.complete", "") in rules(run)
    assert run.report["meta"]["complete"] is False


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("capture.collect", "Collector._settle"),
        ("gate", "CostGate.decide"),
        ("gate", "CostGate._suite"),
        ("budgets.evaluate", "judge"),
    ],
)
def test_a_fault_of_ours_does_not_pass_the_gate(shop, module, name):
    """Nor does it fail a test: the run is not complete, and says so in the report and in the terminal."""
    shop.write("llmcost-baseline.json", '{"format": 1, "tests": {}}')
    room, _, file = f"pytest_llmcost.{module}".rpartition(".")
    shop.write(
        "breaking.py",
        f"""
        from {room} import {file}

        def broken(*args, **kwargs):
            raise ValueError("a fault")

        {file}.{name} = broken
        """,
    )
    run = shop.run("-p", "breaking")
    assert run.outcomes == {"passed": 3}
    assert (run.code, run.report["verdict"]) == (FAILED, "fail"), run.output
    assert run.report["meta"]["complete"] is False
    assert "FAIL  run.complete" in run.output
    assert "Traceback" not in run.output
    run = shop.run("-p", "breaking", "--llm-cost-fail-on=never")
    assert (run.code, run.report["verdict"]) == (OK, "fail")


def test_a_fault_while_printing_loses_neither_status_nor_summary(shop):
    """The last lines are pytest's."""
    shop.write(
        "breaking.py",
        """
        from pytest_llmcost.reports import gate_section

        def broken(*args, **kwargs):
            raise ValueError("a fault")

        gate_section.finding_lines = broken
        """,
    )
    run = shop.run("-p", "breaking", ONE="2")
    assert (run.code, run.outcomes) == (FAILED, {"passed": 3})
    assert "not all is shown: a fault of pytest-llmcost: ValueError: a fault" in run.output
    assert run.report["verdict"] == "fail"


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_a_marker_limits_its_test(project, options):
    """Of the function over that of the class, also from a worker; what it loosens is told."""
    project.write("llmcost.yaml", PRICES, "    budgets: [{scope: test, max_calls: 1}]\n")
    project.write(
        "test_marked.py",
        """
        import pytest
        from ask import chat

        @pytest.mark.llm_budget(max_cost="0.0004", max_calls=3)
        class TestDesk:
            def test_costs(self):
                chat()

            @pytest.mark.llm_budget(max_cost="0.01")
            def test_may(self):
                chat()
                chat()

        def test_other():
            chat()
        """,
    )
    run = project.run(*options, plugins=("xdist",))
    assert run.code == FAILED
    assert rules(run) == [("error", "max_cost", "test_marked.py::TestDesk::test_costs")]
    assert run.report["findings"][0]["location"].startswith("test_marked.py:")
    assert sum("loosens max_calls from 1 call" in text for text in run.notices("budget")) == 2


def test_markers_without_any_file(project):
    """No YAML and no baseline are needed."""
    project.write(
        "test_marked.py",
        """
        import pytest
        from ask import chat

        @pytest.mark.llm_budget(max_calls=1)
        def test_it():
            chat()
            chat()
        """,
    )
    run = project.run()
    assert (run.code, rules(run)) == (FAILED, [("error", "max_calls", "test_marked.py::test_it")])


@pytest.mark.parametrize("wrong", ["max_costs=1", "level=[]", "max_cost=object()", '"0.02"', ""])
@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_a_bad_marker_fails_its_own_test(project, options, wrong):
    """In one line at its set-up; the others run."""
    project.write(
        "test_marked.py",
        f"""
        import pytest

        @pytest.mark.llm_budget({wrong})
        def test_it():
            pass

        def test_other():
            pass
        """,
    )
    run = project.run(*options, plugins=("xdist",))
    assert (run.code, run.outcomes) == (FAILED, {"passed": 1, "error": 1})
    assert "llm_budget" in run.output
    assert "INTERNALERROR" not in run.output


def test_rerun_tests_are_judged_by_their_last_attempt(project):
    """Attempts that failed are spent, and are no cost of the test."""
    project.write("llmcost.yaml", PRICES, "    budgets: [{scope: test, max_calls: 1}]\n")
    project.write(
        "test_flaky.py",
        """
        from ask import chat
        seen = []

        def test_it():
            chat()
            seen.append(1)
            assert len(seen) > 2
        """,
    )
    run = project.run("--reruns", "3", plugins=("rerunfailures",))
    assert (run.code, run.report["verdict"]) == (OK, "pass"), run.output
