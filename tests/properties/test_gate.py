"""The gate on random suites: causes add up, equal usage never fails, and a cost past its limit never passes."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from suites import NAME, Use, accepted, collected, difference, run, verdict

from pytest_llmcost.baseline.file import parse_baseline, render_baseline
from pytest_llmcost.baseline.suite import Suite
from pytest_llmcost.baseline.update import accept
from pytest_llmcost.model.amount import NOTHING
from pytest_llmcost.model.baseline import Baseline
from pytest_llmcost.model.diff import State
from pytest_llmcost.model.diff_codec import diff_from_json, diff_to_json
from pytest_llmcost.model.keys import is_test
from pytest_llmcost.model.verdict import Verdict, verdict_of

FILES = ("tests/test_a.py", "tests/test_b.py", "tests/deep/test_c.py")
FIXTURE = "fixture tests::index"
# Provider, model, and USD per million tokens: input, cached input, output; then USD per call.
KNOWN = {
    ("openai", "gpt-fixed"): ("2.5", "1.25", "10", "0"),
    ("anthropic", "claude-fixed"): ("3", "0.3", "15", "0"),
    ("acme", "house-model"): ("1", "0.1", "4", "0.0005"),
}
UNKNOWN = ("openai", "gpt-unheard")
STEADY = (
    "  - {scope: suite, max_increase: 0%, max_cache_hit_drop: 0pp}\n"
    "  - {scope: test, max_increase: 0%, max_cache_hit_drop: 0pp}\n"
    "  - {scope: agent, max_increase: 0%, max_cache_hit_drop: 0pp}\n"
)


@st.composite
def uses(draw, models=tuple(KNOWN)):
    """A call of a suite."""
    provider, model = draw(st.sampled_from(models))
    prompt = draw(st.sampled_from([0, 1, 1000, 150_000]) | st.integers(0, 190_000))
    cached = draw(st.none() | st.sampled_from([0, prompt, prompt // 2]))
    return Use(
        prompt,
        draw(st.sampled_from([0, 100]) | st.integers(0, 9000)),
        cached,
        model,
        provider,
        draw(st.sampled_from([None, "support", "research"])),
    )


@st.composite
def odd_uses(draw):
    """A call of whose cost little may be known."""
    use = draw(uses((*KNOWN, UNKNOWN)))
    changes = draw(
        st.sampled_from(
            [{}, {"stale": True}, {"incomplete": "cut"}, {"stated_cost": Decimal("0.01")}]
            + [{"context": {"service_tier": "flex"}}]
        )
    )
    return use.but(**changes)


nodeids = st.builds(
    "{}::test_{}".format, st.sampled_from(FILES), st.sampled_from("abcdef") | st.just("p[x-*]")
)


def suites(calls, fixture=True):
    tests = st.dictionaries(nodeids, st.lists(calls, max_size=4), max_size=7)
    if not fixture:
        return tests
    extra = st.just({}) | st.lists(calls, min_size=1, max_size=3).map(lambda found: {FIXTURE: found})
    return st.builds(lambda one, other: {**one, **other}, tests, extra)


def cost(use):
    """USD of a call of a known model, by hand."""
    fresh, cached, output, fee = map(Fraction, KNOWN[use.provider, use.model])
    hit = use.cached or 0
    return (fresh * (use.input - hit) + cached * hit + output * use.output) / 10**6 + fee


def total(calls):
    return sum((cost(use) for use in calls), Fraction(0))


@given(suites(odd_uses()))
def test_a_baseline_is_read_back_as_it_was_written(tests):
    """Text to lines and back; accepting the same run again changes not a byte."""
    base = accepted(tests)
    text = render_baseline(base)
    assert parse_baseline(text, NAME) == Baseline(NAME, base.lines)
    report = run(tests)
    assert render_baseline(accept(parse_baseline(text, NAME), report, collected(report), "")) == text


@settings(max_examples=150)
@given(suites(odd_uses()), suites(odd_uses()))
def test_causes_add_up(before, after):
    """Of any two suites: by test, by agent and all together, to the last digit; report.json keeps them."""
    report = run(after)
    diff = difference(accepted(before), report, collected(report, *before))
    for change in [*diff.tests, *diff.agents, diff.totals]:
        assert sum((cause.delta for cause in change.causes), Decimal(0)) == change.delta.value
        alone = len(change.causes) == 1 and not change.delta.value  # no dollar of it is known
        assert alone or all(cause.delta for cause in change.causes)
        assert change.state is not State.UNCHANGED or change.delta == NOTHING
    assert sum((change.delta.value for change in diff.tests), Decimal(0)) == diff.totals.delta.value
    assert sum((change.delta.value for change in diff.agents), Decimal(0)) == diff.totals.delta.value
    assert diff_from_json(diff_to_json(diff)) == diff


@settings(max_examples=150)
@given(suites(odd_uses()), suites(odd_uses()))
def test_nothing_is_negative(before, after):
    """Costs, counts and rates are not; a difference may be, and lies within its bounds."""
    report = run(after)
    diff = difference(accepted(before), report)
    for change in [*diff.tests, *diff.agents, diff.totals]:
        for side in filter(None, (change.base, change.head)):
            assert 0 <= side.cost.low <= side.cost.value
            assert side.cost.high is None or side.cost.value <= side.cost.high
            assert side.calls >= 0
            assert side.cache_hit_rate is None or 0 <= side.cache_hit_rate <= 1
        delta = change.delta
        assert delta.low <= delta.value
        assert delta.high is None or delta.value <= delta.high


@st.composite
def harmless(draw):
    """A suite, and a run of it in which no call has changed: reordered, in part, renamed, by more workers."""
    tests = draw(suites(odd_uses()))
    mixed = random.Random(draw(st.integers(0, 10**6)))
    keys = list(tests)
    mixed.shuffle(keys)
    kept = draw(st.sets(st.sampled_from(keys))) if keys and draw(st.booleans()) else set(keys)
    failed = draw(st.sets(st.sampled_from(keys), max_size=2)) if keys else set()
    names = {key: key.replace("::test_", "::test_new_") if draw(st.booleans()) else key for key in keys}
    workers = draw(st.sampled_from([1, 1, 2, 5]))
    head, outcomes = {}, {}
    for key in keys:
        calls = list(tests[key])
        mixed.shuffle(calls)
        if not is_test(key):
            head[key] = calls * workers
        elif key in failed:
            head[names[key]] = calls[: len(calls) // 2] + calls[:1]
            outcomes[names[key]] = draw(st.sampled_from(["failed", "skipped"]))
        elif key in kept:
            head[names[key]] = calls
    return tests, head, outcomes, kept == set(keys)


@settings(max_examples=1000)
@given(harmless())
def test_no_finding_without_a_change(case):
    """Reordered, run in part, renamed, failed by themselves, with fixtures set up by more workers: no limit breaks."""
    tests, head, outcomes, full = case
    report = run(head, outcomes=outcomes, full=full)
    suite = collected(report, *tests, whole=full)
    diff = difference(accepted(tests), report, suite)
    assert {change.delta for change in [diff.totals, *diff.tests, *diff.agents]} <= {NOTHING}
    assert verdict(report, STEADY, diff).findings == ()


def per_cent(limit):
    return Fraction(limit, 100)


@settings(max_examples=1000)
@given(
    suites(uses(), fixture=False),
    st.data(),
    st.sampled_from([0, 1, 10, 50, 300]),
    st.sampled_from(["0", "0.001", "0.3"]),
)
def test_an_increase_past_its_limit_fails_and_no_other(tests, data, limit, ignored):
    """Against a sum by hand over the tests of both sides, for the suite and for each test."""
    report_tests = {}
    for key, calls in tests.items():
        what = data.draw(st.sampled_from(["keep", "keep", "change", "drop", "fail"]))
        if what == "change":
            report_tests[key] = data.draw(st.lists(uses(), max_size=4))
        elif what != "drop":
            report_tests[key] = calls
    failed = {key: "failed" for key in report_tests if data.draw(st.integers(0, 9)) == 0}
    new = {f"{FILES[0]}::test_brand_new": [Use(150_000, 9_999)]} if data.draw(st.booleans()) else {}
    report = run({**report_tests, **new}, outcomes=failed)
    base = accepted(tests)
    diff = difference(base, report)
    budgets = (
        f"  - {{scope: suite, max_increase: {limit}%, ignore_increase_below: '{ignored}'}}\n"
        f"  - {{scope: test, max_increase: {limit}%, ignore_increase_below: '{ignored}'}}\n"
    )
    judged = verdict(report, budgets, diff)
    both = [key for key in report_tests if key in base.lines and key not in failed]

    def is_past(before, after):
        return after - before > max(before * per_cent(limit), Fraction(ignored))

    past = {key for key in both if is_past(total(tests[key]), total(report_tests[key]))}
    if is_past(sum(total(tests[key]) for key in both), sum(total(report_tests[key]) for key in both)):
        past.add("")
    assert {finding.match for finding in judged.findings} == past
    assert verdict_of(judged.findings) is (Verdict.FAIL if past else Verdict.PASS)


@settings(max_examples=1000)
@given(suites(uses((*KNOWN, UNKNOWN)), fixture=False), st.sampled_from(["0", "0.0035", "0.05", "1.5"]))
def test_a_cost_past_its_limit_never_passes(tests, limit):
    """What is known to be past fails; what may be past, since a price is unknown, does not pass either."""
    calls = [use for found in tests.values() for use in found]
    known = total(use for use in calls if (use.provider, use.model) != UNKNOWN)
    unknown = any((use.provider, use.model) == UNKNOWN for use in calls)
    judged = verdict(run(tests), f"  - {{scope: suite, max_cost: '{limit}'}}\n")
    rules = {finding.rule for finding in judged.findings}
    if known > Fraction(limit):
        assert rules == {"max_cost"}
        assert verdict_of(judged.findings) is Verdict.FAIL
    elif unknown:
        assert rules == {"pricing.unknown_model"}
        assert verdict_of(judged.findings) is Verdict.FAIL
    else:
        assert rules == set()


@settings(max_examples=150)
@given(suites(uses(), fixture=False), suites(uses((*KNOWN, UNKNOWN)), fixture=False))
def test_an_increase_by_calls_of_unknown_cost_never_passes(before, after):
    """A limit of increase is not kept by a model whose price nobody knows."""
    report = run(after)
    base = accepted(before)
    judged = verdict(report, "  - {scope: suite, max_increase: 1000%}\n", difference(base, report))
    grown = [
        key
        for key in after
        if key in base.lines and any((use.provider, use.model) == UNKNOWN for use in after[key])
    ]
    if grown:
        assert verdict_of(judged.findings) is Verdict.FAIL


@settings(max_examples=150)
@given(suites(odd_uses()), suites(odd_uses()), st.booleans())
def test_updates_keep_what_did_not_run_and_settle_the_rest(before, after, full):
    """After an update the same run differs in nothing, and a part of a suite takes no line away."""
    report = run(after, full=full)
    suite = collected(report, whole=full) if full else Suite(frozenset(after))
    base = accepted(before)
    updated = accept(base, report, suite, "")
    if not full:
        assert set(base.lines) <= set(updated.lines)
    diff = difference(updated, report, suite)
    assert diff.totals.delta == NOTHING
    assert all(change.state is not State.NEW for change in diff.tests)
