"""What a plugin is given of a call, and what it says of it: the types of the hooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from types import MappingProxyType

from pytest_llmcost.model.call import Api, ModelIds
from pytest_llmcost.model.money import parse_money
from pytest_llmcost.model.units import UNITS
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.body import json_object, plain_bytes
from pytest_llmcost.usage.exchange import Exchange
from pytest_llmcost.usage.hosts import host_of
from pytest_llmcost.usage.reading import Reading, Stated
from pytest_llmcost.usage.request_parts import request_sizes

_FIRST_OK, _FIRST_NOT_OK = 200, 300
NOT_STATED = "the plugin found no usage"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpExchange:
    """A finished HTTP request and its response.

    Attributes:
        method: HTTP method, in capitals.
        url: As requested.
        status: HTTP status, from 200 to 299.
        headers: Response headers, names in lower case.
        request_body: As sent; empty if it was streamed.
        body: The response body without content encodings, as far as it was received.
        complete: Whether the end of the body was reached.
    """

    method: str
    url: str
    status: int
    headers: Mapping[str, str]
    request_body: bytes
    body: bytes
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """Who made a call, as far as it is known without a plugin.

    Attributes:
        nodeid: The test; None in a wider fixture and outside any test.
        fixture: The fixture wider than function scope whose set-up or tear-down made it; None for none.
        agent: The agent that a context, a rule or a marker names; None for none.
        agent_path: Names from the outermost agent to that one.
        call_stack: ``app/desk.py::Desk.answer`` for the project's code that led to the call, innermost first.
    """

    nodeid: str | None = None
    fixture: str | None = None
    agent: str | None = None
    agent_path: tuple[str, ...] = ()
    call_stack: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUsage:
    """What one billed call used.

    Attributes:
        provider: Whose prices hold: an id of genai-prices, or the first part of a key in llmcost.yaml.
        model: The model that answered; None if it is not known.
        usage: Unit to count, by the names of report.json: ``input_tokens`` with everything cached in it,
            ``output_tokens`` with reasoning, ``cache_read_tokens``, ... None, or no count, is a usage that
            was not stated: the call is incomplete.
        requested_model: The model that was asked for, where it may be another.
        cost: USD, where the answer states what was charged.
        stream: Whether the answer was streamed.
        incomplete: Why the usage is missing or not final; None if it is final.

    Raises:
        ValueError: If a value is none that a report could hold; the message says which, and what is allowed.
    """

    provider: str
    model: str | None
    usage: Mapping[str, int] | None
    requested_model: str | None = None
    cost: Decimal | str | None = None
    stream: bool = False
    incomplete: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.provider, str) or not self.provider:
            raise ValueError(f"CallUsage(provider={self.provider!r}): write a name, such as 'acme'")
        for unit, number in (self.usage or {}).items():
            _check_count(unit, number)
        counts = None if self.usage is None else MappingProxyType(dict(self.usage))
        object.__setattr__(self, "usage", counts)
        _amount(self.cost)


def _check_count(unit: object, number: object) -> None:
    if unit not in UNITS:
        near = get_close_matches(str(unit), UNITS, n=1)
        hint = f": did you mean {near[0]!r}?" if near else f"; the first are {', '.join(list(UNITS)[:3])}"
        raise ValueError(f"CallUsage(usage={{{unit!r}: ...}}): no such unit{hint}")
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError(f"CallUsage(usage={{{unit!r}: {number!r}}}): write a whole number, 0 or more")


def _amount(cost: object) -> Decimal | None:
    if cost is None:
        return None
    if isinstance(cost, Decimal | str | int) and not isinstance(cost, bool):
        try:
            amount = parse_money(str(cost))
        except ValueError:
            amount = Decimal(-1)
        if amount >= 0:
            return amount
    raise ValueError(f"CallUsage(cost={cost!r}): write USD as a Decimal or a string, such as '0.0042'")


def exchange_for_plugins(exchange: Exchange) -> HttpExchange | None:
    """What a plugin is asked about; None for an error, which nobody bills."""
    if not _FIRST_OK <= exchange.status < _FIRST_NOT_OK:
        return None
    headers = {str(name).lower(): str(value) for name, value in exchange.headers.items()}
    encoding = "" if exchange.decoded else headers.get("content-encoding", "")
    return HttpExchange(
        method=exchange.method,
        url=exchange.url,
        status=exchange.status,
        headers=headers,
        request_body=exchange.request_body,
        body=exchange.body if exchange.decoded else plain_bytes(exchange.body, encoding),
        complete=exchange.ended,
    )


def custom_reading(call: CallUsage, exchange: Exchange) -> Reading:
    """The reading of an exchange that a plugin has read."""
    usage = Usage(call.usage) if call.usage else None
    stated = Stated(
        usage=usage,
        model=call.model,
        incomplete=call.incomplete or (None if usage is not None else NOT_STATED),
        cost=_amount(call.cost),
    )
    return Reading(
        provider=call.provider,
        host=host_of(exchange.url),
        api=Api.CUSTOM,
        model=ModelIds(call.requested_model or call.model, call.model),
        stream=call.stream,
        stated=stated,
        is_poll=False,
        request_parts=request_sizes(json_object(plain_bytes(exchange.request_body, "")) or {}),
    )
