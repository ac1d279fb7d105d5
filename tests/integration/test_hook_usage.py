"""``pytest_llm_cost_usage``: a plugin or a conftest.py reads a wire format of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from loopback import CACHED, INPUT, OUTPUT

PAGE = Path(__file__).parents[2] / "docs" / "hooks.md"
SUITE = """
import os
from importlib import import_module
from ask import chat, http

def predict(path="/predict", library=None):
    return (library or http()).post(f"{os.environ['LOOPBACK']}{path}", json={"q": "hi"}).json()

def test_predict():
    assert predict()["engine"] == "house-2"
"""
YAML = """
version: 1
hosts: {"127.0.0.1": acme}
pricing: {models: {acme/house-2: {input: "1.0", output: "4.0"}}}
"""
USAGE = {"input_tokens": INPUT, "cache_read_tokens": CACHED, "output_tokens": OUTPUT}


def blocks(language):
    """The code blocks of the page."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def page(project):
    """A project with what the page shows; only the host is another."""
    (conftest, *_), (yaml,) = blocks("python"), blocks("yaml")
    project.write("conftest.py", conftest)
    project.write("llmcost.yaml", yaml.replace("llm.acme.example", "127.0.0.1"))
    return project


def test_example_of_the_page(page):
    """Twenty lines and a row: the calls of an in-house server are captured, attributed and priced."""
    example, *_ = blocks("python")
    assert len([line for line in example.splitlines() if line.strip()]) <= 20
    page.write("test_suite.py", SUITE)
    run = page.run()
    (call,) = run.of("test_predict")
    assert (call["provider"], call["api"], call["model"]["billed"]) == ("acme", "custom", "house-2")
    assert call["usage"] == USAGE
    assert (call["status"], call["source"], call["http_status"]) == ("exact", "live", 200)
    # 200 fresh at $1, 1,000 cached at $0.1 and 34 answered at $4, by the million.
    assert call["cost"]["value"] == "0.000436"
    assert run.report["meta"]["complete"] is True


@pytest.mark.parametrize("library", ["httpx", "requests", "urllib3", "aiohttp"])
def test_every_client_keeps_what_a_plugin_reads(page, library):
    """The host under ``hosts:`` decides, for each library that is captured; and once, through all its layers."""
    pytest.importorskip(library)
    asks = {
        "httpx": 'import_module("httpx").post(where, json={})',
        "requests": 'import_module("requests").post(where, json={})',
        "urllib3": 'import_module("urllib3").PoolManager().request("POST", where, json={})',
        "aiohttp": """import_module("asyncio").run(ask_aiohttp(where))""",
    }
    page.write(
        "test_suite.py",
        f"""
import os
from importlib import import_module

async def ask_aiohttp(where):
    async with import_module("aiohttp").ClientSession() as session, session.post(where, json={{}}) as answer:
        await answer.read()

def test_ask():
    where = os.environ["LOOPBACK"] + "/predict"
    {asks[library]}
""",
    )
    run = page.run("-W", "default")
    assert [call["usage"] for call in run.of("test_ask")] == [USAGE], run.output


def test_cassette(page):
    """A replay of such a call is one, with its place in the cassette."""
    page.write(
        "test_suite.py",
        SUITE,
        """
def test_replay():
    import vcr
    with vcr.use_cassette("a.yaml"):
        predict()
""",
    )
    assert page.run().of("test_replay")[0]["source"] == "recorded"
    (call,) = page.run().of("test_replay")
    assert (call["source"], call["cassette"]) == ("replayed", {"path": "a.yaml", "interaction": 0})
    assert call["usage"] == USAGE


def test_workers(page):
    """The hook is asked in the process that made the call."""
    page.write("test_suite.py", SUITE, "def test_again(): predict()\n")
    run = page.run("-n", "2", plugins=("xdist",))
    assert [call["usage"] for call in run.calls] == [USAGE, USAGE], run.output


def test_conftest_below_the_root(project):
    """It is known once the tests are collected."""
    project.write("llmcost.yaml", YAML)
    project.write("deep/conftest.py", blocks("python")[0])
    project.write("deep/test_suite.py", SUITE)
    assert [call["usage"] for call in project.run().calls] == [USAGE]


def test_a_plugin_comes_first_and_may_pass(project):
    """What a plugin says of a known path holds; what it leaves is read as without it."""
    project.write("llmcost.yaml", YAML)
    project.write(
        "conftest.py",
        """
        import json, pytest_llmcost
        def pytest_llm_cost_usage(exchange):
            assert exchange.method == "POST" and exchange.status == 200 and exchange.complete
            assert exchange.headers["content-type"] and json.loads(exchange.request_body)
            if exchange.url.endswith("/chat/completions"):
                return None
            return pytest_llmcost.CallUsage(
                provider="acme", model="house-2", usage={"requests": 1}, cost="0.25", requested_model="asked"
            )
        """,
    )
    project.write(
        "test_suite.py",
        SUITE,
        """
def test_known():
    assert chat()
def test_embedding():
    http().post(os.environ["LOOPBACK"] + "/v1/embeddings", json={"model": "text-embedding-3-small"})
""",
    )
    run = project.run()
    (embedding,) = run.of("test_embedding")
    assert (embedding["api"], embedding["model"]) == ("custom", {"requested": "asked", "billed": "house-2"})
    assert [call["api"] for call in run.of("test_known")] == ["openai.chat"]
    assert run.report["meta"]["complete"] is True


BROKEN = {
    "raises": ('raise KeyError("billing")', "KeyError: 'billing'"),
    "assert": ("assert exchange is None, 'no'", "AssertionError: no"),
    "fail": ('import pytest; pytest.fail("stop")', "Failed: stop"),
    "skip": ('import pytest; pytest.skip("stop")', "Skipped: stop"),
    "dict": ('return {"input_tokens": 1}', "returned dict; return a pytest_llmcost.CallUsage or None"),
    "unit": (
        'from pytest_llmcost import CallUsage; return CallUsage(provider="a", model="b", usage={"input_token": 1})',
        "no such unit: did you mean 'input_tokens'?",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_hook_that_fails(project, name):
    """It is told by the name of its plugin, fails no test, and what is known is read all the same."""
    body, message = BROKEN[name]
    project.write("llmcost.yaml", YAML)
    project.write("our_plugin.py", f"def pytest_llm_cost_usage(exchange):\n    {body}\n")
    project.write("other_plugin.py", "def pytest_llm_cost_usage(exchange):\n    return None\n")
    project.write("test_suite.py", SUITE, "def test_known(): assert chat()\n")
    run = project.run("-p", "our_plugin", "-p", "other_plugin")
    assert run.outcomes == {"passed": 2}, run.output
    assert run.report["meta"]["complete"] is False
    assert [call["api"] for call in run.calls] == ["openai.chat"]
    faults = run.notices("fault")
    assert len(faults) == 2
    assert all(message in fault and "our_plugin" in fault for fault in faults), faults
    assert name == "dict" or not any("other_plugin" in fault for fault in faults)


def test_without_a_hook_nothing_is_kept(project):
    """A host under ``hosts:`` alone changes nothing for paths that no format knows."""
    project.write("llmcost.yaml", YAML)
    project.write("test_suite.py", SUITE)
    run = project.run()
    assert (run.calls, run.report["meta"]["complete"]) == ([], True)


def test_hook_where_the_plugin_is_absent(project):
    """An optional hook is no error there."""
    project.write(
        "conftest.py",
        """
        import pytest
        @pytest.hookimpl(optionalhook=True)
        def pytest_llm_cost_usage(exchange):
            raise AssertionError
        """,
    )
    project.write("test_suite.py", "def test_it(): pass\n")
    run = project.run("-p", "no:llmcost", "-W", "default", cost=False, plugins=None)
    assert (run.code, run.report) == (0, None), run.output


def test_hook_without_llm_cost(page):
    """A suite with the hook runs without the option as if nothing were there."""
    page.write("test_suite.py", SUITE)
    run = page.run(cost=False)
    assert (run.outcomes, run.report) == ({"passed": 1}, None)
