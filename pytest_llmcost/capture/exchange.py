"""One request on its way, from the moment it is sent until its answer has been read.

This is the hot path: no lock, no wait, no file, no parsing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_llmcost.attribution.agents import AgentFrame
from pytest_llmcost.attribution.call_sites import Spot, Stack, call_site_text
from pytest_llmcost.attribution.scope import Scope
from pytest_llmcost.attribution.surroundings import Surroundings
from pytest_llmcost.capture.cassette_places import InteractionRef
from pytest_llmcost.capture.clocks import RealClocks
from pytest_llmcost.capture.played import Played
from pytest_llmcost.capture.same_request import differ, plain_url

if TYPE_CHECKING:
    from pytest_llmcost.capture.open_lookups import Missed

_FIRST_OK, _FIRST_NOT_OK = 200, 300
# Cassettes of old have another form.
_NO_STATUS = {"code": 0}
# What an exchange has of one answer, and not of the request.
_OF_THE_ANSWER = frozenset(
    {
        *("finished", "status", "headers", "chunks", "decoded", "ended", "on_network"),
        *("seen_by_vcr", "replayed", "recorded", "failed_attempts", "vcr_answer", "played"),
    }
)


class OpenExchange:
    """One request on its way; filled in by whoever sees a part of it.

    Only what is needed later is kept, and not the client's request and response: these would hold memory
    that the app gives back after each call. What is not set yet, the class has.

    Attributes:
        library: Which client sends it.
        method: HTTP method.
        address: The URL as the client has it; an object that cannot change is written out later.
        request_body: As sent; empty if it is streamed.
        scope: What pytest was doing.
        agent: The agent that was entered in the caller's context; None outside all agents.
        around: What tracing libraries and agent frameworks say there; None for nothing.
        cassette_open: Whether a cassette was open when it was sent.
        started: Seconds of the clock of ``time.perf_counter``.
        finished: The same clock at the end of the response; None while it is open.
        status: HTTP status; 0 before a response came.
        headers: Response headers; they are found by names in lower case.
        chunks: The body as it came by.
        decoded: Whether content encodings are already undone in the chunks.
        ended: Whether the transport reached the end of the body.
        on_network: Whether a network connection was proven.
        sending: Whether ``send`` has not returned yet.
        proxied: Whether it led to other calls inside this process (an app under test).
        failed: Whether no response came.
        seen_by_vcr: Whether vcr was asked about it.
        replayed: The interaction that was played.
        recorded: The interaction that was recorded.
        spot: The place in the project's code that sends; None if there is none.
        stack: The code of the project that led there, innermost first; empty where nobody asks for it.
        judged: Whether a library for evaluation sends it.
        client: Identity of the client.
        request_object: Identity of the client's own object for the request; 0 if it has none.
        by_itself: For a request that a client sends while it is sending another: whether its library does so
            (it follows a redirect, it tries again) or the app does, from a hook. None if both may be.
        redirected_to: Where the layer below was sent on to; the client above follows from there.
        failed_attempts: HTTP statuses of attempts that the client made before by itself; 0: no response.
        earlier: Answers that came before the last one and were billed too: a hook of the app's asked again.
        played: The two requests of a replayed interaction; None where they are the same, or none was played.
        vcr_answer: What a cassette has played or recorded last, as vcr keeps it; None for nothing.
        answers: How many answers have begun.
        answers_of_vcr: How many were played or recorded; vcr may be asked before or after an answer begins.
        refused: Whether it was not let out to the network.
        missed: The lookups in the app's caches that it follows; None for none.
        is_cached: Whether an HTTP cache below the client had the answer, so that it is no call.
        is_kept: Whether such a cache has kept the answer.
    """

    scope = Scope()
    agent: AgentFrame | None = None
    around: Surroundings | None = None
    cassette_open = False
    finished: float | None = None
    status = 0
    headers: Mapping[str, str] = MappingProxyType({})
    chunks: Sequence[bytes] = ()
    decoded = False
    ended = False
    on_network = False
    sending = True
    proxied = False
    failed = False
    seen_by_vcr = False
    replayed: InteractionRef | None = None
    recorded: InteractionRef | None = None
    spot: Spot | None = None
    stack: Stack = ()
    judged = False
    client = 0
    request_object = 0
    by_itself: bool | None = None
    redirected_to: str | None = None
    failed_attempts: tuple[int, ...] = ()
    earlier: tuple[OpenExchange, ...] = ()
    vcr_answer: Mapping[str, Any] | None = None
    played: Played | None = None
    answers = 0
    answers_of_vcr = 0
    refused = False
    missed: Missed | None = None
    is_cached = False
    is_kept = False

    def __init__(self, library: str, method: str, address: Any, request_body: bytes) -> None:
        self.library = library
        self.method = method
        self.address = address
        self.request_body = request_body
        self.started = RealClocks.since()

    @property
    def url(self) -> str:
        """As requested."""
        address = self.address
        if type(address) is not str:
            address = self.address = str(address)
        return address

    def finish(self) -> None:
        """The response has ended, or nobody will read on."""
        if self.finished is None:
            self.finished = RealClocks.since()

    def begin_response(self, status: int, headers: Mapping[str, str]) -> None:
        """A response begins; an earlier one was a redirect, or an attempt that the client repeats."""
        self.answers += 1
        if self.status and self.answers_of_vcr < self.answers:
            self.expect_answer()
        self.status = status
        self.headers = headers
        self.finished = None
        self.ended = False

    def expect_answer(self) -> None:
        """Another answer is about to come; one that was billed already is kept apart."""
        status = self.status or (self.vcr_answer["status"]["code"] if self.vcr_answer else 0)
        if not _FIRST_OK <= status < _FIRST_NOT_OK:
            return
        self.take_vcr_answer()
        before = copy(self)
        before.sending = False
        before.earlier = ()
        before.finish()
        self.earlier = (*self.earlier, before)
        self.forget_answer()

    def forget_answer(self) -> None:
        """What one answer has brought is no more."""
        for name in _OF_THE_ANSWER & vars(self).keys():
            delattr(self, name)

    def note_vcr(self) -> None:
        """Vcr plays or records an answer: the one that has begun last, or one that will begin now."""
        self.answers_of_vcr += 1
        if (self.status or self.vcr_answer) and self.answers_of_vcr > self.answers:
            self.expect_answer()

    def take_vcr_answer(self) -> None:
        """Where nothing else has seen the answer, it is the one of the cassette."""
        found = self.vcr_answer
        if found is None or self.status:
            return
        body = found["body"].get("string") or b""
        self.status = found["status"]["code"]
        self.headers = {
            str(name).lower(): value if isinstance(value, str) else ", ".join(map(str, value))
            for name, value in found["headers"].items()
        }
        self.chunks = (body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body,)
        self.ended = True
        self.finish()

    def is_as_recorded(self, sent: Any, recorded: Any) -> bool:
        """Whether a request that vcr has played is the recorded one to the byte, as most are.

        Then what the cassette holds of it is not kept beside it. What a suite of many calls keeps until a
        test has ended slows down the app: its own objects do not find again the memory that they had before,
        which is still in the processor's cache.

        Args:
            sent: The request as vcr has made it of the client's.
            recorded: That of the interaction.
        """
        body, recorded_body = sent.body, recorded.body
        if not (isinstance(body, bytes) and body == recorded_body and sent.uri == recorded.uri):
            return False
        if self.request_body == body:
            self.request_body = recorded_body
        return True

    def leave_to_vcr(self, status: int) -> bool:
        """The app has read all of an answer: it is taken from the cassette after the test.

        Args:
            status: The HTTP status that the app was given.

        Returns:
            Whether it is an answer of a cassette.
        """
        answer = self.vcr_answer
        if answer is None or self.replayed is None or answer.get("status", _NO_STATUS)["code"] != status:
            return False
        self.finished = RealClocks.since()
        return True

    @property
    def call_site(self) -> str | None:
        """File and line of the project's code that sends; None if there is none."""
        return call_site_text(self.spot)

    def sent_again(self) -> OpenExchange:
        """The same request once more, without an answer yet."""
        fresh = copy(self)
        fresh.sending = False
        fresh.earlier = ()
        fresh.started = RealClocks.since()
        fresh.answers = fresh.answers_of_vcr = 0
        fresh.forget_answer()
        return fresh

    def holder_of(self, chunks: Sequence[bytes]) -> OpenExchange | None:
        """Where the answer with these chunks is kept; None if it was replaced."""
        if self.chunks is chunks:
            return self
        return next((each for each in self.earlier if each.chunks is chunks), None)

    def end_answer(self, chunks: Sequence[bytes], *, ended: bool = False) -> None:
        """The answer with these chunks is read no further; ``ended``: to its end."""
        if (holder := self.holder_of(chunks)) is not None:
            holder.ended = holder.ended or ended
            holder.finish()

    def is_same_as(self, other: OpenExchange) -> bool:
        """Whether another exchange is a part of this one.

        It asks for the same, as a client inside a client does, or the same client follows a redirect.
        """
        if self.client and self.client == other.client:
            if self.request_object and self.request_object == other.request_object:
                return True
            if other.by_itself is not None:
                return other.by_itself
        if self.method != other.method or differ(self.request_body, other.request_body):
            return False
        if self.url == other.url or plain_url(self.url) == plain_url(other.url):
            return True
        return self.redirected_to is not None and plain_url(self.redirected_to) == plain_url(other.url)

    def fail(self) -> None:
        """No response came."""
        self.failed = True
        self.finish()
