"""What is known of a call's cost before it is sent: a lower bound, from its request and the price table.

The answer's length is not known, so only the prompt counts, at one token for each 8 bytes of it: of 3,117
calls in cassettes of public projects, 91 % had at least as many, and half of them one for 4.4 bytes.
Pictures, audio and files that are sent as base64 count nothing: what a provider makes of them follows from
their size in pixels or seconds, and not from their bytes. Where a model is billed by the characters that it
speaks, these are counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote

from pytest_llmcost.model.call import Api, MeasuredCall, ModelIds, Origin, RequestSize, Source
from pytest_llmcost.model.money import ZERO
from pytest_llmcost.model.price import PriceSource, RateCard
from pytest_llmcost.model.units import INPUT, INPUT_CHARACTERS
from pytest_llmcost.model.usage import NO_USAGE, Usage
from pytest_llmcost.pricing.kernel import invoice
from pytest_llmcost.pricing.prices import Prices
from pytest_llmcost.usage.asked import asked
from pytest_llmcost.usage.body import json_object
from pytest_llmcost.usage.endpoints import Kind
from pytest_llmcost.usage.fields import text
from pytest_llmcost.usage.hosts import host_of, provider_of
from pytest_llmcost.usage.request_parts import request_sizes
from pytest_llmcost.usage.tiers import endpoint_context

BYTES_PER_TOKEN = 8
# No prose has so long a word.
_DATA = re.compile(rb"[A-Za-z0-9+/_-]{512,}={0,2}")
_NO_REQUEST = RequestSize("", MappingProxyType({}))
_NO_TIME = datetime.fromtimestamp(0, UTC)


class Known(NamedTuple):
    """A call that can be priced.

    Attributes:
        name: ``provider/model``.
        usd: What it costs at the least; an estimate (see above).
        free: Whether it costs nothing, whatever is answered.
    """

    name: str
    usd: Decimal
    free: bool = False


class Unpriced(NamedTuple):
    """A call that cannot be priced.

    Attributes:
        provider: The provider, or the host that nobody named.
        host: ``host`` or ``host:port``.
        model: As requested; None if the request names none.
        api: Its wire format.
        origin: The row of the YAML that leads to no price; None where nobody knows the model.
    """

    provider: str
    host: str
    model: str | None
    api: Api
    origin: str | None = None


class NotBilled(NamedTuple):
    """A request that costs nothing by itself: a token count, a poll, another service with such a path."""


def known_part(
    method: str, url: str, body: bytes, hosts: Mapping[str, str], prices: Prices, *, custom: bool = False
) -> Known | Unpriced | NotBilled:
    """Estimate a request that is about to be sent.

    Args:
        method: HTTP method, in capitals.
        url: As requested.
        body: As far as it is known.
        hosts: The YAML's ``hosts:``.
        prices: Where prices are looked up.
        custom: Whether a plugin may read it where no known wire format is spoken.
    """
    found = asked(method, url, body, hosts, {})
    if found is None:
        return _custom(method, url, body, hosts, prices) if custom else NotBilled()
    if found.endpoint.kind is not Kind.CALL:
        return NotBilled()
    if found.requested is None and (found.known is None or not found.proven):
        return NotBilled()  # some other service, as where the answer is read
    call = Unpriced(found.provider, found.host, found.requested, found.endpoint.api)
    return _priced(call, endpoint_context(found.host, unquote(found.path)), body, prices)


def _custom(
    method: str, url: str, body: bytes, hosts: Mapping[str, str], prices: Prices
) -> Known | Unpriced | NotBilled:
    model = text(json_object(body) or {}, "model")
    host = host_of(url)
    if method != "POST" or model is None:
        return NotBilled()  # nobody can say what it is
    return _priced(Unpriced(provider_of(host, hosts) or host, host, model, Api.CUSTOM), {}, body, prices)


def _priced(call: Unpriced, context: Mapping[str, str], body: bytes, prices: Prices) -> Known | Unpriced:
    lookup = prices.look_up(
        MeasuredCall(
            origin=Origin(),
            provider=call.provider,
            host=call.host,
            api=call.api,
            model=ModelIds(call.model, None),
            stream=False,
            source=Source.LIVE,
            usage=None,
            incomplete=None,
            request=_NO_REQUEST,
            started_at=_NO_TIME,
            context=context,
        )
    )
    name = f"{call.provider}/{call.model}"
    if lookup.source is PriceSource.FREE:
        return Known(name, ZERO, free=True)
    if lookup.card is None:
        return call._replace(origin=lookup.origin)
    return Known(name, invoice(_asked_for(call.api, body, lookup.card), lookup.card).amount)


def _asked_for(api: Api, body: bytes, card: RateCard) -> Usage:
    """What the request itself tells of its usage."""
    if INPUT in card.rates:
        return Usage({INPUT: prompt_tokens(body)})
    if api is Api.OPENAI_SPEECH and INPUT_CHARACTERS in card.rates:
        # Its answer states nothing, and the price is one of the text's characters (OpenAI, "Pricing", TTS).
        return Usage({INPUT_CHARACTERS: len(text(json_object(body) or {}, "input") or "")})
    return NO_USAGE


def prompt_tokens(body: bytes) -> int:
    """The tokens that a prompt has at the least, by its bytes."""
    size = sum(request_sizes(json_object(body) or {}).values())
    data = sum(len(found[0]) for found in _DATA.finditer(body))
    return max(0, size - data) // BYTES_PER_TOKEN
