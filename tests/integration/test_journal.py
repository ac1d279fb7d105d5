"""Sessions that are killed: what had finished is in the journal, and `llmcost explain` makes the report from it."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from ways import CHAT, PRICES, check_unfinished, found, owners, stated

SUITE = """
    import os
    import signal
    import time
    import pytest
    from owner import ask

    @pytest.fixture(scope="module")
    def shelf():
        ask("shelf setup")
        yield
        ask("shelf teardown")

    @pytest.fixture
    def item(request):
        name = request.node.name
        ask(f"{name} setup")
        yield
        ask(f"{name} teardown")

    def test_passes(item, shelf):
        ask("test_passes call")

    def test_fails():
        ask("test_fails call")
        ask("test_fails call")
        assert False

    def test_dies(item):
        ask("test_dies call")
        WAY

    def test_never():
        ask("test_never call")
"""
FINISHED = {
    "shelf setup": 1,
    "test_passes setup": 1,
    "test_passes call": 1,
    "test_passes teardown": 1,
    "test_fails call": 2,
}
WAYS = {
    "os._exit": "os._exit(0)",
    "SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "timeout": "time.sleep(60)",  # pytest-timeout's thread method ends the process with os._exit
}
KEPT = {".gitignore", "report.json"}


def options_of(way):
    return ["--timeout=1", "-o", "timeout_method=thread"] if way == "timeout" else []


def files(project):
    return {path.name for path in (project.folder / ".llmcost").iterdir()}


@pytest.fixture
def priced(project):
    """A project whose calls have a price."""
    project.write("llmcost.yaml", PRICES)
    return project


@pytest.mark.parametrize("way", WAYS)
def test_killed_session(priced, way):
    """Every call of the tests that had finished, with outcomes and amounts; the run did not finish."""
    if way == "timeout":
        pytest.importorskip("pytest_timeout")
    priced.write("test_suite.py", SUITE.replace("WAY", WAYS[way]))
    killed = priced.run(*options_of(way), plugins=["timeout"] if way == "timeout" else [])
    assert killed.report is None
    run = priced.explain("test_suite.py::test_fails")
    check_unfinished(run, FINISHED)
    rows = {row["nodeid"].partition("::")[2]: row for row in run.report["tests"]}
    assert [rows[name]["outcome"] for name in ("test_passes", "test_fails")] == ["passed", "failed"]
    assert Decimal(rows["test_passes"]["cost"]["value"]) == 3 * CHAT
    assert "test_never" not in rows
    # The second time there is a report already, and it says the same.
    again = priced.explain("test_suite.py::test_passes")
    check_unfinished(again, FINISHED)


def test_killed_session_with_reruns(priced):
    """The attempts before the last are in the journal too."""
    pytest.importorskip("pytest_rerunfailures")
    priced.write(
        "test_suite.py",
        """
        import os
        import pytest
        from owner import ask
        tried = []

        @pytest.fixture
        def judge():
            yield
            ask("test_again teardown" + (" 2" if len(tried) == 2 else ""))

        @pytest.mark.flaky(reruns=1)
        def test_again(judge):
            tried.append(1)
            ask("test_again call" + (" 2" if len(tried) == 2 else ""))
            assert len(tried) == 2

        def test_dies():
            os._exit(0)
        """,
    )
    priced.run(plugins=["rerunfailures"])
    run = priced.explain("test_suite.py::test_again")
    attempts = ["test_again call", "test_again teardown", "test_again call 2", "test_again teardown 2"]
    check_unfinished(run, dict.fromkeys(attempts, 1))
    (row,) = (row for row in run.report["tests"] if row["nodeid"].endswith("test_again"))
    assert (row["outcome"], row["calls"], Decimal(row["spent"]["value"])) == ("passed", 2, 4 * CHAT)


def test_torn_line(priced):
    """A process that is killed while it writes leaves half a line: the lines before it hold."""
    priced.write("test_suite.py", SUITE.replace("WAY", WAYS["SIGKILL"]))
    priced.run(plugins=[])
    journals = (priced.folder / ".llmcost").rglob("*.jsonl")
    largest = max(journals, key=lambda path: path.stat().st_size)
    with largest.open("ab") as file:
        file.write(b'{"half": "a li')
    check_unfinished(priced.explain("test_suite.py::test_passes"), FINISHED)


def test_forked_child(priced):
    """A child of the process under test neither repeats the journal's lines nor takes it away when it ends."""
    priced.write(
        "test_suite.py",
        """
        import multiprocessing
        import os
        import sys
        from owner import ask

        def test_one():
            ask("test_one call")

        def test_forks():
            child = multiprocessing.get_context("fork").Process(target=sys.exit)
            child.start()
            child.join()
            if not (pid := os.fork()):
                os._exit(0)
            os.waitpid(pid, 0)
            ask("test_forks call")

        def test_dies():
            os._exit(0)
        """,
    )
    priced.run("-W", "ignore::DeprecationWarning", plugins=[])
    check_unfinished(priced.explain("test_suite.py::test_one"), {"test_one call": 1, "test_forks call": 1})


class TestWorkers:
    """With pytest-xdist."""

    def test_killed_worker(self, priced):
        """What a dead worker's finished tests had not sent yet is in the report, which names the test that died."""
        pytest.importorskip("xdist")
        priced.write(
            "conftest.py",
            """
            from _pytest.runner import runtestprotocol

            def pytest_runtest_protocol(item, nextitem):
                # As some plugins do that run a test again: the first attempt's reports are never sent.
                if item.name == "test_again":
                    runtestprotocol(item, nextitem=item, log=False)
            """,
        )
        priced.write(
            "test_suite.py",
            """
            import os
            from owner import ask
            tried = []

            def test_again():
                tried.append(1)
                ask("test_again call" + (" 2" if len(tried) == 2 else ""))

            def test_sent():
                ask("test_sent call")

            def test_dies():
                os._exit(3)
            """,
        )
        priced.write("test_other.py", "from owner import ask\ndef test_other(): ask('test_other call')\n")
        options = ["-n", "2", "--dist", "loadfile", "--max-worker-restart=0"]
        run = priced.run(*options, plugins=["xdist"])
        assert run.report["meta"]["complete"] is False
        assert list(map(found, run.calls)) == list(map(stated, run.calls))
        owned = ["test_again call", "test_again call 2", "test_sent call", "test_other call"]
        assert owners(run) == dict.fromkeys(owned, 1)
        assert any("test_suite.py::test_dies" in notice for notice in run.notices("fault")), run.output
        assert files(priced) == KEPT

    def test_killed_controller(self, priced):
        """If all of it is killed, the finished tests of every worker are in the report."""
        pytest.importorskip("xdist")
        priced.write(
            "test_one.py", SUITE.replace("WAY", "time.sleep(1); os.kill(os.getppid(), signal.SIGKILL)")
        )
        priced.write("test_two.py", "from owner import ask\ndef test_two(): ask('test_two call')\n")
        killed = priced.run("-n", "2", "--dist", "loadfile", plugins=["xdist"])
        assert killed.report is None
        time.sleep(1)  # the workers notice, and end
        check_unfinished(priced.explain("test_one.py::test_fails"), {**FINISHED, "test_two call": 1})


@pytest.mark.parametrize(
    ("way", "options"),
    [("pass", []), ("raise KeyboardInterrupt", []), ("pytest.exit('x')", ["-x"]), ("pass", ["-n", "2"])],
    ids=["to its end", "KeyboardInterrupt", "-x", "workers"],
)
def test_no_journal_is_left(priced, way, options):
    """A session that ends by itself, however, leaves its report and no journal."""
    plugins = []
    if options == ["-n", "2"]:
        pytest.importorskip("xdist")
        plugins = ["xdist"]
    priced.write("test_suite.py", SUITE.replace("WAY", way))
    run = priced.run(*options, plugins=plugins)
    assert run.report["meta"]["complete"] is True
    assert files(priced) == KEPT
