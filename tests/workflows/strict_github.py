"""The GitHub on loopback, which takes nothing but what its REST documentation has: method, path, query and body.

Sources: GitHub's REST API documentation, "Issue comments", "Pull requests" and "Workflow artifacts"; the limit of
a comment is 65,536 characters. A list is cut into pages of two rows, whatever was asked for.
"""

from __future__ import annotations

import re

from github_server import HEAD, TOKEN, FakeGitHub, pull, zipped

NUMBER, RUN, REPO = 7, 55, "acme/app"
_COMMENTS = f"/repos/{REPO}/issues/{NUMBER}/comments"
# Path, method, the keys of the query, the keys of the body.
_ROUTES = [
    (r"/graphql", "POST", set(), {"query"}),
    (rf"/repos/{REPO}/pulls/\d+", "GET", set(), None),
    (rf"/repos/{REPO}/pulls", "GET", {"state", "head", "per_page"}, None),
    (_COMMENTS, "GET", {"per_page"}, None),
    (_COMMENTS, "GET", {"per_page", "page"}, None),
    (_COMMENTS, "POST", set(), {"body"}),
    (rf"/repos/{REPO}/issues/comments/\d+", "PATCH", set(), {"body"}),
    (rf"/repos/{REPO}/actions/runs/{RUN}/artifacts", "GET", {"per_page", "name"}, None),
    (rf"/repos/{REPO}/actions/artifacts/\d+/zip", "GET", set(), None),
]
_LONGEST = 65_536


class StrictGitHub(FakeGitHub):
    """A repository with one pull request, and comments of others before ours.

    Attributes:
        wrong: What was asked that GitHub does not have.
        storage: Where artifacts lie: another host, that sees no token.
    """

    def __init__(self):
        super().__init__()
        self.page, self.wrong, self.storage = 2, [], FakeGitHub()
        self.elsewhere = self.storage.url
        for number in range(5):
            self.add(f"a comment of somebody, {number}", login="somebody")

    def close(self):
        self.storage.close()
        super().close()

    def pull_request(self, source, sha=HEAD):
        """The pull request is one of that repository, at that commit."""
        self.pulls = {NUMBER: pull(NUMBER, sha=sha, source=source)}

    def upload(self, folder):
        """What the first workflow has left is what the second one finds."""
        self.artifacts = self.storage.artifacts = {
            path.name: zipped({file.name: file.read_text(encoding="utf-8") for file in path.iterdir()})
            for path in sorted(folder.iterdir())
        }

    @property
    def ours(self):
        """The comments that the token's owner has written."""
        return [row["body"] for row in self.comments if row["user"]["login"] == self.login]

    def refuse_writes(self):
        """The token may read only, as that of a pull request from a fork."""
        self.failures = {(method, "/"): [(403, {}, False)] * 9 for method in ("POST", "PATCH")}

    def problems(self):
        """What was wrong over all requests."""
        tokens = {token for path, token in self.tokens}
        return [
            *self.wrong,
            *(f"authorised with {token}" for token in tokens - {f"Bearer {TOKEN}"}),
            *(f"the storage saw {token}" for _, token in self.storage.tokens if token is not None),
        ]

    def answer(self, method, path, query, body):
        fitting = [
            (keys, members)
            for pattern, wanted, keys, members in _ROUTES
            if wanted == method and re.fullmatch(pattern, path)
        ]
        if not any(keys == set(query) and members == (body and set(body)) for keys, members in fitting):
            self.wrong.append(f"{method} {path} {query} {body}")
            return 422, {}, {"message": "Validation Failed"}
        text = (body or {}).get("body", "x")
        if not isinstance(text, str) or not 0 < len(text) <= _LONGEST:
            self.wrong.append(f"{method} {path}: a body of {len(text)} characters")
        if query.get("per_page", ["100"]) != ["100"]:
            self.wrong.append(f"{method} {path}: {query['per_page']} rows on a page")
        return super().answer(method, path, query, body)

    def _answer(self, method, path, query, body):
        if path == f"/repos/{REPO}/pulls":
            owner, _, branch = query["head"][0].partition(":")
            fits = query["state"] == ["open"] and branch == "fix"
            return 200, {}, [row for row in self.pulls.values() if fits and _owner(row) == owner]
        return super()._answer(method, path, query, body)


def _owner(row):
    return row["head"]["repo"]["full_name"].partition("/")[0]
