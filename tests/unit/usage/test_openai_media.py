"""Images and audio: tokens and seconds where they are stated, and never $0 where they are not."""

from __future__ import annotations

import pytest
from exchanges import counts, measured, read, sse, table

from pytest_llmcost.model.call import Api, Status
from pytest_llmcost.pricing.price_call import price_call
from pytest_llmcost.usage.reading import CUT, FAILED, NotACall

OPENAI = "https://api.openai.com/v1"
IMAGES = f"{OPENAI}/images/generations"
TRANSCRIPTIONS = f"{OPENAI}/audio/transcriptions"
IMAGE_USAGE = {
    "total_tokens": 4260,
    "input_tokens": 100,
    "output_tokens": 4160,
    "input_tokens_details": {"text_tokens": 36, "image_tokens": 64},
}
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\ngpt-4o-transcribe\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n--x--\r\n'
)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (IMAGE_USAGE, {"input_tokens": 100, "output_tokens": 4160, "input_image_tokens": 64}),
        (
            {
                **IMAGE_USAGE,
                "input_tokens_details": {"image_tokens": 64, "cached_tokens": 32,
                                         "cached_tokens_details": {"image_tokens": 16}},
                "output_tokens_details": {"image_tokens": 4000, "text_tokens": 160},
            },
            {"input_tokens": 100, "output_tokens": 4160, "input_image_tokens": 64, "cache_read_tokens": 32,
             "cache_image_read_tokens": 16, "output_image_tokens": 4000},
        ),
    ],
)  # fmt: skip
def test_image_that_states_tokens(usage, expected):
    """Text and pictures in the prompt, and what is drawn, are counted apart where they are stated."""
    reading = read(IMAGES, {"created": 1, "data": [], "usage": usage}, {"model": "gpt-image-1"})
    assert counts(reading) == expected
    assert (reading.api, reading.model.name) == (Api.OPENAI_IMAGES, "gpt-image-1")


def test_image_is_priced_by_its_kinds_of_token():
    """gpt-image-1: text in at $5, pictures in at $10, out at $40 a million."""
    usage = {"input_tokens": 100, "output_tokens": 4160, "input_image_tokens": 64}
    call = price_call("c1", measured(billed="gpt-image-1", usage=usage), table())
    assert call.status is Status.EXACT
    assert str(call.cost.value) == "0.16722"  # 36 * 5 + 64 * 10 + 4160 * 40, by the million


def test_streamed_image():
    """The event that completes the picture has the usage; the partial ones have none."""
    events = [
        {"type": "image_generation.partial_image", "b64_json": "x"},
        {"type": "image_generation.completed", "usage": IMAGE_USAGE},
    ]
    assert counts(read(IMAGES, sse(*events, done=False)))["output_tokens"] == 4160
    assert read(IMAGES, sse(events[0], done=False), ended=False).stated.incomplete == CUT
    assert read(IMAGES, sse({"type": "error"}, done=False)).stated.incomplete == FAILED


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        (IMAGES, {"created": 1, "data": [{"url": "https://x"}]}),  # dall-e-2
        (TRANSCRIPTIONS, {"text": "Hi"}),
        (f"{OPENAI}/audio/speech", b"ID3\x04\x00\x00\x00\x00\x00#TSSE"),
        (f"{OPENAI}/videos", {"id": "video_1", "model": "sora-2", "status": "queued", "seconds": "4"}),
    ],
    ids=["image", "transcription", "speech", "video"],
)
def test_billed_by_something_that_is_not_stated(url, answer):
    """By the picture, second or character: the call is there, and its cost is open."""
    reading = read(url, answer)
    assert reading.stated.usage is None
    assert reading.stated.incomplete


def test_transcription_by_tokens():
    """Audio tokens have a price of their own. The model stands in the form that was sent."""
    usage = {
        "type": "tokens",
        "input_tokens": 14,
        "output_tokens": 45,
        "input_token_details": {"text_tokens": 0, "audio_tokens": 14},
    }
    reading = read(TRANSCRIPTIONS, {"text": "Hi", "usage": usage}, FORM)
    assert counts(reading) == {"input_tokens": 14, "output_tokens": 45, "input_audio_tokens": 14}
    assert reading.model.requested == "gpt-4o-transcribe"


@pytest.mark.parametrize(("seconds", "expected"), [(27, 27), (26.6, 27), (0.2, 0), (10.0, 10)])
def test_transcription_by_duration(seconds, expected):
    """Seconds are billed to the nearest."""
    usage = {"type": "duration", "seconds": seconds}
    assert counts(read(TRANSCRIPTIONS, {"text": "Hi", "usage": usage})) == {"input_audio_seconds": expected}


@pytest.mark.parametrize(
    ("host", "answer", "expected"),
    [
        ("api.openai.com", {"duration": 8.47}, 8),
        ("api.openai.com", {"duration": "8.510000228881836"}, 9),
        ("api.openai.com", {"duration": 8.47, "usage": {"type": "duration", "seconds": 9}}, 9),
        ("api.groq.com/openai", {"duration": 2.5, "x_groq": {"id": "req_1"}}, 10),
        ("api.groq.com/openai", {"duration": 61.2}, 61),
        (
            "api.mistral.ai",
            {"usage": {"prompt_audio_seconds": 203, "prompt_tokens": 4, "total_tokens": 3264}},
            203,
        ),
    ],
    ids=["verbose", "as text", "beside usage", "Groq bills 10 at least", "Groq", "Mistral"],
)
def test_seconds_of_audio_where_they_stand(host, answer, expected):
    """A verbose transcription states how long the audio was, and Mistral does so in its usage."""
    url = f"https://{host}/v1/audio/transcriptions"
    assert counts(read(url, {"text": "Hi", **answer}, FORM)) == {"input_audio_seconds": expected}


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan"), "7 s", True, 10**20])
def test_impossible_duration(seconds):
    """It is no statement."""
    usage = {"type": "duration", "seconds": seconds}
    assert read(TRANSCRIPTIONS, {"text": "Hi", "usage": usage}).stated.usage is None


def test_streamed_audio():
    """Text and speech that are streamed state the usage at their end."""
    usage = {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}
    for url, kind in (
        (TRANSCRIPTIONS, "transcript.text.done"),
        (f"{OPENAI}/audio/speech", "speech.audio.done"),
    ):
        reading = read(url, sse({"type": kind, "usage": usage}, done=False))
        assert counts(reading) == {"input_tokens": 14, "output_tokens": 101}


def test_moderation_is_free():
    """It is no call at a provider that is known, and nothing of ours elsewhere."""
    assert read(f"{OPENAI}/moderations", {"id": "m", "model": "omni", "results": []}) is NotACall.MODERATION
    assert read("https://app.example/moderations", {"id": "m", "model": "omni"}) is None
