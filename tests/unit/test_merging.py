"""Joining reports: what they are called, and sums that do not depend on how a suite was cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import CLAUDE, GPT, made, run
from sample import agent

from pytest_llmcost.attribution.notices import empty_agents_notice
from pytest_llmcost.commands.merge import labels_of
from pytest_llmcost.merging import Shard, merge

NAMES = [f"tests/test_{letter}.py::test_it" for letter in "abcdef"]
_CALLS = st.lists(
    st.builds(
        made, st.sampled_from([GPT, CLAUDE, "openai/gpt-7"]), st.integers(1, 9999), st.integers(0, 999)
    ),
    max_size=3,
)


@pytest.mark.parametrize(
    ("paths", "labels"),
    [
        (["py311.json", "py314.json"], ["py311", "py314"]),
        (["jobs/py311/report.json", "jobs/py314/report.json"], ["py311", "py314"]),
        (["a/py311/.llmcost/report.json", "a/py314/.llmcost/report.json"], ["py311", "py314"]),
        (["linux/py311/r.json", "mac/py314/r.json"], ["linux/py311", "mac/py314"]),
        (["r.json", "old/r.json"], ["r", "old/r"]),
        (["only.json"], ["only"]),
    ],
)
def test_labels_are_what_differs_in_the_paths(paths, labels):
    """Folders and names that all paths share say nothing."""
    assert labels_of(paths) == labels


@given(
    tests=st.dictionaries(st.sampled_from(NAMES), _CALLS, min_size=1),
    cut=st.integers(0, 6),
    turn=st.booleans(),
)
def test_the_sums_do_not_depend_on_the_cut(tests, cut, turn):
    """However a suite is split and in whatever order its shards are named: the same sums, tests and cards."""
    whole, items = run(tests), list(tests.items())
    parts = [run(dict(items[:cut]), full=False), run(dict(items[cut:]), full=False, version="0.1.1")]
    shards = [Shard(f"{number}.json", part) for number, part in enumerate(parts)]
    merged = merge(shards[::-1] if turn else shards)
    assert merged.totals == whole.totals
    assert merged.rate_cards == whole.rate_cards
    assert {test.result.nodeid: test for test in merged.tests} == {t.result.nodeid: t for t in whole.tests}
    assert {row[:2]: row for row in merged.models} == {row[:2]: row for row in whole.models}
    assert len({call.id for call in merged.calls}) == len(whole.calls)


@pytest.mark.parametrize("named", [True, False])
def test_a_shard_without_agents_beside_one_with_them(named):
    """That spans name agents and no call has one is said of the whole, not of a part."""
    said = empty_agents_notice("support")
    origin = {"origin": agent(NAMES[1], "support", run="a1")} if named else {}
    lost = run({NAMES[0]: [made(GPT, 10, 1)]}, full=False, notices=(said,))
    other = run({NAMES[1]: [made(GPT, 10, 1, **origin)]}, full=False)
    assert (said in merge([Shard("1.json", lost), Shard("2.json", other)]).notices) is not named
