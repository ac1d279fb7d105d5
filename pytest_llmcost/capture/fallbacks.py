"""Primary and fallback: the same agent asks another model the same, after one has failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_llmcost.capture.attempts import FailedAttempts
from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.model.call import MeasuredCall, Origin
from pytest_llmcost.model.fallback import Fallback, TriedModel
from pytest_llmcost.usage.asked import Asked, asked

# Where wire formats put what is asked, and what of it is no text of anybody's.
_PROMPTS = ("messages", "contents", "input", "prompt", "inputs", "texts")
_NO_TEXT = frozenset({"role", "type", "id", "cache_control", "name", "tool_call_id", "status"})


def with_fallback(
    call: MeasuredCall,
    seen: OpenExchange,
    attempts: FailedAttempts,
    hosts: Mapping[str, str],
    origin_of: Callable[[OpenExchange], Origin],
) -> MeasuredCall:
    """A call with what it falls back from; the attempts that it takes the place of wait no more.

    Args:
        call: As measured.
        seen: Its exchange.
        attempts: Those that failed, and that no call of the same request has followed.
        hosts: The YAML's ``hosts:``.
        origin_of: Who made a request.
    """
    question = _asked(seen, hosts)
    if question is None:
        return call
    tried: dict[tuple[str, str], tuple[int, ...]] = {}
    first: float | None = None
    is_live = call.source.is_paid_now
    for failed in attempts.of(seen.scope):
        before = _asked(failed.seen, hosts)
        name = (before.provider, before.requested or "") if before is not None else ("", "")
        if before is None or not name[1] or name == (call.provider, call.model.requested):
            continue
        if failed.seen.started >= seen.started or _text(before) != _text(question):
            continue
        made_by = origin_of(failed.seen)
        if (made_by.agent, made_by.agent_run) != (call.origin.agent, call.origin.agent_run):
            continue
        attempts.claim(failed)
        tried[name] = (*tried.get(name, ()), *failed.statuses)
        first = failed.started if first is None else min(first, failed.started)
        is_live = is_live and (failed.seen.on_network or failed.seen.failed)
    if not tried or first is None:
        return call
    after = round(seen.started - first, 6) if is_live else None
    return call._replace(
        fallback=Fallback(tuple(TriedModel(*name, statuses) for name, statuses in tried.items()), after)
    )


def _asked(seen: OpenExchange, hosts: Mapping[str, str]) -> Asked | None:
    return asked(seen.method, seen.url, seen.request_body, hosts, seen.headers)


def _text(question: Asked) -> str | None:
    """The last text of a prompt, which formats of all providers have in common."""
    for key in _PROMPTS:
        found = _last_text(question.request.get(key))
        if found is not None:
            return found.strip()
    return None


def _last_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = [part for key, part in value.items() if key not in _NO_TEXT]
    if not isinstance(value, list):
        return None
    return next((found for part in reversed(value) if (found := _last_text(part)) is not None), None)
