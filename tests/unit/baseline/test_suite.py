"""What of a suite is known to be gone, and the parts of a test's name."""

from __future__ import annotations

import pytest
from suites import Use, accepted, difference, run

from pytest_llmcost.baseline.suite import Suite, file_of, function_of

KEY = "tests/test_a.py::TestDesk::test_refund[en]"


@pytest.mark.parametrize(
    ("key", "file", "function"),
    [
        ("tests/test_a.py::test_one", "tests/test_a.py", "test_one"),
        (KEY, "tests/test_a.py", "test_refund"),
        ("tests/test_a.py::test_one[a::b]", "tests/test_a.py", "test_one"),
        ("tests/test_a.py::TestA::TestB::test_one[x[1]-::]", "tests/test_a.py", "test_one"),
        ("tests/[new]/test_a.py::test_one", "tests/[new]/test_a.py", "test_one"),
    ],
)
def test_a_name_has_a_file_and_a_function(key, file, function):
    """Parameters are any text, also with the marks that part a name."""
    assert (file_of(key), function_of(key)) == (file, function)


def test_parameters_that_look_like_names_prove_no_rename():
    """Two tests of two files are two tests, however their parameters end."""
    old, new = "tests/test_a.py::test_one[x::y]", "tests/test_b.py::test_two[z::y]"
    report = run({new: [Use()]})
    suite = Suite(frozenset({new}), frozenset({"tests/test_a.py", "tests/test_b.py"}))
    states = {
        change.key: change.state.value for change in difference(accepted({old: [Use()]}), report, suite).tests
    }
    assert states == {old: "gone", new: "new"}


@pytest.mark.parametrize(
    ("suite", "is_gone"),
    [
        (Suite(), False),
        (Suite(whole_files=frozenset({"tests/test_a.py"})), True),
        (Suite(keys=frozenset({KEY}), whole_files=frozenset({"tests/test_a.py"})), False),
        (Suite(gone_files=frozenset({"tests/test_a.py"})), True),
        (Suite(whole_files=frozenset({"tests/test_b.py"}), gone_files=frozenset({"tests/test_c.py"})), False),
    ],
    ids=["nothing collected", "file without it", "file with it", "file gone", "other files"],
)
def test_a_test_is_gone_only_where_that_is_known(suite, is_gone):
    """With its file, or from a file that was collected as a whole."""
    assert suite.has_lost(KEY) is is_gone
