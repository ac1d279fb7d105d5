"""A suite of 200 tests with 3 replayed openai calls each: absent, off and on; whole runs and time inside tests.

Usage: python benchmarks/suite.py [RUNS | instructions]

The goal: "plugin on, own prices" costs at most 5 % more than "plugin absent". Timings on a busy machine spread wider
than that; with "instructions" each kind runs once under valgrind, which counts them and repeats itself to 0.1 %.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from paired import in_turn, ordinary_environment, seconds, show
from replayed_call import CASSETTE

TESTS = 200
WARM_UP = 20
PRICE_TABLE = (sys.executable, "-c", "import genai_prices.data")
NOTHING = (sys.executable, "-c", "import httpx2, pydantic")
SUITE = f"""\
import os
import time

import openai
import pytest

taken = []
client = openai.OpenAI(api_key="x")

@pytest.mark.vcr("call.yaml", record_mode="none", allow_playback_repeats=True)
@pytest.mark.parametrize("number", range({TESTS}))
def test_calls(number):
    begin = time.perf_counter()
    for _ in range(3):
        client.chat.completions.create(model="gpt-4o-mini", messages=[{{"role": "user", "content": "hello"}}])
    if number >= {WARM_UP}:  # the first ones import what the SDK loads late
        taken.append(time.perf_counter() - begin)

@pytest.fixture(scope="session", autouse=True)
def inside():
    yield
    with open(os.environ["INSIDE"], "w") as file:
        file.write(str(sum(taken)))
"""
PYTEST = (
    sys.executable,
    "-m",
    "pytest",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:asyncio",
    "-p",
    "no:randomly",
)


class Runs:
    """Runs the suite, and keeps the time inside its tests beside that of the whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inside: dict[str, list[float]] = {}

    def whole(self, name: str, arguments: list[str]) -> float:
        inside = self.folder / f"{name}.inside"
        taken = seconds([*PYTEST, *arguments], self.folder, {**ordinary_environment(), "INSIDE": str(inside)})
        self.inside.setdefault(name, []).append(float(inside.read_text()))
        return taken

    def count(self, name: str, arguments: list[str]) -> int:
        """Instructions of a whole run, those of child processes left out."""
        self.whole(name, arguments)  # Python keeps what it compiles
        environment = {**ordinary_environment(), "INSIDE": str(self.folder / "inside"), "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            [
                "valgrind",
                "--tool=cachegrind",
                "--cache-sim=no",
                "--cachegrind-out-file=/dev/null",
                *PYTEST,
                *arguments,
            ],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        found = re.search(r"I +refs: +([0-9,]+)", done.stderr)
        assert found, done.stderr
        return int(found[1].replace(",", ""))


def show_share(taken: Mapping[str, Sequence[float]], base: str) -> None:
    """Print what each kind adds, as a share of what it is added to."""
    for name, figures in taken.items():
        if name != base:
            shares = [100 * (one / other - 1) for one, other in zip(figures, taken[base], strict=True)]
            print(f"{name:<28} {statistics.median(shares):+6.2f} %")


def main() -> None:
    asked = sys.argv[1] if len(sys.argv) > 1 else "10"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_suite.py").write_text(SUITE)
        (folder / "own.yaml").write_text('pricing: {models: {"openai/*": {input: "0.15", output: "0.6"}}}\n')
        (folder / "pytest.ini").write_text("[pytest]\n")
        cassettes = folder / "cassettes" / "test_suite"
        cassettes.mkdir(parents=True)
        (cassettes / "call.yaml").write_text(CASSETTE)
        suite = Runs(folder)
        kinds = {
            "plugin absent": ["-p", "no:llmcost"],
            "plugin off": [],
            # With prices of its own a suite never loads the bundled table.
            "plugin on, own prices": ["--llm-cost", "--llm-cost-config=own.yaml"],
            "plugin on": ["--llm-cost"],
        }
        if asked == "instructions":
            counts = {name: [suite.count(name, arguments)] for name, arguments in kinds.items()}
            print(f"instructions, {TESTS} tests x 3 replayed calls, Python {sys.version.split()[0]}")
            for kind, figures in counts.items():
                print(f"{kind:<28} {figures[0]:>16,}")
            show_share(counts, "plugin absent")
            return
        runs = int(asked)
        taken = in_turn(
            runs, {name: partial(suite.whole, name, arguments) for name, arguments in kinds.items()}
        )
        table = in_turn(
            runs,
            {
                "its dependencies alone": partial(seconds, NOTHING, folder, ordinary_environment()),
                "the price table": partial(seconds, PRICE_TABLE, folder, ordinary_environment()),
            },
        )
    print(f"{TESTS} tests x 3 replayed calls, {runs} runs each, in turn, Python {sys.version.split()[0]}")
    print("whole run")
    show(taken, "plugin absent", 1000, "ms")
    show_share(taken, "plugin absent")
    print("importing the price table (the openai SDK has loaded its dependencies)")
    show(table, "its dependencies alone", 1000, "ms")
    print(f"inside the last {TESTS - WARM_UP} tests")
    show({name: figures[1:] for name, figures in suite.inside.items()}, "plugin absent", 1000, "ms")


if __name__ == "__main__":
    main()
