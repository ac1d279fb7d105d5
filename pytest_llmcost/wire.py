"""What travels from the recorder to the reporter.

It is one string of ASCII: xdist carries builtin types only, and refuses text that is no valid UTF-8, as
model ids and agent names of anybody's making may be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_llmcost.model.call import MeasuredCall
from pytest_llmcost.model.codec import (
    measured_from_json,
    measured_to_json,
    notice_from_json,
    notice_to_json,
    observed_from_json,
    observed_to_json,
)
from pytest_llmcost.model.report import Notice, Observed

# On a test report, and in xdist's workeroutput.
ATTRIBUTE = "llm_cost"
_encode = json.JSONEncoder(ensure_ascii=True).encode


@dataclass(frozen=True, slots=True)
class Payload:
    """The calls that finished since the last report.

    Attributes:
        calls: In the order in which they finished.
        faults: Faults of ours that were noted.
        attempts: Tests that ran again, and how often so far.
    """

    calls: tuple[MeasuredCall, ...] = ()
    faults: tuple[str, ...] = ()
    attempts: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.calls or self.faults or self.attempts)

    def to_text(self) -> str:
        """Write it in ASCII."""
        return _encode(self.to_json())

    @classmethod
    def from_text(cls, text: str) -> Payload:
        """Read what ``to_text`` wrote."""
        return cls.from_json(json.loads(text))

    def to_json(self) -> dict[str, Any]:
        """Dicts, lists, strings and numbers."""
        return {
            "calls": [measured_to_json(call) for call in self.calls],
            "faults": list(self.faults),
            "attempts": dict(self.attempts),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Payload:
        """Read what ``to_json`` made."""
        calls = tuple(measured_from_json(row) for row in found["calls"])
        return cls(calls, tuple(found["faults"]), dict(found["attempts"]))


@dataclass(frozen=True, slots=True)
class Rest:
    """What a process tells at its end."""

    payload: Payload = field(default_factory=Payload)
    notices: tuple[Notice, ...] = ()
    observed: Observed = field(default_factory=Observed)
    deselected: int = 0

    def to_text(self) -> str:
        """Write it in ASCII."""
        return _encode(
            {
                **self.payload.to_json(),
                "notices": [notice_to_json(notice) for notice in self.notices],
                "observed": observed_to_json(self.observed),
                "deselected": self.deselected,
            }
        )

    @classmethod
    def from_text(cls, text: str) -> Rest:
        """Read what ``to_text`` wrote."""
        found = json.loads(text)
        return cls(
            Payload.from_json(found),
            tuple(notice_from_json(notice) for notice in found["notices"]),
            observed_from_json(found["observed"]),
            found["deselected"],
        )
