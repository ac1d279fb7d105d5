"""Paired timings: what is compared is run in turn, and differences are taken pair by pair."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def seconds(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> float:
    """Processor time (user and system) of a command that must succeed: on a shared machine it is steadier than a clock."""
    before = _children()
    done = subprocess.run(command, cwd=folder, env=dict(environ), capture_output=True, text=True, check=False)
    taken = _children() - before
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return taken


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # os.times() counts in hundredths
    return used.ru_utime + used.ru_stime


def ordinary_environment() -> dict[str, str]:
    """The environment as most people have it: Python keeps what it compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def in_turn(runs: int, kinds: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Measure each kind ``runs`` times, A B C A B C ..., after one round that is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(runs + 1):
        for name, measure in kinds.items():
            figure = measure()
            if number:
                taken[name].append(figure)
    return taken


def show(taken: Mapping[str, Sequence[float]], base: str, scale: float, unit: str) -> None:
    """Print medians, and the median of the paired differences to ``base``."""
    for name, figures in taken.items():
        line = f"{name:<28} median {statistics.median(figures) * scale:>10.2f} {unit}"
        if name != base:
            differences = [one - other for one, other in zip(figures, taken[base], strict=True)]
            low, _, high = statistics.quantiles(differences, n=4)
            line += (
                f"   added {statistics.median(differences) * scale:>+8.2f} {unit}"
                f" (quartiles {low * scale:+.2f} to {high * scale:+.2f})"
            )
        print(line)


def timed(work: Callable[[], None], times: int) -> float:
    """Seconds that some work takes when it is done so often."""
    begin = time.perf_counter()
    for _ in range(times):
        work()
    return time.perf_counter() - begin


def deeper(work: Callable[[], None], depth: int) -> None:
    """Do some work so many frames further from where it was asked for."""
    if depth:
        deeper(work, depth - 1)
    else:
        work()
