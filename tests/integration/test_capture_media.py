"""Pictures, sound and assistant runs: uploads are forms, and the model stands in one of their fields."""

from __future__ import annotations

import pytest
from loopback import INPUT, OUTPUT

SUITE = """
import os
from importlib import import_module
import pytest

ORIGIN = os.environ["LOOPBACK"] + "/v1"
FILES = {"file": ("a.wav", b"RIFF" * 1000)}

def ask(path, **content):
    library = import_module(os.environ["ASK_WITH"])
    return library.post(ORIGIN + path, **content).json()

def transcribe():
    return ask("/audio/transcriptions", data={"model": "gpt-4o-transcribe", "language": "en"}, files=FILES)

def test_transcription():
    assert transcribe()["text"]

def test_transcription_replayed():
    import vcr
    with vcr.use_cassette("a.yaml", match_on=["method", "path"]):
        assert transcribe()["text"]

def test_image():
    assert ask("/images/generations", json={"model": "gpt-image-1", "prompt": "a dot"})["data"]

def test_run():
    assert ask("/threads/t_1/runs", json={"assistant_id": "a_1"})["status"] == "completed"
"""
EXPECTED = {
    "test_transcription": ("openai.transcriptions", "gpt-4o-transcribe"),
    "test_transcription_replayed": ("openai.transcriptions", "gpt-4o-transcribe"),
    "test_image": ("openai.images", "gpt-image-1"),
    "test_run": ("openai.runs", "gpt-4o-mini"),
}


@pytest.mark.parametrize("library", ["httpx", "requests"])
def test_media(project, library):
    """Each is one call with its model, usage and price, live and replayed."""
    pytest.importorskip(library)
    project.write("llmcost.yaml", 'version: 1\nhosts: {"127.0.0.1": openai}\n')
    project.write("test_suite.py", SUITE)
    for source in ("recorded", "replayed"):
        run = project.run("-W", "default", ASK_WITH=library)
        assert run.outcomes == {"passed": 4}, run.output
        for test, (api, model) in EXPECTED.items():
            (call,) = run.of(test)
            assert (call["api"], call["model"]["billed"] or call["model"]["requested"]) == (api, model)
            assert call["usage"] == {"input_tokens": INPUT, "output_tokens": OUTPUT}
            assert (call["provider"], call["status"]) == ("openai", "exact")
        assert run.of("test_transcription_replayed")[0]["source"] == source
