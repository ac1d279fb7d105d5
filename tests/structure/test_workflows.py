"""The workflows, the action and the examples of docs/ci.md: pinned, without rights they do not need, safe for forks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sample_diff
import yaml
from github_server import HEAD, TOKEN, FakeGitHub, pull, zipped

from pytest_llmcost.reports.json_report import render_json

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "llm-cost" / "action.yml"
OURS = "OWNER/pytest-llmcost/.github/actions/llm-cost@COMMIT"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
if not ACTION.exists():
    pytest.skip("these tests read the checkout", allow_module_level=True)


def documented():
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [yaml.safe_load(block) for block in blocks]


WORKFLOWS = {
    **{
        path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (ROOT / ".github/workflows").glob("*.yml")
    },
    **{f"docs/ci.md {flow['name']}": flow for flow in documented() if "jobs" in flow},
}
TRUSTED = [name for name, flow in WORKFLOWS.items() if "workflow_run" in flow[True]]  # YAML's "on" is true


def steps(flow):
    return [step for job in flow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_rights(name):
    """None for the workflow, and for each job those that it names."""
    flow = WORKFLOWS[name]
    assert flow["permissions"] == {}
    for job in flow["jobs"].values():
        assert "permissions" in job
        writes = {right for right, level in job["permissions"].items() if level == "write"}
        assert writes <= ({"pull-requests"} if name in TRUSTED or name == "docs/ci.md CI" else set())


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned(name):
    """By commit; ours by a path, or as the reader is to write it."""
    for step in steps(WORKFLOWS[name]):
        uses = step.get("uses", "./")
        assert uses.startswith("./") or PINNED.fullmatch(uses) or uses == OURS, uses
        if uses.startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_text_of_others_in_a_script(name):
    """A branch is a name of anybody's making: scripts get it from their environment."""
    for step in steps(WORKFLOWS[name]):
        assert "${{" not in step.get("run", "")
    assert "pull_request_target" not in WORKFLOWS[name][True]


def test_there_is_a_trusted_workflow_here_and_in_the_docs():
    """These two write."""
    assert len(TRUSTED) == 2


@pytest.mark.parametrize("name", TRUSTED)
def test_the_trusted_workflow_runs_nothing_of_the_pull_request(name):
    """No checkout of the head, no script, no download; and also after a failed gate."""
    flow = WORKFLOWS[name]
    assert flow[True]["workflow_run"]["workflows"] == ["LLM cost"]
    assert "LLM cost" in {other["name"] for other in WORKFLOWS.values()}
    assert "conclusion" not in str(flow)
    for job in flow["jobs"].values():
        assert "github.event.workflow_run.event == 'pull_request'" in job["if"]
    for step in steps(flow):
        assert "run" not in step
        assert "download-artifact" not in step["uses"]
        assert not {"ref", "repository"} & set(step.get("with", {}))


@pytest.mark.parametrize("name", [name for name in WORKFLOWS if WORKFLOWS[name]["name"] == "LLM cost"])
def test_the_report_is_uploaded_when_the_gate_has_failed(name):
    """Under the name that the action looks for."""
    (upload,) = [step for step in steps(WORKFLOWS[name]) if "upload-artifact" in step.get("uses", "")]
    assert "!cancelled()" in upload["if"]
    assert upload["with"]["include-hidden-files"] is True
    assert upload["with"]["path"] == ".llmcost/report.json"
    assert upload["with"]["name"] == action()["inputs"]["artifact"]["default"]


def action():
    return yaml.safe_load(ACTION.read_text(encoding="utf-8"))


def test_the_action_is_one_script_without_text_of_others():
    """What it is given comes through the environment."""
    found = action()
    assert found["runs"]["using"] == "composite"
    (step,) = found["runs"]["steps"]
    assert "${{" not in step["run"]
    assert "uses" not in step


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Run the action's script as a runner would, with the event's values."""
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    (step,) = action()["runs"]["steps"]
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    github = FakeGitHub()
    # A project that would be imported if the working directory were.
    (tmp_path / "pytest_llmcost.py").write_text("raise SystemExit('imported from the working directory')\n")

    def run(**event):
        given = {
            **dict.fromkeys(step["env"], ""),
            "ACTION": str(ACTION.parent),
            "ARTIFACT": "llm-cost",
            "ID": "default",
            "WHEN": "changes",
            "REPORT": "report.json",
            "LLM_COST_TOKEN": TOKEN,
            "GITHUB_REPOSITORY": "acme/app",
            "GITHUB_API_URL": github.url,
            "GITHUB_ACTIONS": "true",
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=tmp_path,
            env=given | event,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    yield run, github, tmp_path
    github.close()


def test_the_action_in_one_job(script):
    """The report is a file; nothing that is installed is needed to read it."""
    run, github, folder = script
    (folder / "report.json").write_text(render_json(sample_diff.changed_report()))
    assert run(PR="7", HEAD_SHA=HEAD) == (0, "comment on acme/app#7: created\n")
    assert github.comments[0]["body"].startswith("### ❌ LLM cost")


def test_the_action_after_a_run_of_a_fork(script):
    """The report is the artifact's, and the pull request is looked up, whatever its branch is called."""
    run, github, _ = script
    github.artifacts["llm-cost"] = zipped({"report.json": render_json(sample_diff.changed_report())})
    github.pulls = {7: pull(source="someone/app")}
    assert run(OWNER="someone", BRANCH="fix", HEAD_SHA=HEAD, RUN_ID="55") == (
        0,
        "comment on acme/app#7: created\n",
    )
    code, said = run(OWNER="someone", BRANCH="$(touch x);`id`&a=b", HEAD_SHA=HEAD, RUN_ID="55")
    assert (code, "no open pull request of someone:$(touch x)" in said) == (0, True)


def test_the_action_on_an_old_python(script):
    """A notice, and no failure."""
    run, _, folder = script
    (folder / "bin" / "python3").unlink()
    (folder / "bin" / "python3").write_text("#!/bin/sh\nexit 1\n")
    (folder / "bin" / "python3").chmod(0o755)
    code, said = run(PR="7", HEAD_SHA=HEAD)
    assert (code, said.startswith("::notice title=LLM cost::no comment: it needs python3")) == (0, True)
