"""The pull request that a report is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from pytest_llmcost.errors import GitHubError
from pytest_llmcost.integrations.github.api import GitHubApi


class PullRequest(NamedTuple):
    """A pull request.

    Attributes:
        number: Its number.
        head_sha: The commit it proposes.
        merge_sha: What CI checks out for it: the head merged into the base; None if there is none.
        is_fork: Whether it comes from another repository, so that its author may have no rights here.
    """

    number: int
    head_sha: str
    merge_sha: str | None
    is_fork: bool


def read_pull(api: GitHubApi, repo: str, number: int) -> PullRequest:
    """Read a pull request.

    Raises:
        GitHubError: If it cannot be read.
    """
    return _pull(api.get(f"repos/{repo}/pulls/{number}").json(), repo)


def find_pull(api: GitHubApi, repo: str, head: str, head_sha: str) -> PullRequest | None:
    """The open pull request of a branch at a commit; None if there is none.

    Args:
        api: GitHub's.
        repo: ``owner/name``.
        head: ``owner:branch``.
        head_sha: The commit that ran. The branch may have moved on since.

    Raises:
        GitHubError: If they cannot be read.
    """
    owner, _, branch = head.partition(":")
    if not owner or not branch:
        return None  # GitHub would list all of them; the owner of a fork that is gone is not known
    query = f"state=open&head={quote(head, safe='')}&per_page=100"
    for found in api.rows(f"repos/{repo}/pulls?{query}"):
        pull = _pull(found, repo)
        if pull.head_sha == head_sha and str(found["head"].get("label")).lower() == head.lower():
            return pull
    return None


def _pull(found: Mapping[str, Any], repo: str) -> PullRequest:
    try:
        head = found["head"]
        source = head["repo"]["full_name"] if head["repo"] else None  # a fork may be gone
        number, sha, merge_sha = found["number"], head["sha"], found.get("merge_commit_sha")
    except (KeyError, TypeError, AttributeError) as error:
        raise GitHubError("GitHub's answer is no pull request") from error
    is_fork = not isinstance(source, str) or source.lower() != repo.lower()
    return PullRequest(int(number), str(sha), merge_sha if isinstance(merge_sha, str) else None, is_fork)
