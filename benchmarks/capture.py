"""One call of the openai SDK, replayed by vcr: with and without capture, in one process.

Usage: python benchmarks/replay.py [BLOCKS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

CALLS = 40
CASSETTE = """\
interactions:
- request:
    body: '{"messages":[{"role":"user","content":"hello"}],"model":"gpt-4o-mini"}'
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


def main() -> None:
    import openai
    import vcr

    from pytest_llmcost.attribution.scope import CurrentScope
    from pytest_llmcost.capture.collect import Collector
    from pytest_llmcost.capture.install import Capture
    from pytest_llmcost.capture.log import ExchangeLog

    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    client = openai.OpenAI(api_key="x")
    log = ExchangeLog(CurrentScope())
    capture = Capture(log)

    def block() -> float:
        """Seconds a call, in a block of calls."""
        begin = time.perf_counter()
        for _ in range(CALLS):
            client.chat.completions.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": "hello"}]
            )
        return (time.perf_counter() - begin) / CALLS

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "call.yaml"
        path.write_text(CASSETTE)
        with vcr.use_cassette(str(path), record_mode="none", allow_playback_repeats=True):
            block()
            added, plain, read = [], [], []
            collector = Collector(log, {}, Path(name))
            for _ in range(blocks):
                off = block()
                capture.install()
                on = block()
                capture.uninstall()
                begin = time.perf_counter()
                calls = collector.collect()
                read.append((time.perf_counter() - begin) / CALLS)
                assert len(calls) == CALLS, len(calls)
                plain.append(off)
                added.append(on - off)
    low, _, high = (value * 1e6 for value in statistics.quantiles(added, n=4))
    print(f"openai SDK, vcr replay, {blocks} pairs of {CALLS} calls, Python {sys.version.split()[0]}")
    print(f"without capture    median {statistics.median(plain) * 1e6:8.1f} us a call")
    print(
        f"added by capture   median {statistics.median(added) * 1e6:+8.1f} us a call (quartiles {low:+.1f} to {high:+.1f})"
    )
    print(f"read after a test  median {statistics.median(read) * 1e6:8.1f} us a call")


if __name__ == "__main__":
    main()
