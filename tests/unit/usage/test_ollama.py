"""Ollama's own API."""

from __future__ import annotations

import pytest
from exchanges import OLLAMA, counts, json_lines, read

from pytest_llmcost.model.call import Api
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, NotACall

DONE = {
    "model": "llama3",
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 17,
    "eval_count": 63,
    "total_duration": 1880837250,
}
COUNTS = {"input_tokens": 17, "output_tokens": 63}
LINES = (
    {"model": "llama3", "message": {"role": "assistant", "content": "Hel"}, "done": False},
    {"model": "llama3", "message": {"role": "assistant", "content": "lo"}, "done": False},
    {**DONE, "message": {"role": "assistant", "content": ""}},
)


@pytest.mark.parametrize(("path", "api"), [("chat", Api.OLLAMA_CHAT), ("generate", Api.OLLAMA_GENERATE)])
def test_counts(path, api):
    """On any host: people run it under names of their own."""
    reading = read(
        f"{OLLAMA}/{path}", {**DONE, "response": "Hi"}, {"model": "llama3:latest", "stream": False}
    )
    assert (counts(reading), reading.api, reading.provider) == (COUNTS, api, "ollama")
    assert (reading.host, reading.model.billed, reading.stream) == ("localhost:11434", "llama3", False)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_stream(count):
    """Lines are streamed unless the app says otherwise; the last one states the counts."""
    reading = read(f"{OLLAMA}/chat", json_lines(*LINES[-count:]))
    assert (counts(reading), reading.stated.incomplete) == (COUNTS, None)
    assert reading.stream is (count > 1)


@pytest.mark.parametrize("lines", [1, 2])
def test_stream_cut(lines):
    """Before that there is none."""
    body = json_lines(*LINES)[: len(json_lines(*LINES[:lines])) + 30]
    reading = read(f"{OLLAMA}/chat", body, ended=False)
    assert (reading.stated.usage, reading.stated.model, reading.stated.incomplete) == (None, "llama3", CUT)


def test_stream_that_breaks_off_with_an_error():
    """A line with an error is the last one."""
    body = json_lines(LINES[0], {"error": "out of memory"})
    assert read(f"{OLLAMA}/chat", body).stated.incomplete == FAILED


def test_prompt_that_was_held_from_before():
    """A prompt that need not be evaluated is not counted: that is not stated, and not 0."""
    body = {key: value for key, value in DONE.items() if key != "prompt_eval_count"}
    assert counts(read(f"{OLLAMA}/generate", body)) == {"output_tokens": 63}


def test_loading_a_model():
    """A request without a prompt."""
    stated = read(f"{OLLAMA}/generate", {"model": "llama3", "done": True, "done_reason": "load"}).stated
    assert (stated.usage, stated.incomplete) == (None, NO_USAGE_STATED)


def test_embed():
    """Input only."""
    body = {"model": "all-minilm", "embeddings": [[0.1]], "prompt_eval_count": 8}
    reading = read(f"{OLLAMA}/embed", body)
    assert (counts(reading), reading.api.generates) == ({"input_tokens": 8}, False)
    del body["prompt_eval_count"]
    assert read(f"{OLLAMA}/embed", body).stated.incomplete == NO_USAGE_STATED


@pytest.mark.parametrize(
    "answer", [{"reply": "Hi"}, {"error": "x"}, b"", b"data: {}\n\n", {"model": "m", "text": "Hi"}]
)
def test_path_of_another_service(answer):
    """A web app may have /api/chat: the answer has to be Ollama's."""
    assert read("https://app.example.org/api/chat", answer, {"model": "m"}) is None
    assert read("https://app.example.org/api/embed", answer, {"model": "m"}) is None


def test_hosts_of_the_yaml_come_first():
    """Who names the host, knows what is there."""
    url, hosts = f"{OLLAMA}/chat", {"localhost:11434": "our-gpu"}
    assert read(url, DONE, hosts=hosts).provider == "our-gpu"
    assert (
        read(url, {"error": "no such model"}, status=404, hosts={"localhost": "ollama"})
        is NotACall.HTTP_ERROR
    )


def test_the_cloud_is_not_a_server_of_ones_own():
    """ollama.com is a subscription."""
    assert read("https://ollama.com/api/chat", DONE).provider == "ollama-cloud"
