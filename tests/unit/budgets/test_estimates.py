"""Limits against calls whose request changed since it was recorded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from suites import A, B, Use, accepted, difference, run, verdict

from pytest_llmcost.model.call import Api, Bounds, SubCall
from pytest_llmcost.model.drift import Drift, PartChange
from pytest_llmcost.model.usage import Usage

TEXT = (PartChange("messages[0]", 100, 500),)
GROWN = Drift(TEXT, "gpt-fixed", added=100, prompt=900, prefix=900)
UNTOLD = Drift((PartChange("n", 1, 1),), "gpt-fixed", prompt=900, prefix=900, unknown=("n changed",))


def stale(drift=GROWN, **use):
    return Use(**use).but(drift=drift, stale=True)


def found(rows, report, diff=None, **gate):
    return [(one.level.value, one.rule) for one in verdict(report, f"  - {rows}\n", diff, **gate).findings]


@pytest.mark.parametrize(
    ("limit", "level"), [(1_136, []), (1_135, ["warning"]), (1_064, ["warning"]), (1_063, ["error"])]
)
@pytest.mark.parametrize(("key", "output"), [("max_input_tokens", 0), ("max_total_tokens", 100)])
def test_a_limit_of_tokens_is_judged_by_the_interval(key, output, limit, level):
    """Estimated: from 1,064 to 1,136 tokens of input."""
    report = run({A: [stale()]})
    assert [row[0] for row in found(f"{{scope: test, {key}: {limit + output}}}", report)] == level


@pytest.mark.parametrize(("limit", "level"), [("79%", []), ("82%", ["warning"]), ("91%", ["error"])])
def test_a_cache_hit_rate_is_judged_by_the_interval(limit, level):
    """Of 1,064 to 1,136 tokens 900 are read, and at best what is new is cached by now."""
    report = run({A: [stale(cached=900), Use(0, 0)]})
    assert [row[0] for row in found(f"{{scope: test, min_cache_hit_rate: {limit}}}", report)] == level


def between(low, high, **facts):
    """An estimate with the tokens of its prompt at both ends."""
    least, most = (Usage({"input_tokens": end, "output_tokens": 1}) for end in (low, high))
    return Use(high, 1).but(
        drift=GROWN, stale=True, recorded_usage=least, bounds=Bounds(least, most), **facts
    )


@pytest.mark.parametrize(
    ("uses", "levels"),
    [
        ([between(0, 10)], ["warning"]),
        ([between(0, 10), Use(cached=1000)], []),
        ([between(0, 0)], []),
        ([between(5, 10, api=Api.OPENAI_EMBEDDINGS)], []),
    ],
    ids=["perhaps no prompt", "beside a cached one", "no prompt", "embedding"],
)
def test_a_cache_hit_rate_of_an_estimate_that_may_have_no_prompt(uses, levels):
    """Where there may be a prompt it may miss the rate; where there is none, nothing could."""
    report = run({A: uses})
    assert [row[0] for row in found("{scope: test, min_cache_hit_rate: 90%}", report)] == levels


def test_an_estimate_that_moved_is_no_drop_of_the_cache_hit_rate():
    """The same edit of the same recording is no change, though other calls of the run made it a little longer."""

    def estimated(tokens):
        recorded = Usage({"input_tokens": 1000, "output_tokens": 100, "cache_read_tokens": 900})
        return Use(tokens, cached=900, agent="desk").but(drift=GROWN, stale=True, recorded_usage=recorded)

    report = run({A: [estimated(1200)]})
    diff = difference(accepted({A: [estimated(1100)]}), report)
    assert diff.totals.base.cache_hit_rate > diff.totals.head.cache_hit_rate
    for scope in ("suite", "agent", "test"):
        assert found(f"{{scope: {scope}, max_cache_hit_drop: 0pp}}", report, diff) == []


def test_a_change_that_no_estimate_can_price_is_no_unknown_model():
    """It is recorded again, which the finding says; its price is known. Its tokens are not."""
    report = run({A: [stale(UNTOLD)], B: [Use()]})
    assert found("{scope: suite, max_cost: '1'}", report) == [("error", "replay.incomplete")]
    assert found("{scope: test, max_input_tokens: 1000}", report) == [("warning", "max_input_tokens")]
    (finding,) = verdict(report, "  - {scope: suite, max_cost: '1'}\n").findings
    assert finding.message == (
        "the suite has 1 call whose request changed in a way that no estimate can price (record it again),"
        " so that its limit of $1 cannot be decided"
    )


@pytest.mark.parametrize(
    ("use", "rule"),
    [
        (stale(UNTOLD), "replay.incomplete"),
        (stale(UNTOLD, model="gpt-unheard"), "pricing.unknown_model"),
        (Use().but(doubts=("a tool is billed apart",)), "pricing.unknown_model"),
        (Use().but(stale=True, context={"service_tier": "odd"}), "pricing.unknown_model"),
    ],
    ids=["untold change", "of an unknown model", "other doubt", "odd tier"],
)
def test_only_a_change_that_nothing_else_hides_is_mended_by_recording(use, rule):
    """Where a price is missing, a new recording would not bring it."""
    assert found("{scope: suite, max_cost: '1'}", run({A: [use]})) == [("error", rule)]


@pytest.mark.parametrize(("limit", "level"), [(15, []), (14, ["warning"]), (9, ["error"])])
def test_what_is_inside_an_estimated_call_is_in_both_ends(limit, level):
    """It is no estimate: 5 tokens beside 5 to 10."""
    inside = (SubCall("compaction", None, Usage({"input_tokens": 5})),)
    report = run({A: [between(5, 10, sub_calls=inside)]})
    assert [row[0] for row in found(f"{{scope: test, max_input_tokens: {limit}}}", report)] == level


def test_what_the_baseline_knows_only_warns():
    """Drift that is there already is absorbed; what the same run adds is not."""
    base = accepted({A: [stale(UNTOLD)]})
    rows = "{scope: suite, max_cost: '1'}"
    same = run({A: [stale(UNTOLD)]})
    assert found(rows, same, difference(base, same)) == [("warning", "replay.incomplete")]
    more = run({A: [stale(UNTOLD), stale(UNTOLD)]})
    assert found(rows, more, difference(base, more)) == [("error", "replay.incomplete")]
    assert found(rows, more, difference(base, more), update=True) == [("warning", "replay.incomplete")]


def test_a_changed_request_without_a_price_is_new_all_the_same():
    """``stale: fail`` looks at requests, whatever else is unknown of a call."""
    unheard = {"model": "gpt-unheard"}
    base = accepted({A: [Use(**unheard)]})
    report = run({A: [stale(**unheard)]})
    assert difference(base, report).new_stale == ((A, 1),)
    again = accepted({A: [stale(**unheard)]})
    assert difference(again, report).new_stale == ()


def test_the_ends_are_those_of_costs_too():
    """At $2.50 a million tokens of input, and $10 of output."""
    (call,) = run({A: [stale()]}).calls
    assert (call.cost.low, call.cost.high) == (Decimal("0.00366"), Decimal("0.00384"))
