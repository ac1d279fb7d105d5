"""Baselines in real sessions: accepting, comparing, partial runs, git, and files that cannot be read."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess

import pytest
from runs import commands
from ways import PRICES

SUITE = """
    import os
    import pytest
    from ask import chat

    def times(name):
        return range(int(os.environ.get(name, "1")))

    def test_one():
        for _ in times("ONE"):
            chat()

    @pytest.mark.parametrize("number", range(2))
    def test_two(number):
        for _ in times("TWO"):
            chat()
"""
OTHER = """
    import os
    from ask import chat

    def test_three():
        chat()
        assert "FAIL" not in os.environ
"""
BASELINE = "llmcost-baseline.json"
ONE, TWO = "test_shop.py::test_one", "test_shop.py::test_two"
ALL = {ONE, f"{TWO}[0]", f"{TWO}[1]", "test_other.py::test_three"}
OK, FAILED, USAGE = 0, 1, 4


@pytest.fixture
def shop(project):
    """Four tests of a call each, accepted; the suite may not cost 10 % more."""
    project.write("test_shop.py", SUITE)
    project.write("test_other.py", OTHER)
    project.write("llmcost.yaml", PRICES, "    budgets: [{scope: suite, max_increase: 10%}]\n")
    run = project.run("--llm-cost-update", "--llm-cost-reason=the first")
    assert run.code == OK, run.output
    assert "accepted: llmcost-baseline.json: 4 new, 0 changed, 0 gone, 0 as before" in run.output
    return project


def lines(project, name=BASELINE):
    return json.loads((project.folder / name).read_text())["tests"]


def text(project):
    return (project.folder / BASELINE).read_text()


def rules(run):
    return [finding["rule"] for finding in run.report["findings"]]


def states(run):
    return {row["key"]: row["state"] for row in run.report["diff"]["tests"]}


@pytest.mark.parametrize(
    "options", [(), ("-n", "2"), ("-n", "2", "--dist", "loadfile"), ("-p", "no:randomly")]
)
def test_the_same_again_is_no_change(shop, options):
    """Alone and in workers."""
    run = shop.run(*options, plugins=("xdist",))
    assert (run.code, rules(run)) == (OK, [])
    assert "as in the baseline" in run.output
    assert set(states(run).values()) == {"unchanged"}


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_an_increase_fails_until_it_is_accepted(shop, options):
    """What changed, why, and what to type; after the update the same run passes."""
    run = shop.run(*options, plugins=("xdist",), ONE="3")
    assert (run.code, rules(run)) == (FAILED, ["max_increase"])
    assert "calls 1 -> 3" in run.output
    assert 'accept the new cost: pytest --llm-cost --llm-cost-update --llm-cost-reason="..."' in run.output
    before = text(shop).splitlines()
    run = shop.run("--llm-cost-update", "--llm-cost-reason=retries", *options, plugins=("xdist",), ONE="3")
    assert (run.code, rules(run)) == (OK, [])
    assert "0 new, 1 changed, 0 gone" in run.output
    changed = [new for old, new in zip(before, text(shop).splitlines(), strict=True) if old != new]
    assert len(changed) == 1
    assert {key: row["reason"] for key, row in lines(shop).items()} == {
        **dict.fromkeys(ALL, "the first"),
        ONE: "retries",
    }
    assert shop.run(ONE="3").code == OK


def test_what_was_accepted_of_a_part(shop):
    """Lines of tests that did not run are not said to be accepted."""
    run = shop.run("--llm-cost-update", "-k", "one", ONE="3")
    assert "accepted: llmcost-baseline.json: 0 new, 1 changed, 0 gone, 3 as before" in run.output


def test_an_update_judges_what_is_absolute(shop):
    """A limit in dollars is not lifted by accepting."""
    shop.write("llmcost.yaml", PRICES, "    budgets: [{scope: test, max_calls: 2, max_increase: 1%}]\n")
    run = shop.run("--llm-cost-update", ONE="3")
    assert (run.code, rules(run)) == (FAILED, ["max_calls"])
    assert "1 changed" in run.output


@pytest.mark.parametrize(
    "options",
    [
        ("-k", "one"),
        ("test_shop.py::test_one",),
        ("./test_shop.py::test_one",),
        ("--deselect", "test_shop.py::test_two", "test_shop.py"),
        ("-x",),
        ("--maxfail=1",),
        ("test_other.py",),
    ],
    ids=" ".join,
)
def test_a_part_of_the_suite_never_shrinks_the_baseline(shop, options):
    """Tests that were not asked for keep their line, and are no saving."""
    before = text(shop)
    run = shop.run("--llm-cost-update", *options, FAIL="1")
    assert text(shop) == before
    run = shop.run(*options, FAIL="1")
    assert rules(run) == []
    assert "not_run" in states(run).values()
    assert run.notices("budget") == [
        "not all tests of the baseline have run: increases were judged on those that did"
    ]


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_a_shard_that_says_nothing_never_shrinks_the_baseline(shop, options):
    """Some plugins take tests out of the list and tell nobody."""
    before = text(shop)
    shop.write("conftest.py", "def pytest_collection_modifyitems(items):\n    del items[1:]\n")
    run = shop.run("--llm-cost-update", *options, plugins=("xdist",))
    assert run.report["meta"]["selection"]["full"] is False
    assert text(shop) == before


def test_last_failed_never_shrinks_the_baseline(shop):
    """--lf leaves out files and tests before anybody is told."""
    before = text(shop)
    shop.run(cache=True, FAIL="1")
    run = shop.run("--lf", "--llm-cost-update", cache=True)
    assert set(states(run).values()) == {"unchanged", "not_run"}
    assert text(shop) == before


@pytest.mark.parametrize(
    "way", ["importorskip('no_such_module')", "skip('later', allow_module_level=True)", "fail('x')"]
)
def test_a_module_that_was_skipped_or_broke_keeps_its_lines(shop, way):
    """Nothing was collected from it, which proves nothing."""
    before = set(lines(shop))
    shop.write("test_shop.py", f"import pytest\npytest.{way}\n")
    shop.run("--llm-cost-update", "--continue-on-collection-errors")
    assert set(lines(shop)) == before


def test_a_fixture_of_a_file_that_broke_keeps_its_line(shop):
    """Whether anything needs the fixture is not known."""
    shop.write(
        "conftest.py",
        "import pytest\nfrom ask import chat\n@pytest.fixture(scope='session')\ndef desk(): chat()\n",
    )
    shop.write("test_desk.py", "def test_desk(desk): pass\n")
    shop.run("--llm-cost-update")
    assert "fixture desk" in lines(shop)
    before = set(lines(shop))
    shop.write("test_desk.py", "raise RuntimeError('broken')\n")
    shop.run("--llm-cost-update", "--continue-on-collection-errors")
    assert set(lines(shop)) == before


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_lines_go_with_their_tests(shop, options):
    """A deleted file, and a deleted test of a file that was collected as a whole."""
    (shop.folder / "test_other.py").unlink()
    shop.write("test_shop.py", SUITE.replace("range(2))", "range(1))"))
    run = shop.run(*options, plugins=("xdist",))
    assert run.code == OK
    assert {key for key, state in states(run).items() if state == "gone"} == ALL - {ONE, f"{TWO}[0]"}
    shop.run("--llm-cost-update", *options, plugins=("xdist",))
    assert set(lines(shop)) == {ONE, f"{TWO}[0]"}


def test_a_renamed_test_is_no_change(shop):
    """Nothing is new, and nothing gone."""
    shop.write("test_shop.py", SUITE.replace("test_one", "test_uno"))
    run = shop.run()
    assert (run.code, set(states(run).values())) == (OK, {"unchanged"})
    assert "1 renamed" in run.output


def test_groups_of_xdist_are_no_part_of_a_name(shop):
    """--dist=loadgroup adds them to the names of tests."""
    shop.write("test_other.py", "import pytest\npytestmark = pytest.mark.xdist_group('a]b')\n", OTHER)
    shop.write("test_shop.py", SUITE.replace("    @pytest", "    @pytest.mark.xdist_group('x')\n    @pytest"))
    before = text(shop)
    run = shop.run("-n", "2", "--dist", "loadgroup", "--llm-cost-update", plugins=("xdist",))
    assert set(states(run).values()) == {"unchanged"}, run.output
    assert text(shop) == before
    run = shop.run("-n", "2", "--dist", "loadgroup", plugins=("xdist",), ONE="2", TWO="2")
    assert (run.code, rules(run)) == (FAILED, ["max_increase"])


def test_an_incomplete_run_is_not_accepted(shop):
    """Calls may be missing; the file stays, and the run says so."""
    before = text(shop)
    shop.write(
        "test_other.py", "import os\nfrom ask import chat\ndef test_three():\n    chat()\n    os._exit(1)\n"
    )
    run = shop.run("-n", "2", "--llm-cost-update", plugins=("xdist",), ONE="3")
    assert (run.code, text(shop)) == (FAILED, before)
    assert "nothing accepted: llmcost-baseline.json is as it was; calls may be missing" in run.output


def test_tests_that_fail_or_skip_keep_their_lines(shop):
    """Also while others are accepted."""
    before = lines(shop)
    run = shop.run("--llm-cost-update", FAIL="1", ONE="2")
    assert run.code == FAILED
    after = lines(shop)
    assert {key for key in ALL if before[key] != after[key]} == {ONE}


def test_collect_only_accepts_nothing(shop):
    """Nothing ran."""
    before = text(shop)
    run = shop.run("--collect-only", "--llm-cost-update")
    assert (run.code, text(shop)) == (OK, before)


def test_without_a_baseline(shop):
    """A first run is no error: it says what to type."""
    (shop.folder / BASELINE).unlink()
    run = shop.run(ONE="5")
    assert (run.code, run.report["diff"]) == (OK, None)
    assert "there is no baseline, so that increases were not judged" in run.output


def test_a_baseline_without_budgets_gates_nothing(shop):
    """It shows what changed."""
    shop.write("llmcost.yaml", PRICES)
    run = shop.run(ONE="5")
    assert (run.code, rules(run)) == (OK, [])
    assert "calls 1 -> 5" in run.output


@pytest.mark.parametrize("way", ["option", "ini"])
def test_a_report_as_the_baseline(shop, way):
    """Of an earlier run, wherever it lies: its tests are named from the project's root."""
    kept = shop.folder / "kept" / "cost.json"
    kept.parent.mkdir()
    shop.run()
    shutil.copy(shop.folder / ".llmcost" / "report.json", kept)
    (shop.folder / BASELINE).unlink()
    options = ["--llm-cost-baseline=kept/cost.json"]
    if way == "ini":
        shop.write("pytest.ini", "[pytest]\nllm_cost_baseline = kept/cost.json\n")
        options = []
    run = shop.run(*options)
    assert (run.code, set(states(run).values())) == (OK, {"unchanged"})
    run = shop.run(*options, ONE="3")
    assert (run.code, rules(run)) == (FAILED, ["max_increase"])
    run = shop.run(*options, "--llm-cost-update")
    assert run.code == USAGE
    assert (
        "--llm-cost-update cannot write to kept/cost.json, which is a report;"
        " name a baseline to write: --llm-cost-baseline=llmcost-baseline.json" in run.output
    )
    assert "calls" in json.loads(kept.read_text())


@pytest.mark.parametrize("where", ["deep/down/base.json", "../beside/base.json", "base-report.json"])
def test_a_baseline_elsewhere(shop, where):
    """Its tests are found from there; a part of the suite takes none away."""
    path = shop.folder / where
    path.parent.mkdir(parents=True, exist_ok=True)
    option = f"--llm-cost-baseline={where}"
    run = shop.run(option, "--llm-cost-update")
    assert run.code == OK, run.output
    before = path.read_text()
    assert shop.run(option, "-k", "one", "--llm-cost-update").code == OK
    assert path.read_text() == before
    run = shop.run(option, "-k", "one")
    assert set(states(run).values()) == {"unchanged", "not_run"}
    assert shop.run(option, ONE="3").code == FAILED


def test_a_baseline_of_a_subfolder(project):
    """Where pytest was started does not matter."""
    project.write("llmcost.yaml", PRICES, "    budgets: [{scope: suite, max_increase: 10%}]\n")
    project.write("tests/test_shop.py", SUITE)
    assert project.run("--llm-cost-update").code == OK
    assert set(lines(project)) == {f"tests/{key}" for key in ALL - {"test_other.py::test_three"}}
    run = project.run("tests", ONE="2")
    assert (run.code, states(run)[f"tests/{ONE}"]) == (FAILED, "changed")


def git(shop, *arguments):
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
    subprocess.run(command, cwd=shop.folder, check=True, capture_output=True)


def test_a_baseline_of_a_commit(shop):
    """git:REF is the file at that commit, and git:REF... that at the merge-base, whatever lies in the folder."""
    git(shop, "init", "-b", "main")
    git(shop, "add", BASELINE)
    git(shop, "commit", "-m", "one")
    git(shop, "checkout", "-b", "feature")
    shop.run("--llm-cost-update", ONE="3")
    git(shop, "commit", "-am", "three")
    git(shop, "checkout", "main")
    shop.run("--llm-cost-update", ONE="9")
    git(shop, "commit", "-am", "nine")
    git(shop, "checkout", "feature")
    assert shop.run(ONE="3").code == OK
    assert rules(shop.run("--llm-cost-baseline=git:main...", ONE="3")) == ["max_increase"]
    run = shop.run("--llm-cost-baseline=git:main", ONE="3")
    assert (run.code, run.report["diff"]["base"]["name"]) == (OK, "git:main")
    assert run.report["diff"]["totals"]["delta"].startswith("-")
    (shop.folder / BASELINE).unlink()
    assert shop.run("--llm-cost-baseline=git:HEAD", ONE="3").code == OK
    run = shop.run("--llm-cost-baseline=git:main", "--llm-cost-update")
    assert run.code == USAGE
    assert "--llm-cost-update cannot write to git:main; leave --llm-cost-baseline out" in run.output
    run = shop.run("--llm-cost-baseline=git:no-such-branch")
    assert run.code == USAGE
    assert "git:no-such-branch: no such commit (in CI, fetch it: fetch-depth: 0)" in run.output
    git(shop, "rm", "--cached", BASELINE)
    git(shop, "commit", "-m", "none")
    run = shop.run("--llm-cost-baseline=git:HEAD")
    assert (run.code, run.report["diff"]) == (OK, None)


def test_an_update_where_the_ini_file_names_a_commit(shop):
    """The command that a finding gives works: what is accepted goes into the file."""
    git(shop, "init", "-b", "main")
    git(shop, "add", BASELINE)
    git(shop, "commit", "-m", "one")
    shop.write("pytest.ini", "[pytest]\nllm_cost_baseline = git:main\n")
    run = shop.run(ONE="3")
    assert (run.code, rules(run)) == (FAILED, ["max_increase"])
    run = shop.run("--llm-cost-update", ONE="3")
    assert (run.code, "accepted: llmcost-baseline.json: 0 new, 1 changed" in run.output) == (OK, True)
    git(shop, "commit", "-am", "three")
    assert shop.run(ONE="3").code == OK


def test_a_branch_that_only_the_remote_has(shop):
    """A checkout of CI has origin/main and no main of its own; git:main means that one then."""
    git(shop, "init", "-b", "main")
    git(shop, "add", BASELINE)
    git(shop, "commit", "-m", "one")
    git(shop, "update-ref", "refs/remotes/origin/trunk", "HEAD")
    shop.run("--llm-cost-update", ONE="3")
    for ref in ("git:trunk", "git:trunk..."):
        run = shop.run(f"--llm-cost-baseline={ref}", ONE="3")
        assert (rules(run), run.report["diff"]["base"]["name"]) == (["max_increase"], ref)
    run = shop.run("--llm-cost-baseline=git:nowhere...")
    assert run.code == USAGE
    assert "git:nowhere...: no such commit (in CI, fetch it: fetch-depth: 0)" in run.output
    git(shop, "checkout", "--orphan", "other")
    git(shop, "commit", "--allow-empty", "-m", "unrelated")
    run = shop.run("--llm-cost-baseline=git:trunk...")
    assert run.code == USAGE
    assert "git:trunk...: no commit that both it and HEAD come from (in CI, fetch" in run.output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<<<<<<< HEAD\n{}\n", "llmcost-baseline.json:1: conflict marks of git"),
        (
            '{"format": 9, "tests": {}}',
            "llmcost-baseline.json: format 9 is newer than this version reads (1)",
        ),
        ("{", "llmcost-baseline.json:1:2: not valid JSON"),
        ('{"meta": {}}', "llmcost-baseline.json: not a report of pytest-llmcost"),
        ('{"meta": {"format": 99}}', "llmcost-baseline.json: format 99 is newer"),
        (b"\xff\xfe", "llmcost-baseline.json: not UTF-8 (byte 0)"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--llm-cost-update",)])
def test_a_baseline_that_cannot_be_read(shop, content, message, options):
    """Status 4 and one line, before a test runs; it is not overwritten."""
    path = shop.folder / BASELINE
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = path.read_bytes()
    run = shop.run(*options)
    assert run.code == USAGE
    assert message in run.output
    assert "Traceback" not in run.output
    assert path.read_bytes() == before


def test_a_baseline_that_is_not_there(shop):
    """Who names one means it; with --llm-cost-update it is made."""
    run = shop.run("--llm-cost-baseline=missing.json")
    assert run.code == USAGE
    assert (
        "missing.json: cannot be read: No such file or directory; pytest --llm-cost --llm-cost-up"
        in run.output
    )
    assert shop.run("--llm-cost-baseline=missing.json", "--llm-cost-update").code == OK
    assert set(lines(shop, "missing.json")) == ALL


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--llm-cost-reason=x"],
            "--llm-cost-reason says why a cost is accepted, and needs --llm-cost-update: add it",
        ),
        (["--llm-cost-fail-on=sometimes"], "invalid choice: 'sometimes'"),
    ],
)
def test_options_that_make_no_sense(shop, options, message):
    """Status 4, and what to type."""
    run = shop.run(*options)
    assert (run.code, message in run.output) == (USAGE, True)


def test_options_need_costs(shop):
    """They do nothing by themselves, which nobody means."""
    run = shop.run("--llm-cost-update", cost=False)
    assert run.code == USAGE
    assert "--llm-cost-update needs --llm-cost: add it" in run.output


def test_a_session_fixture_in_more_workers_is_no_increase(project):
    """Each worker sets it up again."""
    project.write("llmcost.yaml", PRICES, "    budgets: [{scope: suite, max_increase: 0%}]\n")
    project.write(
        "test_shop.py",
        """
        import pytest
        from ask import chat

        @pytest.fixture(scope="session")
        def index():
            chat("a")
            chat("b")

        @pytest.mark.parametrize("number", range(6))
        def test_it(index, number):
            chat()
        """,
    )
    assert project.run("--llm-cost-update").code == OK
    before = text(project)
    run = project.run("-n", "3", "--llm-cost-update", plugins=("xdist",))
    assert (run.code, text(project)) == (OK, before)
    run = project.run("-n", "3", plugins=("xdist",))
    assert (run.code, rules(run)) == (OK, [])


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_a_session_fixture_that_calls_more_often_is_an_increase(project, options):
    """However many workers set it up: how often each side did is known."""
    project.write("llmcost.yaml", PRICES, "    budgets: [{scope: suite, max_increase: 0%}]\n")
    project.write(
        "test_shop.py",
        """
        import os
        import pytest
        from ask import chat

        @pytest.fixture(scope="session")
        def index():
            for _ in range(int(os.environ.get("TIMES", "1"))):
                chat()

        @pytest.mark.parametrize("number", range(4))
        def test_it(index, number):
            chat("b")
        """,
    )
    assert project.run("--llm-cost-update").code == OK
    run = project.run(*options, plugins=("xdist",))
    assert (run.code, rules(run)) == (OK, [])
    run = project.run(*options, plugins=("xdist",), TIMES="2")
    assert (run.code, rules(run)) == (FAILED, ["max_increase"])
    assert run.report["diff"]["totals"]["delta"] == "0.000436"


def test_a_folder_that_cannot_be_written(shop):
    """The run ends as it would, and says what is wrong."""
    path = shop.folder / BASELINE
    path.unlink()
    path.mkdir()
    run = shop.run("--llm-cost-update")
    assert "Traceback" not in run.output
    assert BASELINE in run.output


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--llm-cost-config=ci/limits of all.yaml"], ["--llm-cost-config=ci/limits of all.yaml"]),
        (["--llm-cost-baseline=ci/my base.json"], ["--llm-cost-baseline=ci/my base.json"]),
        (
            ["--llm-cost-config=ci/limits of all.yaml", "--llm-cost-baseline=base.json"],
            ["--llm-cost-config=ci/limits of all.yaml", "--llm-cost-baseline=base.json"],
        ),
        (["--llm-cost-baseline=.llmcost/first.json"], []),  # a report is not written to
    ],
)
def test_what_accepts_a_cost_names_its_files(shop, options, named):
    """The command that is told can be pasted: it names the limits and the baseline as they were typed."""
    (shop.folder / "ci").mkdir()
    shutil.copy(shop.folder / "llmcost.yaml", shop.folder / "ci/limits of all.yaml")
    shop.run(*named, "--llm-cost-update")
    shutil.copy(shop.folder / ".llmcost/report.json", shop.folder / ".llmcost/first.json")
    run = shop.run(*options, ONE="3")
    assert run.code == FAILED
    told = next(line for line in run.output.splitlines() if "accept the new cost: " in line)
    command = shlex.split(told.partition("accept the new cost: ")[2])
    assert command == ["pytest", "--llm-cost", *named, "--llm-cost-update", "--llm-cost-reason=..."]
    assert shop.run(*command[2:], ONE="3").code == OK
    assert shop.run(*named, ONE="3").code == OK


def test_the_first_baseline_of_limits_elsewhere(project):
    """Where there is no baseline yet, what writes it names the limits too."""
    project.write("test_other.py", OTHER)
    project.write("ci/limits.yaml", PRICES, "    budgets: [{scope: suite, max_increase: 10%}]\n")
    run = project.run("--llm-cost-config=ci/limits.yaml")
    assert "pytest --llm-cost --llm-cost-config=ci/limits.yaml --llm-cost-update" in run.output


WIDE = """
    import pytest
    from ask import chat

    @pytest.fixture(scope="session")
    def index():
        chat()
"""
SKIPPED = """
    import os
    import pytest
    if "SKIP" in os.environ:
        pytest.skip("no driver here", allow_module_level=True)
    from ask import chat

    def test_four(index):
        chat()
"""


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_a_module_that_is_skipped_loses_nothing(shop, options, capsys):
    """Its tests and their fixture keep their lines; neither the gate nor a comparison takes them for gone."""
    shop.write("conftest.py", WIDE)
    shop.write("test_wide.py", SKIPPED)
    assert "2 new" in shop.run("--llm-cost-update").output
    report = shop.folder / ".llmcost/report.json"
    before, old = text(shop), report.read_text()
    run = shop.run("--llm-cost-update", *options, plugins=("xdist",), SKIP="1")
    assert run.code == OK
    assert text(shop) == before
    run = shop.run(*options, plugins=("xdist",), SKIP="1")
    assert states(run)["test_wide.py::test_four"] == states(run)["fixture index"] == "not_run"
    assert run.report["meta"]["selection"]["full"] is False
    (shop.folder / "old.json").write_text(old)
    told = commands(capsys)("diff", shop.folder / "old.json", report, "--format=json")
    found = json.loads(told.out)
    assert "gone" not in {row["state"] for row in found["tests"]}
