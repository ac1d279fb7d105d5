"""The changed lines of a prompt, for the terminal of who ran the test; they are written nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import Any

from pytest_llmcost.replay.form import Form
from pytest_llmcost.replay.noise import same
from pytest_llmcost.replay.tokens import text_of
from pytest_llmcost.usage.request_parts import MESSAGES, SYSTEM, TOOLS, compact_json

_MOST_LINES, _WIDEST = 12, 160


def diff_lines(sent: Form, recorded: Form) -> list[str]:
    """Lines that went and came, by part; long ones are cut, and many are counted."""
    lines = list(_lines(sent, recorded))
    if len(lines) > _MOST_LINES:
        return [*lines[:_MOST_LINES], f"... and {len(lines) - _MOST_LINES} more lines"]
    return lines


def _lines(sent: Form, recorded: Form) -> Iterator[str]:
    if sent.model != recorded.model:
        yield from _pair("model", recorded.model, sent.model)
    parts: tuple[tuple[str, tuple[Any, ...], tuple[Any, ...]], ...] = (
        (TOOLS, recorded.tools, sent.tools),
        (SYSTEM, recorded.system, sent.system),
        (MESSAGES, recorded.messages, sent.messages),
    )
    for part, one, other in parts:
        if not same(one, other):
            yield from _part(part, _text(part, one), _text(part, other))
    for key in dict.fromkeys((*recorded.parameters, *sent.parameters)):
        before, after = recorded.parameters.get(key), sent.parameters.get(key)
        if not same(before, after):
            yield from _pair(key, before, after)


def _text(part: str, values: Sequence[Any]) -> list[str]:
    if part == TOOLS:
        return [compact_json(value) for value in values]
    return "\n".join(map(text_of, values)).splitlines()


def _part(part: str, before: list[str], after: list[str]) -> Iterator[str]:
    for line in unified_diff(before, after, n=0, lineterm=""):
        if not line.startswith(("---", "+++", "@@")):
            yield _cut(f"{line[0]} {part}: {line[1:]}")


def _pair(name: str, before: Any, after: Any) -> Iterator[str]:
    for sign, value in (("-", before), ("+", after)):
        if value is not None:
            yield _cut(f"{sign} {name}: {value if isinstance(value, str) else compact_json(value)}")


def _cut(line: str) -> str:
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 3]}..."
