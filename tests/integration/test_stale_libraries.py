"""Changed requests of every HTTP library, as vcr keeps each one's body."""

from __future__ import annotations

import json

import pytest
import yaml

URL = "https://api.openai.com/v1/chat/completions"
HEAD = """
import asyncio
import json
import os
import vcr

URL = "https://api.openai.com/v1/chat/completions"

def body():
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": os.environ["PROMPT"]}]}

def scrub(request):
    if isinstance(request.body, bytes):
        request.body = request.body.replace(b"sk-1234", b"0000000")
    return request

def test_it():
    with vcr.VCR(record_mode="none").use_cassette("a.yaml", before_record_request=scrub):
        send(body())

"""
SEND = {
    "httpx": """
import httpx

def send(body):
    with httpx.Client() as client:
        client.post(URL, json=body).json()
""",
    "requests": """
import requests

def send(body):
    requests.post(URL, json=body).json()
""",
    "requests-streamed": """
import requests

def send(body):
    requests.post(URL, data=iter([json.dumps(body).encode()])).json()
""",
    "urllib3-bytearray": """
import urllib3

def send(body):
    urllib3.PoolManager().request("POST", URL, body=bytearray(json.dumps(body).encode()))
""",
    "urllib": """
import urllib.request

def send(body):
    urllib.request.urlopen(urllib.request.Request(URL, json.dumps(body).encode())).read()
""",
    "aiohttp": """
import aiohttp

def send(body):
    async def post():
        async with aiohttp.ClientSession() as session:
            async with session.post(URL, json=body) as response:
                await response.json()
        body["messages"].append({"role": "assistant", "content": "what the app keeps in its history"})

    asyncio.run(post())
""",
    "aiohttp-bytes": """
import aiohttp

def send(body):
    async def post():
        async with aiohttp.ClientSession() as session:
            async with session.post(URL, data=json.dumps(body).encode()) as response:
                await response.json()

    asyncio.run(post())
""",
}
# vcr has the app's own object for these, which the filter of this suite does not scrub.
UNFILTERED = frozenset({"requests-streamed", "urllib3-bytearray", "aiohttp"})


def interaction(prompt):
    asked = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    usage = {"prompt_tokens": 1_000, "completion_tokens": 20}
    answer = {"model": "gpt-4o-mini-2024-07-18", "choices": [], "usage": usage}
    return {
        "request": {"method": "POST", "uri": URL, "headers": {}, "body": json.dumps(asked)},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["application/json"]},
            "body": {"string": json.dumps(answer)},
        },
    }


@pytest.mark.parametrize("library", SEND)
def test_what_was_sent_is_compared(project, library):
    """As it was sent, whatever the app does to it later; a filter's work is no change."""
    pytest.importorskip(library.partition("-")[0])
    key = "0000000" if library in UNFILTERED else "sk-1234"
    recording = {"version": 1, "interactions": [interaction("key 0000000: hello")]}
    project.write("test_suite.py", HEAD + SEND[library])
    (project.folder / "a.yaml").write_text(yaml.safe_dump(recording))
    same = project.run(PROMPT=f"key {key}: hello")
    assert same.outcomes == {"passed": 1}, same.output
    assert [call["stale"] for call in same.calls] == [False]
    assert same.report["meta"]["complete"]
    edited = project.run(
        PROMPT=f"key {key}: hello, and tell me about the weather of next week in full sentences"
    )
    assert [call["stale"] for call in edited.calls] == [True]
    assert 1_008 <= edited.calls[0]["usage"]["input_tokens"] <= 1_018
    assert edited.report["meta"]["complete"]
