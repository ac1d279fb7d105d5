"""llmcost check, as it is typed."""

from __future__ import annotations

import json

import pytest
from runs import GPT, commands, made, run, save

A, B = "tests/test_a.py::test_a", "tests/test_a.py::test_b"
RUN = {A: [made(GPT, 1000, 100)], B: [made(GPT, 500, 50)]}  # $0.0035 and $0.00175


@pytest.fixture
def llmcost(llmcost, tmp_path):
    """The command, in a folder with a report."""
    save(tmp_path / ".llmcost" / "report.json", run(RUN))
    return llmcost


def limits(folder, *budgets, name="llmcost.yaml"):
    (folder / name).write_text("\n".join(["version: 1", "budgets:", *(f"  - {one}" for one in budgets)]))


def test_kept(llmcost, tmp_path):
    """All limits hold: exit status 0, and how many there were."""
    limits(tmp_path, '{scope: test, max_cost: "0.01"}')
    done = llmcost("check")
    assert (done.code, done.err) == (0, "")
    assert "2 limits kept" in done.out


def test_exceeded(llmcost, tmp_path):
    """A limit does not hold: exit status 1, with the finding and its place."""
    limits(tmp_path, '{scope: test, max_cost: "0.002"}')
    done = llmcost("check")
    assert done.code == 1
    assert f"FAIL  max_cost  {A} costs $0.003500, and its limit is $0.002  llmcost.yaml:3" in done.out
    assert B not in done.out


@pytest.mark.parametrize(
    ("level", "fail_on", "code"),
    [("error", "never", 0), ("warning", "error", 0), ("warning", "warning", 1), ("error", "warning", 1)],
)
def test_fail_on(llmcost, tmp_path, level, fail_on, code):
    """From which level a finding fails."""
    limits(tmp_path, f'{{scope: suite, max_cost: "0.002", level: {level}}}')
    assert llmcost("check", "--fail-on", fail_on).code == code


def test_limits_and_report_by_name(llmcost, tmp_path):
    """Another report by other limits, whose baseline is beside them."""
    (tmp_path / "ci").mkdir()
    limits(tmp_path, "{scope: suite, max_increase: 10%}", name="ci/strict.yaml")
    save(tmp_path / "now.json", run({**RUN, B: [made(GPT, 1000, 100)]}))
    assert llmcost("check", "now.json", "--config", "ci/strict.yaml").code == 0
    done = llmcost("check", "now.json", "--config", "ci/strict.yaml", "--baseline", ".llmcost/report.json")
    assert done.code == 1
    assert "FAIL  max_increase" in done.out
    assert (
        "accept the new cost: pytest --llm-cost --llm-cost-config=ci/strict.yaml --llm-cost-update"
        in done.out
    )


def test_a_baseline_alone_gates_no_cost(llmcost, tmp_path):
    """Without limits an increase is shown and fails nothing."""
    save(tmp_path / "now.json", run({**RUN, B: [made(GPT, 1000, 100)]}))
    assert llmcost("check", "now.json", "--baseline", ".llmcost/report.json").code == 0


def test_nothing_to_judge_by(llmcost):
    """A gate without limits is a mistake and does not pass."""
    done = llmcost("check")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "llmcost check: nothing to judge by: no llmcost.yaml here; name it with --config, or write one with:"
        " llmcost init\n"
    )


def test_a_file_without_budgets(llmcost, tmp_path):
    """It is said what is missing in it."""
    (tmp_path / "llmcost.yaml").write_text("version: 1\n")
    done = llmcost("check")
    assert (done.code, done.out) == (2, "")
    assert "nothing to judge by: no budgets in llmcost.yaml; see what llmcost init would write" in done.err


def test_the_last_line_is_the_command_to_type(llmcost, tmp_path):
    """Notices of the gate come before the findings."""
    limits(tmp_path, '{scope: test, max_cost: "0.002"}', "{scope: agent, match: nobody, max_calls: 1}")
    lines = llmcost("check").out.splitlines()
    assert lines[0].startswith("$")
    assert lines[-1] == f"every cent: llmcost explain {A}"
    assert any("no agent of this run is 'nobody'" in line for line in lines[1:-2])


def test_a_mistake_in_the_limits(llmcost, tmp_path):
    """Its place, exit status 2."""
    limits(tmp_path, '{scope: tset, max_cost: "1"}')
    done = llmcost("check")
    assert done.code == 2
    assert done.err.startswith("llmcost check: llmcost.yaml:3:13: ")


def test_a_run_that_is_not_complete(llmcost, tmp_path):
    """Calls may be missing: nothing is judged, exit status 3."""
    limits(tmp_path, '{scope: suite, max_cost: "1"}')
    save(tmp_path / ".llmcost" / "report.json", run(RUN, faults=("gw0 was killed",)))
    done = llmcost("check")
    assert (done.code, done.out) == (3, "")
    assert "the run is not complete" in done.err


def test_no_report(llmcost, tmp_path):
    """What to run first."""
    (tmp_path / ".llmcost" / "report.json").unlink()
    done = llmcost("check")
    assert done.code == 2
    assert "no report at .llmcost/report.json: run pytest --llm-cost here" in done.err


def test_conflict_marks_in_the_baseline(llmcost, tmp_path):
    """The line, and how to get rid of them."""
    limits(tmp_path, '{scope: suite, max_cost: "1"}')
    (tmp_path / "llmcost-baseline.json").write_text('{\n"format": 1,\n=======\n')
    done = llmcost("check")
    assert done.code == 2
    assert "llmcost-baseline.json:3: conflict marks of git" in done.err


def test_unpriced_calls_in_a_limit_do_not_pass(llmcost, tmp_path):
    """What is unknown is never $0."""
    limits(tmp_path, '{scope: suite, max_cost: "1"}')
    save(tmp_path / "now.json", run({A: [made("acme/unheard-of", 10, 1)]}))
    assert llmcost("check", "now.json").code == 1


def test_the_limits_of_markers_are_in_the_report(project, capsys, tmp_path, monkeypatch):
    """What a test limits itself holds also where its code is not: on another machine, in a later job."""
    project.write(
        "test_it.py",
        """
        import pytest
        from ask import chat

        @pytest.mark.llm_budget(max_calls=1)
        def test_it():
            chat()
            chat()
        """,
    )
    done = project.run("--llm-cost-fail-on=never", plugins=[])
    assert done.code == 0, done.output
    assert done.report["markers"]["test_it.py::test_it"]["limits"] == {"max_calls": "1"}
    path = tmp_path / "elsewhere" / "report.json"
    path.parent.mkdir()
    path.write_text(json.dumps(done.report))
    monkeypatch.chdir(path.parent)
    found = commands(capsys)("check", "report.json")
    assert found.code == 1
    assert "FAIL  max_calls  test_it.py::test_it makes 2 calls, and its limit is 1 call" in found.out
