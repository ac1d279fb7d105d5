"""A YAML document whose every value knows its line and column.

The file is composed and not loaded: a scalar keeps its exact text, so that ``0.1`` becomes a decimal and
``16:30`` no number, and every error can point at its place.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, NoReturn

from pytest_llmcost.errors import ConfigError

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Value(NamedTuple):
    """A value of the document.

    Attributes:
        node: The YAML node.
        path: The file, as users name it.
        name: The way to the value, such as ``pricing.models``.
    """

    node: Any
    path: str
    name: str

    @property
    def label(self) -> str:
        """The name in messages."""
        return self.name or "the file"

    @property
    def line(self) -> int:
        """Counted from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def column(self) -> int:
        """Counted from 1."""
        return int(self.node.start_mark.column) + 1

    def fail(self, message: str) -> NoReturn:
        """Raise the error that points here.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(message, path=self.path, line=self.line, column=self.column)

    def fail_type(self, wanted: str) -> NoReturn:
        """Raise the error that names what was found and what is allowed."""
        self.fail(f"{self.label} takes {wanted}; found {self.described()}")

    def described(self) -> str:
        """What stands there, for messages."""
        kind = self.node.id
        if kind == "mapping":
            return "a mapping"
        if kind == "sequence":
            return "a list"
        text = str(self.node.value)
        shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
        return "nothing" if self.is_null() else repr(shown)

    def is_null(self) -> bool:
        """Whether the value is left empty."""
        plain = getattr(self.node, "style", None) is None
        return self.node.id == "scalar" and plain and self.node.value in _NULLS

    def is_mapping(self) -> bool:
        """Whether keys follow."""
        return bool(self.node.id == "mapping")

    def is_sequence(self) -> bool:
        """Whether a list follows."""
        return bool(self.node.id == "sequence")

    def text(self, wanted: str = "text") -> str:
        """The scalar as typed."""
        if self.node.id != "scalar" or self.is_null():
            self.fail_type(wanted)
        return str(self.node.value)

    def items(self, wanted: str = "a mapping") -> Iterator[tuple[Value, Value]]:
        """Keys and values; a key that stands twice is an error."""
        if self.is_null():
            return
        if not self.is_mapping():
            self.fail_type(wanted)
        seen: dict[str, Value] = {}
        for key_node, value_node in self.node.value:
            key = Value(key_node, self.path, self.name)
            text = key.text("keys of text")
            if text in seen:
                key.fail(f"{self.label}: the key {text!r} stands twice (first in line {seen[text].line})")
            seen[text] = key
            yield key, Value(value_node, self.path, f"{self.name}.{text}" if self.name else text)

    def elements(self, wanted: str) -> list[Value]:
        """The values of a list."""
        if self.is_null():
            return []
        if not self.is_sequence():
            self.fail_type(wanted)
        return [Value(node, self.path, f"{self.name}[{index}]") for index, node in enumerate(self.node.value)]


_SHOWN = 40
# What the parser says, where the cause is plain, and a better word for it.
_HINTS = {
    "found character '\\t'": "a tab; indent with spaces",
    "found another document": "a second document begins here; the file holds one",
    "that cannot start any token": "text that begins with this character needs quotes",
    "mapping values are not allowed": "a colon is out of place; indent it, or put the text in quotes",
}


def parse_document(text: str, path: str) -> Value | None:
    """Compose a document.

    Args:
        text: The file's content.
        path: The file, as users name it.

    Returns:
        Its root; None for an empty file.

    Raises:
        ConfigError: If it is no YAML, or more than one document.
    """
    import yaml

    try:
        # Not the loader in C: it ends the process where this one raises on deep nesting.
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        message = "not valid YAML: a control character; delete it, or write it as an escape in double quotes"
        place = text.count("\n", 0, error.position) + 1
        raise ConfigError(message, path=path, line=place) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        what = error.problem or error.context or "it cannot be read"
        hint = next((hint for found, hint in _HINTS.items() if found in what), what)
        raise ConfigError(f"not valid YAML: {hint}", path=path, line=line, column=column) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"not valid YAML: {' '.join(str(error).split())}", path=path) from error
    except RecursionError as error:
        raise ConfigError("not valid YAML: nested too deeply", path=path) from error
    return None if node is None else Value(node, path, "")


def suggestion(found: str, allowed: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for a near miss, else the list of what is allowed."""
    names = sorted(allowed)
    near = difflib.get_close_matches(found, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; allowed: {', '.join(names)}"


def unknown_key(key: Value, allowed: Iterable[str], where: str) -> NoReturn:
    """Raise the error for a key that nobody reads."""
    found = key.text()
    key.fail(f"unknown key {found!r} in {where}{suggestion(found, allowed)}")


def members(value: Value, allowed: Iterable[str], example: str) -> dict[str, Value]:
    """The parts of a mapping by their keys.

    Args:
        value: The mapping.
        allowed: Its keys.
        example: What it is, for messages, such as ``a budget, such as {...}``.

    Raises:
        ConfigError: It is no mapping, or has a key that nobody reads.
    """
    if not value.is_mapping():
        value.fail_type(example)
    found: dict[str, Value] = {}
    for key, part in value.items():
        if key.text() not in allowed:
            unknown_key(key, allowed, value.name)
        found[key.text()] = part
    return found
