"""Sessions inside sessions: plugin authors test with pytester, in the same process and in others."""

from __future__ import annotations

from ways import alone, owners, parallel


def test_in_the_same_process(project, loopback):
    """Calls of an inner session happen while an outer test runs: both count them, each under its own test."""
    project.write(
        "test_suite.py",
        """
        import json
        import pytest
        from owner import ask

        pytest_plugins = ["pytester"]

        @pytest.fixture
        def inner(pytester, request):
            pytester.makeini("[pytest]")
            pytester.makepyfile(f'''
                import pytest
                from owner import ask

                @pytest.fixture(scope="module")
                def shelf():
                    ask("{request.node.name} call")

                def test_inner(shelf):
                    ask("{request.node.name} call")
            ''')

            def run(*options):
                pytester.runpytest_inprocess("-p", "no:cacheprovider", *options).assert_outcomes(passed=1)
                report = pytester.path / ".llmcost" / "report.json"
                return json.loads(report.read_text()) if report.exists() else None

            return run

        def test_before():
            ask("test_before call")

        def test_without_costs(inner):
            assert inner() is None
            ask("test_without_costs call")

        def test_with_costs(inner):
            ask("test_with_costs call")
            report = inner("-p", "llmcost", "--llm-cost")
            assert report["meta"]["complete"]
            found = {(call["nodeid"], call["phase"], call["fixture"]) for call in report["calls"]}
            assert found == {
                ("test_with_costs.py::test_inner", "call", None),
                (None, "setup", "test_with_costs.py::shelf"),
            }
            ask("test_with_costs call")

        def test_after():
            ask("test_after call")
        """,
    )
    run = alone(project, loopback)
    assert run.outcomes == {"passed": 4}, run.output
    assert owners(run) == {
        "test_before call": 1,
        "test_without_costs call": 3,
        "test_with_costs call": 4,
        "test_after call": 1,
    }
    assert owners(parallel(project, loopback)) == owners(run)


def test_in_another_process(project, loopback):
    """The calls of a subprocess are in its own report, if it makes one, and never in that of the outer session."""
    project.write(
        "test_suite.py",
        """
        import json
        from owner import ask

        pytest_plugins = ["pytester"]

        def test_outer(pytester):
            ask("test_outer call")
            pytester.makeini("[pytest]")
            pytester.makepyfile(test_inner="from owner import ask\\ndef test_inner(): ask('test_inner call')")
            pytester.runpytest_subprocess("-p", "llmcost", "--llm-cost").assert_outcomes(passed=1)
            report = json.loads((pytester.path / ".llmcost" / "report.json").read_text())
            assert [call["nodeid"] for call in report["calls"]] == ["test_inner.py::test_inner"]
        """,
    )
    loopback.forget()
    run = project.run(plugins=[])
    assert run.outcomes == {"passed": 1}, run.output
    assert (loopback.requests, owners(run)) == (2, {"test_outer call": 1})
    assert run.report["observed"]["child_processes"]


def test_session_in_a_session_that_ends_badly(project, loopback):
    """An inner session that is interrupted, or cannot be configured, leaves the outer one's capture alone."""
    project.write(
        "test_suite.py",
        """
        import pytest
        from owner import ask

        pytest_plugins = ["pytester"]

        @pytest.mark.parametrize("way", ["raise KeyboardInterrupt", "pytest.exit('x')", "assert 0", "import no_such"])
        def test_inner_ends(pytester, way, request):
            owner = request.node.name + " call"
            pytester.makeini("[pytest]")
            pytester.makepyfile(
                f"import pytest\\nfrom owner import ask\\ndef test_inner():\\n    ask({owner!r})\\n    {way}\\n"
            )
            pytester.runpytest_inprocess("-p", "llmcost", "--llm-cost", no_reraise_ctrlc=True)
            ask(owner)

        def test_inner_is_not_configured(pytester):
            pytester.makefile(".yaml", llmcost="version: banana")
            assert pytester.runpytest_inprocess("-p", "llmcost", "--llm-cost").ret == pytest.ExitCode.USAGE_ERROR
            ask("test_inner_is_not_configured call")
        """,
    )
    run = alone(project, loopback)
    assert run.outcomes == {"passed": 5}, run.output
    assert len(run.calls) == 4 * 2 + 1
