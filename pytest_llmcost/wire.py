"""What travels from the recorder to the reporter, as builtin types: xdist can carry nothing else."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Payload:
    """The calls that finished since the last report, and the faults that were noted."""

    calls: tuple[MeasuredCall, ...] = ()
    faults: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.calls or self.faults)

    def to_builtins(self) -> dict[str, Any]:
        """Dicts, lists, strings and numbers."""
        return {"calls": [measured_to_json(call) for call in self.calls], "faults": list(self.faults)}

    @classmethod
    def from_builtins(cls, found: Mapping[str, Any]) -> Payload:
        """Read what ``to_builtins`` made."""
        return cls(tuple(measured_from_json(row) for row in found["calls"]), tuple(found["faults"]))


@dataclass(frozen=True, slots=True)
class Rest:
    """What a process tells at its end."""

    payload: Payload = field(default_factory=Payload)
    notices: tuple[Notice, ...] = ()
    observed: Observed = field(default_factory=Observed)

    def to_builtins(self) -> dict[str, Any]:
        """Dicts, lists, strings and numbers."""
        return {
            **self.payload.to_builtins(),
            "notices": [notice_to_json(notice) for notice in self.notices],
            "observed": observed_to_json(self.observed),
        }

    @classmethod
    def from_builtins(cls, found: Mapping[str, Any]) -> Rest:
        """Read what ``to_builtins`` made."""
        return cls(
            Payload.from_builtins(found),
            tuple(notice_from_json(notice) for notice in found["notices"]),
            observed_from_json(found["observed"]),
        )
