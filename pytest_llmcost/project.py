"""The project under test, as git knows it.

git's files are read where they say it plainly: starting git costs ten times as much.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

_PATIENCE = 5.0
_LONG_PATIENCE = 60.0
_DETACHED = "HEAD"
# With one of these, git does not look where we would.
_REDIRECTED = ("GIT_DIR", "GIT_COMMON_DIR", "GIT_CEILING_DIRECTORIES")
_BRANCH = "refs/heads/"
# What stands in HEAD where git keeps the references in another form ("reftable").
_ELSEWHERE = "refs/heads/.invalid"
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

_State = tuple[str | None, str | None]
_MERGE_BASE = "..."
_FETCH = "(in CI, fetch it: fetch-depth: 0)"


class GitError(Exception):
    """git could not answer; the message says why."""


def file_at(path: Path, ref: str) -> str | None:
    """The text of a file at a commit.

    Args:
        path: The file, which need not exist now.
        ref: A commit, a branch (else that of origin), a tag; ``main...`` is the merge-base of main and HEAD.

    Returns:
        None if the commit does not have the file.

    Raises:
        GitError: If git, the repository or the commit is not there.
    """
    folder = next(parent for parent in path.parents if parent.is_dir())
    if ref.startswith("-") or not ref.removesuffix(_MERGE_BASE):
        raise GitError(f"{ref!r} is no commit, branch or tag")
    commit = _commit_named(folder, ref.removesuffix(_MERGE_BASE))
    if ref.endswith(_MERGE_BASE):
        commit = _git(
            folder,
            "merge-base",
            commit,
            "HEAD",
            otherwise=f"no commit that both it and HEAD come from {_FETCH}",
        ).strip()
    name = os.path.relpath(path, folder).replace(os.sep, "/")
    if not _git(folder, "ls-tree", "--name-only", commit, "--", name).strip():
        return None
    return _git(folder, "show", f"{commit}:./{name}")


def _commit_named(folder: Path, name: str) -> str:
    """The commit of a name; of a branch that only the remote has, as in a checkout of CI, that of origin."""
    verify = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    missing = f"no such commit {_FETCH}"
    try:
        return _git(folder, *verify, f"{name}^{{commit}}", otherwise=missing).strip()
    except GitError as error:
        with suppress(GitError):
            return _git(folder, *verify, f"refs/remotes/origin/{name}^{{commit}}").strip()
        raise error from None


def _git(folder: Path, *arguments: str, otherwise: str = "git does not say why") -> str:
    """What git answers.

    Raises:
        GitError: With what git says, or what it means if it says nothing.
    """
    import subprocess

    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_LONG_PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise GitError(f"git cannot be asked: {error}") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        why = said[-1] if said else otherwise
        raise GitError(why)
    return done.stdout


def git_state(root: Path) -> _State:
    """Commit and branch of a folder.

    Returns:
        The full hash and the branch; None for each that there is not.
    """
    if any(name in os.environ for name in _REDIRECTED):
        return _ask_git(root)
    try:
        folder = _git_folder(root)
        found = None if folder is None else _state_in(folder)
    except (OSError, ValueError):
        return _ask_git(root)
    if folder is None:
        return None, None
    return found or _ask_git(root)


def _git_folder(root: Path) -> Path | None:
    """Where git keeps what it knows of a folder; a worktree or a submodule has a file that says where."""
    for folder in (root, *root.parents):
        found = folder / ".git"
        if found.is_file():
            return folder / found.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        if (found / "HEAD").is_file():
            return found
    return None


def _state_in(folder: Path) -> _State | None:
    """What HEAD says; None where it takes more than following one reference."""
    head = (folder / "HEAD").read_text(encoding="utf-8").strip()
    if _COMMIT.fullmatch(head):
        return head, None
    reference = head.removeprefix("ref:").strip()
    if not reference.startswith(_BRANCH) or reference == _ELSEWHERE:
        return None
    shared = folder / "commondir"
    common = folder / shared.read_text(encoding="utf-8").strip() if shared.is_file() else folder
    commit = _commit_of(reference, common)
    if commit is None:
        return None, None  # nothing was committed yet
    return (commit, reference.removeprefix(_BRANCH)) if _COMMIT.fullmatch(commit) else None


def _commit_of(reference: str, common: Path) -> str | None:
    loose, packed = common / reference, common / "packed-refs"
    if loose.is_file():
        return loose.read_text(encoding="utf-8").strip()
    if packed.is_file():
        for line in packed.read_text(encoding="utf-8").splitlines():
            commit, _, name = line.partition(" ")
            if name == reference:
                return commit
    return None


def _ask_git(root: Path) -> _State:
    import subprocess

    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD", "--abbrev-ref", "HEAD"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None, None  # no git, or a branch whose name is no text
    lines = done.stdout.splitlines()
    if done.returncode != 0 or len(lines) != 2:  # noqa: PLR2004
        return None, None
    return lines[0], None if lines[1] == _DETACHED else lines[1]
