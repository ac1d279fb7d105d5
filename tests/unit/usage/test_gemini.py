"""Gemini's generateContent, on its own API and on Vertex."""

from __future__ import annotations

import json

import pytest
from exchanges import GEMINI, GEMINI_STREAM, VERTEX, counts, read, sse

from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, NotACall

USAGE = {
    "promptTokenCount": 1200,
    "cachedContentTokenCount": 1024,
    "toolUsePromptTokenCount": 50,
    "candidatesTokenCount": 30,
    "thoughtsTokenCount": 200,
    "totalTokenCount": 1480,
    "serviceTier": "standard",
}
STOP = [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]


def answer(usage=USAGE, **more):
    body = {"candidates": STOP, "usageMetadata": usage, "modelVersion": "gemini-2.5-flash-001", **more}
    return {"responseId": "r1", **body}


def chunk(text, usage, **candidate):
    return {
        "candidates": [{"content": {"parts": [{"text": text}]}, **candidate}],
        "usageMetadata": usage,
        "modelVersion": "gemini-2.5-flash-001",
        "responseId": "r1",
    }


def test_counts():
    """Tools add to the input, thoughts to the output; cached content is inside the prompt."""
    reading = read(GEMINI, answer(), {"contents": []})
    assert counts(reading) == {
        "input_tokens": 1250,
        "cache_read_tokens": 1024,
        "output_tokens": 230,
        "reasoning_tokens": 200,
    }
    assert sum(counts(reading)[unit] for unit in ("input_tokens", "output_tokens")) == 1480
    assert (reading.provider, reading.model.requested, reading.model.billed) == (
        "google",
        "gemini-2.5-flash",
        "gemini-2.5-flash-001",
    )
    assert (reading.stated.incomplete, reading.stated.context, reading.stream) == (None, {}, False)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"promptTokenCount": 5}, {"input_tokens": 5}),
        ({"promptTokenCount": 5, "thoughtsTokenCount": 7}, {"input_tokens": 5, "output_tokens": 7}),
        ({"promptTokenCount": 5, "candidatesTokenCount": 0}, {"input_tokens": 5, "output_tokens": 0}),
        ({"promptTokenCount": 5, "cachedContentTokenCount": 0}, {"input_tokens": 5, "cache_read_tokens": 0}),
    ],
    ids=["blocked prompt", "only thoughts", "empty answer", "nothing cached"],
)
def test_what_is_not_stated_is_absent(usage, expected):
    """Gemini leaves out counters of 0."""
    found = counts(read(GEMINI, answer(usage)))
    found.pop("reasoning_tokens", None)
    assert found == expected


def test_modalities_have_units_of_their_own():
    """Audio, images and video may have their own price; text is what remains, and documents count as it."""
    usage = {
        **USAGE,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 100},
            {"modality": "AUDIO", "tokenCount": 900},
            {"modality": "DOCUMENT", "tokenCount": 200},
        ],
        "toolUsePromptTokensDetails": [{"modality": "AUDIO", "tokenCount": 50}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 30}],
        "cacheTokensDetails": [
            {"modality": "AUDIO", "tokenCount": 800},
            {"modality": "VIDEO", "tokenCount": 9},
        ],
    }
    found = counts(read(GEMINI, answer(usage)))
    assert {unit: number for unit, number in found.items() if "_tokens" in unit and unit.count("_") > 1} == {
        "input_audio_tokens": 950,
        "output_image_tokens": 30,
        "cache_read_tokens": 1024,
        "cache_audio_read_tokens": 800,
        "cache_video_read_tokens": 9,
    }


def test_cached_text_of_an_audio_prompt_is_told_from_cached_audio():
    """Details of the cache without audio say that none of it was audio: else nobody could price it."""
    usage = {
        **USAGE,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 100}],
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 1024}],
    }
    assert counts(read(GEMINI, answer(usage)))["cache_audio_read_tokens"] == 0
    del usage["cacheTokensDetails"]
    assert "cache_audio_read_tokens" not in counts(read(GEMINI, answer(usage)))


def test_modalities_as_numbers():
    """Some clients ask for enums as numbers ($alt=json;enum-encoding=int)."""
    usage = {
        **USAGE,
        "promptTokensDetails": [{"modality": 1, "tokenCount": 3}, {"modality": 4, "tokenCount": 5}],
    }
    assert counts(read(GEMINI, answer({**usage, "trafficType": 1})))["input_audio_tokens"] == 5


@pytest.mark.parametrize(
    ("stated", "context", "doubts"),
    [
        ({"serviceTier": "standard", "trafficType": "ON_DEMAND"}, {}, ()),
        ({"serviceTier": "FLEX"}, {"service_tier": "flex"}, ()),
        ({"serviceTier": "priority"}, {"service_tier": "priority"}, ()),
        ({"trafficType": "ON_DEMAND_PRIORITY"}, {"service_tier": "priority"}, ()),
        ({"trafficType": "ON_DEMAND_FLEX"}, {"service_tier": "flex"}, ()),
        ({"trafficType": "ON_DEMAND_OFFPEAK"}, {"service_tier": "offpeak"}, ()),
        ({"trafficType": "TRAFFIC_TYPE_UNSPECIFIED"}, {}, ()),
        ({"trafficType": "PROVISIONED_THROUGHPUT"}, {}, ("no price for provisioned throughput",)),
        ({"trafficType": 2}, {}, ("no price for provisioned throughput",)),
        ({"trafficType": ["ON_DEMAND"], "serviceTier": 7}, {}, ()),
    ],
)
def test_tier(stated, context, doubts):
    """The tier that was served decides the price; bought capacity is not billed by token."""
    found = read(GEMINI, answer({"promptTokenCount": 5, **stated})).stated
    assert (found.context, found.doubts) == (context, doubts)


def grounded(*queries):
    return [{**STOP[0], "groundingMetadata": {"webSearchQueries": list(queries)}}]


@pytest.mark.parametrize(
    ("model", "queries", "searches"),
    [
        ("gemini-2.5-flash", ["weather", "weather in Rome"], 1),
        ("gemini-3-flash-preview", ["weather", "weather in Rome"], 2),
        ("gemini-3-flash-preview", ["", "weather", "weather"], 1),
        ("gemini-3-flash-preview", [""], None),
        ("gemini-2.5-flash", [], None),
        ("models/gemini-2.5-flash", ["a", "b"], 1),
    ],
)
def test_searches(model, queries, searches):
    """From Gemini 3 on each distinct query is billed, before that each grounded prompt; empty ones never."""
    body = answer(candidates=grounded(*queries), modelVersion=model)
    assert counts(read(GEMINI, body)).get("web_searches") == searches


@pytest.mark.parametrize("body", [{}, {"usageMetadata": {}}, {"usageMetadata": None, "candidates": []}])
def test_no_usage(body):
    """An answer may state nothing."""
    stated = read(GEMINI, body).stated
    assert (stated.usage, stated.incomplete) == (None, NO_USAGE_STATED)


CHUNKS = (
    chunk("Hel", {"promptTokenCount": 15, "totalTokenCount": 15}),
    chunk("lo", {"promptTokenCount": 15, "totalTokenCount": 15}),
    chunk(
        "!", {"promptTokenCount": 14, "candidatesTokenCount": 3, "totalTokenCount": 17}, finishReason="STOP"
    ),
)
FORMS = {
    "server-sent events": sse(*CHUNKS, done=False).replace(b"\n", b"\r\n"),
    "array": json.dumps(CHUNKS, indent=2).encode(),
    "array on one line": json.dumps(CHUNKS).encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_stream(form):
    """With ?alt=sse or without: the last statement holds, also where it says less than one before."""
    reading = read(GEMINI_STREAM, FORMS[form])
    assert counts(reading) == {"input_tokens": 14, "output_tokens": 3}
    assert (reading.stated.incomplete, reading.stream) == (None, True)
    assert (reading.stated.model, reading.stated.response_id) == ("gemini-2.5-flash-001", "r1")


@pytest.mark.parametrize("form", ["server-sent events", "array"])
def test_stream_cut(form):
    """Without a reason to finish, what was stated is a lower bound."""
    body = FORMS[form]
    stated = read(GEMINI_STREAM, body[: body.rindex(b"finishReason")], ended=False).stated
    assert (dict(stated.usage), stated.incomplete) == ({"input_tokens": 15}, CUT)


def test_stream_that_breaks_off_with_an_error():
    """An error in place of the rest."""
    stated = read(GEMINI_STREAM, sse(CHUNKS[0], {"error": {"code": 503}}, done=False)).stated
    assert stated.incomplete == FAILED


def test_stream_of_a_blocked_prompt_has_ended():
    """No candidate, but a reason."""
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}}
    stated = read(GEMINI_STREAM, sse(blocked, done=False)).stated
    assert (dict(stated.usage), stated.incomplete) == ({"input_tokens": 4}, None)


@pytest.mark.parametrize("body", [b"[", b"[]", b"[1, null]", b"[,,,", b"[{]", b"[" * 100_000], ids=repr)
def test_array_of_anything(body):
    """No array raises, and none is taken for an answer."""
    stated = read(GEMINI_STREAM, body[:200] if len(body) < 200 else body).stated
    assert (stated.usage, stated.incomplete) == (None, CUT)


def test_vertex_names_the_model_in_its_path():
    """The same format under the resource path of a project."""
    reading = read(f"{VERTEX}/google/models/gemini-2.5-pro:generateContent", answer(modelVersion=None), {})
    assert (reading.provider, reading.model.requested, reading.model.billed) == (
        "google",
        "gemini-2.5-pro",
        None,
    )


def test_token_count_is_no_call():
    """It is free."""
    url = GEMINI.replace("generateContent", "countTokens")
    assert read(url, {"totalTokens": 31}) is NotACall.TOKEN_COUNT


def test_error_in_place_of_an_answer():
    """As some proxies send it, with status 200."""
    assert read(GEMINI, {"error": {"code": 429}}) is NotACall.ERROR_ANSWER


def test_parts_of_the_prompt():
    """Their sizes, by Gemini's names."""
    request = {"contents": [{"parts": []}], "systemInstruction": {"parts": []}, "tools": [{}]}
    assert read(GEMINI, answer(), request).request_parts == {"system": 12, "tools": 4, "messages": 14}
