"""The double refuses what GitHub does not have, so that a green run means something."""

from __future__ import annotations

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from github_server import TOKEN
from strict_github import StrictGitHub

COMMENTS = "/repos/acme/app/issues/7/comments"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/repos/acme/app/issues/comments/1", {"body": "x"}),
        ("PATCH", "/repos/acme/app/issues/7/comments/1", {"body": "x"}),
        ("PATCH", "/repos/acme/app/issues/comments/1", {"text": "x"}),
        ("POST", COMMENTS, {"body": "x", "event": "COMMENT"}),
        ("POST", COMMENTS, {"body": ""}),
        ("POST", COMMENTS, {"body": "x" * 65_537}),
        ("GET", f"{COMMENTS}?per_page=100&sort=updated", None),
        ("GET", f"{COMMENTS}?per_page=30", None),
        ("GET", "/repos/acme/other/pulls/7", None),
        ("GET", "/repos/acme/app/actions/runs/54/artifacts?per_page=100&name=llm-cost", None),
    ],
)
def test_what_github_does_not_have(method, path, body):
    """Another method, path, query or body."""
    github = StrictGitHub()
    github.pull_request("acme/app")
    data = None if body is None else json.dumps(body).encode()
    try:
        urlopen(
            Request(github.url + path, data=data, method=method, headers={"Authorization": f"Bearer {TOKEN}"})
        )
    except HTTPError as error:
        error.close()
    finally:
        github.close()
    assert len(github.problems()) == 1


def test_another_token():
    """And none."""
    github = StrictGitHub()
    try:
        urlopen(f"{github.url}{COMMENTS}?per_page=100").close()
    finally:
        github.close()
    assert github.problems() == ["authorised with None"]
