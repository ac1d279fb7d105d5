"""Limits against figures: every finding of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal

from pytest_llmcost.budgets.intervals import Interval, Outcome, judge_lower, judge_upper
from pytest_llmcost.budgets.matching import Limit, Loosened, limits_for, marked_over, nearest
from pytest_llmcost.budgets.replays import paid_calls, replay_findings
from pytest_llmcost.budgets.subjects import Subject, subjects_of
from pytest_llmcost.budgets.wording import actual_text, limit_text, sentence
from pytest_llmcost.model.budget import Budget, BudgetScope, LimitKey
from pytest_llmcost.model.diff import Change, RunDiff, State, lost_price_text
from pytest_llmcost.model.keys import key_of
from pytest_llmcost.model.money import ZERO, exact_money, money_text
from pytest_llmcost.model.report import Notice, NoticeKind, RunReport
from pytest_llmcost.model.shown import plural
from pytest_llmcost.model.verdict import Finding, Level, not_complete
from pytest_llmcost.model.wildcards import matches

UNKNOWN_MODEL = "pricing.unknown_model"
INCOMPLETE_CALL = "replay.incomplete"
LOST_PRICE = "lost_price"
_UNTOLD = "whose request changed in a way that no estimate can price (record it again)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a run is judged by.

    Attributes:
        budgets: Of the YAML, in its order.
        marked: By nodeid, the limits of a test's markers.
        unknown_model: Of a call in a cost budget whose price nobody knows.
        incomplete: Of a call in a cost budget whose usage is not final.
        update: Whether this run is being accepted: relative limits are not judged then.
        folder: Of the baseline, relative to the root.
        stale: Of a request that changed since it was recorded, and that the base does not know; None to let
            its cost decide.
        require_replayed: Whether a call that was paid in this run is an error.
    """

    budgets: tuple[Budget, ...] = ()
    marked: Mapping[str, Budget] = field(default_factory=dict)
    unknown_model: Level = Level.ERROR
    incomplete: Level = Level.ERROR
    update: bool = False
    folder: str = ""
    stale: Level | None = None
    require_replayed: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gate found.

    Attributes:
        findings: The worst first.
        notices: What the user should know of the gate itself.
        limits: How many limits were judged.
    """

    findings: tuple[Finding, ...]
    notices: tuple[Notice, ...]
    limits: int


def judge(report: RunReport, diff: RunDiff | None, gate: Gate) -> Judged:
    """Judge a run.

    Args:
        report: The run.
        diff: Against the baseline; None without one.
        gate: The limits.
    """
    findings: list[Finding] = []
    notices: list[Notice] = []
    judged = 0
    scopes = {budget.scope for budget in gate.budgets} | ({BudgetScope.TEST} if gate.marked else set())
    new_stale = None if diff is None else {key for key, _ in diff.new_stale}
    for scope in BudgetScope:
        if scope not in scopes:
            continue
        subjects = subjects_of(report, scope, diff, gate.folder)
        if report.meta.selection.full:  # what a part of the suite lacks may well exist
            notices += _without_match(scope, subjects, gate)
            notices += _without_lookups(scope, subjects, gate)
        for subject in subjects:
            limits, loosened = _limits(subject, gate)
            notices += map(_loosened_notice, loosened)
            findings += _judge_subject(subject, limits, gate, new_stale)
            judged += sum(_is_judged(subject, key, gate) for key in limits)
    findings += _of_the_run(report, gate)
    findings += replay_findings(report, diff, gate.folder, gate.stale if not gate.update else None)
    findings += paid_calls(report) if gate.require_replayed else ()
    if diff is not None and not gate.update:
        findings += _lost_prices(diff)
    notices += _about_the_baseline(report, diff, gate)
    findings.sort(key=lambda finding: finding.level is not Level.ERROR)
    return Judged(tuple(findings), tuple(notices), judged)


def _limits(subject: Subject, gate: Gate) -> tuple[dict[LimitKey, Limit], list[Loosened]]:
    limits = limits_for(subject.scope, subject.name, gate.budgets)
    if subject.scope is not BudgetScope.TEST:
        return limits, []
    return marked_over(subject.name, limits, gate.marked.get(subject.name))


def _judge_subject(
    subject: Subject, limits: Mapping[LimitKey, Limit], gate: Gate, new_stale: AbstractSet[str] | None
) -> Iterator[Finding]:
    undecided = list(_undecided(subject, limits, gate, new_stale))
    yield from undecided
    for key, limit in limits.items():
        outcome = _outcome(subject, key, limit, gate)
        if outcome is Outcome.PASS or (outcome is Outcome.WARN and undecided):
            continue
        level = limit.budget.level if outcome is Outcome.FAIL else Level.WARNING
        yield Finding(
            level=level,
            rule=key.value,
            scope=subject.scope.value,
            match=subject.name,
            limit=limit_text(key, limit),
            actual=actual_text(subject, key),
            message=sentence(subject, key, limit, certain=outcome is Outcome.FAIL),
            location=limit.budget.location,
        )


def _outcome(subject: Subject, key: LimitKey, limit: Limit, gate: Gate) -> Outcome:
    if key is LimitKey.MAX_COST:
        return judge_upper(Interval.of(subject.cost), limit.value)
    if key is LimitKey.MAX_CALLS:
        return judge_upper(Interval.exactly(subject.calls), limit.value)
    if key is LimitKey.MIN_CACHE_HIT_RATE:
        rate = _rate(subject)
        return Outcome.PASS if rate is None else judge_lower(rate, limit.value)
    if key is LimitKey.MIN_RESPONSE_CACHE_HIT_RATE:
        found = subject.response_cache.rate
        return Outcome.PASS if found is None else judge_lower(Interval.exactly(found), limit.value)
    if key.is_relative:
        return _relative(subject, key, limit) if _is_judged(subject, key, gate) else Outcome.PASS
    return judge_upper(_tokens(subject, key), limit.value)


def _rate(subject: Subject) -> Interval | None:
    """A call that states no usage may have had any number of prompt tokens, all cached or none."""
    if subject.unstated:
        return Interval(ZERO, Decimal(1))
    if subject.spread is not None:
        low, high = subject.spread.low_rate, subject.spread.high_rate
        return None if low is None else Interval(low, high)  # perhaps there is no prompt
    return None if subject.cache_hit_rate is None else Interval.exactly(subject.cache_hit_rate)


def _tokens(subject: Subject, key: LimitKey) -> Interval:
    low, high = (
        {
            LimitKey.MAX_INPUT_TOKENS: usage.input_tokens,
            LimitKey.MAX_OUTPUT_TOKENS: usage.output_tokens,
            LimitKey.MAX_TOTAL_TOKENS: usage.input_tokens + usage.output_tokens,
        }[key]
        for usage in (subject.spread or (subject.usage, subject.usage))[:2]
    )
    return Interval(Decimal(low), None if subject.incomplete or subject.untold else Decimal(high))


def _is_judged(subject: Subject, key: LimitKey, gate: Gate) -> bool:
    """Whether a limit can be held against something; a relative one needs a base, and not to be accepted."""
    if key is LimitKey.MIN_RESPONSE_CACHE_HIT_RATE:
        return subject.response_cache.lookups > 0
    if not key.is_relative:
        return True
    change = subject.change
    if gate.update or change is None or not change.state.is_on_both_sides or change.base is None:
        return False
    if key is LimitKey.MAX_RESPONSE_CACHE_HIT_DROP:
        return change.base.response_cache.lookups > 0
    if subject.scope is BudgetScope.SUITE:  # of new tests alone there is nothing on either side
        return any(side is not None and side.calls > 0 for side in (change.base, change.head))
    # An agent that made no call before is new, as a test without a line is.
    return subject.scope is not BudgetScope.AGENT or change.base.calls > 0


def _relative(subject: Subject, key: LimitKey, limit: Limit) -> Outcome:
    change = subject.change
    if key is LimitKey.MAX_RESPONSE_CACHE_HIT_DROP:
        return _response_cache_drop(change, limit)
    if change is None or change.state is State.UNCHANGED or change.base is None or change.head is None:
        return Outcome.PASS  # equal usage is no change
    if key is LimitKey.MAX_CACHE_HIT_DROP:
        before, now = change.base.cache_hit_rate, change.head.cache_hit_rate
        if before is None or now is None:
            return Outcome.PASS
        with exact_money():
            drop = before - now
        return judge_upper(Interval.exactly(drop), limit.value)
    with exact_money():
        allowed = max(change.base.cost.value * limit.value, limit.ignore_below)
    return judge_upper(Interval.of(change.delta), allowed)


def _response_cache_drop(change: Change | None, limit: Limit) -> Outcome:
    """Where nobody asks the cache any more and calls are made, it may hit as before or never."""
    if change is None or change.base is None or change.head is None:
        return Outcome.PASS
    before, now = change.base.response_cache.rate, change.head.response_cache.rate
    if before is None:
        return Outcome.PASS
    if now is None:
        return Outcome.WARN if change.head.calls and before > limit.value else Outcome.PASS
    with exact_money():
        drop = before - now
    return judge_upper(Interval.exactly(drop), limit.value)


def _without_lookups(scope: BudgetScope, subjects: Sequence[Subject], gate: Gate) -> Iterator[Notice]:
    """A rate that a budget asks for, of which nobody has told."""
    key = LimitKey.MIN_RESPONSE_CACHE_HIT_RATE
    for budget in gate.budgets:
        found = [one for one in subjects if budget.scope is scope and matches(budget.match, one.name)]
        if key in budget.limits and found and not any(one.response_cache.lookups for one in found):
            yield Notice(
                NoticeKind.BUDGET,
                f"{budget.location}: no lookup in a response cache was seen, so that {key.value} was not"
                " judged; tell of lookups with pytest_llmcost.cache_event (docs/response-caches.md)",
            )


def _undecided(
    subject: Subject, limits: Mapping[LimitKey, Limit], gate: Gate, new_stale: AbstractSet[str] | None
) -> Iterator[Finding]:
    """Calls of unknown cost: with them a limit of cost cannot be decided."""
    limit = limits.get(LimitKey.MAX_COST)
    if limit is None or subject.cost.low > limit.value:
        return
    accepted = new_stale is not None and new_stale.isdisjoint(
        key_of(one, gate.folder) for one in subject.untold
    )
    of_stale = Level.WARNING if accepted or gate.update else gate.incomplete
    reasons = (
        (subject.unpriced, UNKNOWN_MODEL, gate.unknown_model, "of which no price is known"),
        (subject.incomplete, INCOMPLETE_CALL, gate.incomplete, "that did not state all of its usage"),
        (len(subject.untold), INCOMPLETE_CALL, of_stale, _UNTOLD),
    )
    for number, rule, level, why in reasons:
        if number:
            yield Finding(
                level=level if limit.budget.level is Level.ERROR else Level.WARNING,
                rule=rule,
                scope=subject.scope.value,
                match=subject.name,
                limit=limit_text(LimitKey.MAX_COST, limit),
                actual=actual_text(subject, LimitKey.MAX_COST),
                message=f"{subject.label} has {plural(number, 'call')} {why}, so that its limit of"
                f" {limit_text(LimitKey.MAX_COST, limit)} cannot be decided",
                location=limit.budget.location,
            )


def _of_the_run(report: RunReport, gate: Gate) -> Iterator[Finding]:
    if not report.meta.complete and (gate.budgets or gate.marked):
        yield not_complete()


def _lost_prices(diff: RunDiff) -> Iterator[Finding]:
    for key, model in diff.lost_prices:
        yield Finding(
            level=Level.ERROR,
            rule=LOST_PRICE,
            scope=BudgetScope.TEST.value,
            match=key,
            limit="a known price",
            actual="no price",
            message=lost_price_text(key, model),
        )


def _loosened_notice(loosened: Loosened) -> Notice:
    before, after = loosened.before, loosened.after
    now = _whole_limit(loosened.key, after)
    if after.only_warns and not before.only_warns:
        now += ", which only warns"
    return Notice(
        NoticeKind.BUDGET,
        f"{loosened.nodeid} loosens {loosened.key.value} from {_whole_limit(loosened.key, before)}"
        f" ({before.budget.location}) to {now} ({after.budget.location})",
    )


def _whole_limit(key: LimitKey, limit: Limit) -> str:
    """With the increases that it ignores."""
    below = limit.ignore_below
    ignored = f", and increases below ${money_text(below)} are ignored" if below else ""
    return f"{limit_text(key, limit)}{ignored}"


def _without_match(scope: BudgetScope, subjects: Sequence[Subject], gate: Gate) -> Iterable[Notice]:
    names = [subject.name for subject in subjects]
    for budget in gate.budgets:
        if budget.scope is not scope or any(matches(budget.match, name) for name in names):
            continue
        near = nearest(budget.match, names)
        hint = f"; the nearest is {near}" if near else ""
        yield Notice(
            NoticeKind.BUDGET, f"{budget.location}: no {scope.value} of this run is {budget.match!r}{hint}"
        )


def _about_the_baseline(report: RunReport, diff: RunDiff | None, gate: Gate) -> Iterator[Notice]:
    relative = [budget for budget in gate.budgets if any(key.is_relative for key in budget.limits)]
    if not relative or gate.update:
        return
    if diff is None:
        yield Notice(
            NoticeKind.BUDGET,
            f"{relative[0].location}: there is no baseline, so that increases were not judged",
            report.meta.typed.accepting(),
        )
    elif diff.partial:
        yield Notice(
            NoticeKind.BUDGET,
            "not all tests of the baseline have run: increases were judged on those that did",
        )
