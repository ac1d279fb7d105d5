"""What changed in a request since its answer was recorded: names and sizes, never its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class PartChange(NamedTuple):
    """A part of a request that changed.

    Attributes:
        part: ``model``, ``system``, ``tools``, ``messages[2]``, ``temperature``, ...
        before: Bytes of compact JSON in the recorded request; None if it was not there.
        after: The same in the request that was sent; None if it is gone.
    """

    part: str
    before: int | None
    after: int | None


class Drift(NamedTuple):
    """How far a request has moved from the recorded one.

    The counts of tokens are rough, by words and marks: only differences of them are used.

    Attributes:
        changes: The parts that changed, in the order of a prompt.
        recorded_model: The model that the recorded request asked for; None if it did not say.
        removed: About how many tokens of text are gone.
        added: About how many are new.
        unsure: How many more either may be: tokenizers differ most in numbers and in other scripts.
        tools_removed: The same for declared tools and schemas, as JSON.
        tools_added: The same.
        prompt: Characters of the whole recorded prompt.
        prefix: How many of them come before the first change: these may be in a prompt cache.
        output_limit: The most tokens of output that the request asks for now; None if it does not say.
        recorded_output_limit: The same in the recorded request.
        unknown: What else changed whose cost nobody can tell without asking the model.
        cache: How long the request now asks to cache what it marks, ``5m``, ``1h`` or ``none``; None if what
            it marks did not change.
        sent_key: A hash of the request: another one's recording with the same is its own.
        recorded_key: The same of the recorded request.
    """

    changes: tuple[PartChange, ...]
    recorded_model: str | None = None
    removed: int = 0
    added: int = 0
    unsure: int = 0
    tools_removed: int = 0
    tools_added: int = 0
    prompt: int = 0
    prefix: int = 0
    output_limit: int | None = None
    recorded_output_limit: int | None = None
    unknown: tuple[str, ...] = ()
    cache: str | None = None
    sent_key: str | None = None
    recorded_key: str | None = None


def drift_to_json(drift: Drift) -> dict[str, Any]:
    """As it stands in report.json."""
    found = drift._asdict()
    found["changes"] = [change._asdict() for change in drift.changes]
    found["unknown"] = list(drift.unknown)
    return found


def drift_from_json(found: Mapping[str, Any]) -> Drift:
    """Read what ``drift_to_json`` wrote.

    Raises:
        KeyError, TypeError: If it is not of that form.
    """
    counts = {name: found.get(name, Drift._field_defaults[name]) for name in _COUNTS}
    return Drift(
        changes=tuple(
            PartChange(change["part"], change["before"], change["after"]) for change in found["changes"]
        ),
        recorded_model=found.get("recorded_model"),
        unknown=tuple(found.get("unknown", ())),
        cache=found.get("cache"),
        sent_key=found.get("sent_key"),
        recorded_key=found.get("recorded_key"),
        **counts,
    )


_COUNTS = (
    *("removed", "added", "unsure", "tools_removed", "tools_added", "prompt", "prefix"),
    *("output_limit", "recorded_output_limit"),
)
