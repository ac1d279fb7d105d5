"""``llmcost diff`` on generated runs: 40 tests, and 10,000 tests of about 3 calls; a baseline and a report as the base.

Usage: python benchmarks/diff.py [RUNS]

The goals, from the start of the process to its end: 0.20 s for 40 tests, 2 s for 10,000. A twentieth of the tests
has changed. Clock times are those of a machine that has nothing else to do; processor times are steadier.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from paired import in_turn, ordinary_environment, seconds

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from runs import CLAUDE, GPT, made, run, save

from pytest_llmcost.baseline.file import render_baseline
from pytest_llmcost.baseline.from_report import baseline_of

SIZES = (40, 10_000)
DIFF = (sys.executable, "-m", "pytest_llmcost.cli", "diff")
CHANGED = 20


def suite(tests: int, *, later: bool) -> dict[str, list[object]]:
    """Tests with 2 to 4 calls of their own usage; of the later run, a twentieth answers at greater length."""
    dice = random.Random(tests)  # the same each time
    found = {}
    for number in range(tests):
        longer = 50 if later and number % CHANGED == 0 else 0
        found[f"tests/area_{number // 500}/test_{number // 20}.py::test_case[{number}]"] = [
            made(
                CLAUDE if place else GPT,
                prompt := dice.randrange(500, 5000),
                dice.randrange(10, 500) + longer,
                prompt // 2,
            )
            for place in range(dice.randrange(2, 5))
        ]
    return found


def write(folder: Path, tests: int) -> dict[str, list[str]]:
    """Write both runs and the baseline of the first; what to time, by name."""
    before, after = run(suite(tests, later=False)), run(suite(tests, later=True))
    base, head = save(folder / f"base-{tests}.json", before), save(folder / f"head-{tests}.json", after)
    baseline = folder / f"baseline-{tests}.json"
    baseline.write_text(render_baseline(baseline_of(before, "x")))
    return {
        f"{tests:>6,} tests, from a baseline": [*DIFF, baseline.name, head.name],
        f"{tests:>6,} tests, from a report": [*DIFF, base.name, head.name],
    }


def timed(command: list[str], folder: Path, clock: dict[str, list[float]], name: str) -> float:
    """Processor time; the clock's is noted beside it."""
    begin = time.perf_counter()
    taken = seconds(command, folder, ordinary_environment())
    clock.setdefault(name, []).append(time.perf_counter() - begin)
    return taken


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    clock: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = {kind: command for tests in SIZES for kind, command in write(folder, tests).items()}
        taken = in_turn(
            runs, {kind: partial(timed, command, folder, clock, kind) for kind, command in kinds.items()}
        )
    print(f"llmcost diff, {runs} runs each, in turn, Python {sys.version.split()[0]}")
    for kind, figures in taken.items():
        processor, wall = statistics.median(figures), statistics.median(clock[kind][1:])
        print(f"{kind:<32} processor {processor:5.2f} s   clock {wall:5.2f} s")


if __name__ == "__main__":
    main()
