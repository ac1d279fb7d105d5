"""What capture adds to a replayed call of the openai SDK, with and without looking for its call site.

Usage: python benchmarks/replayed_call.py [PROCESSES]

As in a run of pytest: capture is there before a cassette is opened, stays, and reads a test's calls when it has
ended. Replacing methods and putting them back in one process would make Python forget what it has learned of the
code around them, in both kinds. So each figure is that of a process of its own, forked for each kind in turn from
one that has loaded everything. Where a process happens to lay out its memory moves the figures by some
microseconds; they are taken over several, and the difference is taken pair by pair.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from paired import deeper, timed

CASSETTE = """\
interactions:
- request:
    body: '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hello"}]}'
    headers: {}
    method: POST
    uri: https://api.openai.com/v1/chat/completions
  response:
    body:
      string: '{"id":"x","object":"chat.completion","created":1,"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1200,"completion_tokens":34,"total_tokens":1234}}'
    headers: {content-type: [application/json]}
    status: {code: 200, message: OK}
version: 1
"""
CALLS_OF_A_TEST = 10
# The first tests are not counted.
WARM_UP, TESTS = 6, 30
FORKS = 6
# As deep as an app that calls a service that calls an SDK.
DEPTH = 15
# More than a core's own cache: between two tests pytest does many other things.
OTHER_MEMORY = bytearray(4 << 20)
OFF = "without capture"
KINDS = ("without call site", "with call site", f"with call site, {DEPTH} frames deeper", "with its stack")


def one_process() -> None:
    """Print the seconds of a call of each kind, as often as it forks."""
    import openai

    from pytest_llmcost.attribution.call_sites import CallSites
    from pytest_llmcost.attribution.scope import CurrentScope
    from pytest_llmcost.capture.collect import Collector
    from pytest_llmcost.capture.install import Capture
    from pytest_llmcost.capture.log import ExchangeLog

    here = Path(__file__).resolve().parent
    client = openai.OpenAI(api_key="x")

    def call() -> None:
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hello"}])

    def seconds(kind: str, cassette: Path) -> float:
        log = ExchangeLog(CurrentScope(), None if kind == KINDS[0] else CallSites(str(here)))
        log.keeps_stacks = kind == KINDS[3]
        collector = Collector(log, {}, here)
        if kind != OFF:
            Capture(log).install()
        work = (lambda: deeper(call, DEPTH)) if kind == KINDS[2] else call
        taken = []
        for _ in range(WARM_UP + TESTS):
            with opened(cassette):
                OTHER_MEMORY.count(1)
                taken.append(timed(work, CALLS_OF_A_TEST))
            found = len(collector.collect())
            assert found == (0 if kind == OFF else CALLS_OF_A_TEST), (kind, found)
        return statistics.median(taken[WARM_UP:]) / CALLS_OF_A_TEST

    with tempfile.TemporaryDirectory() as folder:
        cassette = Path(folder) / "call.yaml"
        cassette.write_text(CASSETTE)
        with opened(cassette):  # vcr and all that it patches are loaded
            pass
        gc.collect()
        gc.freeze()
        for _ in range(FORKS):
            print(*(in_a_fork(lambda kind=kind: seconds(kind, cassette)) for kind in (OFF, *KINDS)))


def opened(cassette: Path) -> AbstractContextManager[object]:
    """As a test opens its cassette; the one answer is played as often as it is asked for."""
    import vcr

    return vcr.use_cassette(str(cassette), record_mode="none", allow_playback_repeats=True)


def in_a_fork(work: Callable[[], float]) -> float:
    """What some work gives in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, repr(work()).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        figure = answer.read()
    os.waitpid(child, 0)
    return float(figure)


def main() -> None:
    processes = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    rows = []
    for _ in range(processes):
        done = subprocess.run([sys.executable, __file__, "one"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        rows.append([[float(figure) * 1e6 for figure in line.split()] for line in done.stdout.splitlines()])
    print(f"{processes} processes x {FORKS} forks of each kind, in turn, Python {sys.version.split()[0]}")
    base = statistics.median(row[0] for process in rows for row in process)
    print(f"{'a replayed call ' + OFF:<50} {base:7.1f} us")
    for number, kind in enumerate(KINDS, 1):
        added = [statistics.median(row[number] - row[0] for row in process) for process in rows]
        low, middle, high = statistics.quantiles(added, n=4)
        print(f"{kind:<50} added {middle:+6.1f} us (quartiles of the processes {low:+.1f} to {high:+.1f})")


if __name__ == "__main__":
    one_process() if sys.argv[1:] == ["one"] else main()
