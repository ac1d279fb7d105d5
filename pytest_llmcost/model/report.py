"""A whole run: every test and agent with its cost."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pytest_llmcost.model.amount import Amount
from pytest_llmcost.model.call import Call, Source, Status
from pytest_llmcost.model.price import RateCard
from pytest_llmcost.model.typed import UNTYPED, Typed
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.model.verdict import Finding, Verdict, verdict_of

if TYPE_CHECKING:
    from pytest_llmcost.model.budget import Budget
    from pytest_llmcost.model.cache import CacheEvent, CacheRollup
    from pytest_llmcost.model.diff import RunDiff

FORMAT = 1


class Rollup(NamedTuple):
    """Calls added up.

    Attributes:
        calls: How many count (mocked ones do not, unless the YAML includes them).
        cost: What they would cost live, last attempts only.
        spent: What this run paid: live, recorded and traced calls, all attempts.
        usage: Their units.
        cache_hit_rate: Prompt-cache hit rate of the generation calls; None without prompt tokens.
        sources: How many calls of each source, mocked ones too.
        statuses: How many of the calls that count have each status.
        response_cache: Lookups in the app's own caches; None without any.
    """

    calls: int
    cost: Amount
    spent: Amount
    usage: Usage
    cache_hit_rate: Decimal | None
    sources: Mapping[Source, int]
    statuses: Mapping[Status, int]
    response_cache: "CacheRollup | None" = None


class TestResult(NamedTuple):
    """What pytest said of one test.

    Attributes:
        nodeid: pytest's id.
        outcome: ``passed``, ``failed``, ``skipped`` or what a plugin reports.
        duration: Seconds over set-up, call and tear-down.
        attempts: How often it ran: plugins may run a failed test again.
    """

    nodeid: str
    outcome: str
    duration: float
    attempts: int = 1


class TestCost(NamedTuple):
    """A test with its calls added up."""

    result: TestResult
    rollup: Rollup


# Or pytest takes them for tests where a test module imports them.
TestResult.__test__ = TestCost.__test__ = False  # type: ignore[attr-defined]


class AgentCost(NamedTuple):
    """An agent with its own calls added up, those of its sub-agents left out; no name for the rest.

    Attributes:
        name: None for the calls of no agent.
        runs: Entries into it; where no context names it, tests.
        rollup: Of its own calls.
        with_sub_agents: USD that its runs cost with everything inside them; these do not sum over agents.
    """

    name: str | None
    runs: int
    rollup: Rollup
    with_sub_agents: Amount


class ModelCost(NamedTuple):
    """A model with its calls added up."""

    provider: str
    model: str
    rollup: Rollup


class Selection(NamedTuple):
    """Which part of the suite ran.

    Attributes:
        full: Whether nothing was deselected and the run was not cut short.
        collected: Tests that pytest found.
        ran: Tests that reported a result.
    """

    full: bool
    collected: int
    ran: int


class PricingMeta(NamedTuple):
    """Which prices were applied.

    Attributes:
        source: Name of the bundled table.
        version: Its version; None where no price was needed.
        as_of: The day whose prices hold, or ``recorded``.
        rate_card_sha256: Fingerprint of the rate cards used.
        overrides_sha256: Fingerprint of the YAML's ``pricing:`` section; None without one.
    """

    source: str
    version: str | None
    as_of: str
    rate_card_sha256: str
    overrides_sha256: str | None


class Meta(NamedTuple):
    """Where a report comes from.

    Attributes:
        version: Of this plugin.
        created_at: UTC.
        commit: Of the project under test; None outside git.
        branch: Of the project under test; None outside git or off a branch.
        rootdir: Name of the project's root folder.
        complete: Whether nothing was lost to a crash or a fault of ours.
        include_mocked: Whether mocked calls count.
        selection: Which part of the suite ran.
        pricing: Which prices were applied.
        typed: The files of the gate.
    """

    version: str
    created_at: datetime
    commit: str | None
    branch: str | None
    rootdir: str
    complete: bool
    include_mocked: bool
    selection: Selection
    pricing: PricingMeta
    typed: Typed = UNTYPED


class NoticeKind(StrEnum):
    """What a notice is about."""

    FAULT = "fault"
    UNPRICED = "unpriced"
    INCOMPLETE = "incomplete"
    PARTIAL = "partial"
    STALE = "stale"
    LEAK = "leak"
    CASSETTE = "cassette"
    CACHE = "cache"
    WARM = "warm"
    VCR = "vcr"
    COMPARE = "compare"
    NOT_CAPTURED = "not captured"
    BUDGET = "budget"
    PRICE_CHANGE = "price change"
    OLD_PRICES = "old prices"
    SPEND_CAP = "spend cap"
    PROJECTION = "projection"
    AGENTS = "agents"
    NO_AGENTS = "no agents"  # that is: spans name some, and no call is inside any
    TRACED = "traced"


class Notice(NamedTuple):
    """Something that the user should know, with the way out.

    Attributes:
        kind: What it is about.
        message: One sentence.
        paste: Lines for the YAML, or a command; None if there is nothing to type.
    """

    kind: NoticeKind
    message: str
    paste: str | None = None


class Observed(NamedTuple):
    """What was seen beside calls: of a run that wonders why it has none, and of fixtures.

    Attributes:
        imported: SDKs and HTTP clients that the suite imported.
        not_captured: HTTP clients among them that this version does not watch.
        cassettes: Cassettes that were opened.
        interactions: Interactions in them.
        not_calls: Requests to LLM endpoints that were no billed call, by reason.
        child_processes: Whether child processes ran, whose calls are not seen.
        set_ups: How often each fixture that many tests use was set up, in a report those that made calls.
    """

    imported: tuple[str, ...] = ()
    not_captured: tuple[str, ...] = ()
    cassettes: int = 0
    interactions: int = 0
    not_calls: Mapping[str, int] = MappingProxyType({})
    child_processes: bool = False
    set_ups: Mapping[str, int] = MappingProxyType({})


class RunReport(NamedTuple):
    """Everything that is known of a run; all other outputs are views of it.

    Attributes:
        diff: Against the baseline; None without one.
        findings: Of the gate, the worst first.
        limits: How many limits were judged.
        marked: By nodeid, the limits of the tests' markers.
        cache_events: Lookups in the app's own caches, of all attempts.
    """

    meta: Meta
    totals: Rollup
    tests: tuple[TestCost, ...]
    agents: tuple[AgentCost, ...]
    models: tuple[ModelCost, ...]
    calls: tuple[Call, ...]
    rate_cards: Mapping[str, RateCard]
    notices: tuple[Notice, ...]
    observed: Observed
    diff: "RunDiff | None" = None
    findings: tuple[Finding, ...] = ()
    limits: int = 0
    marked: Mapping[str, "Budget"] = MappingProxyType({})
    cache_events: "tuple[CacheEvent, ...]" = ()

    @property
    def verdict(self) -> Verdict:
        """The worst finding's level."""
        return verdict_of(self.findings)
