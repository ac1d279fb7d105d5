"""What changed between an accepted suite (base) and a run (head)."""

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from pytest_llmcost.model.amount import NOTHING, Amount
from pytest_llmcost.model.baseline import CacheCount
from pytest_llmcost.model.money import ZERO

if TYPE_CHECKING:
    from pytest_llmcost.model.projection import Projection


class State(StrEnum):
    """What became of a test, an agent, or the suite."""

    CHANGED = "changed"
    NEW = "new"
    GONE = "gone"
    NOT_RUN = "not_run"
    UNCHANGED = "unchanged"

    @property
    def is_on_both_sides(self) -> bool:
        """Whether base and head can be compared."""
        return self is State.CHANGED or self is State.UNCHANGED


class CauseKind(StrEnum):
    """Why a cost changed; the order is that in which ties are shown."""

    MODEL = "model"
    TIER = "tier"
    CALLS = "calls"
    CACHE = "cache hit rate"
    INPUT = "input per call"
    OUTPUT = "output per call"
    FEES = "fees"
    RE_RECORDED = "re-recorded"
    STATED = "stated cost"
    PRICE = "price"


class Cause(NamedTuple):
    """One part of a change.

    Attributes:
        kind: Which.
        before: The figure of the base, for people: ``9``, ``91%``, ``openai/gpt-4o-mini``.
        after: That of the head.
        delta: USD; the causes of a change add up to it exactly.
        detail: What else is known: the part of the prompt that grew, calls that repeat others.
    """

    kind: CauseKind
    before: str
    after: str
    delta: Decimal
    detail: str | None = None


class Side(NamedTuple):
    """The figures of one side.

    Attributes:
        cost: USD, the base at the prices of the head.
        calls: How many.
        cache_hit_rate: From 0 to 1; None without prompt tokens.
        response_cache: Lookups in the app's own caches.
    """

    cost: Amount = NOTHING
    calls: int = 0
    cache_hit_rate: Decimal | None = None
    response_cache: CacheCount = CacheCount()


class Change(NamedTuple):
    """One test, one agent, or the suite, on both sides.

    Attributes:
        key: Of the baseline for a test; the name of an agent; empty for the suite and for no agent.
        state: What became of it.
        base: None where there is no base.
        head: None where there is no head.
        delta: USD; 0 unless both sides can be compared. Only the calls that differ make it uncertain.
        causes: Biggest first.
        renamed_from: The base's key of a test that has another name now; it used the same, else it is new.
    """

    key: str
    state: State
    base: Side | None = None
    head: Side | None = None
    delta: Amount = NOTHING
    causes: tuple[Cause, ...] = ()
    renamed_from: str | None = None


class RunDiff(NamedTuple):
    """A run against its baseline.

    Attributes:
        base: Where the base comes from: a path, or ``git:main``.
        totals: Over the tests that are on both sides.
        tests: By key, of every test of either side.
        agents: By name, over the tests that are on both sides; the last may be no agent.
        price_delta: USD by which the base's own usage costs more now than when it was accepted; no part of
            any change.
        lost_prices: Keys of tests with a model that had a price when they were accepted, and that model.
        partial: Whether not everything that the base knows has run.
        new_stale: Keys of tests with calls whose request changed in another way than the base knows, and how
            many.
        projection: To a month; None without volumes.
    """

    base: str
    totals: Change
    tests: tuple[Change, ...]
    agents: tuple[Change, ...]
    price_delta: Decimal = ZERO
    lost_prices: tuple[tuple[str, str], ...] = ()
    partial: bool = False
    new_stale: tuple[tuple[str, int], ...] = ()
    projection: "Projection | None" = None


def lost_price_text(key: str, model: str) -> str:
    """An entry of ``RunDiff.lost_prices`` in a sentence."""
    return f"{key} calls {model}, of which no price is known; what it called before had one"
