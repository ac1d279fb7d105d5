"""A marker that is written wrongly."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("parallel", [False, True], ids=["one process", "xdist"])
def test_bad_markers_fail_their_own_test(project, parallel):
    """A bad marker fails its own test at set-up, in one line, and no other."""
    project.write(
        "test_suite.py",
        """
        import pytest
        from ask import chat

        @pytest.mark.llm_agent
        def test_nothing(): pass

        @pytest.mark.llm_agent("a", "b")
        def test_two(): pass

        @pytest.mark.llm_agent(3)
        def test_number(): pass

        @pytest.mark.llm_agent(name="a")
        def test_keyword(): pass

        @pytest.mark.llm_agent("a")
        def test_good(): chat()
        """,
    )
    options = ["-n", "2"] if parallel else []
    run = project.run(*options, "--strict-markers", plugins=["xdist"] if parallel else [])
    assert run.outcomes == {"passed": 1, "errors": 4}, run.output
    for problem in (
        "llm_agent takes one name, got nothing",
        "llm_agent takes one name, got 'a', 'b'",
        "llm_agent takes one name, got 3",
        "llm_agent takes no keyword: name",
    ):
        assert f'{problem}; write @pytest.mark.llm_agent("support_agent")' in run.output
    assert "Traceback" not in run.output
    assert run.report["meta"]["complete"]
