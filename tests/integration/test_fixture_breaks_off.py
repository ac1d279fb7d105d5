"""A shared fixture whose set-up fails."""

from __future__ import annotations


def test_fixture_that_breaks_off(project):
    """A shared fixture whose set-up fails half-way has its bucket for the tear-down too."""
    project.write(
        "test_suite.py",
        """
        import pytest
        from ask import chat

        @pytest.fixture(scope="module")
        def half(request):
            request.addfinalizer(lambda: chat("half down"))
            chat("half up")
            raise RuntimeError

        def test_one(half): pass
        """,
    )
    run = project.run(plugins=[])
    assert [(call["nodeid"], call["phase"], call["fixture"]) for call in run.calls] == [
        (None, "setup", "test_suite.py::half"),
        (None, "teardown", "test_suite.py::half"),
    ]
