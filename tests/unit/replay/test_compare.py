"""Which requests are unlike, whatever the wire they went over makes of them."""

from __future__ import annotations

import gzip
import json

import pytest
from exchanges import GEMINI, OPENAI_CHAT

from pytest_llmcost.replay.compare import unlike
from pytest_llmcost.replay.sent import Sent

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
CAMEL = {
    "contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "A" * 64}}]}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
    "generationConfig": {
        "maxOutputTokens": 5,
        "responseSchema": {"properties": {"user_name": {"anyOf": []}}},
    },
}
SNAKE = {
    "contents": [{"parts": [{"inline_data": {"mime_type": "image/png", "data": "A" * 64}}]}],
    "tool_config": {"function_calling_config": {"mode": "ANY"}},
    "generation_config": {
        "max_output_tokens": 5,
        "response_schema": {"properties": {"user_name": {"any_of": []}}},
    },
}


def packed(value):
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("url", "one", "other"),
    [
        (GEMINI, packed(CAMEL), packed(SNAKE)),
        (OPENAI_CHAT, gzip.compress(packed(CHAT), mtime=1), packed(CHAT)),
        (OPENAI_CHAT, gzip.compress(packed(CHAT), mtime=1), gzip.compress(packed(CHAT), 1, mtime=2)),
        (OPENAI_CHAT, b"\x00\x01", packed(CHAT)),
        (OPENAI_CHAT, b"hello & goodbye", b"hello & goodbye"),
    ],
    ids=["camel-and-snake", "gzip", "gzip-of-another-level", "one-is-no-json", "text"],
)
def test_what_is_written_otherwise_is_alike(url, one, other):
    """The same request."""
    assert unlike(Sent(url, one), Sent(url, other)) is None
    assert unlike(Sent(url, other), Sent(url, one)) is None


@pytest.mark.parametrize(
    ("sent", "recorded"),
    [
        (CAMEL | {"toolConfig": {"functionCallingConfig": {"mode": "AUTO"}}}, SNAKE),
        (
            {"contents": [{"parts": [{"functionCall": {"args": {"a_b": 1}}}]}]},
            {"contents": [{"parts": [{"functionCall": {"args": {"aB": 1}}}]}]},
        ),
    ],
    ids=["value", "key-of-the-user"],
)
def test_what_differs_in_google_is_unlike(sent, recorded):
    """Names are the same in two ways only where the API gave them."""
    assert unlike(Sent(GEMINI, packed(sent)), Sent(GEMINI, packed(recorded))) is not None
