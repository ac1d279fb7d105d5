"""The forms in which recorders keep a request and its response, and what stands in them.

* vcrpy, as YAML or JSON: a list ``interactions``, bodies in ``body.string``, a URL in ``uri``;
* vcrpy with httpx before version 6: ``content`` and ``status_code`` in a response;
* a serializer of pydantic-ai: ``parsed_body`` in place of ``body``;
* Datadog's test agent: one ``request`` and its ``response`` in a file, a URL in ``url``, binary bodies as
  ``base64:...``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pytest_llmcost.capture.cassette_yaml import decoded_base64
from pytest_llmcost.errors import NotACassetteError
from pytest_llmcost.usage.exchange import Exchange

NO_CASSETTE = 'no cassette: it has neither a list "interactions" nor one "request" and its "response"'
_STATUS_DIGITS = 3
_BASE64_MARK = "base64:"
_NO_TIME = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """An interaction of a cassette file.

    Attributes:
        interaction: Its position in the file, from 0.
        exchange: The request and the response; ``started_at`` is 1970, the file does not say.
    """

    interaction: int
    exchange: Exchange


def recorded_exchanges(document: object) -> Iterator[RecordedExchange]:
    """The exchanges of a cassette in order; what is no HTTP exchange is passed over.

    Raises:
        NotACassetteError: If the document has none of the known forms.
    """
    for index, interaction in enumerate(_interactions(document)):
        if not isinstance(interaction, Mapping):
            continue
        request, response = interaction.get("request"), interaction.get("response")
        if isinstance(request, Mapping) and isinstance(response, Mapping):
            yield RecordedExchange(index, _exchange(request, response))


def _interactions(document: object) -> list[Any]:
    if isinstance(document, Mapping):
        interactions = document.get("interactions")
        if isinstance(interactions, list):
            return interactions
        if isinstance(document.get("request"), Mapping) and isinstance(document.get("response"), Mapping):
            return [document]
    raise NotACassetteError(NO_CASSETTE)


def _exchange(request: Mapping[str, Any], response: Mapping[str, Any]) -> Exchange:
    return Exchange(
        method=str(request.get("method", "")).upper(),
        url=str(request.get("uri") or request.get("url") or ""),
        request_body=_body(request),
        status=_status(response),
        headers=_headers(response),
        body=_body(response),
        started_at=_NO_TIME,
    )


def _body(message: Mapping[str, Any]) -> bytes:
    """The bytes of a body in any of the forms."""
    if "parsed_body" in message:
        parsed = message["parsed_body"]
        return _bytes(parsed) if isinstance(parsed, str | bytes) else _json(parsed)
    body = message.get("body")
    if isinstance(body, Mapping):
        return _wrapped(body)
    if isinstance(body, str) and body.startswith(_BASE64_MARK):
        return decoded_base64(body.removeprefix(_BASE64_MARK))
    return _bytes(body) or _bytes(message.get("content"))


def _wrapped(body: Mapping[str, Any]) -> bytes:
    if body.get("string") is not None:
        return _bytes(body["string"])
    if isinstance(body.get("base64_string"), str):
        return decoded_base64(body["base64_string"])
    # A body that was sent from a file: vcrpy kept the io.BytesIO, whose state begins with its content.
    state = body.get("state")
    return _bytes(state[0]) if isinstance(state, list) and state else b""


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return b""


def _json(value: object) -> bytes:
    try:
        return json.dumps(value, default=str).encode()
    except (ValueError, TypeError, RecursionError):
        return b""


def _status(response: Mapping[str, Any]) -> int:
    status = response.get("status")
    if isinstance(status, Mapping):
        status = status.get("code")
    found = response.get("status_code") if status is None else status
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) <= _STATUS_DIGITS:
        return int(found)  # in quotes, as people edit them by hand
    return found if isinstance(found, int) else 0


def _headers(message: Mapping[str, Any]) -> dict[str, str]:
    headers = message.get("headers")
    if not isinstance(headers, Mapping):
        return {}
    return {str(name).lower(): _first(value) for name, value in headers.items()}


def _first(value: object) -> str:
    while isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) else ""
