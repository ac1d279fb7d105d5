"""Google's two ways to write a key: its APIs take ``systemInstruction`` for ``system_instruction``.

Source: Protocol Buffers, "ProtoJSON format": parsers accept the lowerCamelCase name and the original one.
"""

from __future__ import annotations

import re
from typing import Any

# Others that end in a method, as ``:rawPredict``, take what another vendor has named.
_METHOD = re.compile(r":(?:generateContent|streamGenerateContent|embedContent|batchEmbedContents)$")
_AFTER_A_WORD = re.compile(r"(?<=[A-Za-z0-9])_([a-z])")
# Below these, keys are the user's.
_OF_THE_USER = frozenset({"args", "response", "properties", "labels"})


def is_google(path: str) -> bool:
    """Whether a path is one of Google's own APIs, which end in ``:method``."""
    return _METHOD.search(path) is not None


def in_camel_case(value: Any) -> Any:
    """A JSON value with the keys of the API in lowerCamelCase; those of the user stay."""
    if isinstance(value, dict):
        return {
            _camel(key) if "_" in key else key: part if isinstance(part, str) else _below(key, part)
            for key, part in value.items()
        }
    return [in_camel_case(part) for part in value] if isinstance(value, list) else value


def _camel(key: str) -> str:
    return _AFTER_A_WORD.sub(lambda found: found[1].upper(), key)


def _below(key: object, part: Any) -> Any:
    if key not in _OF_THE_USER:
        return in_camel_case(part)
    if key == "properties" and isinstance(part, dict):
        return {name: in_camel_case(schema) for name, schema in part.items()}
    return part
