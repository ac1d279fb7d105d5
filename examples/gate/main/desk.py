"""A support desk: one call for a simple question, a short loop for a complaint."""

from __future__ import annotations

import os
from typing import Any

import httpx

MODEL = "claude-haiku-4-5"
HANDBOOK = (
    "You answer for a bicycle shop. The handbook follows. Refunds take five days. Parcels leave at noon."
)
STEPS = ("What happened?", "What do we owe the customer?")


def answer(question: str) -> str:
    """A reply to a simple question."""
    return _ask([question])


def investigate(complaint: str) -> str:
    """A reply to a complaint, step by step."""
    said = [complaint]
    for step in STEPS:
        said.append(f"{step} {_ask([*said, step])}")
    return said[-1]


def _ask(said: list[str]) -> str:
    body: dict[str, Any] = {
        "model": MODEL,
        "max_tokens": 300,
        "system": [{"type": "text", "text": HANDBOOK, "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": "\n".join(said)}],
    }
    headers = {"x-api-key": os.environ.get("ANTHROPIC_API_KEY", "none"), "anthropic-version": "2023-06-01"}
    response = httpx.post("https://api.anthropic.com/v1/messages", json=body, headers=headers)
    return str(response.json()["content"][0]["text"])
