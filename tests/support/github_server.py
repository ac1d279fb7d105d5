"""A GitHub on loopback: pull requests, comments in pages, artifacts, and the failures that clients meet."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from urllib.parse import parse_qs, urlsplit
from zipfile import ZIP_DEFLATED, ZipFile

BOT = "github-actions[bot]"
HEAD, MERGE = "a" * 40, "b" * 40
TOKEN = "ghs_test"


def pull(number=7, *, sha=HEAD, source="acme/app"):
    repo = None if source is None else {"full_name": source}
    label = f"{(source or 'gone/app').partition('/')[0]}:fix"
    return {"number": number, "head": {"label": label, "sha": sha, "repo": repo}, "merge_commit_sha": MERGE}


def zipped(files):
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


class FakeGitHub:
    """The server, and what it was asked.

    Attributes:
        comments: Of the pull request: rows of the API.
        pulls: By number.
        login: Whose token it is; None for a token that GraphQL refuses.
        page: Comments on a page.
        failures: Answers to give first, as (method, part of the path) to a list of (status, headers, does it too).
        artifacts: By name, the archive; of run 55.
        log: (method, path) of every request.
    """

    def __init__(self):
        self.comments, self.pulls, self.login, self.page = [], {7: pull()}, BOT, 100
        self.failures, self.artifacts, self.log, self.tokens = {}, {}, [], []
        self.elsewhere = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def add(self, body, login=BOT):
        self.comments.append({"id": len(self.comments) + 1, "body": body, "user": login and {"login": login}})

    @property
    def writes(self):
        return [
            (method, path) for method, path in self.log if method in {"POST", "PATCH"} and path != "/graphql"
        ]

    def answer(self, method, path, query, body):
        """Status, headers and body of an answer."""
        if method in {"PUT", "DELETE"}:
            return 404, {}, {"message": "Not Found"}
        for (wanted, part), given in self.failures.items():
            if wanted == method and part in path and given:
                status, headers, done = given.pop(0)
                if done:
                    self._answer(method, path, query, body)
                return status, headers, {"message": "Resource not accessible by integration"}
        return self._answer(method, path, query, body)

    def _answer(self, method, path, query, body):
        if path == "/graphql":
            if self.login is None:
                return 403, {}, {"message": "forbidden"}
            return 200, {}, {"data": {"viewer": {"login": self.login}}}
        if path.startswith("/repos/acme/app/pulls/"):
            found = self.pulls.get(int(path.rpartition("/")[2]))
            return (200, {}, found) if found else (404, {}, {"message": "Not Found"})
        if path == "/repos/acme/app/pulls":
            owner, _, branch = query["head"][0].partition(":")
            # A filter that is none does not filter.
            named = [row for row in self.pulls.values() if f"{owner}:{branch}" == row["head"]["label"]]
            return 200, {}, named if owner and branch else [*self.pulls.values()]
        if path == "/repos/acme/app/issues/7/comments":
            return self._comments(method, query, body)
        if path.startswith("/repos/acme/app/issues/comments/"):
            self.comments[int(path.rpartition("/")[2]) - 1]["body"] = body["body"]
            return 200, {}, {}
        return self._artifact(path, query)

    def _comments(self, method, query, body):
        if method == "POST":
            self.add(body["body"].replace("\n", "\r\n").rstrip(), self.login or BOT)
            return 201, {}, {}
        page = int(query.get("page", ["1"])[0])
        rows = self.comments[(page - 1) * self.page : page * self.page]
        more = page * self.page < len(self.comments)
        link = f'<{self.url}/repos/acme/app/issues/7/comments?per_page=100&page={page + 1}>; rel="next", <x>; rel="last"'
        return 200, {"Link": link} if more else {}, rows

    def _artifact(self, path, query):
        if path == "/repos/acme/app/actions/runs/55/artifacts":
            rows = [
                {"id": number, "name": name, "size_in_bytes": len(packed), "expired": False}
                for number, (name, packed) in enumerate(self.artifacts.items())
                if query["name"] == [name]
            ]
            return 200, {}, {"artifacts": rows}
        if path.startswith("/repos/acme/app/actions/artifacts/"):
            return 302, {"Location": f"{self.elsewhere or self.url}/blob/{path.split('/')[-2]}"}, {}
        if path.startswith("/blob/"):
            return 200, {}, list(self.artifacts.values())[int(path.rpartition("/")[2])]
        return 404, {}, {"message": "Not Found"}


def _handler(github):
    class Handler(BaseHTTPRequestHandler):
        def _serve(self):
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            github.log.append((self.command, parts.path))
            github.tokens.append((parts.path, self.headers.get("Authorization")))
            status, headers, answer = github.answer(self.command, parts.path, parse_qs(parts.query), body)
            content = answer if isinstance(answer, bytes) else json.dumps(answer, ensure_ascii=False).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

        def log_message(self, *_):
            pass

    return Handler
