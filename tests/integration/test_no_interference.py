"""The caller sees the same with and without the plugin: bytes, exceptions and attributes."""

from __future__ import annotations

import asyncio
import importlib

import pytest
from callers import SCENARIOS, Caller

from pytest_llmcost.attribution.scope import CurrentScope
from pytest_llmcost.capture.install import Capture
from pytest_llmcost.capture.log import ExchangeLog

DIALECTS = [("httpx", False), ("httpx", True), ("httpx2", False), ("httpx2", True)]


@pytest.mark.parametrize(
    ("library", "asynchronous"), DIALECTS, ids=["httpx", "httpx-async", "httpx2", "httpx2-async"]
)
@pytest.mark.parametrize("name", SCENARIOS)
def test_caller_sees_the_same(loopback, name, library, asynchronous):
    """Each way of using a client gives the same with capture as without."""
    caller = Caller(importlib.import_module(library), asynchronous, loopback.origin)
    without = asyncio.run(SCENARIOS[name](caller))
    log = ExchangeLog(CurrentScope())
    capture = Capture(log)
    capture.install()
    try:
        with_us = asyncio.run(SCENARIOS[name](caller))
    finally:
        capture.uninstall()
    assert with_us == without
    assert log.faults == []
    exchanges = list(log.drain(everything=True))
    assert exchanges or without is None
    assert all(exchange.finished is not None for exchange in exchanges)


def test_what_was_captured_is_what_was_sent(loopback):
    """The bytes that were kept are those that came by, whatever the caller made of them."""
    import httpx2

    log = ExchangeLog(CurrentScope())
    capture = Capture(log)
    capture.install()
    try:
        with (
            httpx2.Client() as client,
            client.stream("POST", loopback.url("/chat/completions", "gzip"), json={}) as r,
        ):
            raw = b"".join(r.iter_raw())
    finally:
        capture.uninstall()
    (exchange,) = log.drain()
    assert b"".join(exchange.chunks) == raw
    assert (exchange.decoded, exchange.ended, exchange.on_network) == (False, True, True)


def test_chunks_are_passed_on_as_they_come(loopback):
    """A slow stream is not held back: its first chunk arrives long before its last."""
    import time

    import httpx2

    log = ExchangeLog(CurrentScope())
    capture = Capture(log)
    capture.install()
    try:
        url = loopback.url("/chat/completions", "slow")
        with httpx2.Client() as client, client.stream("POST", url, json={"stream": True}) as response:
            times = [time.perf_counter() for _ in response.iter_raw()]
    finally:
        capture.uninstall()
    assert len(times) >= 4
    assert times[-1] - times[0] > 0.04


def test_development_mode_has_nothing_to_warn_of(project):
    """Under ``-X dev`` with asyncio's debug mode, no warning appears that is not there without the plugin."""
    project.write(
        "test_suite.py",
        """
        import asyncio
        import gc
        import importlib
        import os

        import pytest
        from callers import SCENARIOS, Caller

        @pytest.mark.parametrize("asynchronous", [False, True])
        @pytest.mark.parametrize("name", SCENARIOS)
        def test_scenario(name, asynchronous):
            caller = Caller(importlib.import_module("httpx2"), asynchronous, os.environ["LOOPBACK"])
            asyncio.run(SCENARIOS[name](caller), debug=True)
            gc.collect()
        """,
    )
    ends = [project.run(cost=cost, plugins=[], python=("-X", "dev")) for cost in (False, True)]
    assert [run.outcomes for run in ends] == [{"passed": 2 * len(SCENARIOS)}] * 2, ends[1].output
    assert [run.code for run in ends] == [0, 0], ends[1].output
    assert "Warning" not in ends[1].output
    assert ends[1].report["meta"]["complete"], ends[1].output
