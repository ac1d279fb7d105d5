"""From an exchange to a reading: find the endpoint, undo encodings, let the wire format's module read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pytest_llmcost.model.call import Api, ModelIds
from pytest_llmcost.usage import anthropic_messages, openai_chat, openai_embeddings, openai_responses
from pytest_llmcost.usage.body import (
    ends_with_done,
    event_data,
    is_event_stream,
    json_object,
    plain_bytes,
)
from pytest_llmcost.usage.endpoints import Kind, endpoint_of, host_of, is_unread, provider_of
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.fields import text
from pytest_llmcost.usage.reading import CUT, EMPTY, NO_USAGE_STATED, NotACall, Reading, Stated

_FIRST_OK, _FIRST_NOT_OK = 200, 300
# Where each wire format keeps the parts of a prompt.
_SYSTEM_KEYS = ("system", "instructions")
_MESSAGES_KEYS = ("messages", "input", "prompt")
# One encoder for all: json.dumps() with options makes one at each call.
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# An object with one of these is an answer, even if it speaks of an error too.
_ANSWER_KEYS = ("usage", "id", "choices", "output", "content", "data")


def read_exchange(exchange: Exchange, hosts: Mapping[str, str]) -> Reading | NotACall | None:
    """Read what an exchange was billed for.

    Args:
        exchange: A finished exchange.
        hosts: The YAML's ``hosts:``.

    Returns:
        The reading; why it is no call; or None if no known wire format is spoken at its path.
    """
    host = host_of(exchange.url)
    path = urlsplit(exchange.url).path if host else ""
    endpoint = endpoint_of(exchange.method, path)
    if endpoint is None:
        return NotACall.UNREAD if is_unread(exchange.method, path) else None
    if endpoint.kind is Kind.TOKEN_COUNT:
        return NotACall.TOKEN_COUNT
    if not _FIRST_OK <= exchange.status < _FIRST_NOT_OK:
        return NotACall.HTTP_ERROR
    known = provider_of(host, hosts)
    provider = known or host
    request = json_object(plain_bytes(exchange.request_body, "")) or {}
    body = exchange.body
    if not exchange.decoded:
        body = plain_bytes(body, exchange.headers.get("content-encoding", ""))
    answer = None if is_event_stream(body) else json_object(body)
    if answer is not None and _is_error(answer):
        return NotACall.ERROR_ANSWER
    streamed = is_event_stream(body) or request.get("stream") is True
    requested = text(request, "model") or endpoint.deployment
    stated = _read_body(endpoint.api, body, answer, provider, ended=exchange.ended)
    if known is None and requested is None and stated.model is None and stated.usage is None:
        # Some other service with a path that only looks alike, such as one that sends text messages.
        return None
    return Reading(
        provider=provider,
        host=host,
        api=endpoint.api,
        model=ModelIds(requested, stated.model),
        stream=streamed,
        stated=stated,
        is_poll=endpoint.kind is Kind.POLL,
        request_parts=_parts(request),
    )


def _is_error(answer: Mapping[str, Any]) -> bool:
    """Whether a gateway says 200 and sends an error in place of an answer."""
    return bool(answer.get("error")) and not any(answer.get(key) for key in _ANSWER_KEYS)


def _read_body(
    api: Api, body: bytes, found: Mapping[str, Any] | None, provider: str, *, ended: bool
) -> Stated:
    if found is not None:
        return _read_json(api, found, provider)
    if is_event_stream(body):
        return _read_events(api, body, provider)
    if not ended:
        return Stated(incomplete=CUT)
    return Stated(incomplete=NO_USAGE_STATED if body else EMPTY)


def _read_json(api: Api, found: Mapping[str, Any], provider: str) -> Stated:
    if api is Api.OPENAI_CHAT:
        return openai_chat.read_json(found, provider)
    if api is Api.OPENAI_RESPONSES:
        return openai_responses.read_json(found)
    if api is Api.OPENAI_EMBEDDINGS:
        return openai_embeddings.read_json(found)
    return anthropic_messages.read_json(found)


def _read_events(api: Api, body: bytes, provider: str) -> Stated:
    events = event_data(body)
    if api is Api.OPENAI_CHAT:
        return openai_chat.read_events(events, provider, done=ends_with_done(body))
    if api is Api.OPENAI_RESPONSES:
        return openai_responses.read_events(events)
    if api is Api.ANTHROPIC_MESSAGES:
        return anthropic_messages.read_events(events)
    return Stated(incomplete=NO_USAGE_STATED)


def _parts(request: Mapping[str, Any]) -> dict[str, int]:
    """Sizes of a prompt's parts, in bytes of compact JSON; what a request lacks is absent."""
    found = {
        "system": [request[key] for key in _SYSTEM_KEYS if request.get(key)],
        "tools": [request["tools"]] if request.get("tools") else [],
        "messages": [request[key] for key in _MESSAGES_KEYS if request.get(key)],
    }
    return {name: sum(map(_compact_size, values)) for name, values in found.items() if values}


def _compact_size(value: Any) -> int:
    return len(_compact(value).encode("utf-8", "surrogatepass"))
