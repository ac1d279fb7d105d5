"""What capture adds to one span: the same work with and without it, in turn, in one process.

Usage: python benchmarks/spans.py [BLOCKS]

A plain span, the span of a generation, one deep in the app, and observations of Langfuse where it is installed;
and, after the test, what reading the spans takes, by span.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from paired import deeper, timed

SPANS = 200  # of one test
DEPTH = 15
WAITING: list[object] = []  # ended spans, as an exporter keeps them until they are sent
GENERATION = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 50,
}


def measure(
    title: str, work: Callable[[], None], blocks: int, calls: int = 0, folder: Path | None = None
) -> None:
    """Print what is added to one span while it lives, and what it takes to read it afterwards.

    Args:
        title: What is measured.
        work: Starts and ends one span.
        blocks: How often it is measured both ways.
        calls: How many calls one span is.
        folder: Of the project that starts spans; None for the one that this file is in.
    """
    from pytest_llmcost.attribution.call_sites import CallSites
    from pytest_llmcost.attribution.scope import CurrentScope
    from pytest_llmcost.capture.collect import Collector
    from pytest_llmcost.capture.install import Capture
    from pytest_llmcost.capture.log import ExchangeLog

    root = folder or Path(__file__).resolve().parent
    log = ExchangeLog(CurrentScope(), CallSites(str(root)))
    capture, collector = Capture(log), Collector(log, {}, root)
    plain, added, reading = [], [], []
    for block in range(blocks + 1):
        off = _block(work)
        capture.install()
        on = _block(work)
        capture.uninstall()
        begin = time.perf_counter()
        found = len(collector.collect())
        read = time.perf_counter() - begin
        assert found == calls * SPANS, (title, found)
        assert not log.faults, log.faults
        if block:
            plain.append(off / SPANS)
            added.append((on - off) / SPANS)
            reading.append(read / SPANS)
    low, _, high = (value * 1e6 for value in statistics.quantiles(added, n=4))
    print(
        f"{title:<36} {statistics.median(plain) * 1e6:7.2f} us"
        f"   added {statistics.median(added) * 1e6:+6.2f} us (quartiles {low:+.2f} to {high:+.2f})"
        f"   read afterwards in {statistics.median(reading) * 1e6:6.2f} us"
    )


def _block(work: Callable[[], None]) -> float:
    WAITING.clear()
    return timed(work, SPANS)


def main() -> None:
    from opentelemetry.sdk.trace import TracerProvider

    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    tracer = TracerProvider().get_tracer("app")

    def span() -> None:
        with tracer.start_as_current_span("step"):
            pass

    def generation() -> None:
        with tracer.start_as_current_span("chat", attributes=GENERATION):
            pass

    measure("a span", span, blocks)
    measure("a span, from outside the project", span, blocks, folder=Path(__file__).resolve().parent / "none")
    measure(f"a span, {DEPTH} frames deeper", lambda: deeper(span, DEPTH), blocks)
    measure("a generation", generation, blocks, calls=1)
    if importlib.util.find_spec("langfuse") is not None:
        _of_langfuse(blocks)


def _of_langfuse(blocks: int) -> None:
    os.environ.update(
        LANGFUSE_PUBLIC_KEY="pk-x", LANGFUSE_SECRET_KEY="sk-x", LANGFUSE_BASE_URL="http://127.0.0.1:9"
    )
    from langfuse import Langfuse
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # Nothing is sent.
    BatchSpanProcessor.on_end = lambda _self, span: WAITING.append(span)  # type: ignore[method-assign]
    client = Langfuse()

    def observation() -> None:
        with client.start_as_current_observation(name="step", as_type="span"):
            pass

    def generation() -> None:
        with client.start_as_current_observation(
            name="answer", as_type="generation", model="gpt-4o", input="2+2?"
        ) as found:
            found.update(output="4", usage_details={"input": 1000, "output": 50})

    measure("an observation of Langfuse", observation, max(blocks // 4, 2))
    measure("a generation of Langfuse, updated", generation, max(blocks // 4, 2), calls=1)


if __name__ == "__main__":
    main()
