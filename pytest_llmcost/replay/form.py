"""A request as its parts: model, system prompt, tools, messages and parameters."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from pytest_llmcost.replay.media import Medium, mark_of, set_apart
from pytest_llmcost.usage.body import json_object, plain_bytes
from pytest_llmcost.usage.endpoints import endpoint_of
from pytest_llmcost.usage.request_parts import MESSAGES, PART_OF, SYSTEM, TOOLS

_MODEL_KEYS = frozenset({"model", "model_id", "modelId", "foundationModel"})
_SYSTEM_ROLES = ("system", "developer")  # what a request has there may be anything, also without a hash
_FORM = re.compile(rb"[\w.%+*-]+=")
_PART_NAME = re.compile(rb'name="([^"]*)"')
_PARTS = {**PART_OF, "functions": TOOLS}


Apart = dict[int, tuple[Any, list[Medium]]]


class Form(NamedTuple):
    """The parts of a request; values are plain JSON.

    Attributes:
        model: Which is asked for; None if the request does not say.
        system: System prompts, whether they stand beside the messages or are the first of them.
        tools: Declared tools.
        messages: The prompt.
        parameters: Everything else, by key.
        media: Pictures and files; in the other parts a mark stands in their place.
        first: Position of the first of ``messages`` in the request: system prompts may stand before it.
    """

    model: str | None
    system: tuple[Any, ...] = ()
    tools: tuple[Any, ...] = ()
    messages: tuple[Any, ...] = ()
    parameters: Mapping[str, Any] = MappingProxyType({})
    media: tuple[Medium, ...] = ()
    first: int = 0


def value_of(body: bytes) -> Mapping[str, Any]:
    """What a request body says, by key: JSON, a form, or the hash of anything else."""
    sent = plain_bytes(body, "")
    found = json_object(sent)
    if found is not None:
        return found
    if sent.startswith(b"--"):
        return _multipart(sent)
    if _FORM.match(sent) and all(b"=" in field for field in sent.split(b"&")):
        return dict(parse_qsl(sent.decode("utf-8", "replace"), keep_blank_values=True))
    return {"body": mark_of(hashlib.sha256(sent).hexdigest())} if sent else {}


def form_of(value: Mapping[str, Any], url: str, known: Apart | None = None) -> Form:
    """Take a request apart.

    Args:
        value: What ``value_of`` has found, or what is left of it.
        url: Where it was sent: some wire formats name the model there.
        known: Remembers what was taken apart, by its identity, for requests that share some of it; they must
            live as long as it does.
    """
    known = {} if known is None else known
    media: list[Medium] = []
    system: list[Any] = []
    tools: list[Any] = []
    messages: list[Any] = []
    parameters: dict[str, Any] = {}
    model, first = None, 0
    for key, raw in value.items():
        if key in _MODEL_KEYS and isinstance(raw, str):
            model = model or raw
            continue
        part = _PARTS.get(key)
        if part is None or raw is None:
            parameters[key] = raw
            continue
        target = messages if part is MESSAGES else system if part is SYSTEM else tools
        for item in raw if isinstance(raw, list) else (raw,):
            found = known.get(id(item))
            if found is None:
                media_of_item: list[Medium] = []
                found = known[id(item)] = set_apart(item, media_of_item), media_of_item
            target.append(found[0])
            if found[1]:
                media += found[1]
    while messages and isinstance(messages[0], dict) and messages[0].get("role") in _SYSTEM_ROLES:
        system.append(messages.pop(0))
        first += 1
    return Form(
        _model_in(url) or model,
        tuple(system),
        tuple(tools),
        tuple(messages),
        parameters,
        tuple(media),
        first,
    )


@lru_cache(maxsize=64)
def _model_in(url: str) -> str | None:
    try:
        endpoint = endpoint_of("POST", urlsplit(url).path, None)
    except ValueError:
        return None
    return None if endpoint is None else endpoint.model


def _multipart(body: bytes) -> dict[str, Any]:
    """The fields of an upload by name; the boundary between them is of no interest."""
    boundary = body.partition(b"\r\n")[0]
    fields: dict[str, Any] = {}
    for part in body.split(boundary)[1:]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = _PART_NAME.search(head)
        if name is None:
            continue
        content = content.removesuffix(b"\r\n")
        is_file = b"filename=" in head
        text = mark_of(hashlib.sha256(content).hexdigest()) if is_file else content.decode("utf-8", "replace")
        key = name[1].decode("utf-8", "replace")
        fields[key] = text if key not in fields else f"{fields[key]}\n{text}"
    return fields
