"""What a reader finds in an exchange."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from pytest_llmcost.model.call import Api, ModelIds, SubCall
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import stated

NO_USAGE_STATED = "the response states no usage"
NO_INPUT_STATED = "the response states no input tokens, only what was generated"
NO_OUTPUT_STATED = "the response states no output tokens, only its prompt"
EMPTY = "the response has no body, so it states no usage"
CUT = "the response was cut before it stated its usage"
FAILED = "the answer broke off with an error before it stated its usage"


class NotACall(StrEnum):
    """Why an exchange with a known host or path is no billed call of its own."""

    HTTP_ERROR = "HTTP error"
    ERROR_ANSWER = "error in place of an answer"
    TOKEN_COUNT = "token count"
    POLL = "poll or stored object"
    NO_RESPONSE = "no response"
    MODERATION = "moderation"


class Stated(NamedTuple):
    """What the body of a response states.

    Attributes:
        usage: The counts; None if there are none.
        model: The model that answered; None if it is not named.
        incomplete: Why the usage is missing or not final; None if it is final.
        response_id: The provider's id of the response.
        context: What else decides the price.
        doubts: Facts that no price table knows how to price.
        cost: USD, where the body states the cost.
        sub_calls: Model calls inside this one.
        pending: Whether the answer is still being made in the background.
        cache_miss: Why a prompt cache was missed; None where the body does not say.
        created: When the provider answered, seconds since 1970; None if the body does not say.
    """

    usage: Usage | None = None
    model: str | None = None
    incomplete: str | None = None
    response_id: str | None = None
    context: Mapping[str, str] = MappingProxyType({})
    doubts: tuple[str, ...] = ()
    cost: Decimal | None = None
    sub_calls: tuple[SubCall, ...] = ()
    pending: bool = False
    created: int | None = None
    cache_miss: str | None = None


class Reading(NamedTuple):
    """A billed call as read from its exchange, or the start or the end of one in the background.

    Attributes:
        provider: genai-prices' id, a name from ``hosts:``, or ``host:port``.
        host: ``host`` or ``host:port``.
        api: The wire format.
        model: Requested and billed model.
        stream: Whether the answer was streamed.
        stated: What the response states.
        is_poll: Whether it fetches an answer that was started before.
        request_parts: Bytes of system, tools and messages.
    """

    provider: str
    host: str
    api: Api
    model: ModelIds
    stream: bool
    stated: Stated
    is_poll: bool
    request_parts: Mapping[str, int]


def counted(
    counts: Mapping[str, int | None],
    *,
    model: str | None = None,
    unstated: str = NO_USAGE_STATED,
    unfinished: str | None = None,
) -> Stated:
    """What a format states that has counts and little else.

    Args:
        counts: By unit; None for what is not stated.
        model: The model that answered, if it is named.
        unstated: Why there is no usage, where no count is stated.
        unfinished: Why the counts are not final; None if they are.
    """
    known = stated(**counts)
    if not known:
        return Stated(model=model, incomplete=unstated)
    return Stated(usage=Usage(known), model=model, incomplete=unfinished)
