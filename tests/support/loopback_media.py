"""OpenAI's images and audio: the usage of a model that counts tokens, and the runs of an assistant."""

from __future__ import annotations

from loopback_reply import ANSWER, CREATED, INPUT, OUTPUT, Ask, Reply, post

_COUNTED = {"input_tokens": INPUT, "output_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT}


def _image(_ask: Ask) -> Reply:
    return Reply({"created": CREATED, "data": [{"b64_json": "aGk="}], "usage": _COUNTED})


def _transcription(_ask: Ask) -> Reply:
    return Reply({"text": ANSWER, "usage": {"type": "tokens", **_COUNTED}})


def _run(_ask: Ask) -> Reply:
    usage = {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT}
    return Reply(
        {"id": "run_1", "object": "thread.run", "model": "gpt-4o-mini", "status": "completed", "usage": usage}
    )


ROUTES = (
    post("/v1/images/(?:generations|edits)", _image),
    post("/v1/audio/transcriptions", _transcription),
    post("/v1/threads/[^/]+/runs", _run),
)
