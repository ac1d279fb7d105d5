"""``llmcost comment`` from start to end: the commands' own start, a comment rendered, and one written to a server.

Usage: python benchmarks/comment.py [RUNS]

The goal is a start of at most 150 ms: what the command takes before it reads a report, ``python -c pass`` included.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

from paired import in_turn, ordinary_environment, seconds, show

SUPPORT = Path(__file__).parents[1] / "tests" / "support"


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    sys.path.insert(0, str(SUPPORT))
    import sample_diff
    from github_server import HEAD, TOKEN, FakeGitHub

    from pytest_llmcost.reports.json_report import render_json

    github = FakeGitHub()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "report.json").write_text(render_json(sample_diff.changed_report()))
        command = (sys.executable, "-m", "pytest_llmcost.cli", "comment")
        to = ("--repo=acme/app", "--pr=7", f"--head-sha={HEAD}", f"--api-url={github.url}")
        environ = ordinary_environment() | {"GITHUB_TOKEN": TOKEN}
        kinds = {
            "python -c pass": (sys.executable, "-c", "pass"),
            "comment --when=never": (*command, "--when=never"),
            "comment --dry-run": (*command, "report.json", "--dry-run"),
            "comment": (*command, "report.json", *to),
        }
        taken = in_turn(runs, {kind: partial(seconds, line, folder, environ) for kind, line in kinds.items()})
        size = (folder / "report.json").stat().st_size
    github.close()
    print(f"a report of {size:,} bytes, {runs} runs each, in turn, Python {sys.version.split()[0]}")
    show(taken, "python -c pass", 1000, "ms")


if __name__ == "__main__":
    main()
