"""The line of the project that made a call: in report.json, with -vv, and in `llmcost explain`."""

from __future__ import annotations

APP = """
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    import ask


    def answer():
        return ask.chat()


    async def answer_async():
        return await ask.async_chat()


    def answer_in_a_pool():
        with ThreadPoolExecutor() as pool:
            return pool.submit(answer).result()


    def answer_of_the_sdk():
        with ThreadPoolExecutor() as pool:
            return pool.submit(ask.chat).result()
"""

SUITE = """
    import asyncio

    import pytest
    from app import desk


    def test_answer():
        desk.answer()


    def test_async():
        asyncio.run(desk.answer_async())


    def test_pool():
        desk.answer_in_a_pool()


    def test_thread_of_somebody_else():
        desk.answer_of_the_sdk()
"""


def test_call_sites(project):
    """The innermost frame of the project, also below a coroutine and in a thread; the test's file is one too."""
    project.write("app/__init__.py")
    project.write("app/desk.py", APP)
    project.write(
        "conftest.py", "import sys, pathlib; sys.path.insert(0, str(pathlib.Path(__file__).parent))\n"
    )
    project.write("test_suite.py", SUITE)
    run = project.run("-vv")
    assert run.outcomes == {"passed": 4}, run.output
    assert {call["nodeid"].partition("::")[2]: call["call_site"] for call in run.calls} == {
        "test_answer": "app/desk.py:9",
        "test_async": "app/desk.py:13",
        "test_pool": "app/desk.py:9",
        # Its stack begins in the pool: nothing of the project is in it.
        "test_thread_of_somebody_else": None,
    }
    assert "called from" in run.output and "app/desk.py:13" in run.output
    explained = project.explain("test_suite.py::test_async")
    assert "called from   app/desk.py:13" in explained.output


def test_environment_inside_the_project(project):
    """Code in site-packages is not the project's, wherever the environment lies."""
    project.write(
        ".venv/lib/python3/site-packages/sdk.py", "import ask\n\ndef call():\n    return ask.chat()\n"
    )
    project.write(
        "test_suite.py",
        """
        import sys

        sys.path.insert(0, ".venv/lib/python3/site-packages")
        import sdk

        def test_sdk():
            sdk.call()
        """,
    )
    (call,) = project.run().calls
    assert call["call_site"] == "test_suite.py:8"
