"""What is known of a call's cost before it is sent."""

from __future__ import annotations

import base64
import json
from decimal import Decimal

import pytest
import sample
from hypothesis import given
from hypothesis import strategies as st
from suites import table

from pytest_llmcost.config.configuration import Configuration
from pytest_llmcost.model.call import Api
from pytest_llmcost.pricing.table import PriceTable
from pytest_llmcost.spending.estimate import Known, NotBilled, Unpriced, known_part, prompt_tokens

CHAT = "https://api.openai.com/v1/chat/completions"
NOWHERE = "http://127.0.0.1:8000/v1/chat/completions"


def asks(text="hi", model="gpt-fixed", **more):
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    return json.dumps({name: value for name, value in body.items() if value is not None}).encode()


def known(url=CHAT, body=None, *, method="POST", yaml=sample.YAML, hosts=None, custom=False):
    return known_part(method, url, asks() if body is None else body, hosts or {}, table(yaml), custom=custom)


def test_a_prompt_at_one_token_for_eight_bytes():
    """8,000 bytes of text are 1,000 tokens or more, at $2.50 a million; what stands around them counts too."""
    found = known(body=asks("x" * 200 + " word" * 1556))
    assert isinstance(found, Known)
    assert found.name == "openai/gpt-fixed"
    assert Decimal("0.0025") <= found.usd <= Decimal("0.0026")


def test_an_answer_counts_nothing_before_it_is_there():
    """How long it will be is not known, whatever limit the request sets."""
    assert known(body=asks(max_tokens=100_000)) == known()


def test_speech_by_the_character():
    """OpenAI's tts-1 states no usage, and is billed by the characters of its text: these are known before."""
    prices = PriceTable(Configuration().pricing, sample.NOON.date())  # llmcost.yaml knows no such unit
    costs = []
    for words in ("é", "é" * 2_000):
        body = json.dumps({"model": "tts-1", "voice": "alloy", "input": words}).encode()
        found = known_part("POST", "https://api.openai.com/v1/audio/speech", body, {}, prices)
        assert isinstance(found, Known)
        costs.append(found.usd)
    assert costs[1] == 2_000 * costs[0] > 0


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
def test_pictures_and_files_count_nothing(prefix):
    """Base64 is not text: its bytes say nothing of the tokens that a provider makes of a picture."""
    data = base64.b64encode(bytes(range(256)) * 4000).decode()
    image = {"type": "image_url", "image_url": {"url": prefix + data}}
    body = json.dumps({"model": "gpt-fixed", "messages": [{"role": "user", "content": [image]}]}).encode()
    assert prompt_tokens(body) < 40


def test_a_fee_of_each_call_is_certain():
    """What a card takes for each call is a part of what is known."""
    assert known(NOWHERE, asks(model="house-model"), hosts={"127.0.0.1": "acme"}) == Known(
        "acme/house-model", Decimal("0.0005") + Decimal(prompt_tokens(asks())) / 1_000_000
    )


@pytest.mark.parametrize(
    ("url", "model", "provider"),
    [(CHAT, "gpt-nobody-knows", "openai"), (NOWHERE, "gpt-fixed", "127.0.0.1:8000"), (CHAT, None, "openai")],
    ids=["model", "host", "no-model"],
)
def test_what_cannot_be_priced(url, model, provider):
    """An unknown model, an unknown host, and a provider that is asked without naming a model."""
    found = known(url, asks(model=model))
    assert isinstance(found, Unpriced)
    assert (found.provider, found.model, found.api) == (provider, model, Api.OPENAI_CHAT)


def test_free():
    """What is declared free costs nothing, and so does Ollama's own API on any host."""
    free = known(NOWHERE, yaml='version: 1\npricing: {free: ["127.0.0.1*"]}')
    ollama = known("http://gpu.internal:11434/api/chat")
    assert free == Known("127.0.0.1:8000/gpt-fixed", Decimal(0), free=True)
    assert ollama == Known("ollama/gpt-fixed", Decimal(0), free=True)


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", "https://api.openai.com/v1/responses/resp_1", b""),
        ("POST", "https://api.anthropic.com/v1/messages/count_tokens", asks()),
        ("POST", "https://api.openai.com/v1/moderations", asks()),
        ("POST", "https://sms.example/v1/messages", b'{"to": "+1", "text": "hi"}'),
        ("POST", "https://example.org/v1/search", asks()),
    ],
    ids=["poll", "token-count", "moderation", "another-service", "another-path"],
)
def test_what_is_not_billed(method, url, body):
    """Polls, token counts, free classifiers, and services whose paths only look alike are let out."""
    assert isinstance(known(url, body, method=method), NotBilled)


def test_formats_of_plugins():
    """At a host that a plugin reads, a request that names a model needs a price; others may be anything."""
    url, hosts = "https://llm.acme.example/ask", {"llm.acme.example": "acme"}
    assert isinstance(known(url, asks(model="house-model"), hosts=hosts, custom=True), Known)
    assert isinstance(known(url, asks(model="other"), hosts=hosts, custom=True), Unpriced)
    assert isinstance(known(url, b"{}", hosts=hosts, custom=True), NotBilled)


@given(st.binary(max_size=2000), st.sampled_from(["POST", "GET"]))
def test_any_body(body, method):
    """Whatever is sent, the answer is one of the three, and no estimate is negative."""
    found = known(body=body, method=method)
    assert isinstance(found, Known | Unpriced | NotBilled)
    assert prompt_tokens(body) >= 0
