"""What callers do with an HTTP client, once without the plugin and once with it.

The modules ``callers_*`` beside this one hold the scenarios, one module a library. Each scenario returns
what the caller saw, as plain values that can be compared.
"""

from __future__ import annotations

import gc
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_llmcost.attribution.scope import CurrentScope
from pytest_llmcost.capture.install import Capture
from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**BODY, "stream": True, "stream_options": {"include_usage": True}}
ENCODINGS = ("", "gzip", "br", "zstd", "deflate")


class Scenarios(dict[str, Callable[[Any], Any]]):
    """The scenarios of a library by name; use it as a decorator."""

    def __call__(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        self[function.__name__] = function
        return function


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave.

    Attributes:
        value: What the caller saw.
        warned: Python's warnings, those of dropped objects too.
    """

    value: Any
    warned: list[str]


@dataclass(frozen=True, slots=True)
class Captured:
    """What the plugin noted meanwhile."""

    exchanges: list[OpenExchange]
    faults: list[str]


def outcome(work: Callable[[], Any]) -> Outcome:
    """Run it and gather the warnings, also those that come when what it left behind is destroyed."""
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        value = work()
        gc.collect()
    return Outcome(value, sorted(f"{each.category.__name__}: {plain(each.message)}" for each in noted))


def captured(work: Callable[[], Any]) -> tuple[Outcome, Captured]:
    """As ``outcome``, with the plugin's hooks in place."""
    log = ExchangeLog(CurrentScope())
    capture = Capture(log)
    capture.install()
    try:
        found = outcome(work)
    finally:
        capture.uninstall()
    return found, Captured(list(log.drain(everything=True)), log.faults)


def plain(found: object) -> str:
    """Its text without what differs from run to run: addresses in memory, ports and descriptors of sockets."""
    text = re.sub(r"0x[0-9a-fA-F]+", "0x", str(found))
    return re.sub(r"fd=\d+|(?<=laddr=\('127\.0\.0\.1', )\d+", "", text)


def error_of(error: BaseException) -> tuple[Any, ...]:
    """What a caller can see of an exception, and of those behind it."""
    cause = error.__cause__
    return type(error).__name__, plain(error), cause and error_of(cause)


def attempt(step: Callable[[], Any]) -> Any:
    """What a step gives, or what it raises."""
    try:
        return step()
    except Exception as error:
        return error_of(error)


def public(found: object) -> list[str]:
    """The names that a caller finds in an object."""
    return [name for name in dir(found) if not name.startswith("_")]
