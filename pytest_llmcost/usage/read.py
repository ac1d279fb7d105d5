"""From an exchange to a reading: find the endpoint, undo encodings, let the wire format's module read."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from pytest_llmcost.model.call import Api, ModelIds
from pytest_llmcost.model.units import INPUT, OUTPUT
from pytest_llmcost.usage.asked import asked
from pytest_llmcost.usage.body import ends_with_done, is_event_stream, json_object, plain_bytes
from pytest_llmcost.usage.endpoints import Endpoint, Kind
from pytest_llmcost.usage.event_stream import streamed_events
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.formats import wire_format
from pytest_llmcost.usage.gateways import gateway_cost
from pytest_llmcost.usage.reading import (
    CUT,
    EMPTY,
    NO_INPUT_STATED,
    NO_OUTPUT_STATED,
    NO_USAGE_STATED,
    NotACall,
    Reading,
    Stated,
)
from pytest_llmcost.usage.request_parts import request_sizes
from pytest_llmcost.usage.tiers import endpoint_context
from pytest_llmcost.usage.wire_format import Context, Events

# Content encodings that the standard library does not know, and the packages that do.
_DECODERS = {"br": "brotli", "zstd": "zstandard"}
_NO_DECODER = "the response is compressed ({encoding}) and cannot be read without {decoder}: install it"
_FIRST_OK, _FIRST_NOT_OK = 200, 300
# An object with one of these is an answer, even if it speaks of an error too.
_ANSWER_KEYS = ("usage", "id", "choices", "output", "content", "data", "usageMetadata", "candidates")
_BILLED_NOTHING = {Kind.TOKEN_COUNT: NotACall.TOKEN_COUNT, Kind.MODERATION: NotACall.MODERATION}
# Their streams of events end without [DONE], and without a reason in a chunk.
_WITHOUT_END_MARK = frozenset({"snowflake", "cloudflare"})
# Ollama counts no token of a prompt that it still holds from before.
_PROMPT_MAY_BE_HELD = frozenset({Api.OLLAMA_CHAT, Api.OLLAMA_GENERATE})
# They state 0 where nothing was generated.
_ALWAYS_GENERATE = frozenset(
    {
        Api.OPENAI_CHAT,
        Api.OPENAI_COMPLETIONS,
        Api.OPENAI_RESPONSES,
        Api.ANTHROPIC_MESSAGES,
        Api.BEDROCK_CONVERSE,
    }
)
_FORMATS_WITHOUT_END_MARK = frozenset({Api.BEDROCK_AGENT, Api.BEDROCK_RETRIEVE_AND_GENERATE})


class _Answer(NamedTuple):
    """A response without content encodings, in one of two forms; with neither, nothing can be read."""

    whole: Mapping[str, Any] | None
    events: Events | None
    streamed: bool
    done: bool
    empty: bool
    ended: bool
    compressed: str | None


def read_exchange(exchange: Exchange, hosts: Mapping[str, str]) -> Reading | NotACall | None:
    """Read what an exchange was billed for.

    Args:
        exchange: A finished exchange.
        hosts: The YAML's ``hosts:``.

    Returns:
        The reading; why it is no call; or None if no known wire format is spoken at its path.
    """
    question = asked(exchange.method, exchange.url, exchange.request_body, hosts, exchange.headers)
    if question is None:
        return None
    host, path, endpoint, request, requested, known, proven = question
    if proven and endpoint.kind in _BILLED_NOTHING:
        return _BILLED_NOTHING[endpoint.kind]
    if not _FIRST_OK <= exchange.status < _FIRST_NOT_OK and not _is_on_its_way(exchange):
        return NotACall.HTTP_ERROR if proven else None
    answer = _answer(exchange)
    if answer.whole is not None and _is_error(answer.whole):
        return NotACall.ERROR_ANSWER if proven else None
    provider = question.provider
    unmarked = known in _WITHOUT_END_MARK or endpoint.api in _FORMATS_WITHOUT_END_MARK
    done = answer.done or (unmarked and answer.ended)
    context = Context(provider, exchange.headers, requested, done, request)
    stated = _known(_stated(endpoint, answer, context), endpoint.api)
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
        compressed=_still_compressed(exchange, body) if whole is None and events is None else None,
    )


def _still_compressed(exchange: Exchange, body: bytes) -> str | None:
    """Why a body cannot be read, where no decoder of its encoding is installed."""
    encoding = exchange.headers.get("content-encoding", "")
    decoder = next((name for code, name in _DECODERS.items() if code in encoding), None)
    is_as_it_came = body and body == exchange.body and not exchange.decoded
    return _NO_DECODER.format(encoding=encoding, decoder=decoder) if decoder and is_as_it_came else None


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
    return Stated(incomplete=EMPTY if answer.empty else answer.compressed or NO_USAGE_STATED)


def _known(stated: Stated, api: Api) -> Stated:
    """What is stated, with a usage that says nothing taken for what it is: nothing unknown costs $0.

    Servers write counters that are null, or only a total; and a prompt without its answer is half a bill.
    """
    if stated.usage is None or stated.cost is not None or stated.sub_calls:
        return stated
    counts = stated.usage.counts
    if not counts:
        return stated._replace(usage=None, incomplete=stated.incomplete or NO_USAGE_STATED)
    missing = None
    if OUTPUT in counts and INPUT not in counts and api not in _PROMPT_MAY_BE_HELD:
        missing = NO_INPUT_STATED
    elif OUTPUT not in counts and api in _ALWAYS_GENERATE:
        missing = NO_OUTPUT_STATED
    return stated._replace(incomplete=stated.incomplete or missing) if missing else stated
