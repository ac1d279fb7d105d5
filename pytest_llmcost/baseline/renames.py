"""Tests that have another name now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_llmcost.baseline.entries import entry_of, tally
from pytest_llmcost.baseline.sides import used
from pytest_llmcost.baseline.suite import Suite, file_of, function_of
from pytest_llmcost.model.baseline import Baseline, Entry
from pytest_llmcost.model.call import Call
from pytest_llmcost.model.keys import is_test

_Print = frozenset[tuple[Entry, int]]


def renames(baseline: Baseline, heads: Mapping[str, Sequence[Call]], suite: Suite) -> dict[str, str]:
    """New tests that are old ones under another name.

    A rename needs proof: the old test is gone, both used exactly the same, one fits one only, and the file
    or the function has kept its name.

    Returns:
        New key to old key.
    """
    lost = [key for key in baseline.lines if is_test(key) and key not in heads and suite.has_lost(key)]
    new = [key for key in heads if is_test(key) and key not in baseline.lines]
    if not lost or not new:
        return {}
    old_prints = {key: _print_of_line(baseline.lines[key].entries) for key in lost}
    new_prints = {key: _print_of_calls(heads[key]) for key in new}
    candidates = {
        key: [old for old in lost if old_prints[old] == print_ and _keeps_a_name(old, key)]
        for key, print_ in new_prints.items()
        if print_
    }
    claims: dict[str, int] = {}
    for olds in candidates.values():
        for old in olds:
            claims[old] = claims.get(old, 0) + 1
    return {key: olds[0] for key, olds in candidates.items() if len(olds) == 1 and claims[olds[0]] == 1}


def _keeps_a_name(old: str, new: str) -> bool:
    return file_of(old) == file_of(new) or function_of(old) == function_of(new)


def _print_of_line(entries: Mapping[Entry, int]) -> _Print:
    found: dict[Entry, int] = {}
    for entry, number in entries.items():
        found[used(entry)] = found.get(used(entry), 0) + number
    return frozenset(found.items())


def _print_of_calls(calls: Sequence[Call]) -> _Print:
    return frozenset(tally([used(entry_of(call)) for call in calls]).items())
