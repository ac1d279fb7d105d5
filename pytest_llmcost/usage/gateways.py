"""What gateways state of a call beside the provider's own answer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pytest_llmcost.model.money import parse_money

LITELLM = "litellm"
_LITELLM_CALL = "x-litellm-call-id"
_LITELLM_COST = "x-litellm-response-cost"


def gateway_of(headers: Mapping[str, str]) -> str | None:
    """Which gateway answered from a host that nobody named; None if no header says.

    Source: LiteLLM's documentation, proxy response headers: every answer has a call id of its own.

    Args:
        headers: Response headers, names in lower case.
    """
    return LITELLM if headers.get(_LITELLM_CALL) else None


def gateway_cost(headers: Mapping[str, str]) -> Decimal | None:
    """The cost that LiteLLM's proxy states for an answer, in USD; None if it states none.

    Source: LiteLLM's documentation, proxy response headers and cost tracking. The header is sent before a
    stream begins, so that a stream has no cost there; and it is 0 for a model without a price. Neither says
    that the call was free, so 0 is no statement.

    Args:
        headers: Response headers, names in lower case.
    """
    written = headers.get(_LITELLM_COST)
    if not written:
        return None
    try:
        cost = parse_money(written)
    except ValueError:
        return None
    return cost if cost > 0 else None
