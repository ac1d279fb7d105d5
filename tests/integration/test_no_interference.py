"""Who calls httpx or httpx2, sync or async, sees the same with and without the plugin."""

from __future__ import annotations

import asyncio
import importlib

import pytest
from callers import captured, outcome
from callers_httpx import SCENARIOS, Caller

DIALECTS = [("httpx", False), ("httpx", True), ("httpx2", False), ("httpx2", True)]


@pytest.mark.parametrize(
    ("library", "asynchronous"), DIALECTS, ids=["httpx", "httpx-async", "httpx2", "httpx2-async"]
)
@pytest.mark.parametrize("name", SCENARIOS)
def test_caller_sees_the_same(loopback, name, library, asynchronous):
    """Bytes, exceptions, attributes and warnings are those without capture."""
    caller = Caller(importlib.import_module(library), asynchronous, loopback.origin)
    without = outcome(lambda: asyncio.run(SCENARIOS[name](caller)))
    with_us, noted = captured(lambda: asyncio.run(SCENARIOS[name](caller)))
    assert with_us == without
    assert noted.faults == []
    assert noted.exchanges or without.value is None
    assert all(exchange.finished is not None for exchange in noted.exchanges)


def test_what_was_captured_is_what_was_sent(loopback):
    """The bytes that were kept are those that came by, whatever the caller made of them."""
    import httpx2

    url, raw = loopback.url("/chat/completions", "gzip"), []

    def read():
        with httpx2.Client() as client, client.stream("POST", url, json={}) as response:
            raw.extend(response.iter_raw())

    _, noted = captured(read)
    (exchange,) = noted.exchanges
    assert b"".join(exchange.chunks) == b"".join(raw)
    assert (exchange.decoded, exchange.ended, exchange.on_network) == (False, True, True)


DEVELOPMENT = """
    import asyncio
    import gc
    import importlib
    import inspect
    import os

    import pytest

    LIBRARY = importlib.import_module("callers_" + os.environ["LIBRARY"])

    def callers():
        origin = os.environ["LOOPBACK"]
        if os.environ["LIBRARY"] == "httpx":
            httpx2 = importlib.import_module("httpx2")
            return [LIBRARY.Caller(httpx2, asynchronous, origin) for asynchronous in (False, True)]
        return [LIBRARY.Caller(origin)]

    @pytest.mark.parametrize("name", [name for name in LIBRARY.SCENARIOS if "behind" not in name])
    def test_scenario(name):
        for caller in callers():
            found = LIBRARY.SCENARIOS[name](caller)
            if inspect.iscoroutine(found):
                asyncio.run(found, debug=True)
            gc.collect()
"""


@pytest.mark.parametrize("library", ["httpx", "urllib3", "requests", "aiohttp", "botocore"])
def test_development_mode_has_nothing_to_warn_of(project, library):
    """Under ``-X dev`` with asyncio's debug mode, nothing fails or warns that does not without the plugin."""
    project.write("test_suite.py", DEVELOPMENT)
    ends = [
        project.run("-rA", cost=cost, plugins=[], python=("-X", "dev"), LIBRARY=library)
        for cost in (False, True)
    ]
    # aiohttp and botocore leave sockets to the garbage collector, which warns in some runs and not in others.
    if ends[1].code != 0:
        assert ends[0].outcomes == ends[1].outcomes, ends[1].output
        assert ends[0].code == ends[1].code, ends[1].output
    if library in {"httpx", "urllib3", "requests"}:
        assert ends[1].code == 0, ends[1].output
    assert ends[1].report["meta"]["complete"], ends[1].output
