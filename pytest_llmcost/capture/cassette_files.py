"""Cassette files as exchanges, read without vcr and without running anything.

vcrpy's own loader refuses files with tags of foreign python objects. Here such a tag is plain data: no
object is ever made from a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pytest_llmcost.errors import CassetteError
from pytest_llmcost.usage.exchange import Exchange

SUFFIXES = (".yaml", ".yml")
_PYTHON_TAG = "tag:yaml.org,2002:python/"
_NO_INTERACTIONS = 'no cassette: it has no list "interactions"'
# The C loader recurses, and ends the process in a deeply nested file. Counting the depth costs as much as
# loading, so only text with a run of openings, which no recorder writes, is counted first.
_DEEPEST = 200
_SUSPICIOUS = re.compile(r"""(?:[\[{][\s"':,\w-]{0,20}){200}|(?:[-?:] +){200}""")
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


def read_cassette(path: Path) -> Iterator[RecordedExchange]:
    """Read the interactions of a file in order; what is no HTTP exchange is passed over.

    Raises:
        CassetteError: If the file is no cassette; the message does not name the file.
    """
    document = _load(path)
    interactions = document.get("interactions") if isinstance(document, Mapping) else None
    if not isinstance(interactions, list):
        raise CassetteError(_NO_INTERACTIONS)
    for index, interaction in enumerate(interactions):
        if not isinstance(interaction, Mapping):
            continue
        request, response = interaction.get("request"), interaction.get("response")
        if isinstance(request, Mapping) and isinstance(response, Mapping):
            headers = _headers(response)
            yield RecordedExchange(index, _exchange(request, response, headers))


def _load(path: Path) -> object:
    import yaml

    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
        if _SUSPICIOUS.search(text) and _depth(text) > _DEEPEST:
            raise CassetteError("not a cassette: nested too deeply")
        return yaml.load(text, Loader=_loader())  # noqa: S506  # a safe loader, see there
    except OSError as error:
        raise CassetteError(f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CassetteError(f"not UTF-8 (byte {error.start})") from error
    except yaml.YAMLError as error:
        raise CassetteError(f"not valid YAML: {' '.join(str(error).split())}") from error
    except (ValueError, TypeError, RecursionError, OverflowError, AttributeError) as error:
        raise CassetteError(f"not valid YAML: {type(error).__name__}: {error}") from error


def _depth(text: str) -> int:
    import yaml

    depth = deepest = 0
    # The loader in Python: its parser keeps a stack of its own.
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if deepest > _DEEPEST:
            break
    return deepest


@cache
def _loader() -> type[Any]:
    """A safe loader that takes foreign python tags as the data under them."""
    import yaml

    base: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: type[Any] = type("CassetteLoader", (base,), {})
    loader.add_multi_constructor(_PYTHON_TAG, _plain_data)
    loader.add_multi_constructor("!", _plain_data)
    return loader


def _plain_data(loader: Any, _suffix: str, node: Any) -> object:
    if node.id == "mapping":
        return loader.construct_mapping(node, deep=True)
    if node.id == "sequence":
        # Header names of some clients are objects made from one string, and stand as keys.
        values = tuple(loader.construct_sequence(node, deep=True))
        return values[0] if len(values) == 1 else values
    return loader.construct_scalar(node)


def _exchange(
    request: Mapping[str, Any], response: Mapping[str, Any], headers: Mapping[str, str]
) -> Exchange:
    return Exchange(
        method=str(request.get("method", "")).upper(),
        url=str(request.get("uri", "")),
        request_body=_body(request, request.get("body")),
        status=_status(response),
        headers=headers,
        body=_body(response, response.get("body")),
        started_at=_NO_TIME,
    )


def _body(message: Mapping[str, Any], body: object) -> bytes:
    """The bytes of a body in any of the forms that recorders write.

    vcrpy: ``body.string``, or the text itself in a request; a serializer of pydantic-ai: ``parsed_body``;
    vcrpy with httpx before version 6: ``content``.
    """
    if "parsed_body" in message:
        parsed = message["parsed_body"]
        return _bytes(parsed) if isinstance(parsed, str | bytes) else _json(parsed)
    if isinstance(body, Mapping):
        for key in ("string", "base64_string"):
            if body.get(key) is not None:
                return _bytes(body[key])
        return b""
    return _bytes(body) or _bytes(message.get("content"))


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
    found = status.get("code") if isinstance(status, Mapping) else response.get("status_code")
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
