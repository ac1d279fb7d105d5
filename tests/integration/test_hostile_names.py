"""Names, numbers and clocks of anybody's making: no outcome changes, nothing is lost, nothing is a command."""

from __future__ import annotations

import pytest

from pytest_llmcost.reports.text import safe

APP = """
    import httpx2

    def ask(model="gpt-4o-mini", tokens=1000, client=httpx2.Client):
        answer = {"model": model, "usage": {"prompt_tokens": tokens, "completion_tokens": 1}}
        import json
        body = json.dumps(answer).encode()
        transport = httpx2.MockTransport(lambda request: httpx2.Response(200, content=body))
        return client(transport=transport).post("https://api.openai.com/v1/chat/completions", json={})
"""


@pytest.fixture
def suite(project):
    project.write("app.py", APP)
    project.write("llmcost.yaml", "include_mocked: true\n")
    return project


def test_text_that_no_encoding_has(suite):
    """A lone surrogate in a model id or an agent's name comes through a worker, and failures stay failures."""
    suite.write(
        "test_suite.py",
        r"""
        import pytest_llmcost
        from app import ask

        def test_model():
            ask("evil\ud800")
            assert 0

        def test_agent():
            with pytest_llmcost.agent("a\ud800b"):
                ask()
        """,
    )
    for options in ([], ["-n", "1"]):
        run = suite.run(*options, plugins=["xdist"] if options else [])
        assert run.code == 1, run.output
        assert run.outcomes == {"passed": 1, "failed": 1}, run.output
        assert len(run.calls) == 2
        assert run.report["meta"]["complete"]


def test_numbers_that_overflow(suite):
    """A count that no model could have is no count; the exit status stays."""
    suite.write("test_suite.py", "from app import ask\ndef test_it(): ask(tokens=1e70)\n")
    run = suite.run(plugins=[])
    assert (run.code, run.outcomes) == (0, {"passed": 1}), run.output


def test_decimal_context_of_the_app(suite):
    """What a test does to its decimal context changes neither our figures nor the exit status."""
    suite.write(
        "test_suite.py",
        """
        import decimal
        from app import ask

        def test_it():
            decimal.getcontext().prec = 2
            decimal.getcontext().traps[decimal.Inexact] = True
            ask(tokens=777)
        """,
    )
    run = suite.run(plugins=[])
    assert run.code == 0, run.output
    assert run.calls[0]["cost"]["value"] == "0.00011715"


def test_coroutine_closed_elsewhere(suite):
    """A call that is abandoned and closed in another context raises nothing of ours."""
    suite.write(
        "test_suite.py",
        """
        import contextvars
        import httpx2
        import types

        @types.coroutine
        def forever():
            yield

        async def handler(request):
            await forever()

        def test_it():
            client = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
            call = client.post("https://api.openai.com/v1/chat/completions", json={})
            contextvars.copy_context().run(call.send, None)
            call.close()
        """,
    )
    run = suite.run("-W", "error", plugins=[])
    assert run.outcomes == {"passed": 1}, run.output


@pytest.mark.parametrize(
    "name",
    [
        "::error::pwned",
        " ::error::pwned",
        "a\n::warning::b",
        "x ::set-output::y",
        "test_a[##[add-mask]a]",
        "###[error]x",
    ],
)
def test_no_name_is_a_workflow_command(name):
    """At the start of a line two colons are a command to GitHub Actions; a name never starts one."""
    assert all(not line.lstrip().startswith("::") for line in safe(name).replace(" ", "\n").splitlines())
    assert "##[" not in safe(name)  # the older form, which counts anywhere in a line


def test_nodeids_stay_as_they_are():
    """The colons inside a nodeid are nobody's command."""
    assert safe("tests/test_a.py::TestB::test_c[d]") == "tests/test_a.py::TestB::test_c[d]"


def test_interrupted_test(suite):
    """A test that never ended has not passed, and the run is no full one."""
    suite.write(
        "test_suite.py",
        "from app import ask\ndef test_a(): ask()\ndef test_b():\n    ask()\n    raise KeyboardInterrupt\n",
    )
    run = suite.run(plugins=[])
    outcomes = {test["nodeid"]: test["outcome"] for test in run.report["tests"]}
    assert outcomes == {"test_suite.py::test_a": "passed", "test_suite.py::test_b": "interrupted"}
    assert run.report["meta"]["selection"]["full"] is False
    assert len(run.calls) == 2


def test_last_attempt_without_a_call(suite):
    """The attempt that counts is the last one, also if it made no call."""
    pytest.importorskip("pytest_rerunfailures")
    suite.write(
        "test_suite.py",
        """
        from app import ask
        seen = []

        def test_it(llm_cost):
            assert llm_cost.calls == 0
            seen.append(1)
            if len(seen) == 1:
                ask()
                assert 0
        """,
    )
    for options in ([], ["-n", "1"]):
        plugins = ["xdist", "pytest_rerunfailures"] if options else ["pytest_rerunfailures"]
        run = suite.run("--reruns", "1", *options, plugins=plugins)
        test = run.report["tests"][0]
        assert (test["outcome"], test["attempts"], test["calls"]) == ("passed", 2, 0), run.output
        assert len(run.calls) == 1


def test_killed_process_leaves_no_old_report(suite):
    """After os._exit nobody can take the report of an earlier run for that of this one."""
    suite.write("test_suite.py", "def test_it(): pass\n")
    assert suite.run(plugins=[]).report["meta"]["complete"]
    suite.write("test_suite.py", "import os\ndef test_it(): os._exit(3)\n")
    suite.run(plugins=[])
    assert not (suite.folder / ".llmcost" / "report.json").exists()
