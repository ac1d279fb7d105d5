"""The accepted cost of a suite: usage by test, to which prices are applied when it is compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pytest_llmcost.model.call import Api, SubCall
from pytest_llmcost.model.usage import Usage, hit_ratio

FORMAT = 1


class Mark(StrEnum):
    """What is special about an entry's cost when it was accepted."""

    NONE = ""
    STALE = "stale"
    INCOMPLETE = "incomplete"
    UNPRICED = "unpriced"

    @property
    def is_of_usage(self) -> bool:
        """Whether the usage itself is in doubt, and not only its price."""
        return self is Mark.STALE or self is Mark.INCOMPLETE


class CacheCount(NamedTuple):
    """Lookups in the app's own caches, and how many of them hit."""

    lookups: int = 0
    hits: int = 0

    def plus(self, other: "CacheCount") -> "CacheCount":
        """Both together."""
        return CacheCount(self.lookups + other.lookups, self.hits + other.hits)

    @property
    def rate(self) -> Decimal | None:
        """Response-cache hit rate from 0 to 1; None without lookups."""
        return hit_ratio(self.hits, self.lookups)


class Entry(NamedTuple):
    """What calls of one kind used; calls that are alike in all of this are counted.

    Prices have cliffs, so the usage of several calls cannot be added up and priced.

    Attributes:
        agent: Who made them; None outside all agents.
        provider: genai-prices' id, a name from ``hosts:``, or ``host:port``.
        model: The billed model, else the requested one.
        api: The wire format.
        usage: Of one call; empty if none was stated.
        requested: The requested model, where it is another.
        context: What else decides the price, sorted.
        stated_cost: USD, where the cost of the call is the provider's own statement.
        sub_calls: Model calls inside it.
        mark: What is special.
        edit: Where the usage is an estimate, what it was made from: the recorded counts, and how much of the
            request changed. The same edit is no change, although the estimate may move a little.
        within: Other agents around its own, from the outermost; no part of what was used.
    """

    agent: str | None
    provider: str
    model: str
    api: Api
    usage: Usage
    requested: str | None = None
    context: tuple[tuple[str, str], ...] = ()
    stated_cost: Decimal | None = None
    sub_calls: tuple[SubCall, ...] = ()
    mark: Mark = Mark.NONE
    edit: tuple[tuple[str, int], ...] = ()
    within: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash((self.agent, self.model, self.usage))  # seldom alike by chance


@dataclass(frozen=True, slots=True)
class Line:
    """What is accepted of one test, or of what runs beside the tests.

    Attributes:
        entries: Each with its number of calls.
        cost: USD at the prices of its acceptance; None where a part was unknown.
        request: Bytes of ``system``, ``tools`` and ``messages`` over all its calls.
        reason: Why it was accepted; None if nobody said.
        set_ups: Of a fixture that many tests use: how often it was set up; None if nobody knows.
        runs: How often each agent ran, None of a line that is older than this figure.
        response_cache: Lookups in the app's own caches, by agent; of no agent under the empty name.
    """

    entries: Mapping[Entry, int]
    cost: Decimal | None = None
    request: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    set_ups: int | None = None
    runs: Mapping[str, int] | None = None
    response_cache: Mapping[str, CacheCount] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted lines of a suite.

    Attributes:
        name: Where it comes from, as users name it: a path, or ``git:main``.
        lines: By key: the test's file relative to the baseline's folder, and the rest of its nodeid.
        is_report: Whether it is made of a report.json, which names test files from the project's root.
    """

    name: str
    lines: Mapping[str, Line] = field(default_factory=dict)
    is_report: bool = False
