"""Mistral's conversations; the rest of what it speaks is OpenAI's chat."""

from __future__ import annotations

from loopback_reply import ANSWER, INPUT, OUTPUT, PIECES, Ask, Reply, event, post, streamed

_MODEL = "mistral-small-latest"
_USAGE = {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT}


def _conversation(ask: Ask) -> Reply:
    said = {"type": "message.output", "id": "message-1", "model": ask.model(_MODEL), "role": "assistant"}
    outputs = [{**said, "object": "entry", "content": ANSWER}]
    answer = {"object": "conversation.response", "conversation_id": "conversation-1"}
    if not ask.body.get("stream"):
        return Reply({**answer, "outputs": outputs, "usage": _USAGE})
    pieces = [{"id": "message-1", "content": piece, "model": ask.model(_MODEL)} for piece in PIECES]
    return streamed(
        [
            event("conversation.response.started", {"conversation_id": "conversation-1"}),
            *(event("message.output.delta", piece) for piece in pieces),
            event("conversation.response.done", {"usage": _USAGE}),
        ]
    )


ROUTES = (post("/v1/conversations", _conversation),)
