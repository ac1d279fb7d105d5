"""One comment for each id on a pull request, found by its author and its marker and updated in place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pytest_llmcost.errors import GitHubError
from pytest_llmcost.integrations.github.api import GitHubApi

# Who comments with the token that every job has.
ACTIONS_LOGIN = "github-actions[bot]"
_FAILED = 500


class Outcome(StrEnum):
    """What became of a comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "as it was, and not written"
    NOT_NEEDED = "not needed"


class Comment(NamedTuple):
    """A comment of ours."""

    id: int
    body: str


@dataclass(frozen=True, slots=True)
class StickyComment:
    """The comment of one id on a pull request.

    Attributes:
        api: GitHub's.
        repo: ``owner/name``.
        number: Of the pull request.
        marker: Its last line, by which it is found again.
    """

    api: GitHubApi
    repo: str
    number: int
    marker: str

    def put(self, body: str, *, may_create: bool) -> Outcome:
        """Write the comment if it is not there as it should be.

        Args:
            body: Whose last line is the marker.
            may_create: Whether a comment is to be made where there is none.

        Raises:
            GitHubError: If it cannot be read or written.
        """
        author = self.api.login() or ACTIONS_LOGIN
        found = self.find(author)
        if found is None and not may_create:
            return Outcome.NOT_NEEDED
        if found is None:
            return self._create(author, body)
        if _same(found.body, body):
            return Outcome.UNCHANGED
        self.api.send("PATCH", f"repos/{self.repo}/issues/comments/{found.id}", {"body": body})
        return Outcome.UPDATED

    def find(self, author: str) -> Comment | None:
        """The oldest comment of an author with the marker, on whichever page.

        Raises:
            GitHubError: If they cannot be read.
        """
        for row in self.api.rows(f"{self._path}?per_page=100"):
            try:
                comment, login = Comment(int(row["id"]), row["body"] or ""), (row["user"] or {}).get("login")
            except (KeyError, TypeError, ValueError, AttributeError):
                continue
            # Anybody can quote a marker, in the text or as the last line.
            if login == author and _last_line(comment.body) == self.marker:
                return comment
        return None

    @property
    def _path(self) -> str:
        return f"repos/{self.repo}/issues/{self.number}/comments"

    def _create(self, author: str, body: str) -> Outcome:
        try:
            self.api.send("POST", self._path, {"body": body})
        except GitHubError as error:
            if error.status is not None and error.status < _FAILED:
                raise
            # A server that failed may have made the comment before it did.
            if self.find(author) is None:
                self.api.send("POST", self._path, {"body": body})
        return Outcome.CREATED


def _last_line(body: str) -> str:
    return body.rstrip().rpartition("\n")[2].strip()


def _same(one: str, other: str) -> bool:
    """Whether two bodies are the same text; GitHub keeps other line ends than it was sent."""
    return one.rstrip().splitlines() == other.rstrip().splitlines()
