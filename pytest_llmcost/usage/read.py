"""From an exchange to a reading: find the endpoint, undo encodings, let the wire format's module read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from pytest_llmcost.model.call import ModelIds
from pytest_llmcost.usage.body import ends_with_done, is_event_stream, json_object, plain_bytes
from pytest_llmcost.usage.endpoints import Endpoint, Kind, endpoint_of, is_unread
from pytest_llmcost.usage.event_stream import streamed_events
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.fields import text
from pytest_llmcost.usage.formats import wire_format
from pytest_llmcost.usage.hosts import HUGGING_FACE, behind_hugging_face, host_of, provider_of
from pytest_llmcost.usage.reading import CUT, EMPTY, NO_USAGE_STATED, NotACall, Reading, Stated
from pytest_llmcost.usage.tiers import region_doubts
from pytest_llmcost.usage.wire_format import Context, Events

_FIRST_OK, _FIRST_NOT_OK = 200, 300
# Where each wire format keeps the parts of a prompt.
_PARTS = {
    "system": ("system", "instructions", "systemInstruction", "system_instruction", "preamble"),
    "tools": ("tools", "toolConfig"),
    "messages": (
        *("messages", "input", "prompt", "contents", "content", "chat_history", "message"),
        *("requests", "instances", "texts", "inputs", "inputText", "query", "documents"),
    ),
}
_PART_OF = {key: part for part, keys in _PARTS.items() for key in keys}
# One encoder for all: json.dumps() with options makes one at each call.
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# An object with one of these is an answer, even if it speaks of an error too.
_ANSWER_KEYS = ("usage", "id", "choices", "output", "content", "data", "usageMetadata", "candidates")
# What people run on hosts of their own, under any name: there the format says what the host does not.
_SELF_HOSTED = frozenset({"ollama"})


class _Answer(NamedTuple):
    """A response without content encodings, in one of two forms; with neither, nothing can be read."""

    whole: Mapping[str, Any] | None
    events: Events | None
    done: bool
    empty: bool
    ended: bool


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
    known = provider_of(host, hosts)
    request = json_object(plain_bytes(exchange.request_body, "")) or {}
    requested = endpoint.model or text(request, "model")
    if known == HUGGING_FACE:
        known = behind_hugging_face(path, requested, exchange.headers)
    proven = endpoint.maker in {None, known}
    if proven and endpoint.kind is Kind.TOKEN_COUNT:
        return NotACall.TOKEN_COUNT
    if not _FIRST_OK <= exchange.status < _FIRST_NOT_OK and not _is_on_its_way(exchange):
        return NotACall.HTTP_ERROR if proven else None
    answer = _answer(exchange)
    if answer.whole is not None and _is_error(answer.whole):
        return NotACall.ERROR_ANSWER if proven else None
    provider = known or (endpoint.maker if endpoint.maker in _SELF_HOSTED else None) or host
    context = Context(provider, exchange.headers, requested, answer.done)
    stated = _stated(endpoint, answer, context)
    unnamed = stated.model is None and stated.usage is None
    if unnamed and (not proven or (known is None and requested is None)):
        # Some other service with a path that only looks alike, such as one that sends text messages.
        return None
    if doubts := region_doubts(unquote(path)):
        stated = stated._replace(doubts=(*stated.doubts, *doubts))
    return Reading(
        provider=provider,
        host=host,
        api=endpoint.api,
        model=ModelIds(requested, stated.model),
        stream=answer.events is not None or endpoint.streams or request.get("stream") is True,
        stated=stated,
        is_poll=endpoint.kind is Kind.POLL,
        request_parts=_parts(request),
    )


def _answer(exchange: Exchange) -> _Answer:
    body = exchange.body
    if not exchange.decoded:
        body = plain_bytes(body, exchange.headers.get("content-encoding", ""))
    is_sse = is_event_stream(body)
    whole = None if is_sse else json_object(body)
    return _Answer(
        whole=whole,
        events=streamed_events(body) if whole is None else None,
        done=is_sse and ends_with_done(body),
        empty=not body,
        ended=exchange.ended,
    )


def _is_on_its_way(exchange: Exchange) -> bool:
    """Whether the session ended before the client handed the response over; the provider bills it."""
    return exchange.status == 0 and not exchange.ended


def _is_error(answer: Mapping[str, Any]) -> bool:
    """Whether a gateway says 200 and sends an error in place of an answer."""
    return bool(answer.get("error")) and not any(answer.get(key) for key in _ANSWER_KEYS)


def _stated(endpoint: Endpoint, answer: _Answer, context: Context) -> Stated:
    readers = wire_format(endpoint.api)
    if answer.whole is not None:
        return readers.read_json(answer.whole, context)
    if answer.events is not None and readers.read_events is not None:
        return readers.read_events(answer.events, context)
    if not answer.ended:
        return Stated(incomplete=CUT)
    return Stated(incomplete=EMPTY if answer.empty else NO_USAGE_STATED)


def _parts(request: Mapping[str, Any]) -> dict[str, int]:
    """Sizes of a prompt's parts, in bytes of compact JSON; what a request lacks is absent."""
    sizes: dict[str, int] = {}
    for key, value in request.items():
        part = _PART_OF.get(key)
        if part is not None and value:
            sizes[part] = sizes.get(part, 0) + _compact_size(value)
    return {part: sizes[part] for part in _PARTS if part in sizes}


def _compact_size(value: Any) -> int:
    return len(_compact(value).encode("utf-8", "surrogatepass"))
