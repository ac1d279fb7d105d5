"""Suites with every screw tightened: warnings as errors, strict options, no network, other import modes."""

from __future__ import annotations

import importlib.util

import pytest

SUITE = """
    import asyncio
    import gc

    import aiohttp
    import pytest
    import pytest_llmcost
    import requests
    import vcr
    from ask import BODY, async_chat, chat, http, models, url

    @pytest.fixture(scope="module")
    def shared():
        chat("shared")

    @pytest.mark.llm_agent("writer")
    def test_live(shared):
        assert chat()["total_tokens"] == 1234

    def test_agent(llm_cost):
        with pytest_llmcost.agent("reader"):
            chat()
        assert llm_cost.calls == 1

    def test_cassette():
        for mode in ("once", "none"):
            with vcr.use_cassette("a.yaml", record_mode=mode):
                models()
                chat()

    def test_async():
        asyncio.run(async_chat())

    def test_aiohttp():
        async def ask():
            async with aiohttp.ClientSession() as session, session.post(url(), json=BODY) as response:
                return await response.json()
        assert asyncio.run(ask())["usage"]

    def test_requests():
        assert requests.post(url(), json=BODY).ok

    def test_stream_that_is_closed_early():
        with http().stream("POST", url(), json={**BODY, "stream": True}) as response:
            next(response.iter_bytes())
        gc.collect()

    def test_no_call():
        pass
"""
PASSED, CALLS = 8, 9


def assert_nothing_changes(project, *options, **more):
    """The session ends as without us, has no warning, and captured everything."""
    project.write("test_suite.py", SUITE)
    without, run = project.run(*options, cost=False, **more), project.run(*options, **more)
    assert (run.code, run.outcomes) == (0, {"passed": PASSED}), run.output
    assert (without.code, without.outcomes) == (0, {"passed": PASSED}), without.output
    assert "Warning" not in run.output
    assert "INTERNALERROR" not in run.output
    assert len(run.calls) == CALLS
    assert run.report["meta"]["complete"], run.output
    return run


@pytest.mark.parametrize(
    "options",
    [
        ("-W", "error", "--strict-markers", "--strict-config", "--import-mode=importlib"),
        ("-p", "no:warnings", "-p", "no:logging", "-s", "--import-mode=append"),
        ("--assert=plain", "--capture=sys", "--tb=native", "-p", "no:junitxml"),
    ],
    ids=["strict", "bare", "plain"],
)
def test_options_of_pytest(project, options):
    """Nothing of ours warns, is unknown, or needs a certain way to import or to show."""
    assert_nothing_changes(project, *options, plugins=[])


@pytest.mark.parametrize(
    "python", [("-X", "dev"), ("-bb", "-W", "error")], ids=["development", "warnings-as-errors"]
)
def test_options_of_python(project, python):
    """Development mode, and warnings as errors from the first import on, find nothing."""
    assert_nothing_changes(project, plugins=[], python=python)


def test_pytest_strict(project):
    """``strict = true`` of pytest 9 stands for all of its strict options."""
    if pytest.version_tuple < (9,):
        pytest.skip("pytest 9 has it")
    project.write("pytest.ini", "[pytest]\nstrict = true\nfilterwarnings = error\nllm_cost = true\n")
    assert_nothing_changes(project, plugins=[])


def test_blocked_network(project, loopback):
    """Under pytest-recording's ``--block-network`` replays pass, and what is blocked is no call."""
    pytest.importorskip("pytest_recording")
    # Blocking leaves a socket of httpx behind, which would warn.
    project.write("pytest.ini", "[pytest]\n")
    project.write(
        "test_suite.py",
        """
        import pytest
        from ask import async_chat, chat

        @pytest.mark.vcr
        def test_replayed():
            assert chat()["total_tokens"] == 1234

        @pytest.mark.vcr
        async def test_replayed_async():
            assert (await async_chat())["total_tokens"] == 1234

        def test_blocked():
            with pytest.raises(RuntimeError, match="Network is disabled"):
                chat()
        """,
    )
    recorded = project.run("--record-mode=once", "-k", "not blocked", plugins=["recording", "asyncio"])
    assert recorded.outcomes == {"passed": 2, "deselected": 1}, recorded.output
    loopback.forget()
    runs = [
        project.run("--block-network", "--record-mode=none", cost=cost, plugins=["recording", "asyncio"])
        for cost in (False, True)
    ]
    assert [run.outcomes for run in runs] == [{"passed": 3}] * 2, runs[1].output
    assert [call["source"] for call in runs[1].calls] == ["replayed"] * 2
    assert runs[1].report["observed"]["not_calls"] == {"no response": 1}
    assert loopback.requests == 0


@pytest.mark.parametrize(
    ("plugin", "module"),
    [
        ("sugar", "pytest_sugar"),
        ("pretty", "pytest_pretty"),
        ("randomly", "pytest_randomly"),
        ("timeout", "pytest_timeout"),
        ("anyio", "anyio"),
        ("asyncio", "pytest_asyncio"),
        ("xdist", "xdist"),
    ],
)
def test_other_plugins(project, plugin, module):
    """Reporters that draw themselves, plugins that reorder, time or spread tests: nothing is lost."""
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    options = {"xdist": ("-n", "2", "--dist=loadfile"), "timeout": ("--timeout=60",)}
    project.write("test_suite.py", SUITE)
    run = project.run(*options.get(plugin, ()), plugins=[plugin])
    assert run.code == 0, run.output
    assert len(run.calls) == CALLS
    assert len(run.report["tests"]) == PASSED
    assert "LLM cost" in run.output
    assert run.report["meta"]["complete"], run.output
