"""What is raised in place of a call that is not sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_llmcost.model.money import EXACT, ZERO, money_text
from pytest_llmcost.pricing.notices import price_to_paste
from pytest_llmcost.reports.text import safe
from pytest_llmcost.spending.estimate import Known, Unpriced

OPTION = "--llm-cost-max-spend"
_NOT_SENT = "LLM spend cap: this call was not sent"


class CallNotSent(pytest.fail.Exception):  # type: ignore[name-defined,misc]
    """A live call that the spend cap does not let out.

    It is no ``Exception``, so that neither the retries of an SDK nor an ``except Exception`` of the app take
    it for a failure of the provider; pytest shows its text, and no traceback.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, pytrace=False)


# As pytest's own outcomes: its summary names them without a module.
CallNotSent.__module__ = "builtins"


class ChildCallNotSentError(Exception):
    """The same in a forked child process, which would hang a pool of ``multiprocessing`` as the other."""


def passes_the_cap(known: Known, spent: Decimal, limit: Decimal, place: str) -> str:
    """The text for a call that would pass the cap.

    Args:
        known: What is known of it.
        spent: USD before it.
        limit: The cap, in USD.
        place: Who sends it to where.
    """
    left = max(ZERO, EXACT.subtract(limit, spent))
    costs = f"${money_text(known.usd)} or more" if known.usd else "more than nothing"
    found = (
        f"{_NOT_SENT}: {safe(known.name)} ({safe(place)}). It costs {costs}, and ${money_text(left)} is left"
    )
    allowed = f"{OPTION}={limit:f} (${money_text(spent)} spent by live calls of this run)"
    return f"{found} of {allowed}.\nRaise {OPTION}, run fewer tests, or replay from a cassette."


def why_unpriced(call: Unpriced) -> str:
    """In a few words, why a call cannot be priced."""
    if call.model is None:
        return f"a request to {call.provider} that names no model has no price"
    return call.origin or f"no price is known for {call.provider}/{call.model}"


def cannot_be_priced(call: Unpriced, limit: Decimal, place: str) -> str:
    """The text for a call that cannot be priced.

    Args:
        call: What is known of it.
        limit: The cap, in USD.
        place: Who sends it to where.
    """
    kept = f"{OPTION}={limit:f} cannot be kept"
    text = f"{_NOT_SENT}: {safe(why_unpriced(call))} ({safe(place)}), so {kept}."
    if call.model is None or call.origin is not None:
        return f"{text}\nReplay the call from a cassette, or run without {OPTION}."
    return f"{text}\n{price_to_paste(call.provider, call.model, call.api, call.host)}"


def cannot_be_decided(fault: str, place: str) -> str:
    """The text for a call that a fault of ours kept from being judged: a cap that is asked for must hold."""
    return (
        f"{_NOT_SENT} ({safe(place)}): a fault of pytest-llmcost: {fault}.\n"
        f"Run without {OPTION}, or with PYTEST_LLM_COST=0."
    )
