"""Commit and branch are what git says, in every way in which git keeps them; git is not started for it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from pytest_llmcost import project
from pytest_llmcost.project import git_state

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("GIT_DIR", "GIT_COMMON_DIR", "GIT_CEILING_DIRECTORIES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "feature/a-b")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    return folder


@pytest.fixture
def without_git(monkeypatch):
    monkeypatch.setattr(project, "_ask_git", lambda root: pytest.fail("git was started"))


def test_branch(repository, without_git):
    """A branch, also from a folder inside the repository."""
    inside = repository / "a" / "b"
    inside.mkdir(parents=True)
    assert git_state(repository) == (git(repository, "rev-parse", "HEAD"), "feature/a-b")
    assert git_state(inside) == git_state(repository)


def test_packed(repository, without_git):
    """A branch whose reference git has packed, and one that moved on since then."""
    git(repository, "tag", "-a", "-m", "x", "v1")
    git(repository, "pack-refs", "--all", "--prune")
    assert not (repository / ".git" / "refs" / "heads" / "feature" / "a-b").exists()
    assert git_state(repository) == (git(repository, "rev-parse", "HEAD"), "feature/a-b")
    git(repository, "commit", "-q", "--allow-empty", "-m", "two")
    assert git_state(repository) == (git(repository, "rev-parse", "HEAD"), "feature/a-b")


def test_detached(repository, without_git):
    """A commit without a branch, as CI checks it out."""
    git(repository, "checkout", "-q", "--detach")
    assert git_state(repository) == (git(repository, "rev-parse", "HEAD"), None)


def test_worktree(repository, tmp_path, without_git):
    """A worktree has a HEAD of its own and shares the branches."""
    git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    git(tmp_path / "tree", "commit", "-q", "--allow-empty", "-m", "three")
    assert git_state(tmp_path / "tree") == (git(tmp_path / "tree", "rev-parse", "HEAD"), "other")
    assert git_state(repository) == (git(repository, "rev-parse", "HEAD"), "feature/a-b")


def test_nothing_committed(tmp_path, without_git):
    """Before the first commit there is neither."""
    git(tmp_path, "init", "-q")
    assert git_state(tmp_path) == (None, None)


def test_outside(tmp_path, monkeypatch):
    """Outside git there is neither."""
    monkeypatch.setattr(project, "_git_folder", lambda root: None)
    assert git_state(tmp_path) == (None, None)


@pytest.mark.parametrize("text", ["ref: refs/heads/.invalid", "ref: refs/remotes/origin/x", "\ud800", ""])
def test_what_files_do_not_say_git_is_asked(repository, monkeypatch, text):
    """References in another form, or a damaged HEAD."""
    (repository / ".git" / "HEAD").write_bytes(text.encode("utf-8", "surrogatepass"))
    monkeypatch.setattr(project, "_ask_git", lambda root: ("asked", None))
    assert git_state(repository) == ("asked", None)


def test_environment_that_leads_elsewhere(repository, tmp_path, monkeypatch):
    """In a git hook, the environment names the repository."""
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    assert git_state(tmp_path) == (git(repository, "rev-parse", "HEAD"), "feature/a-b")
