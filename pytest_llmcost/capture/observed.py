"""What was seen beside calls: for a run that expected some and has none."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from pytest_llmcost.capture.collect import Collector
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.model.report import Observed

_SDKS = (
    "openai", "anthropic", "google.genai", "mistralai", "cohere", "groq", "ollama", "litellm", "boto3",
    "huggingface_hub", "pydantic_ai", "langchain_core", "langgraph", "agents", "instructor",
)  # fmt: skip
_CAPTURED = ("httpx", "httpx2", "requests", "aiohttp", "botocore", "urllib3")
_NOT_CAPTURED = ("grpc", "websockets", "curl_cffi", "pycurl", "niquests", "httplib2", "tornado.httpclient")


def child_processes() -> int:
    """Grows with every child process that has ended; 0 where the platform does not say."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt


def observe(log: ExchangeLog, collector: Collector, children_before: int) -> Observed:
    """Look around at the end of this process.

    Args:
        log: The exchanges and cassettes of this process.
        collector: Knows what was no call.
        children_before: What ``child_processes`` said at the start.
    """
    return Observed(
        imported=_loaded((*_SDKS, *_CAPTURED)),
        not_captured=_loaded(_NOT_CAPTURED),
        cassettes=len(log.cassettes_seen),
        interactions=sum(log.cassettes_seen.values()),
        not_calls=dict(collector.not_calls),
        child_processes=child_processes() > children_before,
        set_ups=dict(log.scope.set_ups),
    )


def together(parts: Iterable[Observed]) -> Observed:
    """What several processes saw."""
    seen = list(parts)
    not_calls: dict[str, int] = {}
    set_ups: dict[str, int] = {}
    for part in seen:
        _add(not_calls, part.not_calls)
        _add(set_ups, part.set_ups)
    return Observed(
        imported=tuple(dict.fromkeys(name for part in seen for name in part.imported)),
        not_captured=tuple(dict.fromkeys(name for part in seen for name in part.not_captured)),
        cassettes=sum(part.cassettes for part in seen),
        interactions=sum(part.interactions for part in seen),
        not_calls=not_calls,
        child_processes=any(part.child_processes for part in seen),
        set_ups=set_ups,
    )


def _add(total: dict[str, int], part: Mapping[str, int]) -> None:
    for name, number in part.items():
        total[name] = total.get(name, 0) + number


def _loaded(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in sys.modules)
