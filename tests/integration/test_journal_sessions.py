"""Several sessions in one folder: the journal of one never mixes with that of another."""

from __future__ import annotations

import os
import subprocess
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from ways import PRICES, check_unfinished, owners

KILLED = """
    import os
    from owner import ask

    def test_NAME():
        WAIT
        ask("test_NAME call")

    def test_dies():
        os._exit(0)
"""
ENDS = """
    from owner import ask

    def test_NAME():
        ask("test_NAME call")
"""
WAIT = """
        import pathlib, time
        pathlib.Path("waiting").touch()
        while not pathlib.Path("go").exists():
            time.sleep(0.02)
"""


@pytest.fixture
def priced(project):
    """A project whose calls have a price."""
    project.write("llmcost.yaml", PRICES)
    return project


def suite(project, name, text, wait=""):
    project.write(f"test_{name}.py", text.replace("NAME", name).replace("        WAIT\n", wait))
    return f"test_{name}.py"


def test_one_after_another(priced):
    """What a killed session left goes into no later report, neither of one that ends nor of one that is killed."""
    priced.run(suite(priced, "first", KILLED), plugins=[])
    ended = priced.run(suite(priced, "second", ENDS), plugins=[])
    assert (owners(ended), ended.report["meta"]["complete"]) == ({"test_second call": 1}, True)
    asked = priced.explain("test_second.py::test_second")
    assert (asked.code, owners(asked)) == (0, {"test_second call": 1})
    assert "did not finish" not in asked.output
    assert priced.run(suite(priced, "third", KILLED), plugins=[]).report is None
    check_unfinished(priced.explain("test_third.py::test_third"), {"test_third call": 1})


def test_at_the_same_time(priced):
    """A session that is killed after another one began and ended: each has its own calls, and it was the last."""
    long, short = suite(priced, "long", KILLED, WAIT), suite(priced, "short", ENDS)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(priced.run, long, plugins=[])
        while not (priced.folder / "waiting").exists():
            assert not running.done(), running.result().output
            time.sleep(0.02)
        ended = priced.run(short, plugins=[])
        (priced.folder / "go").touch()
    assert (owners(ended), ended.report["meta"]["complete"]) == ({"test_short call": 1}, True)
    check_unfinished(priced.explain("test_long.py::test_long"), {"test_long call": 1})


def test_several_at_the_same_time(priced):
    """Of sessions that are killed at the same time each keeps what it has: no line is torn or lost, nothing mixes."""
    names = ["one", "two", "three"]
    files = [suite(priced, name, KILLED, WAIT) for name in names]
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(priced.run, file, plugins=[]) for file in files]
        while not (priced.folder / "waiting").exists():
            time.sleep(0.02)
        time.sleep(2)
        (priced.folder / "go").touch()
        assert [run.result().report for run in running] == [None] * 3
    # Which of them is explained, is a matter of time; it is one, and not a mixture.
    found = [priced.explain(f"test_{name}.py::test_{name}") for name in names]
    assert any(run.code == 0 for run in found), found
    for name, run in zip(names, found, strict=True):
        if run.code == 0:
            check_unfinished(run, {f"test_{name} call": 1})


@pytest.mark.parametrize("process", [1, os.getpid()], ids=["the first of a container", "one of later"])
def test_process_id_is_in_use_again(priced, process):
    """Containers give out the same low numbers every time: another process with the number means nothing."""
    priced.run(suite(priced, "first", KILLED), plugins=[])
    (journal,) = (priced.folder / ".llmcost" / "journal").iterdir()
    parts = journal.name.split("-")
    journal.rename(journal.with_name("-".join([parts[0], str(process), parts[2]])))
    check_unfinished(priced.explain("test_first.py::test_first"), {"test_first call": 1})


def test_nobody_has_noticed_its_end(priced):
    """A session that was killed and whose parent does not ask for its end (a zombie) is over."""
    name = suite(priced, "first", KILLED)
    arguments = ["-m", "pytest", "--llm-cost", "-p", "llmcost", name]
    ended = priced.folder / "ended"
    script = f"""
        import os, subprocess, sys, time
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        process = subprocess.Popen([sys.executable, *{arguments!r}], stdout=subprocess.PIPE)
        process.stdout.read()  # until it is killed
        time.sleep(0.5)
        open({str(ended)!r}, "w").close()
        time.sleep(60)
    """
    parent = priced.start(textwrap.dedent(script))
    try:
        while not ended.exists():
            assert parent.poll() is None
            time.sleep(0.02)
        check_unfinished(priced.explain("test_first.py::test_first"), {"test_first call": 1})
    finally:
        parent.kill()
        parent.wait()


@pytest.mark.parametrize("payload", ["{}", '{"calls": [{}], "faults": [], "attempts": {}, "number": 1}', "3"])
def test_line_that_is_of_another_version(priced, payload):
    """What cannot be understood is told, and costs nothing else."""
    priced.run(suite(priced, "first", KILLED), plugins=[])
    (lines,) = (priced.folder / ".llmcost" / "journal").rglob("*.jsonl")
    with lines.open("a", encoding="ascii") as file:
        file.write(f'{{"nodeid": "test_x.py::test_x", "phases": [], "payloads": [{payload}]}}\n')
    run = priced.explain("test_first.py::test_first")
    check_unfinished(run, {"test_first call": 1})
    assert "a line of the journal" in str(run.report), run.report


ONE = """
    import os
    from owner import ask

    def test_one():
        ask("test_one call")

    def test_two():
        pass
"""


def test_full_disk(priced):
    """What cannot be written is left out; the session ends as ever."""
    priced.write("test_suite.py", ONE)
    priced.write(
        "conftest.py",
        """
        import resource

        def pytest_runtest_logfinish():  # the disk is full from here on
            resource.setrlimit(resource.RLIMIT_FSIZE, (400, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        """,
    )
    run = priced.run(plugins=[])
    assert "Traceback" not in run.output
    assert (run.outcomes, run.code) == ({"passed": 2}, 0), run.output


def test_full_disk_from_the_start(priced):
    """No file is left open, which would be a warning and so an error."""
    priced.write("test_suite.py", ONE)
    priced.write(
        "conftest.py",
        """
        import resource

        LIMIT = resource.getrlimit(resource.RLIMIT_FSIZE)

        def pytest_collection_finish():
            resource.setrlimit(resource.RLIMIT_FSIZE, (10, LIMIT[1]))

        def pytest_runtest_teardown():
            resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT[1], LIMIT[1]))
        """,
    )
    assert priced.run(plugins=[]).outcomes == {"passed": 2}


def test_branch_whose_name_is_no_text(priced):
    """git's names are bytes; the report has none then."""
    priced.write("test_suite.py", ONE)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@y"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"], ["checkout", "-qb", b"f\xfcr"]):
        subprocess.run([*git, *arguments], cwd=priced.folder, check=True)
    run = priced.run(plugins=[])
    assert run.code == 0, run.output


def test_file_system_without_locks(priced):
    """Then nothing tells whether a session lives: who asks gets its report."""
    no_locks = """
        import fcntl

        def flock(*args):
            raise OSError(37, "No locks available")

        fcntl.flock = flock
    """
    priced.write("no_locks.py", no_locks)
    priced.run("-p", "no_locks", suite(priced, "first", KILLED), plugins=[])
    priced.write("sitecustomize.py", no_locks)
    check_unfinished(priced.explain("test_first.py::test_first"), {"test_first call": 1})


def test_suite_that_reads_its_own_folder(priced):
    """It opens and closes the journal's files too: a session beside it still sees that the run lives."""
    priced.write("other.py", "def test_other(): pass\n")
    priced.write(
        "test_suite.py",
        ONE,
        """
    def test_walks():
        import pathlib, subprocess, sys
        for path in pathlib.Path(".").rglob("*"):
            if path.is_file():
                path.read_bytes()
        command = ["-m", "pytest", "-p", "llmcost", "-p", "no:cacheprovider", "--llm-cost", "-q", "other.py"]
        subprocess.run([sys.executable, *command], check=True)
        assert list(pathlib.Path(".llmcost/journal").glob("*/run.json")), "the journal of a living run is gone"
""",
    )
    run = priced.run(plugins=[])
    assert run.code == 0, run.output
