"""What capture adds to a replayed call of the openai SDK, with and without looking for its call site.

Usage: python benchmarks/replayed_call.py [PROCESSES]

As in a run of pytest: capture is there before the SDK is imported and a cassette is opened, stays, and reads a
test's calls when it has ended. Replacing methods and putting them back in one process would make Python forget what
it has learned of the code around them, in both kinds; a forked process copies the memory that it shares whenever it
writes there. So each figure is that of a process of its own, the kinds in turn. Where a process happens to lay out
its memory moves a figure by a hundredth of the call, so it takes many of them.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
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
# As deep as an app that calls a service that calls an SDK.
DEPTH = 15
# More than a core's own cache: between two tests pytest does many other things.
OTHER_MEMORY = bytearray(4 << 20)
OFF = "without capture"
KINDS = (
    OFF,
    "without call site",
    "with call site",
    f"with call site, {DEPTH} frames deeper",
    "with its stack",
)


def one_process(kind: str) -> None:
    """Print the microseconds of a call of one kind."""
    here = Path(__file__).resolve().parent
    collector = None
    if kind != OFF:
        from pytest_llmcost.attribution.call_sites import CallSites
        from pytest_llmcost.attribution.scope import CurrentScope
        from pytest_llmcost.capture.collect import Collector
        from pytest_llmcost.capture.install import Capture
        from pytest_llmcost.capture.log import ExchangeLog

        log = ExchangeLog(CurrentScope(), None if kind == KINDS[1] else CallSites(str(here)))
        log.keeps_stacks = kind == KINDS[4]
        collector = Collector(log, {}, here)
        Capture(log).install()

    import openai

    client = openai.OpenAI(api_key="x")

    def call() -> None:
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hello"}])

    work = (lambda: deeper(call, DEPTH)) if kind == KINDS[3] else call
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        cassette = Path(folder) / "call.yaml"
        cassette.write_text(CASSETTE)
        for _ in range(WARM_UP + TESTS):
            with opened(cassette):
                OTHER_MEMORY.count(1)
                taken.append(timed(work, CALLS_OF_A_TEST))
            if collector is not None:
                found = len(collector.collect())
                assert found == CALLS_OF_A_TEST, (kind, found)
    print(statistics.median(taken[WARM_UP:]) / CALLS_OF_A_TEST * 1e6)


def opened(cassette: Path) -> AbstractContextManager[object]:
    """As a test opens its cassette; the one answer is played as often as it is asked for."""
    import vcr

    return vcr.use_cassette(str(cassette), record_mode="none", allow_playback_repeats=True)


def main() -> None:
    processes = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(processes):
        for kind in KINDS[number % 5 :] + KINDS[: number % 5]:
            done = subprocess.run(
                [sys.executable, __file__, "one", kind], capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(done.stderr)
            taken[kind].append(float(done.stdout))
    print(f"{processes} processes of each kind, in turn, Python {sys.version.split()[0]}")
    base = taken[OFF]
    print(f"{'a replayed call ' + OFF:<42} mean {statistics.fmean(base):6.1f} us")
    for kind in KINDS[1:]:
        added = statistics.fmean(taken[kind]) - statistics.fmean(base)
        error = ((statistics.variance(taken[kind]) + statistics.variance(base)) / processes) ** 0.5
        middle = statistics.median(taken[kind]) - statistics.median(base)
        print(f"{kind:<42} added {added:+5.1f} us (standard error {error:.1f}), of medians {middle:+5.1f}")


if __name__ == "__main__":
    one_process(sys.argv[2]) if sys.argv[1:2] == ["one"] else main()
