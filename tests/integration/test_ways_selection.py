"""A part of the suite, or an end before its end: -k, -x, --maxfail, --lf, --ff, --stepwise, --collect-only."""

from __future__ import annotations

import pytest
from ways import alone, owners, parallel

SUITE = """
    import pytest
    from owner import ask

    @pytest.fixture(scope="module")
    def shelf():
        ask("shelf setup")
        yield
        ask("shelf teardown")

    def test_a(shelf):
        ask("test_a call")

    def test_b(shelf):
        ask("test_b call")
        assert False

    def test_c(shelf):
        ask("test_c call")

    def test_d(shelf):
        ask("test_d call")
        assert False
"""
SHELF = {"shelf setup": 1, "shelf teardown": 1}


@pytest.fixture
def suite(project):
    """Four tests of which the second and the last fail."""
    project.write("test_suite.py", SUITE)
    return project


def calls_of(*tests):
    return {**SHELF, **{f"test_{name} call": 1 for name in tests}}


@pytest.mark.parametrize(
    ("options", "tests"),
    [
        (["-k", "test_a or test_c"], "ac"),
        (["--deselect", "test_suite.py::test_b"], "acd"),
        (["test_suite.py::test_d", "test_suite.py::test_a"], "da"),
    ],
    ids=["-k", "--deselect", "nodeids"],
)
def test_part_of_the_suite(suite, loopback, options, tests):
    """What is deselected makes no call and is in no row."""
    run = alone(suite, loopback, *options)
    assert owners(run) == calls_of(*tests)
    assert [row["nodeid"][-1] for row in run.report["tests"]] == list(tests)
    selection = run.report["meta"]["selection"]
    assert (selection["full"], selection["ran"]) == (False, len(tests))


@pytest.mark.parametrize(("options", "tests"), [(["-x"], "ab"), (["--maxfail=2"], "abcd")])
def test_end_at_a_failure(suite, loopback, options, tests):
    """The tear-down of what was set up still comes, and is found."""
    run = alone(suite, loopback, *options)
    assert owners(run) == calls_of(*tests)
    assert run.report["meta"]["selection"]["full"] is (tests == "abcd")


def test_last_failed(suite, loopback):
    """--lf, --ff, --nf and --stepwise go by pytest's cache, which has nothing of ours and loses nothing."""

    def run(*options):
        # A run without costs would move the cache on.
        return alone(suite, loopback, *options, compare=False, cache=True)

    assert owners(run()) == calls_of(*"abcd")
    failed = run("--lf")
    assert (owners(failed), failed.report["meta"]["selection"]["full"]) == (calls_of(*"bd"), False)
    first = run("--ff")
    assert owners(first) == calls_of(*"abcd")
    assert [row["nodeid"][-1] for row in first.report["tests"]] == list("bdac")
    assert owners(run("--nf")) == calls_of(*"abcd")
    step = run("--stepwise")
    assert (owners(step), step.report["meta"]["selection"]["full"]) == (calls_of(*"ab"), False)
    assert owners(run("--stepwise", "--stepwise-skip")) == calls_of(*"bcd")


def test_nothing_runs(suite, loopback):
    """--collect-only, --setup-plan and a -k that matches nothing make no call and change no exit status."""
    loopback.forget()
    for options, code in ((["--collect-only"], 0), (["--setup-plan"], 0), (["-k", "nothing"], 5)):
        run = suite.run(*options, plugins=[])
        assert run.code == code, run.output
        assert run.report is None or run.calls == []
    assert loopback.requests == 0


def test_setup_only(suite, loopback):
    """--setup-only sets fixtures up, and these do call."""
    run = alone(suite, loopback, "--setup-only")
    assert owners(run) == SHELF


def test_a_file_that_is_left_out(suite, loopback):
    """It may hold tests: what ran is a part of the suite."""
    suite.write("test_other.py", "def test_e(): pass\n")
    assert alone(suite, loopback).report["meta"]["selection"]["full"] is True
    for options in (["--ignore=test_other.py"], ["--ignore-glob=*_other.py"]):
        assert alone(suite, loopback, *options).report["meta"]["selection"]["full"] is False
    suite.write("pytest.ini", "[pytest]\naddopts = --ignore=test_other.py\n")
    assert alone(suite, loopback).report["meta"]["selection"]["full"] is True  # so it always is
    suite.write("pytest.ini", "[pytest]\n")
    suite.write("test_other.py", "raise RuntimeError('broken')\n")
    go_on = "--continue-on-collection-errors"
    assert alone(suite, loopback, go_on).report["meta"]["selection"]["full"] is False
    assert parallel(suite, loopback, go_on).report["meta"]["selection"]["full"] is False


def test_the_folders_of_the_suite_by_name(suite, loopback):
    """``pytest tests`` is all of it where the ini-file says that tests are there."""
    suite.write("more/test_more.py", "def test_more(): pass\n")
    suite.write("tests/test_inner.py", "def test_inner(): pass\n")

    def full(*arguments):
        return alone(suite, loopback, *arguments, compare=False).report["meta"]["selection"]["full"]

    assert full("tests") is False
    suite.write("pytest.ini", "[pytest]\ntestpaths = tests more\n")
    assert (full(), full("more", "tests"), full("tests"), full("tests/test_inner.py", "more")) == (
        (True, True, False, False)
    )


def test_error_in_collection(suite, loopback):
    """Calls at import belong to the session, also of a file that cannot be imported; the other files go on."""
    suite.write("test_import.py", "from owner import ask\nask('session')\nraise RuntimeError('broken')\n")
    options = ("--continue-on-collection-errors", "-k", "test_a")
    run = alone(suite, loopback, *options)
    assert owners(run) == {"session": 1, **calls_of("a")}
    assert run.report["meta"]["selection"]["full"] is False
    # Each worker imports all files.
    assert owners(parallel(suite, loopback, *options)) == {"session": 2, **calls_of("a")}
    # Without the option nothing runs; what was spent is told all the same.
    stopped = alone(suite, loopback)
    assert stopped.code == pytest.ExitCode.INTERRUPTED
    assert owners(stopped) == {"session": 1}
