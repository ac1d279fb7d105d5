"""From an exchange to a reading: find the endpoint, undo encodings, let the wire format's module read."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from pytest_llmcost.model.call import Api, ModelIds
from pytest_llmcost.usage.body import ends_with_done, form_field, is_event_stream, json_object, plain_bytes
from pytest_llmcost.usage.endpoints import Endpoint, Kind, endpoint_of, is_maker
from pytest_llmcost.usage.event_stream import streamed_events
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.fields import child, text
from pytest_llmcost.usage.formats import wire_format
from pytest_llmcost.usage.gateways import gateway_cost, gateway_of
from pytest_llmcost.usage.hosts import (
    CLOUDFLARE_GATEWAY,
    HUGGING_FACE,
    behind_cloudflare,
    behind_hugging_face,
    host_of,
    provider_of,
)
from pytest_llmcost.usage.reading import CUT, EMPTY, NO_USAGE_STATED, NotACall, Reading, Stated
from pytest_llmcost.usage.request_parts import request_sizes
from pytest_llmcost.usage.tiers import endpoint_context
from pytest_llmcost.usage.wire_format import Context, Events

_FIRST_OK, _FIRST_NOT_OK = 200, 300
# Where a request names its model; watsonx and Bedrock's inline agents have names of their own.
_MODEL_KEYS = ("model", "model_id", "foundationModel")
_CONFIGURATIONS = ("retrieveAndGenerateConfiguration", "rerankingConfiguration")
# An object with one of these is an answer, even if it speaks of an error too.
_ANSWER_KEYS = ("usage", "id", "choices", "output", "content", "data", "usageMetadata", "candidates")
_BILLED_NOTHING = {Kind.TOKEN_COUNT: NotACall.TOKEN_COUNT, Kind.MODERATION: NotACall.MODERATION}
# What people run on hosts of their own, under any name: there the format says what the host does not.
_SELF_HOSTED = frozenset({"ollama"})
# Their streams of events end without [DONE], and without a reason in a chunk.
_WITHOUT_END_MARK = frozenset({"snowflake", "cloudflare"})
_FORMATS_WITHOUT_END_MARK = frozenset({Api.BEDROCK_AGENT, Api.BEDROCK_RETRIEVE_AND_GENERATE})


class _Answer(NamedTuple):
    """A response without content encodings, in one of two forms; with neither, nothing can be read."""

    whole: Mapping[str, Any] | None
    events: Events | None
    streamed: bool
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
    known = provider_of(host, hosts)
    if known == CLOUDFLARE_GATEWAY:
        known = behind_cloudflare(path, None)
    endpoint = endpoint_of(exchange.method, path, known)
    if endpoint is None or (endpoint.kind is Kind.MODERATION and known is None):
        return None
    sent = plain_bytes(exchange.request_body, "")
    request = json_object(sent) or {}
    requested = endpoint.model or _model_of(request) or form_field(sent, "model")
    proven = is_maker(endpoint.maker, known)
    known = _behind_router(known, path, requested, exchange.headers)
    known = known or gateway_of(exchange.headers)
    if proven and endpoint.kind in _BILLED_NOTHING:
        return _BILLED_NOTHING[endpoint.kind]
    if not _FIRST_OK <= exchange.status < _FIRST_NOT_OK and not _is_on_its_way(exchange):
        return NotACall.HTTP_ERROR if proven else None
    answer = _answer(exchange)
    if answer.whole is not None and _is_error(answer.whole):
        return NotACall.ERROR_ANSWER if proven else None
    provider = known or (endpoint.maker if endpoint.maker in _SELF_HOSTED else None) or host
    unmarked = known in _WITHOUT_END_MARK or endpoint.api in _FORMATS_WITHOUT_END_MARK
    done = answer.done or (unmarked and answer.ended)
    context = Context(provider, exchange.headers, requested, done, request)
    stated = _stated(endpoint, answer, context)
    unnamed = stated.model is None and stated.usage is None
    if unnamed and (not proven or (known is None and requested is None)):
        # Some other service with a path that only looks alike, such as one that sends text messages.
        return None
    if place := endpoint_context(host, unquote(path)):
        stated = stated._replace(context={**stated.context, **place})
    if stated.cost is None and (cost := gateway_cost(exchange.headers)) is not None:
        stated = stated._replace(cost=cost)
    return Reading(
        provider=provider,
        host=host,
        api=endpoint.api,
        model=ModelIds(requested, stated.model),
        stream=answer.streamed or endpoint.streams or request.get("stream") is True,
        stated=stated,
        is_poll=endpoint.kind is Kind.POLL,
        request_parts=request_sizes(request),
    )


def _model_of(request: Mapping[str, Any]) -> str | None:
    """The model that a request names: at its top, or (Bedrock's agent runtime) in its configuration."""
    for key in _MODEL_KEYS:
        if found := text(request, key):
            return found
    for key in _CONFIGURATIONS:
        for inner in child(request, key).values():
            if found := text(inner, "modelArn") or text(child(inner, "modelConfiguration"), "modelArn"):
                return found
    return None


def _behind_router(known: str | None, path: str, model: str | None, headers: Mapping[str, str]) -> str | None:
    """The provider that is billed, where the host only hands requests on."""
    if known == HUGGING_FACE:
        return behind_hugging_face(path, model, headers)
    return behind_cloudflare(path, model) if known == CLOUDFLARE_GATEWAY else known


def _answer(exchange: Exchange) -> _Answer:
    body = exchange.body
    if not exchange.decoded:
        body = plain_bytes(body, exchange.headers.get("content-encoding", ""))
    is_sse = is_event_stream(body)
    whole = None if is_sse else json_object(body)
    events = streamed_events(body) if whole is None else None
    return _Answer(
        whole=whole,
        events=events,
        # A list may be an answer in one piece; where it is a stream, the endpoint says so.
        streamed=events is not None and not body.lstrip().startswith(b"["),
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
        stated = readers.read_events(answer.events, context)
        # A list in one piece that was cut: what it still holds may not be all.
        is_cut_list = not (answer.streamed or endpoint.streams or answer.ended)
        return stated._replace(incomplete=stated.incomplete or CUT) if is_cut_list else stated
    if not answer.ended:
        return Stated(incomplete=CUT)
    return Stated(incomplete=EMPTY if answer.empty else NO_USAGE_STATED)
