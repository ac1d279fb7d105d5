"""Findings about where answers come from: recordings of another request, and calls that were paid."""

from __future__ import annotations

import pytest
from suites import A, B, C, Use, accepted, difference, run, verdict

from pytest_llmcost.model.call import Source
from pytest_llmcost.model.drift import Drift, PartChange
from pytest_llmcost.model.verdict import Level


def stale(tokens=1000, *parts):
    changes = tuple(PartChange(part, 100, 500) for part in parts or ("system",))
    return Use(tokens).but(drift=Drift(changes, added=100), stale=True)


def found(report, diff=None, **gate):
    return [
        (one.level.value, one.rule, one.match, one.actual)
        for one in verdict(report, "", diff, **gate).findings
    ]


@pytest.mark.parametrize("level", Level)
def test_stale_recordings_are_findings_where_that_is_asked_for(level):
    """By test, with their number; what did not change is none, and silence is the default."""
    report = run({B: [stale()], A: [stale(), Use(), stale(7)]})
    assert found(report, stale=level) == [
        (level.value, "replay.stale", A, "2 stale calls"),
        (level.value, "replay.stale", B, "1 stale call"),
    ]
    assert found(report) == []


def test_a_stale_recording_that_was_accepted_is_let_through():
    """Against a baseline only what it does not know counts; while a run is being accepted, nothing does."""
    report = run({A: [stale()], B: [stale(), stale(7)]})
    diff = difference(accepted({A: [stale()], B: [stale()]}), report)
    assert found(report, diff, stale=Level.ERROR) == [("error", "replay.stale", B, "1 stale call")]
    assert found(report, diff, stale=Level.ERROR, update=True) == []


def test_stale_recordings_that_a_baseline_does_not_know():
    """In the order of tests, however they ran: of new tests too, and whether or not it is known what changed."""
    unknown_change = Use(5).but(stale=True)
    base = accepted({A: [Use(), Use(9)], C: [Use(5)]})
    report = run({C: [unknown_change, Use(5)], B: [stale()], A: [Use(), stale(9), Use(7)]})
    assert difference(base, report).new_stale == ((A, 1), (B, 1), (C, 1))


@pytest.mark.parametrize("facts", [{}, {"incomplete": "cut"}], ids=["without a price", "cut"])
def test_a_change_that_moves_no_token_is_one(facts):
    """Beside a call whose cost was not known before either, and whose usage is the same."""
    drift = Drift((PartChange("n", 1, 1),), "gpt-unheard", unknown=("n changed",))
    before, now = (
        Use(model="gpt-unheard").but(**facts),
        Use(model="gpt-unheard").but(**facts, drift=drift, stale=True),
    )
    assert difference(accepted({A: [before]}), run({A: [now]})).new_stale == ((A, 1),)
    assert difference(accepted({A: [now]}), run({A: [now]})).new_stale == ()


def test_a_stale_recording_says_what_changed():
    """The parts of the requests of its own test, each once."""
    report = run({A: [stale(1, "system", "tools"), stale(2, "system")], B: [stale(3, "messages[0]")]})
    first, second = verdict(report, "", stale=Level.ERROR).findings
    assert (first.scope, first.limit, first.location) == ("test", "the recorded request", None)
    assert first.message == (
        f"{A} replays 2 answers to another request than it sends (system, tools changed); record it again"
    )
    assert second.message == (
        f"{B} replays 1 answer to another request than it sends (messages[0] changed); record it again"
    )


def test_a_stale_recording_of_which_nobody_knows_what_changed():
    """It is one all the same."""
    report = run({A: [Use().but(stale=True)]})
    (finding,) = verdict(report, "", stale=Level.ERROR).findings
    assert finding.message == f"{A} replays 1 answer to another request than it sends; record it again"


def test_paid_calls_where_all_must_be_replayed():
    """By test, with how they were paid; replayed and mocked ones cost nothing now."""
    paid = [Use(source=source) for source in (Source.RECORDED, Source.LIVE, Source.REPLAYED, Source.LIVE)]
    report = run(
        {A: paid, B: [Use(), Use(source=Source.MOCKED)], "fixture tests::index": [Use(source=Source.LIVE)]}
    )
    assert found(report, require_replayed=True) == [
        ("error", "require", A, "2 live, 1 recorded"),
        ("error", "require", "fixture tests::index", "1 live"),
    ]
    assert found(report) == []
    (finding, _) = verdict(report, "", require_replayed=True).findings
    assert (finding.scope, finding.limit, finding.location) == ("test", "replayed", None)
    assert finding.message == (
        f"{A} went to a provider (2 live, 1 recorded), and all calls are required to be replayed:"
        " record its cassette and commit it"
    )


@pytest.mark.parametrize(
    ("sources", "hint"),
    [
        (
            (Source.TRACED, Source.TRACED),
            ": only spans tell of them, and what leaves no HTTP call cannot be recorded",
        ),
        ((Source.TRACED, Source.LIVE), ": record its cassette and commit it"),
    ],
)
def test_calls_that_only_spans_tell_of_cannot_be_recorded(sources, hint):
    """Nobody is told to; unless others of the test can be."""
    report = run({A: [Use(source=source) for source in sources]})
    (finding,) = verdict(report, "", require_replayed=True).findings
    assert finding.message.endswith(hint)
