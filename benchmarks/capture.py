"""What capture adds to one request: the same work with and without it, in turn, in one process.

Usage: python benchmarks/capture.py [BLOCKS]

A stream, by chunk; and requests that are no LLM call, through each library that is loaded. For a replayed call
see ``replayed_call.py``.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from paired import timed

CHUNKS = 1000


class Pairs:
    """Runs blocks of the same work without and with capture, in turn."""

    def __init__(self, blocks: int) -> None:
        from pytest_llmcost.attribution.call_sites import CallSites
        from pytest_llmcost.attribution.scope import CurrentScope
        from pytest_llmcost.capture.collect import Collector
        from pytest_llmcost.capture.install import Capture
        from pytest_llmcost.capture.log import ExchangeLog

        here = Path(__file__).resolve().parent
        self._blocks = blocks
        log = ExchangeLog(CurrentScope(), CallSites(str(here)))
        self._capture = Capture(log)
        self._collector = Collector(log, {}, here)

    def measure(
        self, title: str, work: Callable[[], None], *, times: int, each: int = 1, calls: int = 0
    ) -> None:
        """Print what is added to one unit of work.

        Args:
            title: What is measured.
            work: Runs once.
            times: How often it runs in a block.
            each: Units of work in one run (the chunks of a stream).
            calls: LLM calls in one run; they must all be found.
        """
        plain, added = [], []
        for _ in range(self._blocks):
            off = timed(work, times)
            self._capture.install()
            on = timed(work, times)
            self._capture.uninstall()
            found = len(self._collector.collect())
            assert found == calls * times, (title, found)
            plain.append(off / times / each)
            added.append((on - off) / times / each)
        low, _, high = (value * 1e6 for value in statistics.quantiles(added, n=4))
        print(
            f"{title:<44} {statistics.median(plain) * 1e6:9.2f} us"
            f"   added {statistics.median(added) * 1e6:+7.2f} us (quartiles {low:+.2f} to {high:+.2f})"
        )


def streams(pairs: Pairs) -> None:
    import httpx2

    class Chunks(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(CHUNKS):
                yield b'data: {"choices": []}\n\n'

    class AsyncChunks(httpx2.AsyncByteStream):
        async def __aiter__(self):
            for _ in range(CHUNKS):
                yield b'data: {"choices": []}\n\n'

    class Transport(httpx2.BaseTransport):
        def handle_request(self, _request):
            return httpx2.Response(200, stream=Chunks())

    class AsyncTransport(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, _request):
            return httpx2.Response(200, stream=AsyncChunks())

    url = "https://api.openai.com/v1/chat/completions"
    body = {"model": "gpt-4o-mini", "stream": True}
    client = httpx2.Client(transport=Transport())

    def read() -> None:
        with client.stream("POST", url, json=body) as response:
            for _ in response.iter_raw():
                pass

    pairs.measure("a chunk of a stream, sync", read, times=5, each=CHUNKS, calls=1)
    loop = asyncio.new_event_loop()
    async_client = httpx2.AsyncClient(transport=AsyncTransport())

    async def read_async() -> None:
        async with async_client.stream("POST", url, json=body) as response:
            async for _ in response.aiter_raw():
                pass

    pairs.measure(
        "a chunk of a stream, async",
        lambda: loop.run_until_complete(read_async()),
        times=5,
        each=CHUNKS,
        calls=1,
    )
    loop.close()


def other_requests(pairs: Pairs) -> None:
    import httpx2
    import requests
    from requests.adapters import BaseAdapter

    client = httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json={})))
    pairs.measure(
        "no LLM call, httpx2", lambda: client.get("https://example.com/v1/users") and None, times=100
    )

    class Canned(BaseAdapter):
        def send(self, request, **_):
            response = requests.Response()
            response.status_code, response._content, response.url = 200, b"{}", request.url
            response.raw, response.request = None, request
            return response

        def close(self) -> None:
            pass

    session = requests.Session()
    session.mount("https://", Canned())
    session.trust_env = False
    request = session.prepare_request(requests.Request("GET", "https://example.com/v1/users"))
    import requests.cookies
    import requests.sessions

    requests.sessions.extract_cookies_to_jar = lambda *_: None  # the canned response has no raw one
    pairs.measure("no LLM call, requests", lambda: session.send(request) and None, times=100)


def main() -> None:
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    print(f"{blocks} pairs of blocks, in turn, Python {sys.version.split()[0]}")
    pairs = Pairs(blocks)
    streams(pairs)
    other_requests(pairs)


if __name__ == "__main__":
    main()
