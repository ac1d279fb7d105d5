"""What reports say of the app's own caches."""

from __future__ import annotations

from decimal import Decimal

import pytest
from golden import check
from looked_up import lookups
from suites import A, B, Use, accepted, difference, run

from pytest_llmcost.model.budget import LimitKey
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.model.verdict import Finding, Level
from pytest_llmcost.reports.diff import render_diff
from pytest_llmcost.reports.json_reader import parse_report
from pytest_llmcost.reports.json_report import render_json
from pytest_llmcost.reports.markdown import render_comment, says_something
from pytest_llmcost.reports.terminal import Detail, section

TESTS = {A: [Use(agent="desk")], B: [Use(agent="triage"), Use(2000, agent="triage")]}


def told():
    """Layers, an agent that only looked up, a saving of each kind, and one that nobody knows."""
    tokens = Usage({"input_tokens": 900, "output_tokens": 120})
    return (
        *lookups(A, "1.2..", "desk", key="a" * 64, model="openai/gpt-fixed", saved_usage=tokens),
        *lookups(B, "11..", "triage", saved_cost=Decimal("0.0125")),
        *lookups(None, "2", "warm-up", saved_cost=Decimal("0.002")),
    )


def report(**changes):
    return run(TESTS, lookups=changes.pop("lookups", told()), **changes)


def text(found, detail=Detail.NORMAL, width=100):
    lines = section(found, detail=detail, width=width, report_path=".llmcost/report.json")
    return "\n".join(line.text for line in lines) + "\n"


@pytest.mark.parametrize("width", [60, 100])
def test_terminal(width):
    """The rate by layer, what the hits saved of what it would have cost, and a column of the agents."""
    found = text(report(), width=width)
    check(f"response-cache-{width}.txt", found)
    assert max(map(len, found.splitlines())) <= width


def test_terminal_against_the_baseline():
    """The rate that was accepted stands before the one of now."""
    found = report(lookups=tuple(lookups(A, "1....", "desk")))
    found = found._replace(diff=difference(accepted(TESTS, lookups=told()), found))
    check("response-cache-gate.txt", text(found, Detail.QUIET))
    check("response-cache-comment.md", render_comment(found))


@pytest.mark.parametrize("key", [key for key in LimitKey if key.is_relative], ids=str)
def test_a_lower_rate_can_be_accepted(key):
    """Whatever limit against the baseline fails, the terminal and the page in Markdown say how to accept it."""
    finding = Finding(Level.ERROR, key.value, "suite", "", "5pp", "-40.0pp", "fell", "llmcost.yaml:5")
    found = report()._replace(findings=(finding,))
    assert "accept the new cost: pytest --llm-cost --llm-cost-update" in text(found)
    assert "To accept the new cost: `pytest --llm-cost --llm-cost-update" in render_comment(found)


@pytest.mark.parametrize(
    ("now", "said"),
    [("1....", " | response cache 44.4% -> 20.0%"), ("", " | response cache 44.4% -> -"), (None, "")],
)
def test_diff(now, said):
    """``llmcost diff`` says how the rate moved; also where calls cost the same, and where nobody asks any more."""
    lookups_now = told() if now is None else tuple(lookups(A, now, "desk"))
    diff = difference(accepted(TESTS, lookups=told()), report(lookups=lookups_now))
    headline = render_diff(diff, "head.json", 120)[1]
    assert headline == f"$0.013000 | as in the baseline{said}"


def test_report_json():
    """Events and sums are written, and read back."""
    found = report()
    written = render_json(found)
    check("response-cache.json", written)
    assert parse_report(written, "report.json") == found


def test_nothing_is_said_without_lookups():
    """A suite without such caches reads as before."""
    found = report(lookups=())
    assert "response cache" not in text(found, Detail.CALLS) + render_comment(found)


def test_only_hits():
    """A run that made no call says what its caches did."""
    found = run({A: []}, lookups=tuple(lookups(A, "11", saved_cost=Decimal("0.01"))))
    assert "response cache 100.0% (L1 100.0%)" in text(found)
    assert "its hits saved $0.020000 of $0.020000 (100.0%)" in text(found)
    assert "response cache **100.0%**" in render_comment(found)
    assert says_something(found)


@pytest.mark.parametrize(
    ("outcomes", "more", "words"),
    [
        ("...", {}, "response cache 0.0% | no hit in 3 lookups"),
        ("1..", {}, "response cache 33.3% (L1 33.3%) | what its hits saved is unknown"),
        ("1.", {"saved_cost": Decimal(0)}, "its hits saved $0 of"),
    ],
)
def test_words(outcomes, more, words):
    """What is unknown is said to be, and $0 only where somebody said so."""
    found = report(lookups=tuple(lookups(A, outcomes, **more)))
    assert words in " | ".join(text(found, width=300).splitlines())


def test_names_of_layers():
    """They are anybody's text: escaped, shortened, and those with the most hits first."""
    odd = [lookup._replace(layer="\x1b[31m|`" + "x" * 99) for lookup in lookups(A, "1")]
    many = [lookup._replace(layer=f"L{n}") for n in range(1, 6) for lookup in lookups(A, "1" * n)]
    found = report(lookups=(*odd, *many))
    assert "(L3 18.8%, L4 25.0%, L5 31.2%, 3 more)" in text(found, width=200)
    assert "\x1b" not in text(report(lookups=tuple(odd))) + render_comment(report(lookups=tuple(odd)))
