"""The app of the small suites: it asks the provider on loopback, without an SDK.

$ASK_WITH names the HTTP library, httpx2 unless it says otherwise.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


def http() -> Any:
    """The HTTP library."""
    return import_module(os.environ.get("ASK_WITH", "httpx2"))


def url(path: str = "/chat/completions", behaviour: str = "") -> str:
    """A URL of the provider in $LOOPBACK."""
    return f"{os.environ['LOOPBACK']}{behaviour and '/'}{behaviour}/v1{path}"


def chat(prompt: str = "hi", *, behaviour: str = "", client: Any = None) -> Any:
    """One call; returns the response's usage."""
    client = client or http()
    body = {**BODY, "messages": [{"role": "user", "content": prompt}]}
    return client.post(url(behaviour=behaviour), json=body).json().get("usage")


async def async_chat(prompt: str = "hi") -> Any:
    """One call of an async client."""
    async with http().AsyncClient() as client:
        response = await client.post(url(), json={**BODY, "messages": [{"role": "user", "content": prompt}]})
    return response.json()["usage"]


def embed() -> Any:
    """One embedding."""
    return http().post(url("/embeddings"), json={"model": "text-embedding-3-small", "input": "hi"}).json()


def models() -> Any:
    """A request that is no call."""
    return http().get(url("/models")).json()
