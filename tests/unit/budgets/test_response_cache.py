"""Limits of the hit rate of the app's own caches, against what was accepted and by themselves."""

from __future__ import annotations

import pytest
from judged import found
from looked_up import lookups
from suites import A, B, Use, accepted, difference, run, verdict

from pytest_llmcost.baseline.file import parse_baseline, render_baseline
from pytest_llmcost.baseline.suite import Suite
from pytest_llmcost.baseline.update import accept
from pytest_llmcost.errors import BaselineError
from pytest_llmcost.model.baseline import CacheCount

TESTS = {A: [Use()], B: [Use(agent="desk")]}


def looked_up(a: str, b: str = "", **more):
    return run(TESTS, lookups=(*lookups(A, a), *lookups(B, b, "desk")), **more)


RATE_OF_TWO = "  - {scope: test, match: '*_two', min_response_cache_hit_rate: 1%}\n"
BASE = accepted(TESTS, lookups=(*lookups(A, "12.."), *lookups(B, "1111.", "desk")))


@pytest.mark.parametrize(
    ("scope", "limit", "failed"),
    [
        ("suite", "60%", []),
        ("suite", "67%", [""]),
        ("test", "50%", []),
        ("test", "51%", [A]),
        ("agent", "80%", []),
        ("agent", "0.9", ["desk"]),
        ("agent_run", "0.9", ["desk"]),
    ],
)
def test_least_rate(scope, limit, failed):
    """A lookup is one event, and whoever looked up is judged, without calls too."""
    rows = f"  - {{scope: {scope}, min_response_cache_hit_rate: {limit}}}\n"
    report = looked_up("12..", "1111.")
    assert [row[3] for row in found(rows, report)] == failed


def test_words_of_a_finding():
    """They name the cache: the prompt cache of the provider is another."""
    report = looked_up("1..")
    [finding] = verdict(report, "  - {scope: suite, min_response_cache_hit_rate: 40%}\n").findings
    assert finding.message == "the suite has a response-cache hit rate of 33.3%, and needs 40%"
    rows = "  - {scope: suite, max_response_cache_hit_drop: 5pp}\n"
    [finding] = verdict(report, rows, difference(BASE, report)).findings
    assert finding.message == (
        "the response-cache hit rate of the suite fell, 66.7% -> 33.3% (-33.3pp), and may fall by 5pp"
    )
    assert finding.limit == "5pp"


@pytest.mark.parametrize(
    ("a", "b", "failed"),
    [
        ("12..", "1111.", []),
        ("12..", "111..", [("error", "desk")]),
        ("....", "1111.", []),
        ("12..", "11111", []),
        ("12..", "", [("warning", "desk")]),  # calls are made, and nobody asks the cache
    ],
)
def test_drop_of_an_agent(a, b, failed):
    """In percentage points, also where usage and cost are as they were."""
    report = looked_up(a, b)
    rows = "  - {scope: agent, max_response_cache_hit_drop: 5pp}\n"
    judged = found(rows, report, difference(BASE, report))
    assert [(row[0], row[3]) for row in judged] == failed


@pytest.mark.parametrize(
    ("calls", "limit", "levels"),
    [(1, "66.6pp", ["warning"]), (1, "70pp", []), (0, "5pp", [])],
    ids=["calls", "never that much", "no calls"],
)
def test_drop_where_nobody_asks_the_cache_any_more(calls, limit, levels):
    """Calls may have missed it, by no more than it hit before; where none is made, nobody needed it."""
    base = accepted({A: [Use()]}, lookups=tuple(lookups(A, "11.")))
    report = run({A: [Use()] * calls})
    rows = f"  - {{scope: test, max_response_cache_hit_drop: {limit}}}\n"
    assert [row[0] for row in found(rows, report, difference(base, report))] == levels


def test_drop_of_all_that_a_cache_had():
    """It hit each time, and may fall by as much: whatever became of it is within the limit."""
    base = accepted({A: [Use()]}, lookups=tuple(lookups(A, "11")))
    report = run({A: [Use()]})
    rows = "  - {scope: test, max_response_cache_hit_drop: 100pp}\n"
    assert found(rows, report, difference(base, report)) == []


def test_new_tests_are_no_drop():
    """Only what is on both sides is compared."""
    report = looked_up("12..", "....")
    diff = difference(accepted({A: [Use()]}, lookups=tuple(lookups(A, "12.."))), report)
    rows = "  - {scope: suite, max_response_cache_hit_drop: 0pp}\n  - {scope: test, max_response_cache_hit_drop: 0pp}\n"
    assert found(rows, report, diff) == []


def test_test_that_only_hits_has_a_line():
    """A test whose every request a cache answered is accepted, and compared, without a call."""
    base = accepted({A: []}, lookups=tuple(lookups(A, "1111")))
    assert list(base.lines) == [A]
    report = run({A: []}, lookups=tuple(lookups(A, "11..")))
    rows = "  - {scope: test, max_response_cache_hit_drop: 10pp}\n"
    assert found(rows, report, difference(base, report)) == [
        ("error", "max_response_cache_hit_drop", "test", A)
    ]


@pytest.mark.parametrize(
    ("before", "now", "limits"), [("1", "1", 2), ("1", "", 1), ("", "1", 1), ("", "", 0)]
)
def test_limits_that_were_judged(before, now, limits):
    """The least rate needs a lookup in the run, and the drop one in the baseline: a single one is enough."""
    base = accepted({A: [Use()]}, lookups=tuple(lookups(A, before)))
    report = run({A: [Use()]}, lookups=tuple(lookups(A, now)))
    rows = "  - {scope: suite, min_response_cache_hit_rate: 40%, max_response_cache_hit_drop: 5pp}\n"
    assert verdict(report, rows, difference(base, report)).limits == limits


def test_agent_that_only_hits():
    """An agent without calls has a rate, and a change against the baseline."""
    base = accepted({A: []}, lookups=tuple(lookups(A, "1111", "desk")))
    report = run({A: []}, lookups=tuple(lookups(A, "11..", "desk")))
    rows = "  - {scope: agent, match: desk, max_response_cache_hit_drop: 10pp, min_response_cache_hit_rate: 60%}\n"
    assert [row[1] for row in found(rows, report, difference(base, report))] == [
        "min_response_cache_hit_rate",
        "max_response_cache_hit_drop",
    ]


@pytest.mark.parametrize(("before", "after"), [("11..", ""), ("", "11..")])
def test_agent_that_looks_up_on_one_side_only(before, after):
    """It has a row beside those who make calls."""
    base = accepted({A: [Use()]}, lookups=tuple(lookups(A, before, "desk")))
    diff = difference(base, run({A: [Use()]}, lookups=tuple(lookups(A, after, "desk"))))
    assert [change.key for change in diff.agents] == ["desk", ""]
    desk = diff.agents[0]
    assert [side.response_cache.lookups for side in (desk.base, desk.head)] == [len(before), len(after)]


def test_rate_without_lookups():
    """Nobody's fault, and said: the app may not have told."""
    judged = verdict(run(TESTS), "  - {scope: suite, min_response_cache_hit_rate: 40%}\n")
    assert judged.findings == ()
    assert judged.limits == 0
    [notice] = judged.notices
    assert notice.message == (
        "llmcost.yaml:2: no lookup in a response cache was seen, so that min_response_cache_hit_rate was not"
        " judged; tell of lookups with pytest_llmcost.cache_event (docs/response-caches.md)"
    )


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("  - {scope: suite, min_response_cache_hit_rate: 1%}\n  - {scope: test, max_cost: '9'}\n", []),
        ("  - {scope: test, min_response_cache_hit_rate: 1%}\n", []),
        (RATE_OF_TWO, ["llmcost.yaml:2"]),
        ("  - {scope: test, max_cost: '9'}\n", []),
        (
            f"{RATE_OF_TWO}  - {{scope: agent, match: desk, min_response_cache_hit_rate: 1%}}\n",
            ["llmcost.yaml:2", "llmcost.yaml:3"],
        ),
    ],
)
def test_rate_without_lookups_of_those_that_a_rule_is_about(rows, lines):
    """One of them with a lookup is enough; each rule is told once, and only where it asks for a rate."""
    judged = verdict(run(TESTS, lookups=tuple(lookups(A, "1"))), rows)
    assert [notice.message.partition(": no lookup")[0] for notice in judged.notices] == lines


def test_rate_without_lookups_is_told_once():
    """Beside rules of another scope, whose names the match would fit too."""
    rows = "  - {scope: suite, min_response_cache_hit_rate: 1%}\n  - {scope: test, max_cost: '9'}\n"
    assert len(verdict(run(TESTS), rows).notices) == 1


def test_rate_of_nobody():
    """A rule that fits nothing has that notice, and no other."""
    rows = "  - {scope: agent, match: zebra, min_response_cache_hit_rate: 1%}\n"
    [notice] = verdict(run(TESTS), rows).notices
    assert notice.message == "llmcost.yaml:2: no agent of this run is 'zebra'"


def test_baseline_file():
    """Lookups and hits by agent are in the line of their test, and come back; a run without them has none."""
    text = render_baseline(BASE)
    assert parse_baseline(text, BASE.name) == BASE
    assert '"response_cache": {"desk": {"lookups": 5, "hits": 4}}' in text
    assert "response_cache" not in render_baseline(accepted(TESTS))
    for broken in ('"hits": 6', '"hits": -1', '"hits": true'):
        with pytest.raises(BaselineError, match="is damaged"):
            parse_baseline(text.replace('"hits": 4', broken), BASE.name)


def test_lookups_of_no_agent():
    """They have a row of their own, and agents come in the order of their names."""
    looked = (*lookups(A, "1", "support"), *lookups(A, "12."), *lookups(A, "1", "desk"))
    base = accepted({A: [Use()]}, lookups=looked)
    assert list(base.lines[A].response_cache.items()) == [
        ("", CacheCount(3, 2)),
        ("desk", CacheCount(1, 1)),
        ("support", CacheCount(1, 1)),
    ]
    diff = difference(base, run({A: [Use()]}, lookups=looked))
    assert [
        (change.key, change.base.response_cache, change.head.response_cache) for change in diff.agents
    ] == [
        ("desk", CacheCount(1, 1), CacheCount(1, 1)),
        ("support", CacheCount(1, 1), CacheCount(1, 1)),
        ("", CacheCount(3, 2), CacheCount(3, 2)),
    ]


def test_reason_of_another_rate():
    """What changed the accepted rate goes into the line, and nothing else does."""
    report = looked_up("....", "1111.")
    lines = accept(BASE, report, Suite(), "", "the cache is off").lines
    assert [lines[key].reason for key in (A, B)] == ["the cache is off", None]
