"""Which WebSockets, gRPC channels and child processes are worth a word."""

from __future__ import annotations

import pytest

from pytest_llmcost.attribution.scope import Scope
from pytest_llmcost.capture.not_captured_notices import not_captured
from pytest_llmcost.capture.sighting import Sighting, Way

IN_TEST = Scope(nodeid="test_a.py::test_one")


def said(way, target, *, hosts=None, root="/", scope=IN_TEST):
    return [notice.message for notice in not_captured([Sighting(way, target, scope)], hosts or {}, root)]


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("wss://api.openai.com:443/v1/realtime?model=gpt-realtime", "WebSocket to api.openai.com"),
        ("wss://api.openai.com/v1/responses", "WebSocket to api.openai.com"),
        ("ws://127.0.0.1:8000/v1/realtime", "WebSocket to 127.0.0.1:8000"),
        ("wss://gateway.internal/live", "WebSocket to gateway.internal"),
        ("wss://news.openai.azure.com/openai/realtime", "WebSocket to news.openai.azure.com"),
    ],
)
def test_websockets_that_lead_to_models(url, what):
    """A known host, one that hosts: names, or a path that only models have."""
    assert said(Way.WEBSOCKET, url, hosts={"gateway.internal": "openai"}) == [f"{what}: test_a.py::test_one"]


@pytest.mark.parametrize(
    "url",
    [
        "wss://chat.example.com/socket",
        "ws://127.0.0.1:1/ws",
        "not a url",
        "/v1/realtime",
        "ws://[/v1/realtime",
        "",
    ],
)
def test_other_websockets(url):
    """Nothing is said of them."""
    assert said(Way.WEBSOCKET, url) == []


@pytest.mark.parametrize("name", ["", "dns:", "dns:///", "dns://8.8.8.8/", "xds:///"])
def test_grpc_channels(name):
    """Channels to providers are told, in any form of gRPC's names; those of the app's own services are not."""
    known = said(Way.GRPC, f"{name}generativelanguage.googleapis.com:443")
    assert known == ["gRPC channel to generativelanguage.googleapis.com:443: test_a.py::test_one"]
    assert said(Way.GRPC, "localhost:50051") == []


def test_forked_processes():
    """A forked child has our hooks, and takes what they saw with it."""
    assert said(Way.FORK, "3") == ["3 LLM request(s) of a forked child process: test_a.py::test_one"]


@pytest.fixture
def scripts(tmp_path):
    (tmp_path / "asks.py").write_text('"""Asks."""\nimport json\nfrom openai import OpenAI\n')
    (tmp_path / "says.py").write_text('print("import openai is only text here")\n# import openai\n')
    (tmp_path / "several.py").write_text("import json, os, cohere\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__main__.py").write_text("    import anthropic\n")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (["python", "asks.py"], "child process asks.py, which imports an LLM SDK"),
        (
            ["/usr/bin/python3.11", "-X", "dev", "asks.py", "x"],
            "child process asks.py, which imports an LLM SDK",
        ),
        (["python3", "-m", "package"], "child process python -m package, which imports an LLM SDK"),
        (["python", "-c", "import json; import openai"], "child process python -c, which imports an LLM SDK"),
        (["python", "-c", "import os, openai"], "child process python -c, which imports an LLM SDK"),
        (
            ["python", "-c", "import os as o, openai as a"],
            "child process python -c, which imports an LLM SDK",
        ),
        (["python", "-uc", "import openai"], "child process python -c, which imports an LLM SDK"),
        (["python", "-cimport openai"], "child process python -c, which imports an LLM SDK"),
        (["python", "-Im", "package"], "child process python -m package, which imports an LLM SDK"),
        (["python", "-Wignore", "asks.py"], "child process asks.py, which imports an LLM SDK"),
        (["python", "-u", "-W", "c", "asks.py"], "child process asks.py, which imports an LLM SDK"),
        (["python", "several.py"], "child process several.py, which imports an LLM SDK"),
        (["python", "-c", "import os, json"], None),
        (["python", "-m"], None),
        (["python", "-"], None),
        (["python", "/dev/stdin"], None),
        (["python", "says.py"], None),
        (["python", "missing.py"], None),
        (["python", "-c", "print('openai')"], None),
        (["python", "-c"], None),
        (["python"], None),
        (["git", "status"], None),
        (["node", "asks.py"], None),
        ([""], None),
    ],
)
def test_child_processes(scripts, command, what):
    """A python process whose script imports an SDK itself."""
    expected = [] if what is None else [f"{what}: test_a.py::test_one"]
    assert said(Way.PROCESS, "\0".join(command), root=scripts) == expected


def test_where_it_happened():
    """In a test, in a fixture that many share, or outside any test; each way is told once."""
    scopes = [IN_TEST, Scope(fixture="tests::server"), Scope(), *(Scope(nodeid=f"t{n}") for n in range(9))]
    sightings = [Sighting(Way.GRPC, "api.openai.com:443", scope) for scope in scopes]
    assert [notice.message for notice in not_captured(sightings[:2], {}, "/")] == [
        "gRPC channel to api.openai.com:443: test_a.py::test_one and fixture tests::server"
    ]
    (notice,) = not_captured(sightings, {}, "/")
    assert notice.message.endswith("test_a.py::test_one, fixture tests::server, outside any test and 9 more")
