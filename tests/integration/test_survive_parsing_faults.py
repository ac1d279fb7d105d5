"""Whatever a provider answers, and whatever breaks in reading it, no exception of ours leaves a hook."""

from __future__ import annotations

import pytest

CALLS_EVERYWHERE = """
    import pytest
    from ask import chat

    chat("at import")

    @pytest.fixture(scope="session", autouse=True)
    def at_the_end():
        yield
        chat("in a tear-down")

    @pytest.mark.parametrize("number", range(2))
    def test_chat(number):
        assert chat()["total_tokens"] == 1234

    def test_that_fails():
        chat()
        raise LookupError("the suite's own")
"""
CONFTEST = """
    def pytest_collection_modifyitems():
        from ask import chat
        chat("in collection")

    def pytest_sessionfinish():
        from ask import chat
        chat("at the end of the session")
"""


@pytest.mark.parametrize("parallel", [(), ("-n", "2")], ids=["alone", "workers"])
@pytest.mark.parametrize(
    ("error", "breaks"),
    [
        ("KeyError", "remembered.read_exchange = broken"),
        ("RecursionError", "read._stated = broken"),
        ("MemoryError", "collect.measured_call = broken"),
        ("AttributeError", "read.plain_bytes = broken"),
    ],
)
def test_fault_while_reading(project, parallel, error, breaks):
    """The suite ends as ever, wherever the calls were made; the run is not complete, and says why."""
    project.write(
        "breaking.py",
        f"""
        from pytest_llmcost.capture import collect
        from pytest_llmcost.usage import read, remembered

        def broken(*args, **kwargs):
            raise {error}("a fault in reading")

        {breaks}
        """,
    )
    project.write("conftest.py", CONFTEST)
    project.write("test_suite.py", CALLS_EVERYWHERE)
    run = project.run("-p", "breaking", *parallel, plugins=["xdist"] if parallel else [])
    assert run.outcomes == {"passed": 2, "failed": 1}, run.output
    assert run.code == 1
    assert "INTERNALERROR" not in run.output
    assert run.calls == []
    assert run.report["meta"]["complete"] is False
    assert all(f": {error} at " in fault for fault in run.notices("fault"))
    assert 1 <= len(run.notices("fault")) <= 2


HOSTILE = {
    "only-input-tokens": {"usage": {"inputTokens": 5}},
    "usage-is-a-list": {"usage": [1, 2]},
    "usage-is-text": {"usage": "a lot"},
    "counts-are-text": {"usage": {"prompt_tokens": "many", "completion_tokens": None}},
    "counts-are-objects": {"usage": {"prompt_tokens": {}, "completion_tokens": []}},
    "counts-are-negative": {"usage": {"prompt_tokens": -5, "completion_tokens": 2}},
    "details-are-text": {"usage": {"prompt_tokens": 5, "prompt_tokens_details": "none"}},
    "model-is-a-list": {"model": ["a"], "usage": {"prompt_tokens": 5, "completion_tokens": 1}},
    "model-is-nothing": {"model": None, "usage": {"prompt_tokens": 5, "completion_tokens": 1}},
    "a-guardrail-stepped-in": {"error": None, "choices": [], "usage": {"inputTokens": 1}},
    "a-list": [],
    "a-number": 7,
    "nothing": None,
}
PATHS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/embeddings",
    "/v1/messages",
    "/model/anthropic.claude-3-haiku-20240307-v1:0/converse",
    "/model/anthropic.claude-3-haiku-20240307-v1:0/invoke",
    "/v1beta/models/gemini-2.0-flash:generateContent",
    "/v2/chat",
    "/api/chat",
)


def test_answers_that_no_provider_should_give(project):
    """Usage of any shape, at any path: the test passes and nothing is a fault of ours."""
    project.write(
        "test_suite.py",
        f"""
        import json

        import httpx2
        import pytest

        @pytest.mark.parametrize("path", {PATHS!r})
        @pytest.mark.parametrize("name", {list(HOSTILE)!r})
        def test_answer(path, name):
            answer = {HOSTILE!r}[name]
            transport = httpx2.MockTransport(lambda request: httpx2.Response(200, content=json.dumps(answer)))
            with httpx2.Client(transport=transport) as client:
                assert client.post("http://provider" + path, json={{"model": "m"}}).json() == answer
        """,
    )
    run = project.run("-q", plugins=[])
    assert run.code == 0, run.output
    assert run.outcomes == {"passed": len(PATHS) * len(HOSTILE)}, run.output
    assert run.notices("fault") == []
    assert run.report["meta"]["complete"], run.output
