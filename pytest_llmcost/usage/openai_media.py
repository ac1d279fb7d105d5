"""OpenAI's images and audio: some models state tokens, some seconds, some nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_llmcost.model.units import CACHE_READ, INPUT, OUTPUT
from pytest_llmcost.model.usage import Usage
from pytest_llmcost.usage.fields import child, count, stated, stated_cost, text
from pytest_llmcost.usage.reading import CUT, FAILED, NO_USAGE_STATED, Stated
from pytest_llmcost.usage.wire_format import Context, Event, Events, WireFormat

_MOST_SECONDS = 10**9
_SECONDS = "input_audio_seconds"
_LEAST_SECONDS = {"groq": 10}
_NO_TOKENS = "the response states no usage: this model is billed by the image, second or character"


def read_images(body: Event, _context: Context) -> Stated:
    """Read generated or edited images; models before gpt-image-1 state no usage."""
    return _stated(body, _image_usage(child(body, "usage")))


def read_transcription(body: Event, context: Context) -> Stated:
    """Read a transcription or translation: its ``usage`` has the type ``tokens`` or ``duration``.

    Where it has none, ``verbose_json`` states the length of the audio. Sources: OpenAI's API reference,
    ``TranscriptionVerbose``; console.groq.com, speech to text (at least 10 seconds are billed).
    """
    usage = _audio_usage(child(body, "usage"))
    if usage is None and (seconds := _whole_seconds(body, "duration")) is not None:
        usage = Usage({_SECONDS: max(seconds, _LEAST_SECONDS.get(context.provider, 0))})
    return _stated(body, usage)


def read_image_events(events: Events, context: Context) -> Stated:
    """Read streamed images: each event that completes one states the usage of the request."""
    return _last(events, _image_usage, context)


def read_audio_events(events: Events, context: Context) -> Stated:
    """Read streamed text or speech: ``transcript.text.done`` and ``speech.audio.done`` state the usage."""
    return _last(events, _audio_usage, context)


def _last(events: Events, read: Any, context: Context) -> Stated:
    last: Mapping[str, Any] = {}
    failed, ended = False, context.done
    for event in events:
        if event is None:
            continue
        kind = text(event, "type") or ""
        failed = failed or kind == "error" or bool(event.get("error"))
        ended = ended or kind.endswith((".done", ".completed"))
        last = event if child(event, "usage") else last
    usage = read(child(last, "usage"))
    if usage is not None:
        return Stated(usage=usage, model=text(last, "model"))
    return Stated(incomplete=FAILED if failed else _NO_TOKENS if ended else CUT)


def _stated(body: Event, usage: Usage | None) -> Stated:
    return Stated(
        usage=usage,
        model=text(body, "model"),
        incomplete=None if usage is not None else _NO_TOKENS if body else NO_USAGE_STATED,
        cost=stated_cost(child(body, "usage")),
        created=count(body, "created"),
    )


def _image_usage(usage: Mapping[str, Any]) -> Usage | None:
    """Counts of an image's ``usage``: text and image tokens have prices of their own.

    Source: the SDK's ``ImagesResponse.usage``.
    """
    read, written = child(usage, "input_tokens_details"), child(usage, "output_tokens_details")
    return _or_none(
        {
            INPUT: count(usage, "input_tokens"),
            OUTPUT: count(usage, "output_tokens"),
            CACHE_READ: count(read, "cached_tokens"),
            "input_image_tokens": count(read, "image_tokens") or None,
            "cache_image_read_tokens": count(child(read, "cached_tokens_details"), "image_tokens") or None,
            "output_image_tokens": count(written, "image_tokens") or None,
        }
    )


def _audio_usage(usage: Mapping[str, Any]) -> Usage | None:
    """Counts of audio. Mistral bills its seconds and states tokens beside them (its SDK's ``UsageInfo``)."""
    if (seconds := count(usage, "prompt_audio_seconds")) is not None:
        return Usage({_SECONDS: seconds})
    details = child(usage, "input_token_details") or child(usage, "input_tokens_details")
    return _or_none(
        {
            INPUT: count(usage, "input_tokens"),
            OUTPUT: count(usage, "output_tokens"),
            "input_audio_tokens": count(details, "audio_tokens") or None,
            _SECONDS: _whole_seconds(usage, "seconds"),
        }
    )


def _whole_seconds(stated_in: Mapping[str, Any], key: str) -> int | None:
    """Seconds of audio, to the nearest as they are billed. Source: OpenAI's pricing page, transcription."""
    seconds = stated_in.get(key)
    if isinstance(seconds, str):  # as OpenAI's API has written a duration for years
        try:
            seconds = float(seconds)
        except ValueError:
            return None
    if isinstance(seconds, float):
        return round(seconds) if 0 <= seconds < _MOST_SECONDS else None
    return count(stated_in, key)


def _or_none(counts: Mapping[str, int | None]) -> Usage | None:
    found = stated(**counts)
    return Usage(found) if found else None


IMAGES = WireFormat(read_images, read_image_events)
TRANSCRIPTIONS = WireFormat(read_transcription, read_audio_events)
