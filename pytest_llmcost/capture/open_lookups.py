"""One lookup in a cache, from the moment it is told of until it is drained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_llmcost.attribution.agents import current_agent
from pytest_llmcost.capture.clocks import RealClocks

if TYPE_CHECKING:
    from pytest_llmcost.attribution.lookups import Lookup
    from pytest_llmcost.attribution.surroundings import Surroundings
    from pytest_llmcost.capture.exchange import OpenExchange
    from pytest_llmcost.capture.log import ExchangeLog


class OpenLookup:
    """One lookup, as it was told; the layers that a request asks in turn are one.

    Attributes:
        said: What the app says of it; of the layer that was asked last.
        teller: Who told of it: keys of one are not those of another.
        asked: The layers that were.
        at: Seconds since 1970.
        drained: Whether it was read already.
        repeated: Whether somebody else has told of it too.
        is_of_span: Whether a span has told of it, and nobody else.
        is_of_library: Whether we saw it in a library, and have named its layer ourselves.
        tellers: Who else told of the request, as it asked the next layer.
        same_as: The lookup that counts for the request; None where it is this one.
        answered: Whether the call that it did not spare is known.
        inside: Identities of the spans around it, from the outermost.
        scope: What pytest was doing; this and the following are as those of a call.
        agent: The agent that was entered.
        around: What tracing libraries and agent frameworks say there.
        stack: The code of the project that led there.
        judged: Always False.
    """

    judged = False
    drained = repeated = answered = is_of_span = is_of_library = False
    same_as: OpenLookup | None = None

    def __init__(
        self,
        said: Lookup,
        teller: str,
        log: ExchangeLog,
        around: Surroundings | None,
        inside: tuple[int, ...],
    ) -> None:
        self.said = said
        self.teller = teller
        self.tellers = {teller}
        self.asked = {said.layer}
        self.at = RealClocks.wall()
        self.scope = log.scope.now
        self.agent = current_agent()
        self.around = around
        self.inside = inside
        self.stack = log.call_sites.stack()[1] if log.keeps_stacks and log.call_sites is not None else ()

    def goes_on_with(self, said: Lookup, teller: str, log: ExchangeLog) -> bool:
        """Whether what is told now is of the same request, which asks the next layer."""
        return (
            self.said.key == said.key is not None
            and self.teller == teller
            and not self.drained
            and said.layer not in self.asked
            and self.scope is log.scope.now
        )

    @property
    def counted(self) -> OpenLookup:
        """The lookup that counts for the request."""
        return self.same_as or self

    def join(self, other: OpenLookup) -> None:
        """Another lookup is of the same request: of its next layer, or told by two.

        The app's own words go before what we say of a library; what a library has looked up is the surer key.
        """
        self.tellers.add(other.teller)
        other.same_as = self
        if not other.said.hit:
            if self.said.key is None:
                self.said, self.teller = self.said._replace(key=other.said.key), other.teller
            return
        model = self.said.model or other.said.model
        if not self.said.hit:
            self.said, self.teller = other.said._replace(model=model), other.teller
            self.is_of_library = other.is_of_library
            return
        apps, seen = (self, other) if other.is_of_library else (other, self)
        said, teller = apps.said, apps.teller
        if said.entry is None and seen.said.key is not None:
            said, teller = said._replace(key=seen.said.key), seen.teller
        self.said = said._replace(layer=said.layer or seen.said.layer, model=model)
        self.teller, self.is_of_library = teller, False


class Missed:
    """Lookups that had no answer, since the last call.

    Attributes:
        lookups: Those that were told of; of each key the last.
        sent: Whether a call was sent since.
        sent_as: The first that was.
    """

    sent = False
    sent_as: OpenExchange | None = None

    def __init__(self, lookups: tuple[OpenLookup, ...]) -> None:
        self.lookups = lookups

    def take(self) -> list[OpenLookup]:
        """What the first call after them answers; where it may be one or another, nothing."""
        by_teller: dict[str, dict[object, OpenLookup]] = {}
        for lookup in self.lookups:
            if lookup.said.key is not None:
                by_teller.setdefault(lookup.teller, {})[lookup.said.key] = lookup
        self.lookups = ()
        return [lookup for found in by_teller.values() if len(found) == 1 for lookup in found.values()]


class Asking:
    """A library is looking something up, maybe in a class of the app's that looks further.

    Attributes:
        library: Which.
        request: What tells the request from others, where it is known from the start.
        key: The same, where it is known from what the library does.
        is_lookup: Whether the library really looks.
        layer: The innermost cache that had the answer; None while there is none.
        told: What the app has told of meanwhile, the last.
        thread: Identity of the one that waits for it; 0 where nobody does.
        begun: Whether it is that of a method already.
        over: Whether it has ended.
    """

    is_lookup = True
    key: str | None = None
    layer: str | None = None
    told: OpenLookup | None = None
    thread = 0
    begun = over = False

    def __init__(self, library: str, request: tuple[object, ...] | None = None) -> None:
        self.library = library
        self.request = request
