"""The pipeline of docs/ci.md for GitLab: its jobs are in one pipeline, and its script keeps one note."""

from __future__ import annotations

from email import message_from_bytes
import json
import os
from pathlib import Path
import re
import shutil
import subprocess

import pytest
import yaml
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from pytest_llmcost.reports.markdown import marker

PAGE = Path(__file__).parents[2] / "docs" / "ci.md"
NOTES = "/api/v4/projects/5/merge_requests/8/notes"
ME, TOKEN = 7, "glpat-test"


@pytest.fixture(scope="module")
def pipeline():
    if not PAGE.exists():
        pytest.skip("this test reads docs/ci.md of the checkout")
    part = PAGE.read_text(encoding="utf-8").partition("## GitLab")[2]
    return yaml.safe_load(re.search(r"```yaml\n(.*?)```", part, re.DOTALL)[1])


class GitLab:
    """The notes of one merge request, kept as they were sent, or without the line ends at their end."""

    def __init__(self, *, strips):
        self.notes, self.writes, self.strips = [], [], strips
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/api/v4"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def add(self, body, author=ME):
        number = len(self.notes) + 1
        self.notes.insert(0, {"id": number, "author": {"id": author}, "body": body})  # the newest first

    def answer(self, method, path, body):
        path = path.partition("?")[0]
        if method == "GET":
            return {"id": ME} if path.endswith("/user") else self.notes
        self.writes.append(method)
        body = body.rstrip() if self.strips else body
        if method == "POST":
            self.add(body)
        else:
            next(note for note in self.notes if path == f"{NOTES}/{note['id']}")["body"] = body
        return {}


def _handler(gitlab):
    class Handler(BaseHTTPRequestHandler):
        def _serve(self):
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            assert self.headers["PRIVATE-TOKEN"] == TOKEN
            sent = b"Content-Type: " + self.headers.get("Content-Type", "").encode() + b"\n\n" + content
            parts = message_from_bytes(sent).walk()
            texts = [part.get_payload(decode=True) for part in parts if not part.is_multipart()]
            answer = json.dumps(gitlab.answer(self.command, self.path, texts[-1].decode())).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = _serve

        def log_message(self, *_):
            pass

    return Handler


@pytest.mark.parametrize("strips", [True, False])
@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
def test_one_note(pipeline, tmp_path, strips):
    """Made by the first run and updated by the next ones, however GitLab keeps the end of a text."""
    gitlab = GitLab(strips=strips)
    gitlab.add(f"mine now\n\n{marker('default')}", author=9)
    (tmp_path / ".llmcost").mkdir()
    script = "\n".join(pipeline["llm-cost-note"]["script"])
    places = {"CI_API_V4_URL": gitlab.url, "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "8"}
    environment = {**os.environ, **places, "LLMCOST_TOKEN": TOKEN, "no_proxy": "*"}
    try:
        for text in ("first", "second ❌"):
            page = f"### {text}\n\n{marker('default')}\n"
            (tmp_path / ".llmcost/report.md").write_text(page, encoding="utf-8")
            subprocess.run(["sh", "-ec", script], cwd=tmp_path, env=environment, check=True)
    finally:
        gitlab.close()
    assert gitlab.writes == ["POST", "PUT"]
    assert [note["body"].splitlines()[0] for note in gitlab.notes] == ["### second ❌", "mine now"]


def test_needed_jobs_are_in_the_pipeline(pipeline):
    """Without rules of the workflow, a job that has none is left out of merge requests, and none can need it."""
    rules = [rule["if"] for rule in pipeline["workflow"]["rules"]]
    assert '$CI_PIPELINE_SOURCE == "merge_request_event"' in rules
    assert pipeline["llm-cost-note"]["needs"] == ["test"]
