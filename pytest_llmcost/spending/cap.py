"""The spend cap of one process: asked before a live call is sent, told what it has cost."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_llmcost.capture.collect import exchange_of
from pytest_llmcost.capture.exchange import OpenExchange
from pytest_llmcost.capture.log import ExchangeLog
from pytest_llmcost.capture.measure import measured_call
from pytest_llmcost.errors import HookError
from pytest_llmcost.model.call import Origin, Source
from pytest_llmcost.model.money import EXACT, ZERO
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.spending.estimate import NotBilled, Unpriced, known_part
from pytest_llmcost.spending.ledger import Ledger, ProcessLock, Refused
from pytest_llmcost.spending.refusal import (
    CallNotSent,
    ChildCallNotSentError,
    cannot_be_decided,
    cannot_be_priced,
    passes_the_cap,
    why_unpriced,
)
from pytest_llmcost.usage.hosts import host_of
from pytest_llmcost.usage.read import read_exchange
from pytest_llmcost.usage.reading import NotACall, Reading

if TYPE_CHECKING:
    from pytest_llmcost.capture.collect import ReadFirst
    from pytest_llmcost.pricing.table import PriceTable

_FIRST_OK, _FIRST_NOT_OK = 200, 300
_ANY_CALL = ("POST", "https://api.openai.com/v1/chat/completions", b'{"model": "gpt-4o"}')
_OVER = "the cap would have been passed"


@dataclass(slots=True)
class _Sent:
    """A request that was let out.

    Attributes:
        exchange: It.
        known: USD that were reserved for it.
        tokens: One in the ledger for each time that it was sent and answered.
        is_custom: Whether only a plugin can read its answer.
    """

    exchange: OpenExchange
    known: Decimal
    tokens: list[str] = field(default_factory=list)
    is_custom: bool = False


class SpendCap:
    """Lets live calls out as long as what is known of their cost keeps the cap.

    Args:
        limit: USD that live calls of the run may cost.
        ledger: What all processes of the run have spent.
        log: The exchanges of this process.
        hosts: The YAML's ``hosts:``.
        prices: Gives the prices of the run; called once, when the first are needed.
        read_first: Asks the user's plugins about an exchange.
    """

    def __init__(
        self,
        limit: Decimal,
        ledger: Ledger,
        *,
        log: ExchangeLog,
        hosts: Mapping[str, str],
        prices: Callable[[], PriceTable],
        read_first: ReadFirst,
    ) -> None:
        self.limit = limit
        self.ledger = ledger
        self._log = log
        self._hosts = hosts
        self._prices = prices
        self._read_first = read_first
        self._lock = ProcessLock()
        self._pid = os.getpid()
        self._sent: dict[int, _Sent] = {}
        # Answers that are made in the background, by their ids.
        self._pending: dict[str, str] = {}
        self._told = 0

    def warm_up(self) -> None:
        """Load all that prices a call now, and not in the event loop of the first one."""
        known_part(*_ANY_CALL, self._hosts, self._prices())

    def guard(self, exchange: OpenExchange) -> None:
        """Let a request out, or raise.

        Raises:
            CallNotSent: If it would pass the cap, or cannot be priced.
            ChildCallNotSentError: The same in a forked child process.
        """
        try:
            refusal = self._decide(exchange)
        except Exception as error:  # noqa: BLE001  # what cannot be judged is not sent
            self._log.fault("spend cap", error)
            why = type(error).__name__
            refusal = f"a fault of pytest-llmcost ({why})", cannot_be_decided(why, _place(exchange))
        if refusal is None:
            return
        exchange.refused = True
        why, message = refusal
        try:
            self.ledger.refuse(self._log.scope.now.nodeid or "", why, message)
        except Exception as error:  # noqa: BLE001  # as above
            self._log.fault("spend cap", error)
        raise (CallNotSent if os.getpid() == self._pid else ChildCallNotSentError)(message)

    def _decide(self, exchange: OpenExchange) -> tuple[str, str] | None:
        """Why a request is not sent, in a few words and in full; None if it may be."""
        custom = self._log.keeps(exchange.url)
        with self._lock.held():
            self._settle_ended(with_plugins=False)
            sent = self._sent.get(id(exchange))
            if sent is not None and not _FIRST_OK <= exchange.status < _FIRST_NOT_OK:
                return None  # once more after a redirect or an error, which cost nothing
            known = known_part(
                exchange.method,
                exchange.url,
                exchange.request_body,
                self._hosts,
                self._prices(),
                custom=custom,
            )
            place = _place(exchange)
            if isinstance(known, Unpriced):
                return why_unpriced(known), cannot_be_priced(known, self.limit, place)
            sent = sent or _Sent(exchange, ZERO, is_custom=custom)
            if not isinstance(known, NotBilled) and not known.free:
                admission = self.ledger.admit(known.usd, self.limit)
                if admission.token is None:
                    return _OVER, passes_the_cap(known, admission.spent, self.limit, place)
                sent.tokens.append(admission.token)
                sent.known = EXACT.add(sent.known, known.usd)
            if exchange.client:  # else nobody reads the answer, and what is known of it stays
                self._sent[id(exchange)] = sent
            return None

    def settle(self) -> None:
        """Tell the ledger what the calls that have ended have cost; between the phases of tests."""
        with self._lock.held():
            self._settle_ended(with_plugins=True)

    def new_refusals(self) -> list[Refused]:
        """Calls of this process and its forked children that were not sent since the last time."""
        own = [one for one in self.ledger.refusals() if one.process == self.ledger.process]
        new, self._told = own[self._told :], len(own)
        return new

    def _settle_ended(self, *, with_plugins: bool) -> None:
        for key, sent in list(self._sent.items()):
            seen = sent.exchange
            if seen.finished is None or seen.sending or (sent.is_custom and not with_plugins):
                continue
            del self._sent[key]
            if seen.failed:
                continue  # no answer came: what it has cost is not known, and what is known of it stays
            usd = ZERO
            for each in (*seen.earlier, seen):
                usd = EXACT.add(usd, self._cost(each, sent, with_plugins=with_plugins))
            for number, token in enumerate(sent.tokens):
                self.ledger.settle(token, ZERO if number else usd)

    def _cost(self, seen: OpenExchange, sent: _Sent, *, with_plugins: bool) -> Decimal:
        """USD of one answer; where it does not state all, what was known before is the least."""
        reading = self._read(seen, with_plugins=with_plugins)
        if reading is None or isinstance(reading, NotACall):
            return ZERO
        if reading.is_poll:
            self._end_background(reading, seen)
            return ZERO
        answer_id = reading.stated.response_id
        if reading.stated.pending and answer_id and sent.tokens:
            self._pending[answer_id] = sent.tokens[0]
            return sent.known
        return self._priced(reading, seen, sent.known)

    def _end_background(self, reading: Reading, seen: OpenExchange) -> None:
        token = self._pending.get(reading.stated.response_id or "")
        if token is not None and reading.stated.usage is not None:
            self.ledger.settle(token, self._priced(reading, seen, ZERO))
            del self._pending[reading.stated.response_id or ""]

    def _priced(self, reading: Reading, seen: OpenExchange, least: Decimal) -> Decimal:
        measured = measured_call(
            reading, exchange_of(seen, self._log), origin=Origin(), source=Source.LIVE, cassette=None
        )
        cost = price_call("", measured, self._prices()).cost
        return cost.value if cost.high is not None else max(least, cost.low)

    def _read(self, seen: OpenExchange, *, with_plugins: bool) -> Reading | NotACall | None:
        exchange = exchange_of(seen, self._log)
        if with_plugins:
            try:
                found = self._read_first(exchange)
            except HookError:
                found = None  # the recorder tells it
            if found is not None:
                return found
        return read_exchange(exchange, self._hosts)


def _place(exchange: OpenExchange) -> str:
    host = host_of(exchange.url)
    site = exchange.call_site
    return f"to {host}, from {site}" if site else f"to {host}"
