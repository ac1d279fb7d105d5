"""Attempts that failed are kept with the call that succeeded in the end."""

from __future__ import annotations

SUITE = """
    import os

    import openai
    import pytest
    import requests
    import urllib3
    from ask import BODY, chat, url
    from requests.adapters import HTTPAdapter

    ORIGIN = os.environ["LOOPBACK"]


    def ask_openai(behaviour, retries):
        with openai.OpenAI(base_url=f"{ORIGIN}/{behaviour}/v1", api_key="x", max_retries=retries) as client:
            return client.chat.completions.create(**BODY)


    def test_sdk_retries():
        assert ask_openai("flaky,gzip", 2).usage.total_tokens == 1234


    def test_pool_retries():
        with requests.Session() as session:
            retry = urllib3.Retry(2, status_forcelist=[500], allowed_methods=None, backoff_factor=0)
            session.mount(ORIGIN, HTTPAdapter(max_retries=retry))
            assert session.post(url(behaviour="flaky,br"), json=BODY).ok


    def test_another_request_succeeds():
        with pytest.raises(openai.InternalServerError):
            ask_openai("status-500", 0)
        chat("something else")


    def test_gives_up():
        with pytest.raises(openai.RateLimitError):
            ask_openai("status-429", 1)
"""


def test_attempts(project, loopback):
    """Of the SDK and of the connection pool; a request that fails for good belongs to no call."""
    project.write("test_suite.py", SUITE)
    loopback.forget()
    run = project.run(OPENAI_LOG="")
    assert run.outcomes == {"passed": 4}, run.output
    assert {call["nodeid"].partition("::")[2]: call["failed_attempts"] for call in run.calls} == {
        "test_sdk_retries": [500],
        "test_pool_retries": [500],
        "test_another_request_succeeds": [],
    }
    assert run.report["totals"]["calls"] == 3
    # Each is counted where it is no call; the pool's own attempt never left urllib3.
    assert run.report["observed"]["not_calls"] == {"HTTP error": 4}
    explained = project.explain("test_suite.py::test_sdk_retries")
    assert "failed before" in explained.output and "1 attempt: HTTP 500" in explained.output
