"""YAML as plain data: built from the parser's events, so that nothing in a file can make an object.

PyYAML's own composer recurses in C, and ends the process in a deeply nested file; its constructor refuses
the tags of foreign python objects that older recorders wrote. Here such a tag is passed over, and what
stands under it is data. Building only strings, lists and dictionaries is faster as well.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pytest_llmcost.errors import CassetteError

_DEEPEST = 200
# Aliases of aliases make a small file huge. No recorded cassette comes near this.
_MOST_ALIASED = 10_000_000
_TAG = "tag:yaml.org,2002:"
_PYTHON_TAG = f"{_TAG}python/"
_BYTES = frozenset({"binary", "python/bytes"})


def plain_yaml(text: str) -> Any:
    """Build the document of a YAML text.

    Returns:
        Strings, numbers, booleans, None, bytes (``!!binary``), lists, and dictionaries with strings as keys;
        None for a text without a document.

    Raises:
        CassetteError: If the text is no YAML, has several documents, or is nested too deeply.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(loader).build(text)
    except yaml.YAMLError as error:
        raise CassetteError(f"not valid YAML: {' '.join(str(error).split())}") from error
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise CassetteError(f"not valid YAML: {type(error).__name__}: {error}") from error


class _Builder:
    """Builds values from events, with a stack of its own.

    Args:
        loader: Parses.
    """

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        # Value and number of values of each anchor.
        self._anchors: dict[str, tuple[Any, int]] = {}

    def build(self, text: str) -> Any:
        from yaml import events

        next_event: Callable[[], Any] = self._loader(text).get_event
        next_event()
        if type(next_event()) is events.StreamEndEvent:
            return None
        document = self._document(next_event)
        if type(next_event()) is not events.StreamEndEvent:
            raise CassetteError("not a cassette: more than one document")
        return document

    def _document(self, next_event: Callable[[], Any]) -> Any:
        """The value of the events up to the end of a document."""
        from yaml import events

        # Local names: this loop is most of the time of a scan.
        scalar, alias, document_end = events.ScalarEvent, events.AliasEvent, events.DocumentEndEvent
        starts = (events.MappingStartEvent, events.SequenceStartEvent)
        mapping_end = events.MappingEndEvent
        # What stands around the collection that is being filled: its items, the event that began it, and the
        # count of values at that time.
        around: list[tuple[list[Any], Any, int]] = []
        items: list[Any] = []
        start: Any = None
        values = aliased = before = 0
        while True:
            event = next_event()
            kind = type(event)
            values += 1
            if kind is scalar:
                value = event.value
                if event.tag is not None:
                    value = _tagged(event.tag, value)
                elif event.implicit[0]:
                    value = _plain(value)
                if event.anchor is not None:
                    self._anchors[event.anchor] = value, 1
            elif kind in starts:
                if len(around) >= _DEEPEST:
                    raise CassetteError("not a cassette: nested too deeply")
                around.append((items, start, before))
                items, start, before = [], event, values
                continue
            elif kind is document_end:
                return items[0]
            elif kind is alias:
                value, size = self._aliased(event.anchor)
                values += size
                aliased += size
                if aliased > _MOST_ALIASED:
                    raise CassetteError("not a cassette: its aliases make it too large")
            else:
                value = _mapping(items) if kind is mapping_end else _sequence(items, start.tag)
                if start.anchor is not None:
                    self._anchors[start.anchor] = value, values - before
                items, start, before = around.pop()
            items.append(value)

    def _aliased(self, name: str) -> tuple[Any, int]:
        found = self._anchors.get(name)
        if found is None:
            raise CassetteError(f"not valid YAML: alias {name!r} stands for nothing before it")
        return found


# Names of headers and the like come again and again.
@lru_cache(maxsize=4096)
def _plain(text: str) -> Any:
    """The value of a scalar that stands without quotes."""
    from yaml import SafeLoader

    candidates = SafeLoader.yaml_implicit_resolvers.get(text[:1], ())
    tag = next((tag for tag, pattern in candidates if pattern.match(text)), None)
    return text if tag is None else _tagged(tag, text)


def _tagged(tag: str, text: str) -> Any:
    return _typed(tag.removeprefix(_TAG), text) if tag.startswith(_TAG) else text


def _typed(kind: str, text: str) -> Any:
    if kind == "null":
        return None
    if kind in _BYTES:
        return decoded_base64(text)
    if kind in {"int", "float", "bool"}:
        from yaml import ScalarNode
        from yaml.constructor import SafeConstructor

        constructor = SafeConstructor()
        construct = getattr(constructor, f"construct_yaml_{kind}")
        return construct(ScalarNode(f"{_TAG}{kind}", text))
    return _MERGE if kind == "merge" else text


class _Merge(str):
    """The key ``<<``, where it is not in quotes."""

    __slots__ = ()


_MERGE = _Merge("<<")


def _mapping(flat: list[Any]) -> dict[str, Any]:
    entries = iter(flat)
    found: dict[str, Any] = {}
    for key, value in zip(entries, entries, strict=True):
        if type(key) is str:
            found[key] = value
        elif key is _MERGE:
            for source in value if isinstance(value, list) else [value]:
                if isinstance(source, dict):
                    found = {**source, **found}
        else:
            found[str(key)] = value
    return found


def _sequence(items: list[Any], tag: str | None) -> Any:
    # Header names of some clients are objects, made from one string.
    is_object = tag is not None and tag.startswith(_PYTHON_TAG)
    return items[0] if is_object and len(items) == 1 else items


def decoded_base64(text: str | bytes) -> bytes:
    """The bytes that a base64 text stands for; the text itself where it is none."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        return base64.b64decode(data)
    except (binascii.Error, ValueError):
        return data
