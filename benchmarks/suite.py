"""A suite of 200 tests with 3 replayed openai calls each: absent, off and on; whole runs and time inside tests.

Usage: python benchmarks/suite.py [RUNS]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from paired import in_turn, show
from replay import CASSETTE

TESTS = 200
SUITE = f"""\
import openai
import pytest

client = openai.OpenAI(api_key="x")

@pytest.mark.vcr("call.yaml", record_mode="none", allow_playback_repeats=True)
@pytest.mark.parametrize("number", range({TESTS}))
def test_calls(number):
    for _ in range(3):
        client.chat.completions.create(model="gpt-4o-mini", messages=[{{"role": "user", "content": "hello"}}])
"""
PYTEST = (
    sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:randomly",
    "--durations=0", "-vv",
)  # fmt: skip


class Runs:
    """Runs the suite, and keeps the time inside its tests beside that of the whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inside: dict[str, list[float]] = {}

    def whole(self, name: str, arguments: list[str]) -> float:
        begin = time.perf_counter()
        done = subprocess.run(
            [*PYTEST, f"--junitxml={name}.xml", *arguments],
            cwd=self.folder, env=dict(os.environ), capture_output=True, text=True, check=False,
        )  # fmt: skip
        taken = time.perf_counter() - begin
        if done.returncode != 0:
            raise SystemExit(done.stdout + done.stderr)
        xml = (self.folder / f"{name}.xml").read_text()
        self.inside.setdefault(name, []).append(
            sum(map(float, re.findall(r'<testcase [^>]*time="([\d.]+)"', xml)))
        )
        return taken


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_suite.py").write_text(SUITE)
        (folder / "pytest.ini").write_text("[pytest]\njunit_duration_report = call\n")
        cassettes = folder / "cassettes" / "test_suite"
        cassettes.mkdir(parents=True)
        (cassettes / "call.yaml").write_text(CASSETTE)
        suite = Runs(folder)
        kinds = {
            "plugin absent": ["-p", "no:llmcost"],
            "plugin off": [],
            "plugin on": ["--llm-cost", "--llm-cost-report=no-term"],
        }
        taken = in_turn(
            runs, {name: partial(suite.whole, name, arguments) for name, arguments in kinds.items()}
        )
    print(f"{TESTS} tests x 3 replayed calls, {runs} runs each, in turn, Python {sys.version.split()[0]}")
    print("whole run")
    show(taken, "plugin absent", 1000, "ms")
    print("inside the tests (junit's time of the call phase)")
    show({name: figures[1:] for name, figures in suite.inside.items()}, "plugin absent", 1000, "ms")


if __name__ == "__main__":
    main()
